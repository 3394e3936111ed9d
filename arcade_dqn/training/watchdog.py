"""Notice that nothing comes: who hangs cannot tell it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

PATIENCE = 20.0
"""Seconds without a sign of life after which a run is said to hang; the gradient steps of every preset take less."""


class Watchdog:
    """During a `with` block, a thread that calls `silence(seconds)` every second while nobody has called `beat` for
    `patience` seconds."""

    def __init__(self, silence: Callable[[float], None]) -> None:
        self.patience = PATIENCE
        self._silence = silence
        self._last = time.monotonic()
        self._over = threading.Event()

    def beat(self) -> None:
        """A sign of life. Cheap: for every step."""
        self._last = time.monotonic()

    def __enter__(self) -> Self:
        self.beat()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(min(1.0, self.patience / 2)):
            seconds = time.monotonic() - self._last
            if seconds >= self.patience:
                self._silence(seconds)
