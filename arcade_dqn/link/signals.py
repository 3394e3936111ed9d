"""Signals that ask a program to save and end, and the second one, which ends it at once."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

HANGUP_SECONDS = 2.0
"""Hangups that come within so long of the first signal are the same one."""
_LAST_WORDS_SECONDS = 0.5

NUMBERS: tuple[signal.Signals, ...] = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""The signals that ask a program to end: SIGINT and SIGTERM, and SIGHUP where there is one."""


class Tally:
    """Counts the signals that a program gets.

    A terminal that is closed, and a machine that shuts down, say so more than once: to the shell, which passes it on,
    and to the program itself; or with a SIGHUP right after a SIGTERM. Nobody has lost their patience then, so a SIGHUP
    counts only if it comes `HANGUP_SECONDS` after the first signal.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._first: float | None = None
        self._count = 0

    def count(self, number: int) -> int:
        """Take in a signal: 1 if it is the first one, 2 if it is the second, 0 if it says nothing new."""
        now = self._clock()
        if self._first is None:
            self._first = now
        elif number == getattr(signal, "SIGHUP", None) and now - self._first < HANGUP_SECONDS:
            return 0
        self._count += 1
        return self._count


def end_at_once(number: int) -> None:
    """End this process as a shell would tell it: with the exit code 128 + `number`."""
    os._exit(128 + number)


@contextlib.contextmanager
def on_signals(first: Callable[[], None], second: Callable[[int], Any] = end_at_once) -> Iterator[None]:
    """During the block, the first of `NUMBERS` calls `first`, the second one `second` with its number.

    A thread calls them, so that they come even while the main thread is held up (by a game that hangs, or a long
    gradient step): both must be quick. Only a program's main thread can look for signals; elsewhere this changes
    nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    tally = Tally()
    reader, writer = socket.socketpair()
    writer.setblocking(False)

    def watch() -> None:
        with contextlib.suppress(OSError):  # the block may be over
            while numbers := reader.recv(16):
                for number in numbers:
                    count = tally.count(number) if number in NUMBERS else 0
                    if count == 1:
                        first()
                    elif count == 2:
                        second(number)

    # Python's own part of a signal handler writes its number into the socket, at once and from any thread. The part
    # that is written in Python runs only when the main thread comes to it, and has nothing to do.
    before = {number: signal.signal(number, _nothing) for number in NUMBERS}
    wakeup = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    thread = threading.Thread(target=watch, name="signals", daemon=True)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        writer.close()
        thread.join(1.0)
        reader.close()


@contextlib.contextmanager
def as_interrupt() -> Iterator[None]:
    """During the block, each of `NUMBERS` raises KeyboardInterrupt in the main thread, as ctrl+c does anyway.

    For programs that have something to tidy up and nothing to save. A signal that is ignored, as nohup does, stays so.
    Only the main thread can do this; elsewhere it changes nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in NUMBERS}
    for number, handler in before.items():
        if handler not in (signal.SIG_IGN, None):
            signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)


def _nothing(number: int, frame: Any) -> None:
    pass


def last_words(file: int, data: bytes) -> None:
    """Write to the descriptor `file` before the process ends at once; a terminal that takes nothing is not waited for.

    Not through Python's own files: another thread may hold their locks, and never let go of them.
    """

    def write() -> None:
        with contextlib.suppress(OSError):  # the terminal may be gone
            os.write(file, data)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    thread.join(_LAST_WORDS_SECONDS)


class TerminalState:
    """How the terminal on standard input was, so that a program that draws on all of it can put it back."""

    def __init__(self) -> None:
        self._settings: list[Any] | None = None
        if sys.platform != "win32" and os.isatty(0):
            import termios

            self._settings = termios.tcgetattr(0)

    def restore(self) -> None:
        """Put it back, at once and from any thread. For the end of the process: what draws goes on otherwise."""
        if sys.platform != "win32" and self._settings is not None:
            import termios

            with contextlib.suppress(termios.error):  # the terminal may be gone
                termios.tcsetattr(0, termios.TCSANOW, self._settings)
        if os.isatty(1):
            last_words(1, _AS_BEFORE)


_AS_BEFORE = b"".join(
    b"\x1b" + code
    for code in (
        *(b"[?1000l", b"[?1002l", b"[?1003l", b"[?1006l", b"[?1015l", b"[?1016l"),  # no reports of the mouse
        *(b"[?1004l", b"[?2004l", b"[?2048l", b"[?2026l"),  # nor of focus, pastes and size; drawing is not held back
        *(b"[<u", b"[?7h", b"[0m"),  # the usual keys, wrapped lines, no colours
        *(b"[?1049l", b"[?25h"),  # the first screen, with a cursor
    )
)
