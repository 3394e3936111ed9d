"""The replay inspector: what the buffer of the running training holds now, and its transitions one by one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from textual import events, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.strip import Strip
from textual.widgets import Static

from arcade_dqn.tui import keys
from arcade_dqn.tui.drawing import draw
from arcade_dqn.tui.inspection import Inspection
from arcade_dqn.tui.screens.base import ArcadeScreen
from arcade_dqn.tui.services.bundle import Services
from arcade_dqn.tui.widgets.chart import Chart, Plot, Trace
from arcade_dqn.tui.widgets.picture import Picture

if TYPE_CHECKING:
    from arcade_dqn.tui.capabilities import Capabilities
    from arcade_dqn.tui.snapshot import Snapshot

_EVERY = 1.0
"""Seconds between two looks into the buffer."""
_VALUES, _VALUES_SHORT = "Q-values before and after, by the newest network", "Q-values before and after"
_PATIENCE = 5.0
"""Seconds after which an answer is not waited for any longer."""


class ReplayScreen(ArcadeScreen):
    """Asks the trainer for its buffer once a second, and for a transition at every key."""

    PLACE = "replay"
    BINDINGS = keys.REPLAY

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._shown: Mapping[str, Any] | None = None
        self._inspection: Inspection | None = None
        self._number: int | None = None
        """The transition that is looked at; None follows the newest."""
        self._asked_at = 0.0
        self._waiting = False
        self._next: str | None = None
        """The jump to ask for as soon as the trainer has answered: keys come faster than answers."""

    def body(self) -> ComposeResult:
        with Horizontal(id="replay-room"):
            with Vertical(id="replay-left"):
                contents = Static("looking into the buffer", id="replay-contents", markup=False)
                contents.border_title = "What it holds"
                yield contents
                with Horizontal(id="replay-ages"):
                    for name, title in (("reward", "Reward, old to new"), ("ends", "Ends, old to new")):
                        chart = Chart(id=f"replay-{name}")
                        chart.border_title = title
                        yield chart
            with Vertical(id="replay-right"):
                with Horizontal(id="replay-pictures"):
                    for name, title in (("before", "Before"), ("after", "After")):
                        picture = Picture("no transition yet", id=f"replay-{name}")
                        picture.border_title = title
                        yield picture
                facts = Static(id="replay-transition", markup=False)
                facts.border_title = "Transition"
                yield facts
                values = Static(id="replay-values", markup=False)
                values.border_title = _VALUES
                yield values

    # --- asking ---

    def show_snapshot(self, snapshot: Snapshot) -> None:
        super().show_snapshot(snapshot)
        event = self.services.training.replay
        if event is not None and event is not self._shown:
            self._shown = event
            self._waiting = False
            self._read(event)
            if self._next is not None:
                jump, self._next = self._next, None
                self._ask(jump)
        now = time.monotonic()
        overdue = now - self._asked_at > (_PATIENCE if self._waiting else _EVERY)
        if overdue and snapshot.running and snapshot.status is not None and snapshot.status.replay_size:
            self._ask()
        elif self._inspection is None and not self._waiting:
            filled = "nothing is training now" if not snapshot.running else "the buffer is empty still"
            self.query_one("#replay-contents", Static).update(filled, layout=False)

    def _ask(self, jump: str = "") -> None:
        """Ask for the transition that is looked at; while an answer is on its way, only the newest question waits."""
        if self._waiting and time.monotonic() - self._asked_at < _PATIENCE:
            self._next = jump
            return
        self._asked_at, self._waiting = time.monotonic(), True
        if not self.services.training.command("inspect", number=self._number, jump=jump):
            self._waiting = False

    # --- showing ---

    def _read(self, event: Mapping[str, Any]) -> None:
        try:
            self._inspection = found = Inspection.read(event)
        except (KeyError, TypeError, ValueError) as error:
            self.notify(f"What the trainer told of its buffer cannot be read: {error}", severity="error", markup=False)
            return
        if self._number is not None and self._next is None:
            self._number = found.transition.number
        if not found.found:
            self.notify("No transition in the buffer is like that.", timeout=2)
        self._show_numbers(found)
        self._draw(found, self._size_of("before"), self._size_of("after"))

    def _show_numbers(self, found: Inspection) -> None:
        contents = self.query_one("#replay-contents", Static)
        room = contents.content_size
        contents.update(found.contents(max(room.width, 20), room.height), layout=False)
        x = np.array([found.ages[0][0] - age for age, _, _ in found.ages], np.float64)
        for name, column in (("reward", 1), ("ends", 2)):
            y = np.array([piece[column] for piece in found.ages], np.float64)
            self.query_one(f"#replay-{name}", Chart).show(Plot((Trace(x, y, "line", "second"),)))
        one = found.transition
        facts = self.query_one("#replay-transition", Static)
        facts.border_title = f"Transition {one.number:,} of {one.oldest:,} to {one.newest:,}"
        facts.border_subtitle = f"age {one.age:,}{', following the newest' if self._number is None else ''}"
        facts.update(found.facts(), layout=False)
        values = self.query_one("#replay-values", Static)
        values.border_title = _VALUES if values.size.width > len(_VALUES) + 4 else _VALUES_SHORT
        values.update(found.q_lines(max(values.content_size.width, 30)))

    def _size_of(self, name: str) -> tuple[int, int]:
        size = self.query_one(f"#replay-{name}", Picture).size
        return size.width, size.height

    @work(thread=True, exclusive=True, group="draw")
    def _draw(self, found: Inspection, before: tuple[int, int], after: tuple[int, int]) -> None:
        """Draw both observations; away from the event loop, for the first one loads the game's pictures."""
        one = found.transition
        capabilities = self.services.terminal.capabilities
        sides = ((one.s_tm1, before), (one.s_t, after))
        drawn = [_drawn(found, observation, size, capabilities) for observation, size in sides]
        self.app.call_from_thread(self._hang, found, drawn)

    def _hang(self, found: Inspection, drawn: list[tuple[Strip, ...] | str]) -> None:
        if not self.active or found is not self._inspection:
            return
        for name, picture in zip(("before", "after"), drawn, strict=True):
            widget = self.query_one(f"#replay-{name}", Picture)
            if isinstance(picture, str):
                widget.say(picture)
            else:
                widget.show(picture)

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self._again)

    def _again(self) -> None:
        if self.active and self._inspection is not None:
            self._show_numbers(self._inspection)
            self._draw(self._inspection, self._size_of("before"), self._size_of("after"))

    # --- keys ---

    def action_go(self, newer: int) -> None:
        """So many transitions newer, or older if it is negative."""
        if self._inspection is not None:
            one = self._inspection.transition
            here = one.number if self._number is None else self._number
            self._number = min(max(here + newer, one.oldest), one.newest)
            self._ask()

    def action_edge(self, newest: bool) -> None:
        if self._inspection is not None:
            self._number = self._inspection.transition.newest if newest else 0
            self._ask()

    def action_jump(self, where: str) -> None:
        if self._inspection is not None:
            self._number = self._inspection.transition.number
            self._ask(where)

    def action_follow(self) -> None:
        self._number = None
        self._ask()


def _drawn(
    found: Inspection, observation: np.ndarray, size: tuple[int, int], capabilities: Capabilities
) -> tuple[Strip, ...] | str:
    """The observation drawn at `size` (columns, rows), or its numbers where there is no picture for them."""
    from arcade_dqn.games.families import family_of
    from arcade_dqn.games.find import find

    info = find(found.game)
    picture = family_of(info).picture_of(info, observation)
    if picture is None:
        return _listed(observation.ravel().tolist(), found.inputs)
    return draw(picture, size, capabilities) if min(size) > 0 else ""


_MOST_LINES = 40
"""Numbers up to which all of them are listed; of more, such as one choice among Taxi's 500, those that are not 0."""


def _listed(numbers: list[float], names: tuple[str, ...]) -> str:
    """Each number with its name, or with its place where it has none."""
    named = names if len(names) == len(numbers) else tuple(map(str, range(len(numbers))))
    lines = zip(named, numbers, strict=True)
    return "\n".join(f"{name}: {value:+.4g}" for name, value in lines if value or len(numbers) <= _MOST_LINES)
