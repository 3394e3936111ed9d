"""The curves of several runs, side by side: read from their folders, put on one axis, and averaged over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arcade_dqn.experiments.statistics import student_t
from arcade_dqn.link.text import is_number

Floats = NDArray[np.float64]


class Points(NamedTuple):
    """A curve; x ascends."""

    x: Floats
    y: Floats


@dataclass(frozen=True)
class RunCurves:
    """What one run tells of its learning. All x are steps."""

    label: str
    game: str
    seed: int
    settings: str
    """Everything that was set but the seed, and everything that was changed meanwhile, as text: runs that agree in it
    differ by chance alone."""
    returns: Points
    """Score of each episode at the step at which it ended."""
    evaluations: Points
    clock: Points
    """Seconds of training at a step."""

    def on_clock(self, points: Points) -> Points:
        """The same curve over seconds of training."""
        if not len(self.clock.x):
            return Points(np.zeros(0), np.zeros(0))
        steps = np.concatenate(([0.0], self.clock.x))
        seconds = np.concatenate(([0.0], self.clock.y))
        return Points(np.interp(points.x, steps, seconds), points.y)


class Group(NamedTuple):
    """Runs that differ by their seed alone, and what they score on average."""

    label: str
    settings: str
    """The `RunCurves.settings` that its runs share."""
    runs: int
    x: Floats
    mean: Floats
    low: Floats
    """The lower end of the 95% interval of the mean; the mean itself where there is one run."""
    high: Floats


def read_curves(path: Path) -> RunCurves:
    """Read a run's metrics. Raises ArcadeError; reads files, so it is for threads."""
    from arcade_dqn.storage.run_dir import RunDir

    run = RunDir.open(path)
    settings = run.settings()
    records = run.read_metrics()
    table = settings.model_dump(mode="json")
    del table["run"]["seed"]
    changed = [
        one
        for one in records
        if one.get("kind") == "demonstration" or (one.get("kind") == "set" and one.get("name") != "speed_limit")
    ]
    return RunCurves(
        label=run.name,
        game=settings.game,
        seed=settings.run.seed,
        settings=repr(
            (
                sorted(table.items()),
                [(one.get("step"), one.get("name") or one.get("file"), one.get("value")) for one in changed],
            )
        ),
        returns=_column(records, ("episode",), "return"),
        evaluations=_column(records, ("evaluation",), "mean"),
        clock=_column(records, ("train", "evaluation"), "seconds"),
    )


def groups(runs: Sequence[RunCurves], *, clock: bool) -> list[Group]:
    """The runs' evaluations averaged over seeds, group by group in the order of the runs."""
    found: dict[str, dict[int, RunCurves]] = {}
    for run in runs:
        # Two runs of one seed are the same run twice.
        found.setdefault(run.settings, {}).setdefault(run.seed, run)
    result = []
    for settings, by_seed in found.items():
        members = [run for run in by_seed.values() if len(run.evaluations.x)] or list(by_seed.values())
        label = members[0].label if len(members) == 1 else f"{members[0].label} and {len(members) - 1} more"
        curves = [run.on_clock(run.evaluations) if clock else run.evaluations for run in members]
        result.append(Group(label, settings, len(members), *mean_and_interval(curves)))
    return result


def mean_and_interval(curves: Sequence[Points]) -> tuple[Floats, Floats, Floats, Floats]:
    """x, mean, and the ends of its 95% interval (Student's t), where all curves have something to say.

    Between its points a curve is a straight line.
    """
    known = [curve for curve in curves if len(curve.x)]
    empty = np.zeros(0)
    if not known:
        return empty, empty, empty, empty
    first, last = max(float(curve.x[0]) for curve in known), min(float(curve.x[-1]) for curve in known)
    every = np.unique(np.concatenate([curve.x for curve in known]))
    x = every[(every >= first) & (every <= last)]
    values = np.stack([np.interp(x, curve.x, curve.y) for curve in known])
    mean = values.mean(axis=0)
    count = len(known)
    if count == 1:
        return x, mean, mean, mean
    half = student_t(0.975, count - 1) * values.std(axis=0, ddof=1) / np.sqrt(count)
    return x, mean, mean - half, mean + half


def _column(records: Sequence[Mapping[str, Any]], kinds: tuple[str, ...], name: str) -> Points:
    """A value over the step; of records that share a step the last one counts."""
    table = {
        float(record["step"]): float(record[name])
        for record in records
        if record.get("kind") in kinds and is_number(record.get("step")) and is_number(record.get(name))
    }
    x = np.array(sorted(table), np.float64)
    return Points(x, np.array([table[step] for step in x.tolist()], np.float64))


def running_mean(values: Sequence[float] | Floats, window: int) -> Floats:
    """The mean of each value and up to `window - 1` before it; float64, as long as `values`."""
    sums = np.cumsum(np.asarray(values, np.float64))
    means = sums / window
    means[window:] = (sums[window:] - sums[:-window]) / window
    means[:window] = sums[:window] / np.arange(1, min(window, len(sums)) + 1)
    return means
