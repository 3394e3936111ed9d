from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from arcade_dqn.storage.atomic import StorageError
from arcade_dqn.storage.lock import RunLocked, lock_holder, locked

HOLDER = """
import sys
from pathlib import Path
from arcade_dqn.storage.lock import locked
with locked(Path(sys.argv[1]), "the run"):
    print("locked", flush=True)
    sys.stdin.read()
"""


def start_holder(path: Path) -> subprocess.Popen[bytes]:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"locked\n"
    return holder


def test_a_second_process_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert lock_holder(path) is None
    holder = start_holder(path)
    with (
        pytest.raises(RunLocked, match=f"the run is in use by process {holder.pid}; wait") as caught,
        locked(path, "the run"),
    ):
        pass
    assert caught.value.pid == holder.pid
    assert lock_holder(path) == holder.pid
    holder.communicate()
    assert lock_holder(path) is None
    with locked(path, "the run"):
        assert lock_holder(path) == os.getpid()


def test_the_lock_goes_with_a_killed_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    holder = start_holder(path)
    holder.kill()
    holder.wait()
    assert lock_holder(path) is None
    with locked(path, "the run"):
        assert path.read_text() == f"{os.getpid()}\n"


def test_one_process_cannot_lock_twice(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path, "the run"):
        with pytest.raises(RunLocked, match=f"process {os.getpid()}"), locked(path, "the run"):
            pass
        assert lock_holder(path) == os.getpid(), "the refusal took nothing away"


def test_a_child_does_not_inherit_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path, "the run"):
        sleeper = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    assert lock_holder(path) is None
    sleeper.communicate()


def test_a_look_does_not_keep_a_writer_out(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    looker = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, pathlib\nfrom arcade_dqn.storage.lock import lock_holder\nprint('looking', flush=True)\n"
            "for _ in range(100_000): lock_holder(pathlib.Path(sys.argv[1]))",
            str(path),
        ],
        stdout=subprocess.PIPE,
    )
    assert looker.stdout is not None
    assert looker.stdout.readline() == b"looking\n"
    for _ in range(50):
        with locked(path, "the run"):
            pass
    looker.kill()
    looker.wait()


def test_a_lock_that_cannot_be_made(tmp_path: Path) -> None:
    with (
        pytest.raises(StorageError, match="cannot lock the run: .*: the folder does not exist"),
        locked(tmp_path / "missing" / "lock", "the run"),
    ):
        pass
    (tmp_path / "lock").mkdir()
    with pytest.raises(StorageError, match="cannot lock the run"), locked(tmp_path / "lock", "the run"):
        pass
