"""What all screens have in common: title line, key bar, and a word when the terminal is too small."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual import events
from textual.app import App, ComposeResult
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from arcade_dqn.errors import ArcadeError
from arcade_dqn.games.catalog import GAMES
from arcade_dqn.tui import keys
from arcade_dqn.tui.services.bundle import Services
from arcade_dqn.tui.widgets.keybar import KeyBar
from arcade_dqn.tui.widgets.titlebar import TitleBar

if TYPE_CHECKING:
    from arcade_dqn.tui.snapshot import Snapshot

T = TypeVar("T")

SMALLEST = (60, 20)
"""Columns and rows below which nothing sensible can be shown."""


def title_of(game: str) -> str:
    """The title of the game with this id; the id itself for a game outside the catalogue."""
    return next((info.title for info in GAMES if info.id == game), game)


def key_name(app: App[Any], id: str) -> str:
    """The key of the binding `id`, as a person has set it, to be named in a sentence."""
    return app.get_key_display(keys.BY_ID[id])


class Overlay(ModalScreen[None]):
    """A modal screen that covers a part only: the screen under it goes on showing what happens."""

    BINDINGS = keys.EVERYWHERE_TOO

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services = services


def front(app: App[Any]) -> Screen[Any] | None:
    """The screen that a person looks at; None once the app has taken its screens down."""
    stack = app.screen_stack
    if not stack:
        return None
    return stack[-2] if len(stack) > 1 and isinstance(stack[-1], Overlay) else stack[-1]


class ArcadeScreen(Screen[None]):
    """Subclasses compose `body` and may react to `show_snapshot`, which comes about ten times a second.

    `services` is all that a screen has of the rest of the program.
    """

    PLACE: ClassVar[str] = ""
    AUTO_FOCUS = ""

    _complete = False
    """Whether all widgets are there: the nested ones come a little after the screen's own mount."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services = services

    def on_mount(self) -> None:
        self.call_after_refresh(self._set_complete)

    def _set_complete(self) -> None:
        self._complete = True
        self.completed()
        if self.active:
            self.appear()

    def completed(self) -> None:
        """All widgets are there: what `on_mount` is for flat screens."""

    def on_screen_resume(self) -> None:
        if self._complete:
            self.appear()

    def appear(self) -> None:
        """The screen is complete and has come to the front, for the first time or again."""
        self.show_snapshot(self.services.training.snapshot)

    def compose(self) -> ComposeResult:
        yield TitleBar(self.PLACE)
        yield from self.body()
        yield KeyBar(ascii=self.services.terminal.capabilities.ascii)
        yield Static(id="too-small")

    def body(self) -> ComposeResult:
        """The widgets between the title line and the key bar."""
        raise NotImplementedError

    @property
    def active(self) -> bool:
        """Whether this screen is in front or seen through the one in front, in an app that is not just closing."""
        return self._complete and self.app.is_running and front(self.app) is self

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show how the other programs are doing."""
        self.query_one(TitleBar).set_right(*snapshot.headline)

    def on_resize(self, event: events.Resize) -> None:
        columns, rows = event.size
        tiny = columns < SMALLEST[0] or rows < SMALLEST[1]
        self.set_class(tiny, "-tiny")
        if tiny:
            self.query_one("#too-small", Static).update(
                f"This terminal is {columns} x {rows}.\n"
                f"The arcade needs {SMALLEST[0]} x {SMALLEST[1]}: please make it larger."
            )
        else:
            self.call_after_refresh(self._refocus)

    def _refocus(self) -> None:
        """Hidden widgets lose the focus: give it back once there is room again."""
        if self.active and self.focused is None and self.AUTO_FOCUS:
            self.query(self.AUTO_FOCUS).first().focus()

    def action_back(self) -> None:
        self.app.pop_screen()

    # --- for subclasses ---

    def key(self, id: str) -> str:
        """The key of the binding `id`, to be named in a sentence."""
        return key_name(self.app, id)

    def complain(self, error: ArcadeError) -> None:
        """Tell a person what went wrong, in one sentence."""
        self.services.notices.complain(error)

    def read(self, what: Callable[[], T], show: Callable[[T], None]) -> None:
        """Read something from the disk and show it, or say why it cannot be read. For threads, and waits for both."""
        try:
            found = what()
        except ArcadeError as error:
            self.app.call_from_thread(self.complain, error)
        else:
            self.app.call_from_thread(show, found)
