"""What a million Atari transitions take in memory, and what it costs to sample from them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from benchmarks.plan import Plan
from benchmarks.report import Line, median
from benchmarks.worker import this_python

GAMES = ("ALE/Pong-v5", "ALE/Breakout-v5", "ALE/Seaquest-v5")
TRANSITIONS = 1_000_000
SHORT = 20_000
LIMIT_MIB = 1024.0
SAMPLING = 0.10
SEED = 1
FILLING = 4 * 3600.0
PATIENCE = 600.0


def measure(plan: Plan) -> Iterator[Line]:
    """Fill the replays of the three games side by side, weigh them, then time them one after the other."""
    held = plan.pick(short=SHORT, full=TRANSITIONS)
    turns, seconds = plan.pick(short=2, full=5), plan.pick(short=2.0, full=4.0)
    with ExitStack() as stack:
        workers = {
            game: stack.enter_context(plan.worker(this_python("benchmarks.ours.memory", game, SEED, held)))
            for game in GAMES
        }
        facts = {game: worker.read(FILLING) for game, worker in workers.items()}
        for game, worker in workers.items():
            plan.say({"row": "memory", **facts[game]})
            yield _weighed(held, game, facts[game])
            shares = []
            for turn in range(turns):
                spent = worker.ask(PATIENCE, do="share", seconds=seconds)
                plan.say({"row": "memory", "game": game, "turn": turn, **spent})
                shares.append(spent["sampling_seconds"] / (spent["sampling_seconds"] + spent["learning_seconds"]))
            yield Line(
                "memory",
                f"sampling's share of an update, {game}, {held:,} transitions in replay",
                "",
                (),
                score=shares,
                percent=True,
                aim=f"under {SAMPLING:.0%}",
                met=median(shares) < SAMPLING,
                details={"seed": SEED},
            )


def _weighed(held: int, game: str, facts: dict[str, Any]) -> Line:
    first, last = facts["marks"]
    scale = TRANSITIONS / held / 2**20
    at_capacity, full, counted = (
        scale * size for size in (first["resident_bytes"], last["resident_bytes"], last["counted_bytes"])
    )
    extrapolated = held < TRANSITIONS
    notes = [
        (f"**extrapolated** from a replay of {held:,} transitions" if extrapolated else "measured")
        + f"; the replay itself counts {counted:,.0f} MiB",
        f"{at_capacity:,.0f} MiB when the last of the {held:,} transitions came in; in the table when the store of "
        f"frames was full too ({last['frames']:,} frames, {facts['compression']}); random actions, stacks of 4",
    ]
    return Line(
        "memory",
        f"resident memory of {TRANSITIONS:,} transitions, {game}",
        "MiB",
        [full],
        aim="under 1 GiB",
        met=full < LIMIT_MIB,
        notes=notes,
        details={"seed": SEED, "extrapolated": extrapolated, "at_capacity_mib": at_capacity},
    )
