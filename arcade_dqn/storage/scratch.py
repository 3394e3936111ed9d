"""A folder for what a program needs only while it runs: the logs of the programs that it starts."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path

from arcade_dqn.storage.atomic import StorageError, reason
from arcade_dqn.storage.lock import lock_holder, locked

_PREFIX = "arcade-dqn-"
_LOCK = "lock"
_SETTLED = 60.0
"""Seconds after which a folder without a lock is no longer one that is just being made."""


class Scratch:
    """Such a folder among the system's temporary ones, gone after `close`.

    A program that is killed leaves its own behind; making a new one removes those, and nothing else.
    """

    def __init__(self) -> None:
        """Raises StorageError."""
        try:
            temporary = tempfile.gettempdir()
        except FileNotFoundError as error:
            raise StorageError(f"cannot make a temporary folder: {error.strerror}; set TMPDIR") from error
        _sweep(Path(temporary))
        try:
            self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=temporary))
        except OSError as error:
            raise StorageError(f"cannot make a temporary folder in {temporary}: {reason(error)}") from error
        self._lock = contextlib.ExitStack()
        self._lock.enter_context(locked(self.path / _LOCK, "the temporary folder"))

    def close(self) -> None:
        """Remove it. May be called twice."""
        self._lock.close()  # first, because Windows removes no open file
        shutil.rmtree(self.path, ignore_errors=True)


def _sweep(temporary: Path) -> None:
    """Remove the folders that killed programs of this user left: those with a lock that nobody holds, and empty ones.

    A folder that holds anything but a lock and logs is somebody's own, whatever its name.
    """
    for folder in temporary.glob(f"{_PREFIX}*"):
        # What cannot be looked at or removed costs nothing but its place; someone else may be sweeping, too.
        with contextlib.suppress(OSError, StorageError):
            found = folder.lstat()
            mine = not hasattr(os, "getuid") or found.st_uid == os.getuid()
            if not stat.S_ISDIR(found.st_mode) or not mine or not time.time() - found.st_mtime > _SETTLED:
                continue
            files = list(folder.iterdir())
            if all(file.name == _LOCK or file.suffix == ".log" for file in files) and not _held(folder, files):
                for file in files:
                    file.unlink()
                folder.rmdir()


def _held(folder: Path, files: list[Path]) -> bool:
    """Whether its program lives. One with files but no lock is of another making, and left alone."""
    lock = folder / _LOCK
    return lock_holder(lock) is not None if lock in files else bool(files)
