"""Runs the TUI as a program: its preferences and its terminal before, signals while it runs, its exit code after.

Three ways lead out, and all of them end the other programs, which save what trains. A person quits: the app ends them,
then itself (app.py). A signal, or the end of the parent program of a browser's tab: a thread of its own ends them, for
the event loop may hang in a terminal that is gone. A second signal: this process ends at once, and the other programs
by themselves, as their input ends.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from arcade_dqn import preferences as prefs
from arcade_dqn.games import imports
from arcade_dqn.link.signals import NUMBERS, Tally, TerminalState
from arcade_dqn.tui.app import ArcadeApp
from arcade_dqn.tui.capabilities import terminal_encoding
from arcade_dqn.tui.services.programs import Programs

_LAST_WORDS = 4.0
"""Seconds that the app has to restore the terminal after a signal, once its programs have ended."""


def run_app(runs_dir: Path, *, ascii: bool = False, browser: bool = False) -> int:
    """Run the TUI in this terminal and return the exit code: 0, or 130 if a signal ended it.

    The first signal saves, a second one ends at once. `ascii` draws with ASCII alone, whatever the preferences say. In
    a `browser` there is no window beside the terminal.
    """
    file = prefs.default_path()
    preferences, problems = prefs.load(file)
    encoding = "utf-8" if browser else terminal_encoding()
    preferences = replace(preferences, ascii=ascii or prefs.use_ascii(preferences, encoding))
    imports.add(preferences.imports)  # before there is a program that inherits them
    programs = Programs(runs_dir, window=not browser)
    app = ArcadeApp(runs_dir, programs=programs, preferences=preferences, file=file, problems=problems)
    ended = threading.Event()
    tally, terminal = Tally(), TerminalState()
    signals: list[int] = []

    def depart() -> None:
        """Save, then end the app; if it cannot (its terminal may be gone), end the process."""
        app.close_programs()
        # Without waiting: the event loop may hang in a write to a terminal that is gone.
        app.exit_soon(130)
        if not ended.wait(_LAST_WORDS):
            os._exit(130)

    def on_signal(number: int, frame: object) -> None:
        signals.append(number)
        count = tally.count(number)
        if count == 1:
            threading.Thread(target=depart, name="departure").start()
        elif count == 2:
            # The other programs see their input end: what trains is saved, and nobody waits for it here.
            terminal.restore()
            os._exit(130)

    if browser:
        threading.Thread(target=_follow_parent, args=(depart, ended), name="parent", daemon=True).start()
    before = {number: signal.signal(number, on_signal) for number in NUMBERS}
    try:
        code = app.run()
    finally:
        ended.set()
        for number, handler in before.items():
            signal.signal(number, handler)
    if signals:
        return 130
    return app.return_code or 0 if code is None else code


def _follow_parent(depart: Callable[[], None], ended: threading.Event) -> None:
    """Depart when the program that started this one is gone, however it went: nobody would be there to end it."""
    parent = os.getppid()
    while not ended.wait(1.0):
        if os.getppid() != parent:
            depart()
            return
