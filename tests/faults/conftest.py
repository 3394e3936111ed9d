"""What the tests of faults share: trainers as programs of their own, and what they said."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import queue
import re
import shutil
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from arcade_dqn.link.commands import Event
from arcade_dqn.link.process import dummy_sdl

PATIENCE = 120.0
PROGRAMS = Path(__file__).parent / "programs"


class Trainer:
    """A trainer, its events in the order in which they come, and the signals that it gets."""

    def __init__(self, command: list[str], log: Path, environment: dict[str, str]) -> None:
        with open(log, "ab") as errors:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=dummy_sdl({**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment}),
                start_new_session=True,
            )
        self.log = log
        self._queue: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._last_id = 0
        self.over = False
        """Everything that it said has been taken in."""
        self.seen: list[Event] = []
        """Every event that was taken in."""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with contextlib.suppress(ValueError):  # the last line of a killed one may be cut
                self._queue.put(json.loads(line))
        self._queue.put(None)

    def next(self, timeout: float) -> Event | None:
        """The next event; None if none comes in time, or no more will come."""
        if self.over:
            return None
        try:
            event = self._queue.get(timeout=timeout)
        except queue.Empty:
            return None
        if event is None:
            self.over = True
        else:
            self.seen.append(event)
        return event

    def wait_for(self, kind: str, **values: Any) -> Event:
        """The next event of this kind with these values."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and not self.over:
            event = self.next(0.5)
            if event is not None and event["event"] == kind and values.items() <= event.items():
                return event
        said = self.log.read_text("utf-8", "replace")[-2000:]
        raise AssertionError(f"no {kind} {values} came; it said {self.seen[-5:]}; log: {said}")

    def rest(self) -> list[Event]:
        """All further events, once it has ended."""
        before = len(self.seen)
        deadline = time.monotonic() + PATIENCE
        while not self.over and time.monotonic() < deadline:
            self.next(0.5)
        assert self.over, "it goes on"
        return self.seen[before:]

    def tell(self, name: str, /, **arguments: Any) -> None:
        assert self.process.stdin is not None
        self._last_id += 1
        line = json.dumps({"id": self._last_id, "name": name, "arguments": arguments})
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.kill()
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()


@pytest.fixture
def start_trainer(tmp_path: Path) -> Iterator[Callable[..., Trainer]]:
    """Starts trainers that end with the test: `start_trainer(run_dir, FAULTY=...)`, or without a run, to be opened."""
    started: list[Trainer] = []

    def start(run: Path | None = None, *, program: str = "", **environment: str) -> Trainer:
        what = [str(PROGRAMS / program)] if program else ["-m", "arcade_dqn.training"]
        command = [sys.executable, *what, *([str(run)] if run is not None else [])]
        started.append(Trainer(command, tmp_path / "trainers.log", environment))
        return started[-1]

    yield start
    for trainer in started:
        trainer.close()


class Terminal:
    """A program in a pseudo-terminal, and everything that it wrote to it."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._master, self._slave = pty.openpty()
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.settings = termios.tcgetattr(self._slave)
        inherited = {name: value for name, value in os.environ.items() if name not in _OF_A_DISPLAY}
        self.process = subprocess.Popen(
            command,
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            env={**inherited, "TERM": "xterm-256color", "PYTHONPATH": os.pathsep.join(sys.path), **environment},
            start_new_session=True,
        )
        self._output = bytearray()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # it is closed at the end of the test
            while data := os.read(self._master, 65536):
                self._output += data

    @property
    def output(self) -> bytes:
        return bytes(self._output)

    @property
    def text(self) -> str:
        """The newest of what was written, without colours and cursor movements."""
        plain = _ESCAPES.sub(b"", self.output[-400_000:]).decode("utf-8", "replace")
        return re.sub(r"\s+", " ", plain)

    def wait_for(self, *words: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if all(word in self.text for word in words):
                return
            time.sleep(0.05)
        raise AssertionError(f"{words} did not come; it shows {self.text[-1500:]!r}")

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def family(self) -> list[psutil.Process]:
        """The program's children, and theirs."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def child(self, module: str) -> psutil.Process:
        """The newest child that runs this module."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = [one for one in self.family() if _runs(one, module)]
            if found:
                return max(found, key=lambda one: one.create_time())
            time.sleep(0.05)
        raise AssertionError(f"no {module} was started; it shows {self.text[-1500:]!r}")

    @staticmethod
    def all_ended(processes: list[psutil.Process]) -> bool:
        """Whether they all end in time. A zombie has ended: whoever should bury it may be slow, or gone."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if not any(_lives(one) for one in processes):
                return True
            time.sleep(0.05)
        return False

    @property
    def restored(self) -> bool:
        """Whether the terminal is as it was: its settings, the first screen, a visible cursor, no mouse reports."""
        after = termios.tcgetattr(self._slave)
        output = self.output
        pairs = [(b"\x1b[?1049h", b"\x1b[?1049l"), (b"\x1b[?25l", b"\x1b[?25h"), (b"\x1b[?1003h", b"\x1b[?1003l")]
        return after == self.settings and all(output.rfind(on) <= output.rfind(off) for on, off in pairs)

    def close(self) -> None:
        for one in self.family():
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        self.process.kill()
        self.process.wait()
        for end in (self._slave, self._master):
            os.close(end)


_ESCAPES = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]")
_OF_A_DISPLAY = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "COLUMNS", "LINES", "NO_COLOR")


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _runs(process: psutil.Process, module: str) -> bool:
    try:
        return _lives(process) and module in process.cmdline()
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def open_terminal() -> Iterator[Callable[..., Terminal]]:
    """Opens terminals that close with the test: `open_terminal("-m", "arcade_dqn", "games", TERM="xterm")`."""
    opened: list[Terminal] = []

    def open_(*arguments: str, **environment: str) -> Terminal:
        opened.append(Terminal([sys.executable, *arguments], environment))
        return opened[-1]

    yield open_
    for terminal in opened:
        terminal.close()


@pytest.fixture
def open_arcade(open_terminal: Callable[..., Terminal]) -> Callable[..., Terminal]:
    """Opens the TUI on a folder of runs: `open_arcade(runs, DISPLAY=":1")`."""

    def open_(runs: Path, **environment: str) -> Terminal:
        return open_terminal("-m", "arcade_dqn", "--runs-dir", str(runs), **environment)

    return open_


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """The name of an X server that nobody sees."""
    program = shutil.which("Xvfb")
    if program is None:
        pytest.fail("these tests need the X server Xvfb (Debian: apt-get install xvfb)")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        [program, "-displayfd", str(writing), "-screen", "0", "1280x720x24", "-nolisten", "tcp"],
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with open(reading) as pipe:
        number = pipe.readline().strip()
    assert number, "Xvfb did not start"
    yield f":{number}"
    server.terminate()
    server.wait()
