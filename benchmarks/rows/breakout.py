"""MinAtar Breakout: steps of the game a second while training, with one update for every four of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from arcade_dqn.config import build
from benchmarks.plan import Plan, fastest
from benchmarks.report import Line, median
from benchmarks.worker import MeasurementFailed, this_python

TIMES = 4.0
STEPS_PER_UPDATE = 4
EPSILON = 0.01
PATIENCE = 600.0


def measure(plan: Plan) -> Iterator[Line]:
    """Both loops in turn."""
    seeds = plan.pick(short=(1,), full=(1, 2, 3))
    turns, seconds = plan.pick(short=3, full=5), plan.pick(short=3.0, full=8.0)
    learning_starts = build("MinAtar/Breakout-v1", "minatar").replay.learning_start
    ours: list[float] = []
    by_threads: dict[int, list[float]] = {}
    facts: dict[str, Any] = {}
    for seed in seeds:
        arguments = (seed, "--learning-starts", learning_starts, "--epsilon", EPSILON)
        with ExitStack() as stack:
            mine = stack.enter_context(plan.worker(this_python("benchmarks.ours.breakout", seed, "--epsilon", EPSILON)))
            facts = mine.read(PATIENCE)
            theirs = stack.enter_context(plan.peer("benchmarks.peers.cleanrl_style", *arguments))
            their_facts = theirs.read(PATIENCE)
            plan.say({"row": "breakout", "ours": facts, "peer": their_facts})
            if facts["steps_per_update"] != STEPS_PER_UPDATE:
                raise MeasurementFailed(
                    f"the preset makes an update every {facts['steps_per_update']:g} steps, the peer every "
                    f"{STEPS_PER_UPDATE}: they cannot be compared"
                )
            for turn in range(turns):
                a = mine.ask(PATIENCE, seconds=seconds)
                b = [theirs.ask(PATIENCE, threads=n, seconds=seconds) for n in their_facts["threads"]]
                plan.say({"row": "breakout", "seed": seed, "turn": turn, "ours": a, "peer": b})
                ours.append(a["steps"] / a["seconds"])
                for number, answer in zip(their_facts["threads"], b, strict=True):
                    by_threads.setdefault(number, []).append(answer["steps"] / answer["seconds"])
    threads = fastest(by_threads)
    peer = by_threads[threads]
    ratios = [a / b for a, b in zip(ours, peer, strict=True)]
    yield Line(
        "breakout",
        "training on MinAtar Breakout, one update per 4 steps",
        "steps/s",
        ours,
        peer,
        "CleanRL style",
        ratios,
        aim=f"{TIMES:g} times",
        met=median(ratios) >= TIMES,
        notes=(
            f"here the preset as it is ({'Double, ' if facts['double'] else ''}{facts['n_step']}-step returns, "
            f"{facts['updates_in_a_call']} updates in a call{', beside the play' if facts['overlap'] else ''}, "
            f"{facts['copies']} copies of the game); the peer is plain DQN on {threads} "
            f"thread(s), the fastest of {list(by_threads)} for it; epsilon is {EPSILON} on both sides",
        ),
        details={"seeds": seeds, "turns": turns, "seconds": seconds},
    )
