"""The keys, from the same tables as the bindings."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from arcade_dqn.tui import keys
from arcade_dqn.tui.screens.base import ArcadeScreen
from arcade_dqn.tui.services.bundle import Services

_ABOUT = (
    "Choose a game with the arrows: its best saved agent plays beside the list. Press {train} and a new agent begins "
    "to learn it from nothing. It remembers what happened in the replay buffer and learns from random pieces of that; "
    "epsilon is how often it tries something at random instead of what it believes best."
)


class HelpScreen(ArcadeScreen):
    """Every key, by the place where it works; the keys of `place`, where the person is, come first."""

    PLACE = "help"
    BINDINGS = keys.HELP
    AUTO_FOCUS = "VerticalScroll"

    def __init__(self, services: Services, place: str | None = None) -> None:
        super().__init__(services)
        self._place = place

    def body(self) -> ComposeResult:
        with VerticalScroll(id="help") as scroll:
            scroll.border_title = "Help"
            # Who asks elsewhere wants the keys of that place: what the arcade is about is said where one begins.
            if self._place in (None, keys.FIRST_PLACE):
                yield Static(_ABOUT.format(train=self.key("home.train")), markup=False)
            for place, bindings in sorted(keys.SECTIONS.items(), key=lambda section: section[0] != self._place):
                yield from self._section(place, bindings)

    def _section(self, place: str, bindings: list[BindingType]) -> ComposeResult:
        yield Static(Content.assemble((place, "bold $primary")), classes="place")
        yield Static(Content("\n").join(_line(self, binding) for binding in bindings))


def _line(screen: HelpScreen, binding: object) -> Content:
    assert isinstance(binding, Binding)
    return Content.assemble((f"  {screen.app.get_key_display(binding):<11} ", "bold $accent"), (binding.tooltip, ""))
