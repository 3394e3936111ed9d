"""Start other programs: the one place of the project that does, and a child that speaks JSON lines.

No program and no module is looked for in the current folder, which may be anybody's: programs are named by their whole
paths, and Python runs with `-P` (`python`).

A `Child` gets its own session (^C and a closed terminal reach only the parent), pipes for standard input and output,
and a log file for standard error, all as real file descriptors: a Textual app has replaced `sys.stderr` by an object
without one. A child ends when its standard input ends, so none outlives its parent, not even a killed one.

Nothing here makes the caller wait, except `events(timeout)` and `stop`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import queue
import shutil
import signal
import site
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Self

from arcade_dqn.errors import ArcadeError
from arcade_dqn.link.commands import MAX_EVENT, encode, parse_event, read_lines
from arcade_dqn.link.text import plain

# On Windows no console opens, and ^C reaches the parent alone, as a session of its own has it elsewhere.
_WINDOWS: dict[str, Any] = {}
if sys.platform == "win32":
    _WINDOWS = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}

_UNSENT = 1000
_TAIL_BYTES = 8192
_TERMINATE_SECONDS = 3.0


class ChildError(ArcadeError):
    """A child program that could not be started, or that no longer takes messages."""


def dummy_sdl(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """`environment` (the current one by default) for every child but the window: SDL must open no display and no sound.

    Many of Gymnasium's games (not those of the catalogue) draw with pygame even into an array, and initialise the
    display for it.
    """
    return {
        **(os.environ if environment is None else environment),
        "SDL_VIDEODRIVER": "dummy",
        "SDL_AUDIODRIVER": "dummy",
    }


def python(*arguments: str) -> list[str]:
    """The command that runs this Python with `arguments`, such as `-m` and a module. Give it `own_environment`."""
    # -P: the current folder must not come first on the import path, where a file named like a module would replace it.
    # A package that is not installed, only found through the parent's path, is handed on by PYTHONPATH instead.
    return [sys.executable, "-P", *arguments]


def find_program(name: str) -> str | None:
    """The whole path of an installed program; None if there is none. Windows would look in the current folder first."""
    found = shutil.which(name)
    return found if found is not None and os.path.isabs(found) else None


def start(
    command: Sequence[str], *, environment: Mapping[str, str] | None = None, **more: Any
) -> subprocess.Popen[bytes]:
    """Start a program; `more` goes to subprocess.Popen. Raises OSError."""
    return subprocess.Popen(_named(command), env=own_environment(environment), close_fds=True, **_WINDOWS, **more)


def run(
    command: Sequence[str], *, environment: Mapping[str, str] | None = None, timeout: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Start a program without an input, wait for its end, and keep what it wrote.

    Raises OSError if it cannot be started, and subprocess.TimeoutExpired after `timeout` seconds.
    """
    return subprocess.run(
        _named(command),
        env=own_environment(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=timeout,
        check=False,
        **_WINDOWS,
    )


def _named(command: Sequence[str]) -> Sequence[str]:
    if not os.path.isabs(command[0]):
        raise FileNotFoundError(errno.ENOENT, "a program must be named by its whole path", command[0])
    return command


class Child:
    """A running child program. Make one with `Child.start`."""

    def __init__(self, process: subprocess.Popen[bytes], title: str, log: Path, log_start: int) -> None:
        self.title = title
        self.log = log
        self._process = process
        self._log_start = log_start
        self._events: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._unsent: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._input_closed = False
        self._ended_at: float | None = None
        assert process.stdin is not None
        assert process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(process.stdout,), name=f"{title} events", daemon=True)
        self._writer = threading.Thread(
            target=self._write, args=(process.stdin,), name=f"{title} commands", daemon=True
        )
        self._reader.start()
        self._writer.start()

    @classmethod
    def start(
        cls,
        module: str,
        arguments: Sequence[str],
        log: str | os.PathLike[str],
        *,
        environment: Mapping[str, str] | None = None,
        title: str = "",
    ) -> Self:
        """Run `python -m module arguments...`, its standard error appended to the file `log`.

        `environment` is the whole environment (default: the current one), `title` what sentences call the child.
        Raises ChildError if the log cannot be written or the program cannot be started.
        """
        title = title or module.rpartition(".")[2]
        log = Path(log)
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            with open(log, "ab") as errors:
                log_start = errors.tell()
                process = start(
                    python("-m", module, *arguments),
                    environment=environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    start_new_session=True,
                )
        except OSError as error:
            raise ChildError(f"cannot start the {title} (log {log}): {error.strerror or error}") from error
        return cls(process, title, log, log_start)

    # --- messages ---

    def send(self, message: Mapping[str, Any]) -> None:
        """Send one JSON line, without waiting for the child to read it.

        Raises ChildError if the child has ended, its input was closed, or it has not read its last thousand messages.
        """
        if self._input_closed or not self.alive:
            raise ChildError(f"the {self.title} takes no more commands: it is ending or has ended")
        if self._unsent.qsize() >= _UNSENT:
            raise ChildError(f"the {self.title} does not answer: {_UNSENT} messages to it are waiting")
        self._unsent.put(encode(message))

    def events(self, timeout: float = 0.0) -> list[dict[str, Any]]:
        """The events that came since the last call; waits at most `timeout` seconds for the first one."""
        found = []
        try:
            found.append(self._events.get(timeout=timeout) if timeout > 0 else self._events.get_nowait())
            while True:
                found.append(self._events.get_nowait())
        except queue.Empty:
            return found

    def _read(self, output: IO[bytes]) -> None:
        with output, contextlib.suppress(OSError):  # an unreadable pipe is an ended one
            for line in read_lines(output, MAX_EVENT):  # type: ignore[arg-type]
                self._events.put(parse_event(line))

    def _write(self, input: IO[bytes]) -> None:
        # A child that no longer reads is told by `alive` and `explain_exit`, not by an error in this thread.
        with contextlib.suppress(BrokenPipeError, OSError):
            while (line := self._unsent.get()) is not None:
                input.write(line)
                input.flush()
        self._input_closed = True
        with contextlib.suppress(BrokenPipeError, OSError):
            input.close()

    # --- life and end ---

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while the child runs; minus the signal's number if one killed it."""
        code = self._process.poll()
        if code is not None and self._ended_at is None:
            self._ended_at = time.monotonic()
        return code

    @property
    def alive(self) -> bool:
        return self.exit_code is None

    @property
    def finished(self) -> bool:
        """True when the child has ended and `events` has handed out everything that it said.

        A grandchild may hold the output open, so the last events are waited for one second at most.
        """
        if self.alive or not self._events.empty():
            return False
        assert self._ended_at is not None
        return not self._reader.is_alive() or time.monotonic() - self._ended_at > 1.0

    def close_input(self) -> None:
        """End the child's input once everything sent is written: it saves, and ends by itself. Does not wait."""
        if not self._input_closed:
            self._input_closed = True
            self._unsent.put(None)

    def stop(self, timeout: float = 10.0) -> int:
        """End the child and return its exit code.

        Its input is closed; if it has not ended after `timeout` seconds it gets SIGTERM, three seconds later SIGKILL.
        Waits; call it from a thread where waiting is not allowed.
        """
        self.close_input()
        for end, patience in ((None, timeout), (self._process.terminate, _TERMINATE_SECONDS)):
            if end is not None:
                end()
            try:
                return self._process.wait(patience)
            except subprocess.TimeoutExpired:
                continue
        self.kill()
        return self._process.wait()

    def kill(self) -> None:
        """End the child and whatever it started in its session at once. Unsaved work is lost."""
        if not self.alive:
            return
        if sys.platform == "win32":
            self._process.kill()
        else:
            with contextlib.suppress(ProcessLookupError):  # it ended just now
                os.killpg(self._process.pid, signal.SIGKILL)

    def explain_exit(self) -> str:
        """One sentence on how the child ended, with the last line of its log where it failed."""
        code = self.exit_code
        if code is None:
            return f"the {self.title} is running"
        if code == 0:
            return f"the {self.title} ended"
        if code == -9:
            return f"the {self.title} was ended by SIGKILL: by someone, or by the system when memory ran out"
        if code < 0:
            # What a program happened to log last says nothing about a signal from outside.
            how = f"was ended by {_signal_name(-code)}"
            return f"the {self.title} {how}" + (f"; its log is {self.log}" if self.last_log_line() else "")
        last = self.last_log_line()
        return f"the {self.title} failed with exit code {code}" + (f": {last}" if last else ", and left no word why")

    def last_log_line(self) -> str:
        """The last line with text that this child wrote to its log, fit to be shown; "" if there is none."""
        try:
            with open(self.log, "rb") as file:
                end = file.seek(0, os.SEEK_END)
                file.seek(max(self._log_start, end - _TAIL_BYTES))
                lines = file.read(_TAIL_BYTES).decode("utf-8", "replace").splitlines()
        except OSError as error:
            return f"its log {self.log} cannot be read: {error.strerror or error}"
        return next((text for line in reversed(lines) if (text := plain(line, 300))), "")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def own_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """`environment` (the current one by default) in which a Python finds this very package.

    It may be installed, or only be on this program's import path.
    """
    environment = os.environ if environment is None else environment
    root = str(Path(__file__).resolve().parents[2])
    installed = {str(Path(folder).resolve()) for folder in (*site.getsitepackages(), site.getusersitepackages())}
    paths = [path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path]
    if root not in installed and root not in paths:
        paths.insert(0, root)
    return {**environment, "PYTHONPATH": os.pathsep.join(paths)} if paths else dict(environment)
