"""Training time until CartPole-v1 is solved, against Stable-Baselines3 with RL Zoo's settings."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any

from arcade_dqn.config import build
from arcade_dqn.games.find import find
from benchmarks.plan import Plan
from benchmarks.report import Line, median
from benchmarks.solve import SEEDS
from benchmarks.worker import this_python

SCORE = 475.0
TIMES = 10.0
PATIENCE = 3600.0


def measure(plan: Plan) -> Iterator[Line]:
    """One run of each side for every seed, in turn."""
    info = find("CartPole-v1")
    evaluation = build(info.id, info.preset).evaluation
    seeds = plan.pick(short=SEEDS[:1], full=SEEDS)
    ours: list[dict[str, Any]] = []
    peer: list[dict[str, Any]] = []
    for seed in seeds:
        ours.append(_train(plan, seed))
        plan.say({"row": "cartpole", "side": "ours", **ours[-1]})
        arguments = (
            *("--every", evaluation.every, "--episodes", evaluation.episodes),
            *("--final-episodes", evaluation.final_episodes, "--stop-score", SCORE),
        )
        with plan.peer("benchmarks.peers.sb3_cartpole", seed, *arguments) as worker:
            peer.append(worker.read(PATIENCE))
        plan.say({"row": "cartpole", "side": "peer", **peer[-1]})
    solved = sum(run["solved"] for run in ours)
    peer_solved = sum(run["solved"] for run in peer)
    our_seconds, peer_seconds = ([run["seconds"] for run in runs] for runs in (ours, peer))
    whole = median(peer_seconds) / median(our_seconds)
    yield Line(
        "cartpole",
        f"training until CartPole-v1 is solved ({SCORE:g}+ over {evaluation.final_episodes} unseen episodes)",
        "s",
        our_seconds,
        peer_seconds,
        "SB3",
        [b / a for a, b in zip(our_seconds, peer_seconds, strict=True)],
        aim=f"{TIMES:g} times faster, all seeds solve",
        met=None if plan.short else solved == len(seeds) and whole >= TIMES,
        notes=(
            f"solved: {solved} of {len(seeds)} here, {peer_solved} of {len(seeds)} by SB3",
            f"SB3's median over this project's: {whole:.3g}; where a side did not solve it, its time is that of its "
            "whole run, and a lower bound",
            f"both are evaluated every {evaluation.every} steps; the clock stands still meanwhile",
        ),
        details={"seeds": list(seeds), "solved": solved, "peer_solved": peer_solved, "ratio_of_medians": whole},
    )


def _train(plan: Plan, seed: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        command = this_python(
            "arcade_dqn", "train", "CartPole-v1", "--json", "--runs-dir", folder, "--seed", seed,
            "--set", f"evaluation.stop_score={SCORE:g}",
        )  # fmt: skip
        with plan.worker(command) as worker:
            result = worker.read(PATIENCE)
    mean = result["evaluation"]["mean"]
    return {
        "seed": seed,
        "solved": mean >= SCORE,
        "mean": mean,
        "steps": result["steps"],
        "seconds": result["seconds"],
    }
