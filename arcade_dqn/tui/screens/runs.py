"""Runs: where each stands; resume, watch, rename or throw away one, or mark several to compare them."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.widgets import DataTable, Input, Static

from arcade_dqn.errors import ArcadeError
from arcade_dqn.tui import keys
from arcade_dqn.tui.screens.base import ArcadeScreen, title_of
from arcade_dqn.tui.services.bundle import Services
from arcade_dqn.tui.theme import state_word, tone_style
from arcade_dqn.tui.widgets.table import fill

if TYPE_CHECKING:
    from arcade_dqn.storage.runs import RunSummary

_RIGHT = ("steps", "best", "last", "age")
_LABELS = [
    Text(column, justify="right" if column in _RIGHT else "left")
    for column in ("", "game", "run", "state", "steps", "best", "last", "age")
]
_LOWEST = float("-inf")
_ORDERS: dict[str, Callable[[RunSummary], Any]] = {
    "newest first": lambda run: -run.modified,
    "by game and name": lambda run: (title_of(run.game).lower(), run.name.lower()),
    "best first": lambda run: -(_LOWEST if run.best_evaluation is None else run.best_evaluation),
    "most steps first": lambda run: -run.step,
    "by state": lambda run: (run.state, -run.modified),
}


class RunsScreen(ArcadeScreen):
    """A table of the runs folder."""

    PLACE = "runs"
    BINDINGS = keys.RUNS
    AUTO_FOCUS = "DataTable"

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._known: list[RunSummary] = []
        """All runs in the folder."""
        self._runs: list[RunSummary] = []
        """Those that are shown."""
        self._marked: set[Path] = set()
        self._order = next(iter(_ORDERS))

    def body(self) -> ComposeResult:
        table: DataTable[Text] = DataTable(id="runs", cursor_type="row", zebra_stripes=False)
        table.border_title = "Runs"
        yield table
        yield Input(id="filter", compact=True, placeholder=self._filter_hint())
        yield Static("looking through the folder", id="about", markup=False)

    def _filter_hint(self) -> str:
        return f"words of game, name or state; {self.key('runs.back')} shows all"

    def on_mount(self) -> None:
        self.query_one("#filter", Input).display = False
        self.set_interval(2.0, self._refresh_if_seen)

    def appear(self) -> None:
        super().appear()
        self.find()

    def _refresh_if_seen(self) -> None:
        if self.active:
            self.find()

    # A group of its own: an exclusive worker ends the others of its group, and one may be waiting for an answer.
    @work(thread=True, exclusive=True, group="find")
    def find(self) -> None:
        """Read the state of every run."""
        self.read(self.services.library.runs, self._found)

    def _found(self, runs: list[RunSummary]) -> None:
        if not self.active:
            return  # the person has gone on meanwhile
        self._known = runs
        self._marked &= {run.path for run in runs}
        self._fill()

    def _fill(self) -> None:
        """Show the runs that the filter lets through, in the chosen order; the cursor stays with its run."""
        chosen = self.run_summary
        words = self.query_one("#filter", Input).value.lower().split()
        self._runs = sorted((run for run in self._known if _matches(run, words)), key=_ORDERS[self._order])
        table = self.query_one(DataTable)
        fill(table, _LABELS, [_cells(run, run.path in self._marked, self.app.theme_variables) for run in self._runs])
        paths = [run.path for run in self._runs]
        if chosen is not None and chosen.path in paths:
            table.move_cursor(row=paths.index(chosen.path))
        some = f"{len(self._runs)} of {len(self._known)}" if words else f"{len(self._known)}"
        table.border_subtitle = f"{some} in {self.services.library.runs_dir}, {self._order}"
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
        if run is None and self._known:
            about.update("No run has all of these words in its game, name or state.")
        elif run is None:
            about.update(f"There are no runs in {self.services.library.runs_dir} yet: train an agent first.")
        elif run.problem:
            about.update(f"{run.path}\n{run.problem}")
        else:
            preset = run.settings.preset if run.settings else ""
            seed = run.settings.run.seed if run.settings else 0
            # Where the terminal is narrow, the table's last column is out of sight.
            age = f" · {_age(time.time() - run.modified)} ago" if run.modified else ""
            about.update(f"{run.path}\n{preset or 'own settings'} · seed {seed}{age}")

    @on(DataTable.RowSelected)
    def _selected(self) -> None:
        self.action_resume()

    def _usable(self) -> RunSummary | None:
        run = self.run_summary
        if run is not None and run.problem:
            self.complain(ArcadeError(run.problem))
            return None
        return run

    def action_resume(self) -> None:
        run = self._usable()
        if run is None:
            return
        if run.state == "done" and run.step >= run.steps_total:
            self.notify("This run has trained all its steps; there is nothing to resume.", markup=False)
            return
        self.services.training.resume(run.path, title_of(run.game))

    def action_watch(self) -> None:
        if (run := self._usable()) is not None:
            self.services.playback.watch(str(run.path), run.game, f"{title_of(run.game)} · {run.name}")

    def action_view(self) -> None:
        if (run := self._usable()) is not None:
            self.services.playback.watch_here(str(run.path), run.game, f"{title_of(run.game)} · {run.name}")

    def action_stages(self) -> None:
        if (run := self._usable()) is not None:
            self.services.navigation.show_stages(run.path, run.game)

    def action_refresh(self) -> None:
        self.find()

    # --- order and filter ---

    def action_order(self) -> None:
        orders = list(_ORDERS)
        self._order = orders[(orders.index(self._order) + 1) % len(orders)]
        self._fill()

    def action_filter(self) -> None:
        words = self.query_one("#filter", Input)
        words.display = True
        words.focus()

    @on(Input.Changed, "#filter")
    def _filter_typed(self) -> None:
        self._fill()

    @on(Input.Submitted, "#filter")
    def _filter_done(self) -> None:
        self.query_one(DataTable).focus()

    def action_back(self) -> None:
        """Escape takes the filter away first."""
        words = self.query_one("#filter", Input)
        if words.display:
            words.value = ""
            words.display = False
            self.query_one(DataTable).focus()
            self._fill()
        else:
            super().action_back()

    # --- several runs ---

    def action_mark(self) -> None:
        run = self._usable()
        if run is not None:
            self._marked ^= {run.path}
            table = self.query_one(DataTable)
            row = table.cursor_row
            self._fill()
            table.move_cursor(row=min(row + 1, len(self._runs) - 1))

    def action_compare(self) -> None:
        from arcade_dqn.tui.screens.compare import CompareScreen

        # Those that the filter hides, too: they were marked under another one.
        marked = (run for run in self._known if run.path in self._marked)
        chosen = [run.path for run in sorted(marked, key=_ORDERS[self._order])]
        if not chosen and (run := self._usable()) is not None:
            chosen = [run.path]
        if chosen:
            self.app.push_screen(CompareScreen(self.services, chosen))

    def action_tensorboard(self) -> None:
        """Copy the command that opens the marked runs, or all, in TensorBoard."""
        folder = str(self.services.library.runs_dir)
        if self._marked:
            names = (f"{path.parent.name}/{path.name}:{path}" for path in sorted(self._marked))
            command = f"tensorboard --logdir_spec {shlex.quote(','.join(names))}"
        else:
            command = f"tensorboard --logdir {shlex.quote(folder)}"
        self.app.copy_to_clipboard(command)
        self.notify(command, title="Copied", markup=False)

    # --- one run ---

    @work
    async def action_rename(self) -> None:
        from arcade_dqn.storage.run_names import check_run_name
        from arcade_dqn.storage.runs import rename_run
        from arcade_dqn.tui.screens.ask import AskScreen

        run = self._usable()
        if run is None:
            return

        def check(name: str) -> str:
            try:
                check_run_name(name)
            except ArcadeError as error:
                return str(error)
            taken = name != run.name and (run.path.parent / name).exists()
            return f"a run of {title_of(run.game)} is named so already" if taken else ""

        name = await self.app.push_screen_wait(AskScreen("Rename the run", str(run.path), run.name, check))
        if name is not None and name != run.name:
            self.services.background.run(lambda: rename_run(run.path, name), self._find_soon)

    def _find_soon(self) -> None:
        """The same as `find`, for threads."""
        self.app.call_from_thread(self.find)

    @work
    async def action_trash(self) -> None:
        from arcade_dqn.storage.runs import trash_run

        run = self.run_summary
        if run is None:
            return
        question = (
            f"{run.path} moves to {self.services.library.runs_dir}/.trash, from where it can be moved back by hand."
        )
        if await self.services.navigation.confirm("Throw the run away?", question, yes="Throw away", no="Keep"):
            self.services.background.run(lambda: trash_run(run.path), self._find_soon)


def _matches(run: RunSummary, words: list[str]) -> bool:
    text = f"{run.game} {title_of(run.game)} {run.name} {run.state}".lower()
    return all(word in text for word in words)


def _cells(run: RunSummary, marked: bool, variables: Mapping[str, str]) -> list[Text]:
    word, tone = state_word(run.state)
    steps = f"{run.step:,} / {run.steps_total:,}" if run.steps_total else "-"
    return [
        Text("●" if marked else " "),
        Text(title_of(run.game)),
        Text(run.name),
        Text(word.lower(), style=tone_style(variables, tone)),
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
