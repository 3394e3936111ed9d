"""The trainer as a program of its own: `python -m arcade_dqn.training [RUN_DIR]`.

It reads commands as JSON lines from standard input and writes events as JSON lines to standard output
(`link.commands`). The end of its input means: save and stop. Without RUN_DIR it loads TensorFlow, says
`{"event": "warm"}`, and waits for the command `open`: so that a menu can have a learner ready.
"""

from __future__ import annotations

import argparse
import logging
import os
import queue
import sys
import threading
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

from arcade_dqn.errors import ArcadeError
from arcade_dqn.link.commands import Command, CommandError, Event, ack, encode, failure, parse_command, read_lines
from arcade_dqn.storage.atomic import StorageError

if TYPE_CHECKING:
    from arcade_dqn.training.loop_interface import MakeLoop

_LOG_FORMAT = "%(asctime)s %(levelname)s %(message)s"


class EventStream:
    """Writes events to standard output, from any thread, without ever making the trainer wait for the reader.

    A reader that stands still (a stopped TUI) fills the pipe. Then a thread of its own waits, progress is left out, and
    everything else is kept until there is room again.
    """

    def __init__(self) -> None:
        # What libraries print must not mix with the events: they get standard error in place of standard output.
        self._file = os.dup(1)
        os.dup2(2, 1)
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="events", daemon=True)
        self._thread.start()

    def __call__(self, event: Event) -> None:
        if event["event"] == "progress" and self._lines.qsize() > _BACKLOG:
            return
        self._lines.put(encode(event))

    def close(self) -> None:
        """Wait until everything is written, for two seconds at most."""
        self._lines.put(None)
        self._thread.join(2.0)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                while line:
                    line = line[os.write(self._file, line) :]
            except BrokenPipeError:
                # Whoever listened is gone; the end of the input, which comes with it, stops the run.
                return


_BACKLOG = 50
"""Unread events from which on progress is left out."""


def _read_commands(stream: FileIO, commands: queue.SimpleQueue[Command | None], emit: EventStream) -> None:
    """Put the commands of `stream` into the queue, and None when it ends."""
    for line in read_lines(stream):
        if line.strip():
            try:
                commands.put(parse_command(line))
            except CommandError as error:
                emit(failure(error.id, str(error)))
    commands.put(None)


def main(arguments: list[str] | None = None, make_loop: MakeLoop | None = None) -> int:
    """Run the trainer; returns the exit code. `make_loop` makes another loop than the one in this process."""
    parser = argparse.ArgumentParser(prog="python -m arcade_dqn.training", description=__doc__)
    parser.add_argument("run", nargs="?", metavar="RUN_DIR", help="the run's folder; none: wait for the command open")
    parser.add_argument("--nice", type=int, default=0, help="lower this process's priority by so much (POSIX)")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.basicConfig(level=logging.INFO, format=_LOG_FORMAT)
    if options.nice and hasattr(os, "nice"):
        os.nice(options.nice)
    emit = EventStream()
    incoming: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
    # Not sys.stdin: a thread that waits in its buffer would hold the buffer's lock when the program ends.
    stdin = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115
    threading.Thread(target=_read_commands, args=(stdin, incoming, emit), daemon=True).start()
    try:
        return _train(options.run, incoming, emit, make_loop)
    except ArcadeError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    finally:
        emit.close()


def _train(
    folder: str | None, incoming: queue.SimpleQueue[Command | None], emit: EventStream, make_loop: MakeLoop | None
) -> int:
    # Here, so that a wrong command line is answered without waiting for TensorFlow.
    from arcade_dqn.storage.run_dir import RunDir
    from arcade_dqn.training.loop import Loop
    from arcade_dqn.training.run import Run

    if folder is None:
        emit({"event": "warm"})
        folder = _wait_for_open(incoming, emit)
        if folder is None:
            return 0
    commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
    try:
        run_dir = RunDir.open(folder)
        run = Run(run_dir, emit, commands, lambda message, step: _give_up(emit, message, step), make_loop or Loop)
        # The log must not be written where somebody else trains, or through a link; the run takes the lock for good.
        with run_dir.lock():
            _log_into(run_dir.log)
    except ArcadeError as error:
        emit({"event": "ended", "reason": "failed", "step": 0, "message": str(error), "model": None})
        raise

    def forward() -> None:
        while (command := incoming.get()) is not None:
            commands.put(command)
            if command.name == "stop":
                run.stop_is_coming()
        run.request_stop()

    threading.Thread(target=forward, name="forward", daemon=True).start()
    result = run.execute()
    return 130 if result.reason == "interrupted" else 0


def _give_up(emit: EventStream, message: str, step: int) -> None:
    """End this program though its main thread hangs; called from another one."""
    logging.getLogger(__name__).error("%s", message)
    emit({"event": "ended", "reason": "failed", "step": step, "message": message, "model": None})
    emit.close()
    os._exit(1)


def _log_into(path: Path) -> None:
    """Write the log into the run's folder, too: a trainer that waited behind a menu began without one."""
    try:
        handler = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror or error}") from error
    handler.setFormatter(logging.Formatter(_LOG_FORMAT))
    logging.getLogger().addHandler(handler)
    logging.getLogger(__name__).info("training in %s, process %d", path.parent, os.getpid())


def _wait_for_open(incoming: queue.SimpleQueue[Command | None], emit: EventStream) -> str | None:
    """The folder that `open` names; None if the input ends first."""
    while (command := incoming.get()) is not None:
        if command.name == "open":
            emit(ack(command.id))
            return str(command.arguments["run"])
        emit(failure(command.id, f"no run is open yet, so there is nothing to {command.name}; open one first"))
    return None


if __name__ == "__main__":
    sys.exit(main())
