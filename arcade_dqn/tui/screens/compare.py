"""Several runs on one chart: their returns, or their evaluations with the spread over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from textual import work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from arcade_dqn.errors import ArcadeError
from arcade_dqn.experiments.curves import Group, RunCurves, groups, read_curves, running_mean
from arcade_dqn.tui import keys
from arcade_dqn.tui.screens.base import ArcadeScreen, title_of
from arcade_dqn.tui.services.bundle import Services
from arcade_dqn.tui.widgets.chart import Chart, Plot, Trace

if TYPE_CHECKING:
    from arcade_dqn.experiments.curves import Floats

_WINDOWS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Episodes in the running mean, by the notches of the slider."""
_FIRST_WINDOW, _FIRST_SHARE = 20, 1 / 50
"""What the slider begins with: the least of them, and of the episodes of the run that has most."""
_LETTERS = "ABCDE"
"""So many curves can be told apart, by letter and tone."""
_DOTS = 64
"""Of the edges of an interval."""
_REREAD = 5.0
"""Seconds between two looks at the runs' files: some of them may still train."""


class CompareScreen(ArcadeScreen):
    """Reads the runs again every few seconds, and draws them by the chosen axis, view and smoothing."""

    PLACE = "compare"
    BINDINGS = keys.COMPARE

    def __init__(self, services: Services, paths: Sequence[Path]) -> None:
        super().__init__(services)
        self._paths = list(paths)
        self._runs: list[RunCurves] = []
        self._unread: set[Path] = set()
        """Those that cannot be read, of which a person was told."""
        self._clock = False
        self._scores = False
        self._notch: int | None = None
        """The slider's; None until the runs are read or a person has moved it."""

    def body(self) -> ComposeResult:
        chart = Chart(empty="reading the runs", id="compare-chart")
        chart.border_title = "Return"
        yield chart
        legend = Static(id="compare-legend", markup=False)
        legend.border_title = "Runs"
        yield legend

    def completed(self) -> None:
        self._read()
        self.set_interval(_REREAD, self._read_if_seen)

    def _read_if_seen(self) -> None:
        if self.active:
            self._read()

    @work(thread=True, exclusive=True)
    def _read(self) -> None:
        runs = []
        for path in self._paths:
            try:
                runs.append(read_curves(path))
                self._unread.discard(path)
            except ArcadeError as error:
                if path not in self._unread:
                    self._unread.add(path)
                    self.app.call_from_thread(self.complain, error)
        self.app.call_from_thread(self._found, runs)

    def _found(self, runs: list[RunCurves]) -> None:
        self._runs = runs
        if self._notch is None:
            self._notch = _first_notch(max((len(run.returns.y) for run in runs), default=0))
        self._draw()

    def _draw(self) -> None:
        if not self.active or self._notch is None:
            return
        chart, legend = self.query_one("#compare-chart", Chart), self.query_one("#compare-legend", Static)
        axis = "seconds of training" if self._clock else "steps"
        if self._scores:
            every = groups(self._runs, clock=self._clock)
            found = every[: len(_LETTERS)]
            left_out = len(every) - len(found)
            traces = [trace for index, group in enumerate(found) for trace in _band(index, group)]
            chart.show(Plot(tuple(traces)), empty="no evaluation yet")
            chart.border_title = f"Evaluations over {axis}, with the 95% interval of the mean over seeds"
            chart.border_subtitle = ""
            legend.update(
                Content("\n").join(
                    _group_line(index, group, " s" if self._clock else "") for index, group in enumerate(found)
                )
            )
        else:
            notch = self._notch
            window = _WINDOWS[notch]
            shown = self._runs[: len(_LETTERS)]
            left_out = len(self._runs) - len(shown)
            traces = [trace for index, run in enumerate(shown) for trace in self._curve(index, run, window)]
            chart.show(Plot(tuple(traces)), empty="no episode has ended yet")
            chart.border_title = f"Return over {axis}"
            slider = "─" * notch + "●" + "─" * (len(_WINDOWS) - 1 - notch)
            chart.border_subtitle = f"smoothing {slider} mean of {window} episode{'s' if window > 1 else ''}"
            legend.update(Content("\n").join(_run_line(index, run) for index, run in enumerate(shown)))
        more = f", and {left_out} more than can be told apart" if left_out else ""
        legend.border_title = f"{'Groups' if self._scores else 'Runs'}{more}"

    def _curve(self, index: int, run: RunCurves, window: int) -> list[Trace]:
        points = run.on_clock(run.returns) if self._clock else run.returns
        if not len(points.x):
            return []
        return _line(index, points.x, running_mean(points.y, window))

    def action_axis(self) -> None:
        self._clock = not self._clock
        self._draw()

    def action_view(self) -> None:
        self._scores = not self._scores
        self._draw()

    def action_smooth(self, more: bool) -> None:
        notch = _first_notch(0) if self._notch is None else self._notch
        self._notch = min(max(notch + (1 if more else -1), 0), len(_WINDOWS) - 1)
        self._draw()


def _first_notch(episodes: int) -> int:
    """The notch whose curve is neither a step for each of a few episodes nor a band of thousands."""
    wanted = max(_FIRST_WINDOW, episodes * _FIRST_SHARE)
    return next((notch for notch, window in enumerate(_WINDOWS) if window >= wanted), len(_WINDOWS) - 1)


def _line(index: int, x: Floats, y: Floats) -> list[Trace]:
    """A curve with its letter at the end, so that colour is not all that tells it from others."""
    letter = _LETTERS[index]
    tone = f"tone-{letter.lower()}"
    return [Trace(x, y, "line", tone), Trace(x[-1:], y[-1:], "marks", tone, letter)]


def _band(index: int, group: Group) -> list[Trace]:
    if not len(group.x):
        return []
    tone = f"tone-{_LETTERS[index].lower()}"
    if group.runs == 1:
        return _line(index, group.x, group.mean)
    # A dotted line: dots at equal distances, however many evaluations there are.
    x = np.linspace(group.x[0], group.x[-1], _DOTS)
    band = [Trace(x, np.interp(x, group.x, edge), "dots", tone) for edge in (group.low, group.high)]
    return [*band, *_line(index, group.x, group.mean)]


def _run_line(index: int, run: RunCurves) -> Content:
    last = f"{run.evaluations.y[-1]:,.1f}" if len(run.evaluations.y) else "-"
    best = f"{run.evaluations.y.max():,.1f}" if len(run.evaluations.y) else "-"
    steps = f"{run.clock.x[-1]:,.0f}" if len(run.clock.x) else "0"
    facts = f"{title_of(run.game)} · {run.label} · seed {run.seed} · {steps} steps · best {best}, last {last}"
    return _named(index, facts)


def _group_line(index: int, group: Group, unit: str) -> Content:
    if not len(group.x):
        return _named(index, f"{group.label}: not evaluated yet")
    half = (group.high[-1] - group.low[-1]) / 2
    spread = f" ± {half:,.1f}" if group.runs > 1 else ""
    seeds = f"{group.runs} seeds" if group.runs > 1 else "1 seed"
    return _named(index, f"{group.label} · {seeds} · {group.mean[-1]:,.1f}{spread} at {group.x[-1]:,.0f}{unit}")


def _named(index: int, text: str) -> Content:
    letter = _LETTERS[index]
    return Content.assemble((f" {letter} ", f"bold $tone-{letter.lower()}"), text)
