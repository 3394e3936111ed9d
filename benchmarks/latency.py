"""How soon something is to be seen: the TUI's first full paint, and the first frame of a demo.

    python -m benchmarks.latency [--repeats 5]

The TUI runs in a pseudo-terminal of 120 x 40. *First paint* is the time from starting the command until the last piece
of its first screen, the key bar, has been written. *Demo* is the time from writing the key `d` until the window's
first frame stands in the pixels of a virtual screen (Xvfb). The answer to a key is measured while a run is training:
from writing `?` until the help screen's title has been written.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.machine import describe

PATIENCE = 60.0


class Terminal:
    """The TUI in a pseudo-terminal."""

    def __init__(self, runs_dir: str, environment: dict[str, str]) -> None:
        self.begun = time.perf_counter()
        self.seen = b""
        pid, self.fd = pty.fork()
        if pid == 0:
            os.environ.update(environment)
            os.execv(sys.executable, [sys.executable, "-m", "arcade_dqn", "--runs-dir", runs_dir])
        self.pid = pid
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

    def read(self, seconds: float) -> bytes:
        """What is written within so many seconds, at the first chunk."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return b""
        data = os.read(self.fd, 1 << 16)
        self.seen += data
        return data

    def wait_for(self, text: bytes) -> float:
        """The moment at which `text` has been written since the last call."""
        deadline = time.perf_counter() + PATIENCE
        while text not in self.seen:
            if time.perf_counter() > deadline:
                raise TimeoutError(f"{text!r} was not shown within {PATIENCE} s")
            self.read(0.5)
        self.seen = b""
        return time.perf_counter()

    def press(self, keys: bytes) -> float:
        """Type, and return the moment."""
        self.seen = b""
        os.write(self.fd, keys)
        return time.perf_counter()

    def rest(self, seconds: float) -> None:
        """Read on, as a terminal does, without looking."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.read(left)

    def close(self) -> None:
        """End the TUI, as a closed terminal does."""
        os.close(self.fd)
        os.waitpid(self.pid, 0)


@contextmanager
def x_server() -> Iterator[tuple[str, Path]]:
    """A virtual screen: its DISPLAY, and the file in which its pixels lie."""
    reader, writer = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x800x24", "-fbdir", folder]
        server = subprocess.Popen(command, pass_fds=(writer,), stderr=subprocess.DEVNULL)
        os.close(writer)
        try:
            yield f":{os.read(reader, 16).decode().strip()}", Path(folder) / "Xvfb_screen0"
        finally:
            server.terminate()
            server.wait()


def lit(screen: Path) -> bool:
    """Whether anything but black is to be seen: an empty screen is, and a window without its first frame."""
    pixels = np.fromfile(screen, np.uint32)[1024:]
    return np.count_nonzero(pixels & 0x00FFFFFF) > 10_000


def first_paint(environment: dict[str, str]) -> float:
    with tempfile.TemporaryDirectory() as runs:
        terminal = Terminal(runs, environment)
        try:
            return terminal.wait_for(b"help") - terminal.begun
        finally:
            terminal.close()


def demo(display: str, screen: Path, environment: dict[str, str]) -> float:
    """From the key to the first frame, with the menu open for as long as a visitor looks at it."""
    with tempfile.TemporaryDirectory() as runs:
        terminal = Terminal(runs, {**environment, "DISPLAY": display})
        try:
            terminal.wait_for(b"help")
            terminal.rest(8.0)
            if lit(screen):
                raise RuntimeError("the screen is not empty before the demo")
            pressed = terminal.press(b"d")
            while not lit(screen):
                terminal.read(0.005)
                if time.perf_counter() - pressed > PATIENCE:
                    raise TimeoutError(f"no window within {PATIENCE} s")
            return time.perf_counter() - pressed
        finally:
            terminal.close()
            time.sleep(2.0)


def key_while_training(environment: dict[str, str], presses: int = 10) -> list[float]:
    with tempfile.TemporaryDirectory() as runs:
        terminal = Terminal(runs, environment)
        answers = []
        try:
            terminal.wait_for(b"help")
            terminal.rest(8.0)
            terminal.press(b"t")
            terminal.rest(6.0)
            for _ in range(presses):
                pressed = terminal.press(b"?")
                answers.append(terminal.wait_for(b" Help ") - pressed)
                terminal.rest(0.3)
                terminal.press(b"\x1b")
                terminal.rest(0.5)
            return answers
        finally:
            terminal.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    print(json.dumps(describe()))
    quiet = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    _print("first_paint", [first_paint(quiet) for _ in range(options.repeats + 1)][1:])
    with x_server() as (display, screen):
        _print("demo_first_frame", [demo(display, screen, quiet) for _ in range(options.repeats)])
    _print("key_while_training", key_while_training(quiet))


def _print(name: str, seconds: list[float]) -> None:
    print(
        json.dumps(
            {
                "measured": name,
                "median_seconds": round(statistics.median(seconds), 3),
                "min": round(min(seconds), 3),
                "max": round(max(seconds), 3),
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    main()
