"""A folder for what a program needs only while it runs: the logs of the programs that it starts, or what they keep."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import tempfile
import time
from pathlib import Path

from arcade_dqn.storage.atomic import StorageError, reason
from arcade_dqn.storage.lock import lock_holder, locked

_LOCK = "lock"
_SETTLED = 60.0
"""Seconds after which a folder without a lock is no longer one that is just being made."""


class Scratch:
    """Such a folder among the system's temporary ones, gone after `close`.

    A program that is killed leaves its own behind; making a new one removes those, and nothing else. Who lives is told
    by the lock in the folder, which the system lets go of, and not by the number of a process: programs in containers
    may share their temporary files, and know nothing of each other's processes.
    """

    def __init__(self, prefix: str = "arcade-dqn-", temporary: Path | None = None, contents: str = r".*\.log") -> None:
        """In `temporary`, or where the system has such files; raises StorageError.

        `contents` is a pattern of the names of all that will be in the folder. One that holds anything else is
        somebody's own, whatever its name, and is not removed with what killed programs left under this `prefix`.
        """
        if temporary is None:
            try:
                temporary = Path(tempfile.gettempdir())
            except FileNotFoundError as error:
                raise StorageError(f"cannot make a temporary folder: {error.strerror}; set TMPDIR") from error
        _sweep(temporary, prefix, re.compile(contents))
        try:
            self.path = Path(tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-", dir=temporary))
        except OSError as error:
            raise StorageError(f"cannot make a temporary folder in {temporary}: {reason(error)}") from error
        self._lock = contextlib.ExitStack()
        self._lock.enter_context(locked(self.path / _LOCK, "the temporary folder"))

    def close(self) -> None:
        """Remove it. May be called again, where somebody else still writes there."""
        self._lock.close()  # first, because Windows removes no open file
        shutil.rmtree(self.path, ignore_errors=True)


def _sweep(temporary: Path, prefix: str, contents: re.Pattern[str]) -> None:
    """Remove the folders that killed programs of this user left."""
    for folder in temporary.glob(f"{prefix}*"):
        # What cannot be looked at or removed costs nothing but its place; someone else may be sweeping, too.
        with contextlib.suppress(OSError, StorageError):
            found = folder.lstat()
            mine = not hasattr(os, "getuid") or found.st_uid == os.getuid()
            if stat.S_ISDIR(found.st_mode) and mine and _left_behind(folder, found.st_mtime, contents):
                # The lock goes last: a folder that could not be emptied is swept another time.
                for path in sorted(folder.iterdir(), key=lambda path: path.name == _LOCK):
                    if path.is_dir() and not path.is_symlink():
                        shutil.rmtree(path)
                    else:
                        path.unlink()
                folder.rmdir()


def _left_behind(folder: Path, modified: float, contents: re.Pattern[str]) -> bool:
    """Whether it holds a lock that nobody holds and what its program put there, or nothing.

    One with files but no lock is of another making. One whose lock names nobody may be just being made.
    """
    names = {path.name for path in folder.iterdir()}
    if not all(name == _LOCK or contents.fullmatch(name) for name in names):
        return False
    settled = time.time() - modified > _SETTLED
    if _LOCK not in names:
        return settled and not names
    lock = folder / _LOCK
    return (settled or lock.lstat().st_size > 0) and lock_holder(lock) is None
