"""Pong: training time until a mean of 18 over 30 full games with sticky actions. Hours; not in a short run."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.plan import Plan
from benchmarks.report import Line, median
from benchmarks.worker import this_python

SCORE = 18.0
GAMES = 30
STICKY = 0.25
MINUTES = 30.0
SEEDS = (101, 102, 103)
PATIENCE = 12 * 3600.0


def measure(plan: Plan) -> Iterator[Line]:
    """One run for each seed."""
    runs: list[dict[str, Any]] = []
    for seed in SEEDS:
        with _folder(plan.keep) as folder:
            command = this_python(
                "arcade_dqn", "train", "ALE/Pong-v5", "--json", "--runs-dir", folder, "--name", f"pong-{seed}",
                "--seed", seed,
                "--set", f"evaluation.stop_score={SCORE:g}",
                "--set", f"evaluation.final_episodes={GAMES}",
                "--set", f"environment.sticky_actions={STICKY}",
            )  # fmt: skip
            with plan.worker(command) as worker:
                result = worker.read(PATIENCE)
        mean = result["evaluation"]["mean"]
        runs.append({"seed": seed, "solved": mean >= SCORE, "mean": mean, **_picked(result)})
        plan.say({"row": "pong", **runs[-1]})
    minutes = [run["seconds"] / 60 for run in runs]
    solved = sum(run["solved"] for run in runs)
    yield Line(
        "pong",
        f"training until Pong is won by {SCORE:g} (mean of {GAMES} full games, sticky actions {STICKY})",
        "minutes",
        minutes,
        aim=f"{MINUTES:g} minutes",
        met=solved == len(runs) and median(minutes) <= MINUTES,
        notes=(
            f"solved: {solved} of {len(runs)}; a run that did not reach it counts with all of its time",
            "steps taken: " + ", ".join(f"{run['steps']:,}" for run in runs),
        ),
        details={"seeds": SEEDS, "solved": solved},
    )


def _folder(kept: Path | None) -> contextlib.AbstractContextManager[str]:
    """Where the runs stand: in the folder to keep them in, else in one that is gone afterwards."""
    return tempfile.TemporaryDirectory() if kept is None else contextlib.nullcontext(str(kept))


def _picked(result: dict[str, Any]) -> dict[str, Any]:
    return {name: result[name] for name in ("steps", "seconds")}
