"""A demo that fills the terminal."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult

from arcade_dqn.tui import keys
from arcade_dqn.tui.screens.base import ArcadeScreen
from arcade_dqn.tui.services.bundle import Services
from arcade_dqn.tui.services.demo_player import FRAMES_PER_SECOND, Demo
from arcade_dqn.tui.widgets.picture import Picture
from arcade_dqn.tui.widgets.titlebar import TitleBar


class DemoScreen(ArcadeScreen):
    """Shows one agent, as large as the terminal allows."""

    PLACE = "demo"
    BINDINGS = keys.DEMO

    def __init__(self, services: Services, demo: Demo, title: str) -> None:
        super().__init__(services)
        self._demo = demo
        self._name = title
        self._shown = 0

    def body(self) -> ComposeResult:
        picture = Picture("one moment", id="demo")
        picture.border_title = self._name
        yield picture

    def on_mount(self) -> None:
        self.query_one(TitleBar).set_place("demo")
        self.set_interval(1 / FRAMES_PER_SECOND, self._draw)

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self._resized)

    def appear(self) -> None:
        super().appear()
        self._show()

    def on_screen_suspend(self) -> None:
        self.services.demo_player.show(None, (0, 0))
        # Coming back begins another episode, which nobody has paused.
        self.query_one(Picture).border_title = self._name

    def _resized(self) -> None:
        if self.active:
            self._show()

    def _show(self) -> None:
        size = self.query_one(Picture).size
        self.services.demo_player.show(self._demo, (size.width, size.height))

    def _draw(self) -> None:
        if not self.active:
            return
        newest = self.services.demo_player.newest(after=self._shown)
        if newest is None:
            return
        self._shown = newest.number
        picture = self.query_one(Picture)
        if newest.problem:
            picture.say(newest.problem)
        elif self.services.terminal.keeps_up():
            picture.show(newest.strips)
            picture.border_subtitle = " · ".join(text for text in (newest.who, newest.caption) if text)

    def action_pause(self) -> None:
        player = self.services.demo_player
        player.pause(not player.paused)
        self.query_one(Picture).border_title = f"{self._name} · paused" if player.paused else self._name
