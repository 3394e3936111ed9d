"""Write a file whole or not at all.

New content goes to another name in the same folder, is forced to the disk, and is renamed over the old one; then the
folder itself is forced to the disk. Whatever fails or dies on the way, a reader finds the old content or the new.
"""

from __future__ import annotations

import contextlib
import errno
import io
import itertools
import os
import shutil
import stat
from pathlib import Path

from arcade_dqn.errors import ArcadeError
from arcade_dqn.link.replace import replace

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file is larger than the system allows",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENOENT: "the folder does not exist",
    errno.ENOTDIR: "a part of the path is not a folder",
    errno.EISDIR: "it is a folder",
}
MAX_SMALL = 256 * 1024
"""Bytes of a file that a person may have written, or that holds a few numbers."""
_counter = itertools.count()


class StorageError(ArcadeError):
    """Something could not be read from or written to the disk; the sentence names the path and the reason."""


def reason(error: OSError) -> str:
    """Why a file operation failed, in plain words."""
    if error.errno in _REASONS:
        return _REASONS[error.errno]
    return error.strerror.lower() if error.strerror else str(error)


def open_regular(path: str | os.PathLike[str]) -> io.FileIO:
    """Open a regular file to read it. Raises OSError, also for pipes and devices, without waiting for them."""
    # Without O_NONBLOCK, opening a named pipe would wait for a writer.
    file = io.FileIO(path, opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NONBLOCK", 0)))
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "it is not a regular file", os.fspath(path))
    return file


def read_small(path: str | os.PathLike[str], limit: int = MAX_SMALL) -> bytes:
    """The content of a regular file of at most `limit` bytes. Raises OSError, or ValueError if it is larger."""
    with open_regular(path) as file:
        text = file.read(limit + 1)
    if len(text) > limit:
        raise ValueError(f"it is larger than {limit // 1024} KiB")
    return text


def write_bytes(path: str | os.PathLike[str], data: bytes | memoryview, *, durable: bool = True) -> None:
    """Replace the file at `path` by `data`. Raises StorageError, and then the old file still stands whole.

    With `durable=False` the disk is not waited for: after a power cut the file may be gone, but a program that is
    killed still leaves the old content or the new. That is for what is written often and can be made again.
    """
    path = Path(path)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}-{next(_counter)}.tmp")
    try:
        write_new(unfinished, data, durable=durable)
        replace(unfinished, path)
        if durable:
            sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):  # the sentence about the first failure is the one that helps
            os.unlink(unfinished)
        raise StorageError(f"cannot write {path}: {reason(error)}") from error


def write_text(path: str | os.PathLike[str], text: str, *, durable: bool = True) -> None:
    """`write_bytes` of the text in UTF-8."""
    write_bytes(path, text.encode("utf-8"), durable=durable)


def write_new(path: Path, data: bytes | memoryview, *, durable: bool = True) -> None:
    """Write a file that must not exist yet, and force it to the disk. Raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    file = os.open(path, flags, 0o666)
    try:
        rest = memoryview(data).cast("B")
        while rest:
            rest = rest[os.write(file, rest) :]
        if durable:
            os.fsync(file)
    finally:
        os.close(file)


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to the disk. Raises OSError. (Windows has no such call, and needs none.)"""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def need_space(folder: Path, bytes_needed: int) -> None:
    """Raise StorageError if the disk that holds `folder` has fewer free bytes, and 1 MiB to spare, than needed."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise StorageError(f"cannot write in {folder}: {reason(error)}") from error
    if free < bytes_needed + 2**20:
        raise StorageError(
            f"cannot write in {folder}: {bytes_needed / 2**20:,.1f} MiB are needed and 1 MiB to spare, "
            f"{free / 2**20:,.1f} MiB are free"
        )


def remove_unfinished(folder: Path) -> None:
    """Remove what killed writers left in `folder`: `.*.tmp` files. Only for the one who holds the folder's lock."""
    for path in folder.glob(".*.tmp"):
        try:
            if path.is_file():
                path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"cannot remove the unfinished {path}: {reason(error)}") from error
