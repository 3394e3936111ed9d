"""The seconds that a run has trained."""

from __future__ import annotations

import time


class Stopwatch:
    """Seconds of training alone: it stands still while the run is paused, evaluates or saves."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._since: float | None = None

    def start(self) -> None:
        if self._since is None:
            self._since = time.perf_counter()

    def stop(self) -> None:
        self._seconds = self.seconds
        self._since = None

    @property
    def seconds(self) -> float:
        return self._seconds + (time.perf_counter() - self._since if self._since is not None else 0.0)

    def set(self, seconds: float) -> None:
        """Go on from a number of seconds measured before."""
        self._seconds, self._since = seconds, None
