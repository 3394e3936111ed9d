"""Training speed: environment steps and gradient updates a second, once learning has begun.

    python -m benchmarks.throughput [--seconds 10] [--games CartPole-v1 MinAtar/Breakout-v1 ALE/Pong-v5]

Each game is trained with its default preset, the trainer's own way (NumPy acts, Keras learns), without evaluations,
window or TUI. The clock starts after the compiled update is warm and replay has reached its learning start.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

from benchmarks.machine import describe

GAMES = ("CartPole-v1", "MinAtar/Breakout-v1", "ALE/Pong-v5")


def measure(game_id: str, seconds: float, seed: int) -> dict[str, Any]:
    """Steps and updates a second of one game."""
    from arcade_dqn.config import build
    from arcade_dqn.games.find import find
    from arcade_dqn.games.make import make
    from arcade_dqn.training.loop import Loop

    info = find(game_id)
    settings = build(info.id, info.preset, {"run.seed": seed, "run.steps": 1_000_000_000})
    # Epsilon stays where a run spends most of its time, so that acting is measured with the network, not with dice.
    games = [make(info, settings.environment) for _ in range(settings.environment.copies)]
    loop = Loop(settings, games)
    loop.epsilon_override = settings.exploration.epsilon_end
    loop.learner.warm_up()
    begun: tuple[float, int, int] | None = None
    now = 0.0
    for step in loop.steps():
        now = time.perf_counter()
        if begun is None:
            if step.updates is not None:
                begun = (now, loop.step, loop.learner.updates)
        elif now - begun[0] >= seconds and step.updates is not None:
            break
    for game in games:
        game.close()
    assert begun is not None
    elapsed = now - begun[0]
    return {
        "game": info.id,
        "preset": info.preset,
        "steps_per_second": round((loop.step - begun[1]) / elapsed, 1),
        "updates_per_second": round((loop.learner.updates - begun[2]) / elapsed, 1),
        "replay_bytes_per_transition": round(loop.replay.nbytes / len(loop.replay), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--games", nargs="+", default=GAMES)
    options = parser.parse_args()
    print(json.dumps(describe()))
    for game in options.games:
        print(json.dumps(measure(game, options.seconds, options.seed)), flush=True)


if __name__ == "__main__":
    main()
