"""Agents at play, and a person: in the window, or in the terminal where there is no display."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from arcade_dqn.errors import ArcadeError
from arcade_dqn.tui.services.background import Background
from arcade_dqn.tui.services.demo_player import Demo
from arcade_dqn.tui.services.navigation import Navigation
from arcade_dqn.tui.services.notices import Notices
from arcade_dqn.tui.services.window import WindowProgram

if TYPE_CHECKING:
    from arcade_dqn.games.info import GameInfo
    from arcade_dqn.storage.models import ModelEntry


class Playback:
    """For the event loop. A `target` is the path of a model or of a run; `key` names the key of a binding's id."""

    def __init__(
        self,
        window: WindowProgram,
        notices: Notices,
        background: Background,
        navigation: Navigation,
        key: Callable[[str], str],
    ) -> None:
        self._window = window
        self._notices = notices
        self._background = background
        self._navigation = navigation
        self._key = key

    # --- a game's best saved agent ---

    def demo(self, info: GameInfo, model: ModelEntry | None) -> None:
        """Watch a game's best saved agent, in the window if there is a display."""
        if not self._notices.installed(info):
            return
        if model is None:
            key = self._key("home.train")
            self._notices.tell(f"There is no saved agent of {info.title} yet: press {key} to train one.")
        else:
            self.watch(str(model.path), info.id, f"{info.title} · {model.path.name}")

    def before_and_after(self, info: GameInfo, model: ModelEntry | None) -> None:
        """Watch a game's best saved agent beside what it was before it learned, in the window."""
        from arcade_dqn.storage.models import stages

        if model is None or not info.installed():
            self.demo(info, model)  # which says what is missing
            return
        try:
            way = stages(model.path.parent)
        except ArcadeError as error:
            self._notices.complain(error)
            return
        if way:
            self.watch_side_by_side(str(way[0][1]), str(model.path), f"{info.title}, before and after")
        else:
            self._notices.tell(f"Nothing is kept of how the agent of {info.title} began.")

    # --- any model or run ---

    def watch(self, target: str, game: str, title: str) -> None:
        """Watch it in the window, or here if there is no display."""
        if self._window.possible:
            self._open(title, lambda: self._window.open(target))
        else:
            self._notices.tell("There is no display for the window, so it plays here.")
            self.watch_here(target, game, title)

    def watch_side_by_side(self, first: str, second: str, title: str) -> None:
        """Watch two of them play the same game, in the window."""
        if not self._window.possible:
            message = "two agents side by side need the window, and there is no display for it"
            self._notices.complain(ArcadeError(message))
        else:
            self._open(title, lambda: self._window.open(first, beside=second))

    def watch_here(self, target: str, game: str, title: str) -> None:
        """Watch it in the terminal."""
        self._navigation.show_demo(Demo(game, target), title)

    def play(self, info: GameInfo) -> None:
        """Let a person play, in the window."""
        if not self._notices.installed(info):
            return
        if not self._window.possible:
            self._notices.complain(ArcadeError("playing needs the window, and there is no display for it"))
        else:
            self._notices.tell(f"Opening {info.title} for you.", seconds=2)
            self._background.run(lambda: self._window.open(info.id, human=True))

    def _open(self, title: str, open_window: Callable[[], None]) -> None:
        self._notices.tell(f"Opening the window on {title}.", seconds=2)
        self._background.run(open_window)

    # --- the window beside a training ---

    @property
    def window_possible(self) -> bool:
        """Whether there is a display for the window."""
        return self._window.possible

    def toggle_window(self, target: str) -> None:
        """Close the window if it shows `target`, else open it on that."""
        if self._window.target == target:
            self._background.run(self._window.close)
        else:
            self._background.run(lambda: self._window.open(target))
