"""One writer per run: a lock that the system lets go of when its holder ends, however it ends."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from arcade_dqn.errors import ArcadeError
from arcade_dqn.storage.atomic import StorageError, reason

# Whoever only looks (`lock_holder`) holds a shared lock for microseconds, so a first refusal means little.
_ATTEMPTS, _PAUSE = 10, 0.02


class RunLocked(ArcadeError):
    """Another process works on the run. `pid` is that process, if the lock file says."""

    def __init__(self, message: str, pid: int | None) -> None:
        super().__init__(message)
        self.pid = pid


if sys.platform == "win32":
    import msvcrt

    # Windows forbids others to read locked bytes, so the locked one lies far behind the pid.
    def _take(file: int, shared: bool) -> bool:
        os.lseek(file, 2**30, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _take(file: int, shared: bool) -> bool:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _open(path: Path, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0), 0o666)


@contextlib.contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file at `path` (made if missing, never removed) during the `with` block.

    Raises RunLocked if someone else holds it, StorageError if it cannot be opened. `what` names the locked thing.
    """
    try:
        file = _open(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise StorageError(f"cannot lock {what}: {path}: {reason(error)}") from error
    try:
        try:
            for attempt in range(_ATTEMPTS):
                if taken := _take(file, shared=False):
                    break
                time.sleep(_PAUSE if attempt + 1 < _ATTEMPTS else 0)
            if not taken:
                pid = _holder(file)
                by = f"process {pid}" if pid else "another process"
                raise RunLocked(f"{what} is in use by {by}; wait until it has ended, or stop it", pid)
            os.ftruncate(file, 0)
            os.lseek(file, 0, os.SEEK_SET)
            os.write(file, f"{os.getpid()}\n".encode())
        except OSError as error:
            raise StorageError(f"cannot lock {what}: {path}: {reason(error)}") from error
        yield
    finally:
        os.close(file)  # lets go of the lock


def lock_holder(path: Path) -> int | None:
    """The pid of the process that holds the lock file at `path`: None if nobody does, 0 if it is not known."""
    try:
        file = _open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"cannot look at the lock {path}: {reason(error)}") from error
    try:
        return None if _take(file, shared=True) else _holder(file) or 0
    except OSError as error:
        raise StorageError(f"cannot look at the lock {path}: {reason(error)}") from error
    finally:
        os.close(file)


def _holder(file: int) -> int | None:
    os.lseek(file, 0, os.SEEK_SET)
    text = os.read(file, 32).decode("ascii", "replace").strip()
    return int(text) if text.isdigit() else None
