"""SIGTERM, SIGHUP or SIGINT once: saved and ended. A second one ends at once. The terminal is as it was before."""

from __future__ import annotations

import contextlib
import os
import pty
import shlex
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from arcade_dqn.config import build
from arcade_dqn.link.board import BoardError, BoardReader
from arcade_dqn.link.signals import HANGUP_SECONDS
from arcade_dqn.storage.checkpoint import load_newest
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.storage.runs import list_runs

LONG = os.environ.get("FAULTS") == "long"
PATIENCE = 120.0
SAVED_WITHIN = 5.0 if LONG else PATIENCE
"""Seconds; only `make faults` can count on a quiet machine."""
PROGRAMS = Path(__file__).parent / "programs"
ALL = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)

ENDLESS = {
    "network.hidden": "8",
    "evaluation.every": 0,
    "run.steps": 10_000_000,
    "run.speed_limit": 500,
    "run.checkpoint_every": 0,
}


def whole_run(runs: Path) -> tuple[RunDir, int]:
    """The only run, and the step of its newest checkpoint, which must be whole."""
    (run,) = list_runs(runs)
    assert run.problem == ""
    found = load_newest(run.path / "checkpoints")
    assert found is not None
    assert found[0].damaged == ()
    return RunDir.open(run.path), found[0].step


def wait_until_it_trains(runs: Path) -> int:
    """Until the run's board says so; the step."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for run in list_runs(runs):
            try:
                with BoardReader(run.path / "board") as board:
                    status = board.status()
            except BoardError:
                continue  # not yet
            if status.state == "training" and status.step > 0:
                return status.step
        time.sleep(0.05)
    raise AssertionError("nothing trains")


@pytest.mark.skipif(not LONG, reason="tests/training/test_protocol.py looks at the same, without a clock")
@pytest.mark.parametrize("number", ALL, ids=lambda number: number.name)
def test_one_signal_saves_and_ends_a_trainer(
    number: signal.Signals, tmp_path: Path, start_trainer: Callable[..., Any]
) -> None:
    run_dir = RunDir.create(tmp_path / "runs", build("CartPole-v1", "cartpole", ENDLESS))
    trainer = start_trainer(run_dir.path)
    step = trainer.wait_for("progress")["step"]
    begun = time.monotonic()
    os.kill(trainer.process.pid, number)
    ended = trainer.wait_for("ended", reason="interrupted")
    assert trainer.process.wait(PATIENCE) == 130
    assert time.monotonic() - begun < SAVED_WITHIN
    assert whole_run(tmp_path / "runs")[1] == ended["step"] >= step


def until(good: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not good():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def pause_between(number: signal.Signals) -> None:
    """Between the first signal and the second: hangups are counted as two only if they do not come together."""
    time.sleep(HANGUP_SECONDS + 0.5 if number == signal.SIGHUP else 0.2)


@pytest.mark.parametrize("number", ALL if LONG else ALL[:1], ids=lambda number: number.name)
def test_a_second_signal_ends_a_trainer_at_once(
    number: signal.Signals, tmp_path: Path, start_trainer: Callable[..., Any]
) -> None:
    # The game hangs, so that the first signal cannot do what it is for.
    run_dir = RunDir.create(tmp_path / "runs", build("Faulty-v0", "vector", {**ENDLESS, "run.checkpoint_every": 100}))
    trainer = start_trainer(run_dir.path, program="faulty_game.py", FAULTY="hang@150")
    until(lambda: "the game hangs" in trainer.log.read_text("utf-8", "replace"), "it does not hang")
    os.kill(trainer.process.pid, number)
    pause_between(number)
    assert trainer.process.poll() is None
    os.kill(trainer.process.pid, number)
    ended = trainer.wait_for("ended", reason="failed")
    assert ended["message"].startswith(f"ended at once by a second {number.name}")
    assert trainer.process.wait(PATIENCE) == 1
    assert whole_run(tmp_path / "runs")[1] == 100


@pytest.mark.parametrize("number", ALL if LONG else ALL[2:], ids=lambda number: number.name)
def test_a_second_signal_ends_the_command_line_at_once(
    number: signal.Signals, tmp_path: Path, open_terminal: Callable[..., Any]
) -> None:
    changes = {**ENDLESS, "run.checkpoint_every": 100, "run.steps": 1000}
    sets = [word for name, value in changes.items() for word in ("--set", f"{name}={value}")]
    program = str(PROGRAMS / "faulty_game.py")
    command = ("arcade-dqn", "train", "Faulty-v0", "--preset", "vector", "--runs-dir", str(tmp_path / "runs"), *sets)
    terminal = open_terminal(program, *command, FAULTY="hang@150")
    terminal.wait_for("the game hangs")
    os.kill(terminal.process.pid, number)
    pause_between(number)
    assert terminal.process.poll() is None
    os.kill(terminal.process.pid, number)
    assert terminal.process.wait(PATIENCE) == 130
    terminal.wait_for(f"ended at once by a second {number.name}; it can be resumed")
    assert terminal.restored
    assert whole_run(tmp_path / "runs")[1] == 100


def test_a_terminal_that_is_closed_tells_it_twice_and_the_run_is_saved(tmp_path: Path) -> None:
    """The shell passes the hangup on, and when it ends, the system tells its programs once more."""
    if (shell := shutil.which("bash")) is None:
        pytest.skip("the shell that passes hangups on is bash")
    sets = [word for name, value in ENDLESS.items() for word in ("--set", f"{name}={value}")]
    command = [sys.executable, "-m", "arcade_dqn", "train", "CartPole-v1", "--runs-dir", str(tmp_path / "runs"), *sets]
    pid, master = pty.fork()
    if pid == 0:
        os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
        os.execv(shell, [shell, "--norc", "--noprofile", "-i"])
    threading.Thread(target=_drain, args=(master,), daemon=True).start()
    os.write(master, (shlex.join(command) + "\n").encode())
    step = wait_until_it_trains(tmp_path / "runs")
    (trainer,) = psutil.Process(pid).children()
    os.close(master)
    os.waitpid(pid, 0)
    # Not `is_running`: psutil cannot read what is left of a program at the moment of its end.
    until(lambda: not psutil.pid_exists(trainer.pid), "it goes on without a terminal")
    run, saved = whole_run(tmp_path / "runs")
    assert saved >= step
    assert run.final.is_file()
    summary = run.read_summary()
    assert summary is not None
    assert (summary.state, summary.step) == ("stopped", saved)


def _drain(master: int) -> None:
    with contextlib.suppress(OSError):
        while os.read(master, 65536):
            pass


@pytest.mark.parametrize("number", ALL if LONG else ALL[2:], ids=lambda number: number.name)
def test_one_signal_saves_and_ends_the_command_line(
    number: signal.Signals, tmp_path: Path, open_terminal: Callable[..., Any]
) -> None:
    changes = [f"{name}={value}" for name, value in ENDLESS.items() if name not in ("run.steps",)]
    sets = [word for change in changes for word in ("--set", change)]
    terminal = open_terminal("-m", "arcade_dqn", "train", "CartPole-v1", "--runs-dir", str(tmp_path / "runs"), *sets)
    step = wait_until_it_trains(tmp_path / "runs")
    begun = time.monotonic()
    os.kill(terminal.process.pid, number)
    assert terminal.process.wait(PATIENCE) == 130
    assert time.monotonic() - begun < SAVED_WITHIN
    assert whole_run(tmp_path / "runs")[1] >= step
    terminal.wait_for("interrupted after", "arcade-dqn resume")
    assert terminal.restored


@pytest.mark.parametrize("number", ALL if LONG else ALL[1:2], ids=lambda number: number.name)
def test_one_signal_saves_and_ends_the_arcade(
    number: signal.Signals, tmp_path: Path, open_arcade: Callable[..., Any]
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    terminal = open_arcade(tmp_path / "runs", TMPDIR=str(temporary))
    terminal.wait_for("CartPole")
    assert not terminal.restored, "it draws on a screen of its own"
    terminal.press("\x1b[B\x1b[B")
    terminal.press("t")  # MountainCar, which takes longer than this test
    step = wait_until_it_trains(tmp_path / "runs")
    family = terminal.family()
    assert any("arcade_dqn.cluster" in one.cmdline() for one in family)
    begun = time.monotonic()
    os.kill(terminal.process.pid, number)
    assert terminal.process.wait(PATIENCE) == 130
    assert time.monotonic() - begun < SAVED_WITHIN
    assert terminal.restored
    assert terminal.all_ended(family), "no orphans"
    assert list(temporary.iterdir()) == [], "no temporary files"
    run, saved = whole_run(tmp_path / "runs")
    assert saved >= step
    assert run.final.is_file()
    summary = run.read_summary()
    assert summary is not None
    assert summary.state == "stopped"


@pytest.mark.parametrize("number", ALL if LONG else ALL[:1], ids=lambda number: number.name)
def test_a_second_signal_ends_the_arcade_at_once(
    number: signal.Signals, tmp_path: Path, open_arcade: Callable[..., Any]
) -> None:
    terminal = open_arcade(tmp_path / "runs")
    terminal.wait_for("CartPole")
    terminal.press("\x1b[B\x1b[B")
    terminal.press("t")
    step = wait_until_it_trains(tmp_path / "runs")
    family = terminal.family()
    trainer = terminal.child("arcade_dqn.cluster")
    trainer.suspend()  # so that the first signal finds a trainer that does not answer
    os.kill(terminal.process.pid, number)
    pause_between(number)
    assert terminal.process.poll() is None
    os.kill(terminal.process.pid, number)
    assert terminal.process.wait(PATIENCE) == 130
    assert terminal.restored
    # The trainer finds that nobody is left, and saves.
    trainer.resume()
    assert terminal.all_ended(family), "no orphans"
    run, saved = whole_run(tmp_path / "runs")
    assert saved >= step
    assert run.final.is_file()


def test_a_signal_before_anything_is_loaded(tmp_path: Path, open_arcade: Callable[..., Any]) -> None:
    terminal = open_arcade(tmp_path / "runs")
    terminal.wait_for("CartPole")
    os.kill(terminal.process.pid, signal.SIGTERM)
    assert terminal.process.wait(PATIENCE) == 130
    assert terminal.restored
