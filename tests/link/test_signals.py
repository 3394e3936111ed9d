from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator

import pytest

from arcade_dqn.link.signals import HANGUP_SECONDS, NUMBERS, Tally, on_signals

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send itself a signal")
PATIENCE = 60.0


def test_hangups_that_come_together_are_one() -> None:
    now = iter([10.0, 10.1, 10.0 + HANGUP_SECONDS, 20.0])
    tally = Tally(lambda: next(now))
    assert [tally.count(signal.SIGHUP) for _ in range(4)] == [1, 0, 2, 3]


def test_a_hangup_right_after_another_signal_is_the_same_wish() -> None:
    now = iter([10.0, 10.1, 10.2])
    tally = Tally(lambda: next(now))
    assert [tally.count(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGTERM)] == [1, 0, 2]


def test_a_person_may_be_as_quick_as_they_like() -> None:
    tally = Tally(lambda: 1.0)
    assert [tally.count(signal.SIGINT) for _ in range(2)] == [1, 2]


@pytest.fixture
def handlers() -> Iterator[list[object]]:
    before = [signal.getsignal(number) for number in NUMBERS]
    yield before
    assert [signal.getsignal(number) for number in NUMBERS] == before


def test_the_first_and_the_second_reach_whoever_waits_though_the_main_thread_is_held_up(
    handlers: list[object],
) -> None:
    told: list[object] = []
    asked, again = threading.Event(), threading.Event()

    def first() -> None:
        told.append("first")
        asked.set()

    def second(number: int) -> None:
        told.append(number)
        again.set()

    with on_signals(first, second):
        os.kill(os.getpid(), signal.SIGTERM)
        assert asked.wait(PATIENCE)
        os.kill(os.getpid(), signal.SIGWINCH)  # is none of them
        os.kill(os.getpid(), signal.SIGINT)
        assert again.wait(PATIENCE)
    assert told == ["first", signal.SIGINT]


def test_in_another_thread_it_changes_nothing(handlers: list[object]) -> None:
    found: list[object] = []

    def look() -> None:
        with on_signals(lambda: None):
            found.extend(signal.getsignal(number) for number in NUMBERS)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == handlers


def test_a_second_signal_ends_the_process_as_a_shell_would_tell_it() -> None:
    program = """
import os, signal, time
from arcade_dqn.link.signals import on_signals
with on_signals(lambda: print("asked", flush=True)):
    print("ready", flush=True)
    while True:
        time.sleep(1)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        for word in ("ready", "asked"):
            assert process.stdout.readline().strip() == word
            process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130


def test_a_terminal_is_put_back_as_it_was() -> None:
    program = """
import sys, termios, tty
from arcade_dqn.link.signals import TerminalState
state = TerminalState()
tty.setraw(0)
sys.stdout.write("\\x1b[?1049h\\x1b[?25l")
sys.stdout.flush()
state.restore()
"""
    master, slave = pty.openpty()
    try:
        before = termios.tcgetattr(slave)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        subprocess.run(
            [sys.executable, "-c", program], stdin=slave, stdout=slave, env=environment, check=True, timeout=PATIENCE
        )
        assert termios.tcgetattr(slave) == before
        written = os.read(master, 4096)
    finally:
        os.close(slave)
        os.close(master)
    assert written.index(b"\x1b[?1049l") > written.index(b"\x1b[?1049h")
    assert written.index(b"\x1b[?25h") > written.index(b"\x1b[?25l")
