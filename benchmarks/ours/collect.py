"""Real play with random actions, as a file from which both sides fill their replay.

    python -m benchmarks.ours.collect GAME PRESET TRANSITIONS OUT.npz SEED

The arrays have one entry for each frame: `begins` says that it is an episode's first one; `actions`, `rewards` and
`terminated` tell the step that led to it.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from arcade_dqn.config import build
from arcade_dqn.games.find import find
from arcade_dqn.games.make import make
from benchmarks.worker import own_standard_output


def collect(game_id: str, preset: str, transitions: int, seed: int) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays, and what the networks need to know of the game."""
    info = find(game_id)
    settings = build(info.id, preset).environment
    game = make(info, settings)
    rng = np.random.default_rng(seed)
    rows: dict[str, list[Any]] = {name: [] for name in ("frames", "begins", "actions", "rewards", "terminated")}

    def add(*values: Any) -> None:
        for column, value in zip(rows.values(), values, strict=True):
            column.append(value)

    add(game.reset(seed), True, 0, 0.0, False)
    for _ in range(transitions):
        action = int(rng.integers(game.n_actions))
        outcome = game.step(action)
        add(outcome.frame, False, action, outcome.reward, outcome.terminated)
        if outcome.terminated or outcome.truncated:
            add(game.reset(), True, 0, 0.0, False)
    game.close()
    facts = {"stack": game.stack, "n_actions": game.n_actions}
    return {name: np.array(column) for name, column in rows.items()}, facts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("game")
    parser.add_argument("preset")
    parser.add_argument("transitions", type=int)
    parser.add_argument("out", type=Path)
    parser.add_argument("seed", type=int)
    options = parser.parse_args()
    write = own_standard_output()
    arrays, facts = collect(options.game, options.preset, options.transitions, options.seed)
    np.savez(options.out, allow_pickle=False, **arrays)
    write(facts)


if __name__ == "__main__":
    main()
