"""Starts the other programs, each with its own log in one temporary folder."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arcade_dqn.link.process import Child
    from arcade_dqn.storage.scratch import Scratch


class Launcher:
    """`environment` is what programs may be given, by default the current one; `start` starts one, as `Child.start`."""

    def __init__(self, environment: Mapping[str, str] | None = None, start: Callable[..., Child] | None = None) -> None:
        self.environment = dict(os.environ if environment is None else environment)
        self._start = start
        self._lock = threading.Lock()
        self._scratch: Scratch | None = None

    def start(self, module: str, arguments: Sequence[str], environment: Mapping[str, str], title: str) -> Child:
        """Run `python -m module arguments...`; sentences call it `title`. For threads. Raises ChildError."""
        from arcade_dqn.storage.scratch import Scratch

        with self._lock:
            if self._scratch is None:
                self._scratch = Scratch()
            log = self._scratch.path / f"{title}.log"
        if (start := self._start) is None:
            from arcade_dqn.link.process import Child

            start = Child.start
        return start(module, list(arguments), log, environment=environment, title=title)

    def close(self) -> None:
        """Remove the logs. May be called twice."""
        with self._lock:
            if self._scratch is not None:
                self._scratch.close()
