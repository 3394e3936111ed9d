"""Child programs that measure when they are asked, so that two of them can take turns on one machine.

A child gets ready, prints one JSON line with what it is, and then answers each JSON line on its standard input with one
on its standard output. Between two questions it waits and uses no processor. This module is plain Python, because the
peers' environment imports it too.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[1]


class MeasurementFailed(Exception):
    """A number that could not be taken, and why."""


class Patience:
    """How long may still be waited: for ever, or until a deadline that the whole comparison shares."""

    def __init__(self, seconds: float | None = None) -> None:
        self._deadline = None if seconds is None else time.monotonic() + seconds

    def at_most(self, seconds: float) -> float:
        """So many seconds, or those that are left. Raises MeasurementFailed when none is."""
        if self._deadline is None:
            return seconds
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise MeasurementFailed("not measured: the time for this comparison is over")
        return min(seconds, left)


class Worker:
    """A child program, seen from the one that asks. Its standard error is kept for the message of a failure."""

    def __init__(
        self, command: Sequence[str], patience: Patience, *, environment: Mapping[str, str] | None = None
    ) -> None:
        self._patience = patience
        self._title = " ".join(part for part in command[1:4] if part not in ("-P", "-m"))
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed in __exit__)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=ROOT,
            env=quiet() if environment is None else dict(environment),
            text=True,
        )
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._read_lines, daemon=True).start()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def read(self, seconds: float) -> dict[str, Any]:
        """The next JSON line, within so many seconds; other lines are passed over."""
        end = time.monotonic() + self._patience.at_most(seconds)
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise MeasurementFailed(f"{self._title}: no answer within the time given to it") from None
            if line is None:
                raise MeasurementFailed(f"{self._title}: ended with exit code {self._process.wait()}: {self._last()}")
            if line.startswith("{"):
                answer: dict[str, Any] = json.loads(line)
                return answer

    def ask(self, wait: float, /, **question: Any) -> dict[str, Any]:
        """Ask, and wait so long for the answer."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # reading tells how it ended
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        return self.read(wait)

    def end_input(self) -> None:
        """Tell the child that nothing more comes."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()

    def terminate(self, seconds: float) -> None:
        """Ask the child to end, and see that it does."""
        self._process.terminate()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self.alive and not any(error):
            self.end_input()
            try:
                self._process.wait(10.0)
            except subprocess.TimeoutExpired:
                self.terminate(5.0)
        elif self.alive:
            self.terminate(5.0)
        self._log.close()

    def _read_lines(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _last(self) -> str:
        self._log.seek(0)
        lines = [line.strip() for line in self._log.read().decode(errors="replace").splitlines() if line.strip()]
        return lines[-1] if lines else "it said nothing"


def quiet() -> dict[str, str]:
    """The environment of a child that shows nothing, and finds these very modules."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
        "SDL_VIDEODRIVER": "dummy",
        "SDL_AUDIODRIVER": "dummy",
        "PYGAME_HIDE_SUPPORT_PROMPT": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def this_python(module: str, *arguments: object) -> list[str]:
    """The command that runs `module` with the Python that runs this one."""
    return [sys.executable, "-P", "-m", module, *map(str, arguments)]


def own_standard_output() -> Callable[[Mapping[str, Any]], None]:
    """Keep standard output for JSON lines; whatever else is printed goes to standard error."""
    file = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def write(record: Mapping[str, Any]) -> None:
        print(json.dumps(record), file=file, flush=True)

    return write


def serve(write: Callable[[Mapping[str, Any]], None], answer: Callable[[dict[str, Any]], Mapping[str, Any]]) -> None:
    """Answer questions until the input ends; a child's side of `Worker.ask`."""
    for line in sys.stdin:
        write(answer(json.loads(line)))
