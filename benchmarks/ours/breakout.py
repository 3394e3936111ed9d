"""This project's training loop on MinAtar Breakout with its preset, as the trainer runs it.

    python -m benchmarks.ours.breakout SEED --epsilon 0.01

Gets ready by filling replay to its learning start; epsilon stays where a run spends most of its time.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

from arcade_dqn.config import build
from arcade_dqn.games.find import find
from arcade_dqn.games.make import make
from arcade_dqn.training.loop import Loop, Step
from benchmarks.worker import own_standard_output, serve

GAME = "MinAtar/Breakout-v1"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seed", type=int)
    parser.add_argument("--epsilon", type=float, required=True)
    options = parser.parse_args()
    write = own_standard_output()
    info = find(GAME)
    settings = build(info.id, info.preset, {"run.seed": options.seed, "run.steps": 1_000_000_000})
    learning = settings.learning
    games = [make(info, settings.environment) for _ in range(settings.environment.copies)]
    loop = Loop(settings, games)
    loop.epsilon_override = options.epsilon
    loop.learner.warm_up()
    steps = loop.steps()
    _until_training(steps)

    def run(question: dict[str, float]) -> dict[str, float]:
        step, updates, begun = loop.step, loop.learner.updates, time.perf_counter()
        while time.perf_counter() - begun < question["seconds"]:
            _until_training(steps)
        elapsed = time.perf_counter() - begun
        return {"steps": loop.step - step, "updates": loop.learner.updates - updates, "seconds": elapsed}

    write(
        {
            "ready": "breakout",
            "preset": settings.preset,
            "steps_per_update": learning.train_every / learning.updates_per_train,
            "updates_in_a_call": learning.updates_per_train,
            "double": learning.double,
            "copies": len(games),
            "overlap": learning.overlap,
            "n_step": learning.n_step,
            "seed": options.seed,
        }
    )
    serve(write, run)


def _until_training(steps: Iterator[Step]) -> None:
    while next(steps).updates is None:
        pass


if __name__ == "__main__":
    main()
