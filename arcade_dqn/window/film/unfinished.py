"""The file that a film is written to until it is whole, and what killed programs left of such files."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import sys
from pathlib import Path

from arcade_dqn.link.replace import replace

_BEGINNINGS = {".mp4": re.compile(rb"....ftyp", re.DOTALL), ".gif": re.compile(rb"GIF8")}
"""How a film begins, once there is anything in it."""

if sys.platform == "win32":
    # An open file can be neither removed nor renamed there: no lock is needed, and it is closed before that.
    def _lock(file: int, *, wait: bool) -> bool:
        return True

else:
    import fcntl

    def _lock(file: int, *, wait: bool) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True


class Unfinished:
    """`.NAME.PID.part` beside the film NAME, open and locked for as long as its writer lives.

    Its name is none that a run's writer takes for its own (`.*.tmp`) when it tidies up: a window may film into the
    folder of a run while that is resumed.
    """

    def __init__(self, film: Path) -> None:
        """Make the file. Raises OSError."""
        self.path = film.with_name(f".{film.name}.{os.getpid()}.part")
        self._file: int | None = None
        while self._file is None:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666)
            _lock(file, wait=True)
            self._file = file
            if not self._is_there():
                # Another film tidied it up before it was locked.
                self._close()

    def put_in_place(self, film: Path) -> None:
        """Make it the film. Raises OSError."""
        if sys.platform == "win32":
            self._close()
        replace(self.path, film)
        self._close()

    def remove(self) -> None:
        """Remove it, if it is still there."""
        self._close()
        self.path.unlink(missing_ok=True)

    def _is_there(self) -> bool:
        """Whether the path still leads to the open file."""
        assert self._file is not None
        try:
            return os.path.samestat(os.fstat(self._file), os.stat(self.path))
        except FileNotFoundError:
            return False

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def remove_left_behind(folder: Path, names: str) -> None:
    """Remove what killed programs left in `folder` of films whose whole names match the pattern `names`.

    Nothing else: what does not begin as a film, or is locked by a program that still writes it, stays.
    """
    pattern = re.compile(rf"\.({names})\.\d+\.part")
    # What cannot be looked at or removed costs nothing but its place; another film may be tidying up as well.
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if pattern.fullmatch(path.name):
                with contextlib.suppress(OSError):
                    _remove_left_behind(path)


def _remove_left_behind(path: Path) -> None:
    file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(file, "rb") as opened:
        if not stat.S_ISREG(os.fstat(file).st_mode) or not _lock(file, wait=False):
            return
        beginning = opened.read(16)
        if beginning and not _BEGINNINGS[Path(path.stem).stem[-4:].lower()].match(beginning):
            return
        if sys.platform == "win32":
            opened.close()
        path.unlink()
