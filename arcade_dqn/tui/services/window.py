"""The window's program: one at a time, and a new one in the place of an old one."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from arcade_dqn.errors import ArcadeError
from arcade_dqn.tui.services.launcher import Launcher
from arcade_dqn.tui.snapshot import Notice, capital

if TYPE_CHECKING:
    from arcade_dqn.link.process import Child

_END_SECONDS = 2.0
"""How long a window that is closed may take to go by itself."""


class WindowError(ArcadeError):
    """A window was asked for where none can open."""


def has_display(environment: Mapping[str, str]) -> bool:
    """Whether a window could open in `environment`."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY") or environment.get("SDL_VIDEODRIVER"))


class WindowProgram:
    """none -> open (`open`) -> closing (`close`, or another one is opened) -> none (`poll` sees its end).

    A window that a person closes goes from open to none. As in trainer.py, one lock guards every field, and nobody
    waits in it.
    """

    def __init__(self, launcher: Launcher, runs_dir: Path, *, allowed: bool = True) -> None:
        self._launcher = launcher
        self._runs_dir = runs_dir
        self._allowed = allowed
        self._starting = threading.Lock()
        """Held by the thread that starts or replaces the program, which may wait; taken before `_lock`."""
        self._lock = threading.Lock()
        self._state: Literal["none", "open", "closing"] = "none"
        self._child: Child | None = None
        self._target = ""
        self._closed = False

    @property
    def possible(self) -> bool:
        """Whether a window can open here."""
        return self._allowed and has_display(self._launcher.environment)

    @property
    def target(self) -> str:
        """What it shows; "" while there is none."""
        with self._lock:
            return self._target if self._state == "open" else ""

    def open(self, target: str, *, beside: str = "", human: bool = False) -> None:
        """Show `target` (a model, a run), or let a person play the game `target`. Waits: for threads.

        With `beside`, another model or run plays the same game at its side. Raises ArcadeError if there is no display
        or the program cannot be started.
        """
        with self._starting:
            if self._closed:
                return
            if not self.possible:
                raise WindowError("there is no display for the window; the terminal view shows the agent here")
            self.close()
            what = ["--play", target] if human else [target, *(["--beside", beside] if beside else [])]
            arguments = [*what, "--runs-dir", str(self._runs_dir), "--events"]
            child = self._launcher.start("arcade_dqn.window", arguments, self._launcher.environment, "window")
            with self._lock:
                self._child, self._state, self._target = child, "open", target

    def close(self) -> None:
        """Close it. Waits until it is gone: for threads."""
        with self._lock:
            child = self._child
            if child is not None:
                self._state = "closing"
        if child is not None:
            child.stop(_END_SECONDS)

    def close_for_good(self) -> None:
        """Close it, one that is being opened just now, too, and open none any more. Waits: for threads."""
        with self._starting:
            self._closed = True
        self.close()

    def poll(self, *, training: bool) -> tuple[Notice, ...]:
        """What it said since the last look; `training` is whether a run is under way, which a person may fear for."""
        with self._lock:
            child = self._child
            if child is None:
                return ()
            notices = [
                Notice(f"Window: {event.get('message')}", "warning")
                for event in child.events()
                if event.get("event") in ("warning", "error")
            ]
            if child.finished:
                if child.exit_code != 0 and self._state == "open":
                    untouched = " The training goes on." if training else ""
                    notices.append(Notice(f"{capital(child.explain_exit())}.{untouched}", "warning"))
                self._child, self._state = None, "none"
            return tuple(notices)
