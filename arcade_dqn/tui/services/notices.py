"""What a person is told, in a corner of the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from arcade_dqn.errors import ArcadeError
from arcade_dqn.tui.snapshot import capital

if TYPE_CHECKING:
    from textual.app import App

    from arcade_dqn.games.info import GameInfo

Severity = Literal["information", "warning", "error"]


class Notices:
    """Shows sentences as they are, never as markup. For the event loop."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app

    def tell(self, text: str, severity: Severity = "information", seconds: float | None = None) -> None:
        """Show `text` for so many seconds; by default for as long as notices are shown."""
        self._app.notify(text, severity=severity, markup=False, timeout=seconds)

    def complain(self, error: Exception) -> None:
        """Tell a person what went wrong, in one sentence."""
        self.tell(capital(str(error)), "error", 12)

    def installed(self, info: GameInfo) -> bool:
        """Whether the game can be played here; if not, a person is told what installs it."""
        if info.installed():
            return True
        self.complain(ArcadeError(f"{info.title} is not installed; install it with: {info.install_command}"))
        return False
