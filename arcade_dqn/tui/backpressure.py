"""Whether the terminal keeps up with what is written to it."""

from __future__ import annotations

import select
import sys
from typing import Any

_MOST_WAITING = 4
"""Writes that may wait before pictures are left out. Textual's own queue holds 30, and then the app waits."""


def keeps_up(driver: Any) -> bool:
    """Whether the terminal behind a Textual driver takes what is written to it about as fast as it comes.

    Over a slow line pictures are then left out, so that keys are answered at once. Textual has no public measure of
    what waits: its drivers for terminals write through a thread with a queue, and that is looked at where it is found.
    Elsewhere the system is asked whether the terminal takes more.
    """
    waiting = _waiting(driver)
    return _takes_more() if waiting is None else waiting < _MOST_WAITING


def _waiting(driver: Any) -> int | None:
    """Writes in the driver's queue; None if it has none that is known."""
    if driver is None or driver.is_headless:
        return 0
    size = getattr(getattr(getattr(driver, "_writer_thread", None), "_queue", None), "qsize", None)
    if not callable(size):
        return None
    waiting = size()
    return waiting if isinstance(waiting, int) else None


def _takes_more() -> bool:
    stream = sys.__stdout__
    if stream is None or sys.platform == "win32":
        return True
    try:
        return bool(select.select([], [stream.fileno()], [], 0)[1])
    except (OSError, ValueError):  # closed, or not a file
        return True
