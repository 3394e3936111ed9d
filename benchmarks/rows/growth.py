"""How costs grow as the work does: with the replay's size, the batch, and the number of environments."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.plan import Plan
from benchmarks.report import Line, median
from benchmarks.worker import this_python

SIZES = (1_000, 10_000, 100_000, 1_000_000)
BATCHES = (32, 64, 128, 256, 512, 1024)
COPIES = (1, 4, 16, 64)
AIM = "flat, or its reason"
SEED = 1
PATIENCE = 900.0

_WHAT = {"add_seconds": "to add a transition", "sample_seconds": "to sample one"}
_WITH_COPIES = {"play_seconds": "a step of play into replay", "train_seconds": "a step of training with the preset"}


def measure(plan: Plan) -> Iterator[Line]:
    """Every size after the other, as many rounds as there is time for."""
    rounds, seconds = plan.pick(short=1, full=3), plan.pick(short=0.4, full=1.0)
    kinds = plan.pick(short=("mlp", "minatar"), full=("mlp", "minatar", "nature"))
    batches = plan.pick(short=(32, 128, 1024), full=BATCHES)
    with plan.worker(this_python("benchmarks.ours.growth", SEED)) as worker:
        worker.read(PATIENCE)
        for prioritised in (False, True):
            costs: dict[str, dict[int, list[float]]] = {name: {size: [] for size in SIZES} for name in _WHAT}
            for _ in range(rounds):
                for size in SIZES:
                    answer = worker.ask(PATIENCE, do="replay", size=size, prioritised=prioritised, seconds=seconds)
                    plan.say({"row": "growth", "size": size, "prioritised": prioritised, **answer})
                    for name in _WHAT:
                        costs[name][size].append(answer[name] * 1e6)
            kind = "prioritised" if prioritised else "uniform"
            for name, what in _WHAT.items():
                yield _line(f"replay of {SIZES[0]:,} to {SIZES[-1]:,}, {kind}: {what}", costs[name])
        for kind in kinds:
            update: dict[int, list[float]] = {batch: [] for batch in batches}
            for _ in range(rounds):
                for batch in batches:
                    answer = worker.ask(PATIENCE, do="batch", kind=kind, batch_size=batch, seconds=seconds)
                    plan.say({"row": "growth", "kind": kind, "batch_size": batch, **answer})
                    update[batch].append(answer["update_seconds"] * 1e6)
            yield _line(f"batch of {batches[0]} to {batches[-1]}, {kind}: an update, for each transition", update)
        steps: dict[str, dict[int, list[float]]] = {name: {copies: [] for copies in COPIES} for name in _WITH_COPIES}
        for _ in range(rounds):
            for copies in COPIES:
                answer = worker.ask(PATIENCE, do="copies", copies=copies, seconds=4 * seconds)
                plan.say({"row": "growth", "copies": copies, **answer})
                for name in _WITH_COPIES:
                    steps[name][copies].append(answer[name] * 1e6)
        for name, what in _WITH_COPIES.items():
            yield _line(f"{COPIES[0]} to {COPIES[-1]} copies of MinAtar Breakout: {what}", steps[name])


def _line(measured: str, costs: dict[int, list[float]]) -> Line:
    """`costs` in microseconds by size; the score is the largest size's over the smallest one's, in each round."""
    sizes = sorted(costs)
    smallest, largest = costs[sizes[0]], costs[sizes[-1]]
    return Line(
        "growth",
        measured,
        "us at the largest",
        largest,
        score=[b / a for a, b in zip(smallest, largest, strict=True)],
        aim=AIM,
        notes=("us by size: " + ", ".join(f"{size:,}: {median(costs[size]):.3g}" for size in sizes),),
        details={"seed": SEED, "us": {str(size): costs[size] for size in sizes}},
    )
