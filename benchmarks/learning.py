"""Stable-Baselines3 on the budgets of `arcade-dqn bench learning`, into a table of the same form.

    python -m benchmarks.learning [--games CartPole-v1 ...] [--seeds 3] [--jobs 2] [--out benchmarks/results/sb3.csv]

What the table holds already is not trained again. Compare the two with

    arcade-dqn bench learning --out benchmarks/results/arcade_dqn.csv --against benchmarks/results/sb3.csv
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from functools import partial
from pathlib import Path

from arcade_dqn.experiments.learning import BUDGETS, SEEDS, table
from arcade_dqn.experiments.trials import EPISODES, Result, complete, read
from benchmarks.machine import describe
from benchmarks.peers import environment
from benchmarks.worker import Patience, Worker

GAMES = ("CartPole-v1", "Acrobot-v1", "MountainCar-v0", "LunarLander-v3")
OUT = Path(__file__).with_name("results") / "sb3.csv"
PATIENCE = 3600.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--games", nargs="+", choices=GAMES, default=GAMES)
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="the first so many seeds")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--jobs", type=int, default=1, help="trainings at a time, which then tell nothing of speed")
    options = parser.parse_args()
    if options.jobs < 1:
        parser.error(f"--jobs {options.jobs} is not allowed; it must be 1 or more")
    python = environment.ensure()
    print(json.dumps({**describe(), "peers": environment.versions(python)}), flush=True)
    results = read(options.out) if options.out.exists() else []
    options.out.parent.mkdir(exist_ok=True)
    have = {(one.game, one.seed) for one in results}
    missing = [
        partial(train, python, game, seed)
        for seed in SEEDS[: options.seeds]
        for game in options.games
        if (game, seed) not in have
    ]
    results = complete(options.out, results, missing, _print, options.jobs)
    print(table(results))


def train(python: str, game: str, seed: int) -> Result:
    """One training of the peer, in its own environment."""
    command = [python, "-P", "-m", "benchmarks.peers.sb3_learning", game, str(seed), str(BUDGETS[game]), str(EPISODES)]
    with Worker(command, Patience()) as worker:
        told = worker.read(PATIENCE)
    del told["threads"]
    return Result(**told, variant="RL Zoo", settings="")


def _print(newest: Result) -> None:
    print(json.dumps(asdict(newest)), flush=True)


if __name__ == "__main__":
    main()
