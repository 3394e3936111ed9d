"""Saved models, shipped and one's own."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.widgets import DataTable, Static

from arcade_dqn.errors import ArcadeError
from arcade_dqn.tui import keys
from arcade_dqn.tui.screens.base import ArcadeScreen, title_of
from arcade_dqn.tui.services.bundle import Services
from arcade_dqn.tui.widgets.table import fill

if TYPE_CHECKING:
    from arcade_dqn.storage.models import ModelEntry

_RIGHT = ("score", "steps")
_LABELS = [
    Text(column, justify="right" if column in _RIGHT else "left")
    for column in ("game", "score", "steps", "date", "file")
]


class ModelsScreen(ArcadeScreen):
    """A table of model files; Enter plays one. Files that cannot be read are listed with what is wrong."""

    PLACE = "models"
    BINDINGS = keys.MODELS
    AUTO_FOCUS = "DataTable"

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._entries: list[ModelEntry] = []

    def body(self) -> ComposeResult:
        table: DataTable[Text] = DataTable(id="models", cursor_type="row", zebra_stripes=False)
        table.border_title = "Saved models"
        yield table
        yield Static("looking through the folders", id="about", markup=False)

    def appear(self) -> None:
        super().appear()
        self.find()

    @work(thread=True, exclusive=True)
    def find(self) -> None:
        """Read the headers of all model files."""
        self.read(self.services.library.models, self._found)

    def _found(self, entries: list[ModelEntry]) -> None:
        if not self.active:
            return  # the person has gone on meanwhile
        self._entries = sorted(entries, key=_order)
        table = self.query_one(DataTable)
        fill(table, _LABELS, [_cells(entry) for entry in self._entries])
        table.border_subtitle = f"{len(self._entries)}"
        self._describe()

    @property
    def entry(self) -> ModelEntry | None:
        """The model under the cursor."""
        row = self.query_one(DataTable).cursor_row
        return self._entries[row] if 0 <= row < len(self._entries) else None

    @on(DataTable.RowHighlighted)
    def _describe(self) -> None:
        about = self.query_one("#about", Static)
        entry = self.entry
        if entry is None:
            about.update(f"There are no saved models yet: train one, and press {self.key('training.save')} to save it.")
        elif entry.problem or entry.info is None:
            about.update(f"{entry.path}\n{entry.problem}")
        else:
            training = entry.info.training
            about.update(
                f"{entry.path}\n{training.preset or 'own settings'} · {training.steps:,} steps · "
                f"{training.episodes:,} episodes · {training.updates:,} updates · seed {training.seed}"
            )

    @on(DataTable.RowSelected)
    def _selected(self) -> None:
        self.action_play_model()

    def action_play_model(self) -> None:
        self._play(self.services.playback.watch)

    def action_play_in_terminal(self) -> None:
        self._play(self.services.playback.watch_here)

    def _play(self, how: Callable[[str, str, str], None]) -> None:
        entry = self.entry
        if entry is None:
            return
        if entry.info is None:
            self.complain(ArcadeError(entry.problem or f"{entry.path} cannot be read"))
            return
        how(str(entry.path), entry.info.game, f"{title_of(entry.info.game)} · {entry.path.name}")

    def action_stages(self) -> None:
        entry = self.entry
        if entry is not None and entry.info is not None:
            self.services.navigation.show_stages(entry.path.parent, entry.info.game)

    def action_refresh(self) -> None:
        self.find()


def _order(entry: ModelEntry) -> tuple[bool, str, float]:
    """Readable ones first, by game, the best first."""
    if entry.info is None:
        return True, str(entry.path), 0.0
    score = entry.info.evaluation.mean if entry.info.evaluation else float("-inf")
    return False, entry.info.game, -score


def _cells(entry: ModelEntry) -> list[Text]:
    name = entry.path.name.removesuffix(".safetensors")
    file = Text.assemble(("shipped" if entry.shipped else entry.path.parent.name), "/", name)
    date = time.strftime("%Y-%m-%d", time.localtime(entry.modified))
    if entry.info is None:
        nothing = Text("-", justify="right")
        return [Text("cannot be read", style="italic"), nothing, nothing, Text(date), file]
    evaluation = entry.info.evaluation
    return [
        Text(title_of(entry.info.game)),
        Text(f"{evaluation.mean:,.1f}" if evaluation else "-", justify="right"),
        Text(f"{entry.info.training.steps:,}", justify="right"),
        Text(entry.info.created[:10] or date),
        file,
    ]
