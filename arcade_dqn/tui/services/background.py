"""What is done away from the event loop, so that keys are answered meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

from arcade_dqn.errors import ArcadeError
from arcade_dqn.tui.services.notices import Notices

if TYPE_CHECKING:
    from textual.app import App


def is_open(app: App[Any]) -> bool:
    """False once the app is closing: a timer may still fire when its screens are gone."""
    return app.is_running and bool(app.screen_stack)


class Background:
    """Starts the app's workers. They end with the app; an error that is nobody's fault but the program's ends it."""

    def __init__(self, app: App[Any], notices: Notices) -> None:
        self._app = app
        self._notices = notices

    def run(self, *steps: Callable[[], Any]) -> None:
        """Do one thing after the other, in a thread; what the disk or a program refuses is shown."""
        self._app.run_worker(partial(self._run, steps), name="background", thread=True)

    def _run(self, steps: tuple[Callable[[], Any], ...]) -> None:
        try:
            for step in steps:
                step()
        except (ArcadeError, OSError) as error:
            self.in_event_loop(self._notices.complain, error)

    def in_event_loop(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Call `function` in the event loop and wait for it. For threads."""
        self._app.call_from_thread(function, *arguments)

    def after(self, seconds: float, function: Callable[[], Any]) -> None:
        """Call `function` in the event loop so much later, unless the app is closing then."""
        self._app.set_timer(seconds, lambda: function() if is_open(self._app) else None)

    def task(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine beside everything else; it may ask a person something."""
        self._app.run_worker(work, name="task")
