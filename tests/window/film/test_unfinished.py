"""The files of films that are not whole: whose they are, and who tidies them up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pygame
import pytest

from arcade_dqn.storage.atomic import remove_unfinished
from arcade_dqn.window.film.recorder import Recorder
from arcade_dqn.window.film.unfinished import Unfinished, remove_left_behind
from arcade_dqn.window.film.writer import FilmWriter

ROOT = Path(__file__).resolve().parents[3]
NAMES = r"film\.mp4"


def film(path: Path) -> Path:
    writer = FilmWriter(path, (64, 48), 10)
    writer.add(pygame.Surface((64, 48)))
    return writer.finish()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.skipif(sys.platform == "win32", reason="an open file is its own lock there")
def test_what_a_living_program_writes_stays(tmp_path: Path) -> None:
    unfinished = Unfinished(tmp_path / "film.mp4")
    remove_left_behind(tmp_path, NAMES)
    assert names(tmp_path) == {unfinished.path.name}
    unfinished.put_in_place(tmp_path / "film.mp4")
    assert names(tmp_path) == {"film.mp4"}
    unfinished.remove()
    assert names(tmp_path) == {"film.mp4"}


@pytest.mark.parametrize("content", [b"", b"\0\0\0 ftypisom", b"\0\0\0 ftyp" + b"x" * 100])
def test_what_a_killed_program_left_is_removed(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".film.mp4.123.part").write_bytes(content)
    film(tmp_path / "film.mp4")
    assert names(tmp_path) == {"film.mp4"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (".film.mp4.123.part", b"my own notes"),
        (".film.mp4.part", b""),
        ("film.mp4.123.part", b""),
        (".film.mp4.12x.part", b""),
        (".other.mp4.123.part", b""),
    ],
)
def test_what_is_anybody_elses_stays(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    (tmp_path / ".film.mp4.7.part").mkdir()
    (tmp_path / ".film.mp4.8.part").symlink_to(tmp_path / name)
    film(tmp_path / "film.mp4")
    assert names(tmp_path) == {"film.mp4", name, ".film.mp4.7.part", ".film.mp4.8.part"}
    assert (tmp_path / name).read_bytes() == content


def test_the_windows_films_tidy_up_after_each_other(tmp_path: Path) -> None:
    mine = {".cartpole-20260102-030405.mp4.1.part", ".cartpole-20260102-030405-2.gif.2.part"}
    others = {".pong-20260102-030405.mp4.1.part", ".cartpole-2.mp4.1.part"}
    for name in mine | others:
        (tmp_path / name).touch()
    recorder = Recorder(tmp_path, "cartpole")
    recorder.begin(".gif", (64, 48))
    recorder.record(pygame.Surface((64, 48)), 0.1)
    made = recorder.end()
    assert names(tmp_path) == {made.name} | others


def test_a_run_that_is_resumed_leaves_the_film_alone(tmp_path: Path) -> None:
    writer = FilmWriter(tmp_path / "film.gif", (64, 48), 10)
    writer.add(pygame.Surface((64, 48)))
    remove_unfinished(tmp_path)
    assert writer.finish().is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_film_that_is_ended_by_a_signal_leaves_nothing(number: int, model: Path, tmp_path: Path) -> None:
    program = [sys.executable, "-P", "-m", "arcade_dqn", "record", str(model), str(tmp_path / "film.gif")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([*program, "--episodes", "100"], env=environment, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while not any(path.stat().st_size for path in tmp_path.glob(".film.gif.*.part")):
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.05)
        process.send_signal(number)
        assert process.wait(30) == 130
    finally:
        process.kill()
        process.wait()
    assert list(tmp_path.iterdir()) == []
