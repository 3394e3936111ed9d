from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from arcade_dqn.storage import atomic
from arcade_dqn.storage.atomic import StorageError, need_space, open_regular, remove_unfinished, write_bytes, write_text


def test_write_and_replace(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_text(path, "old \u00fc")
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    write_text(path, "newer", durable=False)
    assert path.read_text() == "newer"
    assert os.listdir(tmp_path) == ["file"]


def test_files_get_the_usual_permissions(tmp_path: Path) -> None:
    write_bytes(tmp_path / "file", b"")
    (tmp_path / "usual").write_bytes(b"")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "usual").stat().st_mode


CALLS = ("open", "write", "fsync", "replace")


class Faults:
    """Lets the k-th of the calls that touch the disk fail, and counts them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fail_at: int, error: int) -> None:
        self.count = 0
        for name in CALLS:
            monkeypatch.setattr(os, name, self._wrap(getattr(os, name), fail_at, error))

    def _wrap(self, real: Any, fail_at: int, error: int) -> Any:
        def call(*arguments: Any, **keywords: Any) -> Any:
            self.count += 1
            if self.count == fail_at:
                raise OSError(error, os.strerror(error))
            return real(*arguments, **keywords)

        return call


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
def test_whatever_call_fails_the_file_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    path = tmp_path / "file"
    with monkeypatch.context() as patch:
        faults = Faults(patch, -1, error)
        write_bytes(path, b"old" * 1000)
        calls = faults.count
    # The temporary file: open, write, fsync. Then replace, and the folder: open, fsync.
    assert calls == 6
    for fail_at in range(1, calls + 1):
        write_bytes(path, b"old" * 1000)
        with monkeypatch.context() as patch:
            Faults(patch, fail_at, error)
            with pytest.raises(StorageError, match=f"cannot write {path}: "):
                write_bytes(path, b"new" * 1000)
        assert path.read_bytes() == (b"old" if fail_at <= 4 else b"new") * 1000
        assert os.listdir(tmp_path) == ["file"]


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda file, data: real(file, bytes(data[:7])))
    write_bytes(tmp_path / "file", bytes(range(256)))
    assert (tmp_path / "file").read_bytes() == bytes(range(256))


KILLED = """
import os, signal, sys
from arcade_dqn.storage.atomic import write_bytes
count, fail_at = 0, int(sys.argv[2])
def wrap(real):
    def call(*arguments, **keywords):
        global count
        count += 1
        if count == fail_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **keywords)
    return call
for name in ("open", "write", "fsync", "replace"):
    setattr(os, name, wrap(getattr(os, name)))
write_bytes(sys.argv[1], b"new")
"""


@pytest.mark.parametrize("fail_at", [2, 4, 5])
def test_a_writer_that_is_killed_leaves_the_file_whole(tmp_path: Path, fail_at: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path), str(fail_at)], check=False)
    assert killed.returncode == -9
    assert path.read_bytes() == (b"new" if fail_at == 5 else b"old")
    assert len(list(tmp_path.glob(".*.tmp"))) == (0 if fail_at == 5 else 1)
    remove_unfinished(tmp_path)
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "the file system is read-only"),
        (errno.EACCES, "permission denied"),
        (errno.ENOENT, "the folder does not exist"),
        (errno.EIO, "input/output error"),
    ],
)
def test_reasons(error: int, words: str) -> None:
    assert atomic.reason(OSError(error, os.strerror(error))) == words


def test_a_missing_folder_and_a_file_in_the_way(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="the folder does not exist"):
        write_bytes(tmp_path / "missing" / "file", b"")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="a part of the path is not a folder"):
        write_bytes(tmp_path / "file" / "file", b"")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match="it is a folder"):
        write_bytes(tmp_path / "folder", b"")


def test_need_space(tmp_path: Path) -> None:
    need_space(tmp_path, 0)
    with pytest.raises(StorageError, match="MiB are needed"):
        need_space(tmp_path, 2**60)
    with pytest.raises(StorageError, match="the folder does not exist"):
        need_space(tmp_path / "missing", 0)


def test_open_regular_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        open_regular(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(b"content")
    with open_regular(tmp_path / "file") as file:
        assert file.read() == b"content"
