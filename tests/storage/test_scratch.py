"""Temporary folders: gone with their program, and those of killed ones with the next; nobody else's is touched."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from arcade_dqn.storage.atomic import StorageError
from arcade_dqn.storage.scratch import Scratch


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def make_old(folder: Path) -> None:
    os.utime(folder, (1.0, 1.0))


def left_behind(temporary: Path, name: str, *files: str) -> Path:
    """A folder of long ago with these files."""
    folder = temporary / f"arcade-dqn-{name}"
    folder.mkdir()
    for file in files:
        (folder / file).write_text("x")
    make_old(folder)
    return folder


def test_it_is_gone_once_it_is_closed(temporary: Path) -> None:
    scratch = Scratch()
    (scratch.path / "trainer.log").write_text("a line")
    assert scratch.path.parent == temporary
    scratch.close()
    scratch.close()
    assert list(temporary.iterdir()) == []


def test_two_programs_have_their_own(temporary: Path) -> None:
    first = Scratch()
    make_old(first.path)
    second = Scratch()
    assert first.path.is_dir()
    assert first.path != second.path
    first.close()
    second.close()


def test_what_a_killed_program_left_goes_with_the_next(temporary: Path) -> None:
    program = """
import os, signal
from arcade_dqn.storage.scratch import Scratch
scratch = Scratch()
(scratch.path / "trainer.log").write_text("a line")
os.kill(os.getpid(), signal.SIGKILL)
"""
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=False)
    (left,) = temporary.iterdir()
    assert sorted(path.name for path in left.iterdir()) == ["lock", "trainer.log"]
    Scratch().close()
    assert list(temporary.iterdir()) == []


def test_one_that_is_just_being_made_stays(temporary: Path) -> None:
    made = left_behind(temporary, "12-being_made")
    os.utime(made)
    Scratch().close()
    (made / "lock").touch()  # and will be taken, and written to, in a moment
    Scratch().close()
    assert (made / "lock").is_file()
    make_old(made)
    Scratch().close()
    assert not made.exists()


def test_one_whose_program_lives_stays_whatever_number_that_has_here(temporary: Path) -> None:
    # As that of a program in a container with processes of its own, which shares the temporary files.
    nobody = subprocess.Popen([sys.executable, "-c", ""])
    nobody.wait()
    scratch = Scratch()
    (scratch.path / "lock").write_text(f"{nobody.pid}\n")
    theirs = scratch.path.rename(temporary / f"arcade-dqn-{nobody.pid}-elsewhere")
    make_old(theirs)
    Scratch().close()
    assert (theirs / "lock").is_file()


def test_a_folder_with_contents_of_its_own_kind(temporary: Path) -> None:
    def of(folder: Path, *names: str) -> Path:
        for name in names:
            (folder / name).mkdir(parents=True)
            (folder / name / "file").write_text("x")
        return folder

    killed = of(left_behind(temporary, "1", "lock").rename(temporary / "kind-1-abc"), "session_1")
    (killed / "session_latest").symlink_to(of(temporary / "elsewhere", "kept"))
    thesis = of(temporary / "kind-99999-thesis", "chapters")
    mixed = of(left_behind(temporary, "2", "lock").rename(temporary / "kind-2-abc"), "session_1", "chapters")
    no_lock = of(temporary / "kind-3-abc", "session_1")
    for folder in (killed, thesis, mixed, no_lock):
        make_old(folder)
    scratch = Scratch("kind-", temporary, r"session_.*")
    assert scratch.path.name.startswith(f"kind-{os.getpid()}-")
    assert not killed.exists() and (temporary / "elsewhere" / "kept" / "file").is_file()
    assert (thesis / "chapters" / "file").is_file() and (mixed / "session_1" / "file").is_file()
    assert (no_lock / "session_1" / "file").is_file()
    scratch.close()
    assert not scratch.path.exists()


def test_an_empty_one_of_long_ago_goes_too(temporary: Path) -> None:
    left_behind(temporary, "empty")
    Scratch().close()
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("files", [("notes.txt",), ("lock", "notes.txt"), ("trainer.log",)], ids="+".join)
def test_what_may_be_somebodys_own_stays(files: tuple[str, ...], temporary: Path) -> None:
    kept = left_behind(temporary, "mine", *files)
    Scratch().close()
    assert sorted(path.name for path in kept.iterdir()) == sorted(files)


def test_a_link_is_not_followed(temporary: Path) -> None:
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "lock").write_text("1")
    make_old(elsewhere)
    (temporary / "arcade-dqn-link").symlink_to(elsewhere)
    Scratch().close()
    assert (elsewhere / "lock").is_file()


def test_no_room_is_one_sentence(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(prefix: str, dir: str) -> str:
        raise OSError(errno.ENOSPC, "no room", f"{dir}/{prefix}")

    monkeypatch.setattr(tempfile, "mkdtemp", fail)
    with pytest.raises(StorageError, match=f"cannot make a temporary folder in {temporary}: the disk is full"):
        Scratch()


def test_no_temporary_folder_at_all_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/proc"])
    with pytest.raises(StorageError, match="cannot make a temporary folder: .*/proc.*; set TMPDIR"):
        Scratch()
