"""Several runs on one page: their returns, and their evaluations with the spread over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter

from arcade_dqn.errors import ArcadeError, UsageError
from arcade_dqn.experiments.curves import Group, RunCurves, groups, running_mean
from arcade_dqn.games.catalog import GAMES
from arcade_dqn.report.style import LOOKS, MOST_POINTS, Look, slide


def draw_comparison(runs: Sequence[RunCurves], out: Path, *, clock: bool = False) -> None:
    """Draw `runs` of one game over steps or, with `clock`, over seconds of training, into a PNG, SVG or PDF.

    Raises UsageError for another suffix, for runs of several games or more runs than can be told apart, ArcadeError if
    there is nothing to draw yet or `out` cannot be written.
    """
    games = sorted({run.game for run in runs})
    if len(games) > 1:
        raise UsageError(f"a comparison is of one game, but these are runs of {' and '.join(games)}")
    if not any(len(run.returns.x) for run in runs):
        raise ArcadeError("none of these runs has finished an episode yet, so there is nothing to report")
    found = groups(runs, clock=clock)
    if len(found) > len(LOOKS):
        raise UsageError(
            f"these runs are of {len(found)} different settings, and at most {len(LOOKS)} can be told apart; "
            "choose fewer"
        )
    info = next((info for info in GAMES if info.id == games[0]), None)
    of_settings = {group.settings: look for look, group in zip(LOOKS, found, strict=False)}
    with slide(f"{info.title if info else games[0]}   {len(runs)} runs", out) as figure:
        above, below = figure.subplots(2, 1, height_ratios=[1.2, 1])
        for run in runs:
            _returns(above, run, of_settings[run.settings], clock=clock)
        above.set_title("return of an episode, running mean; one thin line for each run")
        for look, group in zip(LOOKS, found, strict=False):
            _evaluations(below, group, look)
        below.set_title("evaluation, greedy: mean over seeds, with the 95% interval of the mean (Student's t)")
        for axes in (above, below):
            axes.set_xlim(left=0)
            axes.xaxis.set_major_formatter(EngFormatter(sep=""))
            axes.set_xlabel("seconds of training" if clock else "step")
            if info is not None and info.solved_at is not None:
                axes.axhline(info.solved_at, color="grey", linestyle="--", linewidth=0.8)
        if below.get_legend_handles_labels()[0]:
            below.legend(loc="best")


def _returns(axes: Axes, run: RunCurves, look: Look, *, clock: bool) -> None:
    points = run.on_clock(run.returns) if clock else run.returns
    if not len(points.x):
        return
    window = int(np.clip(len(points.x) // 20, 5, 100))
    every = max(1, len(points.x) // MOST_POINTS)
    axes.plot(
        points.x[::every],
        running_mean(points.y, window)[::every],
        color=look.colour,
        linestyle=look.line,
        linewidth=1.0,
        alpha=0.8,
    )


def _evaluations(axes: Axes, group: Group, look: Look) -> None:
    if not len(group.x):
        return
    seeds = f"{group.runs} seeds" if group.runs > 1 else "1 seed"
    axes.plot(
        group.x,
        group.mean,
        color=look.colour,
        linestyle=look.line,
        marker=look.mark,
        markersize=5,
        markevery=max(1, len(group.x) // 25),
        label=f"{group.label} ({seeds})",
    )
    if group.runs > 1:
        axes.fill_between(group.x, group.low, group.high, color=look.colour, alpha=0.15, linewidth=0)
