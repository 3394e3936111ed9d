"""The saved steps of a run: how it played when; two of them can be watched side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.widgets import DataTable, Static

from arcade_dqn.errors import ArcadeError
from arcade_dqn.tui import keys
from arcade_dqn.tui.screens.base import ArcadeScreen, title_of
from arcade_dqn.tui.services.bundle import Services
from arcade_dqn.tui.widgets.chart import Chart, Plot, Trace
from arcade_dqn.tui.widgets.table import fill

if TYPE_CHECKING:
    from arcade_dqn.storage.models import ModelEntry

_RIGHT = ("steps", "score", "games", "updates")
_LABELS = [
    Text(column, justify="right" if column in _RIGHT else "left")
    for column in ("", "steps", "score", "games", "updates", "file")
]
_LONE = "one to play beside it comes with the next evaluation"
_REREAD = 3.0
"""Seconds between two looks into the folder: the run may still train."""


class StagesScreen(ArcadeScreen):
    """A table of one run's models in the order of their training, and their scores as a curve."""

    PLACE = "saved steps"
    BINDINGS = keys.STAGES
    AUTO_FOCUS = "DataTable"

    def __init__(self, services: Services, run: Path, game: str) -> None:
        super().__init__(services)
        self._run = run
        self._game = game
        self._entries: list[ModelEntry] = []
        self._marked: list[Path] = []
        """At most two, in the order in which they were marked."""
        self._at: Path | None = None
        """The one under the cursor, which stays there when others come or go."""

    def body(self) -> ComposeResult:
        table: DataTable[Text] = DataTable(id="stages", cursor_type="row", zebra_stripes=False)
        table.border_title = f"{title_of(self._game)} · {self._run.name}"
        yield table
        chart = Chart(empty="no evaluation yet", id="stages-scores")
        chart.border_title = "Score over steps"
        yield chart
        yield Static("looking through the folder", id="about", markup=False)

    def completed(self) -> None:
        self.set_interval(_REREAD, self._reread)

    def appear(self) -> None:
        super().appear()
        self.find()

    def _reread(self) -> None:
        if self.active:
            self.find()

    @work(thread=True, exclusive=True)
    def find(self) -> None:
        """Read the headers of the run's models."""
        self.read(lambda: self.services.library.run_models(self._run), self._found)

    def _found(self, entries: list[ModelEntry]) -> None:
        if not self.active or (entries == self._entries and entries):
            return
        self._entries = entries
        self._marked = [path for path in self._marked if path in {entry.path for entry in entries}]
        self._fill()
        scored = [
            (entry.info.training.steps, entry.info.evaluation.mean)
            for entry in entries
            if entry.info is not None and entry.info.evaluation is not None
        ]
        points = np.array(scored, np.float64).reshape(-1, 2)
        x, y = points[:, 0], points[:, 1]
        self.query_one(Chart).show(Plot((Trace(x, y, "line", "second"), Trace(x, y, "marks", "mark"))))

    def _fill(self) -> None:
        table = self.query_one(DataTable)
        fill(table, _LABELS, [_cells(entry, self._letter(entry)) for entry in self._entries])
        paths = [entry.path for entry in self._entries]
        if self._at in paths:
            table.move_cursor(row=paths.index(self._at))
        count = len(self._entries)
        table.border_subtitle = f"{count} saved step{'' if count == 1 else 's'}"
        self._describe()

    def _letter(self, entry: ModelEntry) -> str:
        return "AB"[self._marked.index(entry.path)] if entry.path in self._marked else " "

    @property
    def entry(self) -> ModelEntry | None:
        """The model under the cursor."""
        row = self.query_one(DataTable).cursor_row
        return self._entries[row] if 0 <= row < len(self._entries) else None

    @on(DataTable.RowHighlighted)
    def _describe(self) -> None:
        about, entry = self.query_one("#about", Static), self.entry
        self._at = entry.path if entry is not None else None
        if entry is None:
            about.update(f"{self._run} has no saved steps yet: one is kept at every evaluation.")
        elif entry.info is None:
            about.update(f"{entry.path}\n{entry.problem}")
        else:
            pair = self._pair()
            alone = _LONE if len(self._entries) == 1 else f"{self.key('stages.mark')} marks it as A"
            beside = f"{self.key('stages.beside')} plays {_step(pair[0])} beside {_step(pair[1])}" if pair else alone
            about.update(f"{entry.path}\n{beside}")

    @on(DataTable.RowSelected)
    def _selected(self) -> None:
        self.action_play()

    # --- keys ---

    def action_play(self) -> None:
        if (entry := self._usable()) is not None:
            self.services.playback.watch(str(entry.path), self._game, self._title(entry))

    def action_play_in_terminal(self) -> None:
        if (entry := self._usable()) is not None:
            self.services.playback.watch_here(str(entry.path), self._game, self._title(entry))

    def action_mark(self) -> None:
        """Mark as A, then as B; a third one takes the place of B, and a marked one is freed."""
        entry = self._usable()
        if entry is None:
            return
        if entry.path in self._marked:
            self._marked.remove(entry.path)
        else:
            self._marked = [*self._marked[:1], entry.path]
        self._fill()

    def action_beside(self) -> None:
        pair = self._pair()
        if pair is None:
            mark = self.key("stages.mark")
            self.notify(
                f"Two different saved steps are needed: mark one with {mark}, and go to another one.", markup=False
            )
        else:
            names = f"{title_of(self._game)}: {_step(pair[0])} beside {_step(pair[1])}"
            self.services.playback.watch_side_by_side(str(pair[0].path), str(pair[1].path), names)

    def _pair(self) -> tuple[ModelEntry, ModelEntry] | None:
        """The two that are marked; or the marked one, else the first, and the one under the cursor, else the newest."""
        by_path = {entry.path: entry for entry in self._entries if entry.info is not None}
        chosen = [by_path[path] for path in self._marked if path in by_path]
        if len(chosen) < 2 and by_path:
            usable = list(by_path.values())
            first = chosen[0] if chosen else usable[0]
            # On the one that is chosen already, the newest is meant.
            other = usable[-1] if self.entry is None or self.entry.path == first.path else self.entry
            chosen = [first, other]
        if len(chosen) != 2 or chosen[0].path == chosen[1].path or chosen[1].info is None:
            return None
        return chosen[0], chosen[1]

    def _usable(self) -> ModelEntry | None:
        entry = self.entry
        if entry is not None and entry.info is None:
            self.complain(ArcadeError(entry.problem or f"{entry.path} cannot be read"))
            return None
        return entry

    def _title(self, entry: ModelEntry) -> str:
        return f"{title_of(self._game)} · {_step(entry)}"


def _step(entry: ModelEntry) -> str:
    assert entry.info is not None
    steps = entry.info.training.steps
    return f"step {steps:,}" if steps else "untrained"


def _cells(entry: ModelEntry, letter: str) -> list[Text]:
    mark = Text(letter, style="bold")
    if entry.info is None:
        return [mark, Text("-", justify="right"), *(Text("") for _ in range(3)), Text(f"{entry.path.name}: unreadable")]
    training, evaluation = entry.info.training, entry.info.evaluation
    score = f"{evaluation.mean:,.1f} ± {evaluation.std:,.1f}" if evaluation else "-"
    return [
        mark,
        Text(f"{training.steps:,}" if training.steps else "untrained", justify="right"),
        Text(score, justify="right"),
        Text(f"{evaluation.episodes}" if evaluation else "-", justify="right"),
        Text(f"{training.updates:,}", justify="right"),
        Text(entry.path.name),
    ]
