"""Runs: where each stands; resume or watch one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.widgets import DataTable, Static

from arcade_dqn.errors import ArcadeError
from arcade_dqn.tui import keys
from arcade_dqn.tui.screens.base import ArcadeScreen, title_of
from arcade_dqn.tui.theme import state_word
from arcade_dqn.tui.widgets.table import fill

if TYPE_CHECKING:
    from arcade_dqn.storage.run_dir import RunSummary

_RIGHT = ("steps", "best", "last", "age")
_LABELS = [
    Text(column, justify="right" if column in _RIGHT else "left")
    for column in ("game", "run", "state", "steps", "best", "last", "age")
]


class RunsScreen(ArcadeScreen):
    """A table of the runs folder."""

    PLACE = "runs"
    BINDINGS = keys.RUNS
    AUTO_FOCUS = "DataTable"

    def __init__(self) -> None:
        super().__init__()
        self._runs: list[RunSummary] = []

    def body(self) -> ComposeResult:
        table: DataTable[Text] = DataTable(id="runs", cursor_type="row", zebra_stripes=False)
        table.border_title = "Runs"
        yield table
        yield Static("looking through the folder", id="about", markup=False)

    def on_mount(self) -> None:
        self.set_interval(2.0, self._refresh_if_seen)

    def appear(self) -> None:
        super().appear()
        self.find()

    def _refresh_if_seen(self) -> None:
        if self.active:
            self.find()

    @work(thread=True, exclusive=True)
    def find(self) -> None:
        """Read the state of every run."""
        try:
            runs = self.arcade.library.runs()
        except ArcadeError as error:
            self.app.call_from_thread(self.arcade.complain, error)
            return
        self.app.call_from_thread(self._found, runs)

    def _found(self, runs: list[RunSummary]) -> None:
        if not self.active:
            return  # the person has gone on meanwhile
        if runs == self._runs and runs:
            return
        chosen = self.run_summary
        self._runs = runs
        table = self.query_one(DataTable)
        fill(table, _LABELS, [_cells(run) for run in runs])
        paths = [run.path for run in runs]
        if chosen is not None and chosen.path in paths:
            table.move_cursor(row=paths.index(chosen.path))
        table.border_subtitle = f"{len(runs)} in {self.arcade.runs_dir}"
        self._describe()

    @property
    def run_summary(self) -> RunSummary | None:
        """The run under the cursor."""
        row = self.query_one(DataTable).cursor_row
        return self._runs[row] if 0 <= row < len(self._runs) else None

    @on(DataTable.RowHighlighted)
    def _describe(self) -> None:
        about = self.query_one("#about", Static)
        run = self.run_summary
        if run is None:
            about.update(f"There are no runs in {self.arcade.runs_dir} yet: train an agent first.")
        elif run.problem:
            about.update(f"{run.path}\n{run.problem}")
        else:
            preset = run.settings.preset if run.settings else ""
            seed = run.settings.run.seed if run.settings else 0
            about.update(f"{run.path}\n{preset or 'own settings'} · seed {seed}")

    @on(DataTable.RowSelected)
    def _selected(self) -> None:
        self.action_resume()

    def _usable(self) -> RunSummary | None:
        run = self.run_summary
        if run is not None and run.problem:
            self.arcade.complain(ArcadeError(run.problem))
            return None
        return run

    def action_resume(self) -> None:
        run = self._usable()
        if run is None:
            return
        if run.state == "done" and run.step >= run.steps_total:
            self.notify("This run has trained all its steps; there is nothing to resume.", markup=False)
            return
        self.arcade.resume(run.path, title_of(run.game))

    def action_watch(self) -> None:
        if (run := self._usable()) is not None:
            self.arcade.watch_agent(str(run.path), run.game, f"{title_of(run.game)} · {run.name}")

    def action_view(self) -> None:
        if (run := self._usable()) is not None:
            self.arcade.watch_here(str(run.path), run.game, f"{title_of(run.game)} · {run.name}")

    def action_refresh(self) -> None:
        self.find()


def _cells(run: RunSummary) -> list[Text]:
    word, colour = state_word(run.state)
    steps = f"{run.step:,} / {run.steps_total:,}" if run.steps_total else "-"
    return [
        Text(title_of(run.game)),
        Text(run.name),
        Text(word.lower(), style=colour),
        Text(steps, justify="right"),
        Text(_score(run.best_evaluation), justify="right"),
        Text(_score(run.last_evaluation), justify="right"),
        Text(_age(time.time() - run.modified) if run.modified else "-", justify="right"),
    ]


def _score(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f}"


def _age(seconds: float) -> str:
    """45 s, 12 min, 3 h, 5 d"""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(seconds, 0) // 1:.0f} s"
