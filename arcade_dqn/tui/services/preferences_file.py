"""Keeps what a person chooses in the file of their preferences, in the order in which they chose it."""

from __future__ import annotations

import threading
from pathlib import Path

from arcade_dqn import preferences as prefs
from arcade_dqn.tui.services.background import Background


class PreferencesFile:
    """Writes in threads, one at a time; of several choices of one thing the last one stays."""

    def __init__(self, path: Path, background: Background) -> None:
        self._path = path
        self._background = background
        self._writing = threading.Lock()
        """Held by the thread that writes, which takes everything that is still unwritten."""
        self._lock = threading.Lock()
        """Guards `_unwritten`; nobody waits in it."""
        self._unwritten: dict[str, str] = {}

    def keep(self, name: str, value: str) -> None:
        """Write a preference down soon; what keeps it from being written is shown. For the event loop."""
        with self._lock:
            self._unwritten[name] = value
        self._background.run(self._write)

    def _write(self) -> None:
        with self._writing:
            with self._lock:
                chosen, self._unwritten = self._unwritten, {}
            for name, value in chosen.items():
                prefs.save(self._path, name, value)
