"""The terminal under the app: what it can show, whether it keeps up, and what is written beside the screens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcade_dqn.tui.backpressure import keeps_up
from arcade_dqn.tui.capabilities import Capabilities

if TYPE_CHECKING:
    from textual.app import App


class Terminal:
    """Asks the app's driver, which there is only while the app runs."""

    def __init__(self, app: App[Any], capabilities: Capabilities) -> None:
        self._app = app
        self.capabilities = capabilities
        """What may be drawn; it changes with the theme, and counts from the next picture on."""

    def keeps_up(self) -> bool:
        """Whether the terminal keeps up; if not, pictures are left out instead of queued."""
        return keeps_up(self._app._driver)

    def write(self, text: str) -> None:
        """Write something that is not drawn, such as the bell; from any thread."""
        driver = self._app._driver
        if driver is not None and not self._app.is_headless:
            driver.write(text)
