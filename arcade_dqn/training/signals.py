"""Signals that ask a run to save and end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def on_first_signal(call: Callable[[], None]) -> Iterator[None]:
    """During the block, the first SIGINT, SIGTERM or SIGHUP calls `call`; a second one does what it always did.

    Only a program's main thread can have signal handlers; elsewhere this changes nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def handle(number: int, frame: Any) -> None:
        restore()
        call()

    for number in numbers:
        signal.signal(number, handle)
    try:
        yield
    finally:
        restore()
