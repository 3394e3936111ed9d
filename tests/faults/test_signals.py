"""SIGTERM, SIGHUP or SIGINT once: saved and ended. A second one ends at once. The terminal is as it was before."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from arcade_dqn.config import build
from arcade_dqn.link.board import BoardError, BoardReader
from arcade_dqn.storage.checkpoint import load_newest
from arcade_dqn.storage.run_dir import RunDir, list_runs

LONG = os.environ.get("FAULTS") == "long"
PATIENCE = 120.0
SAVED_WITHIN = 5.0 if LONG else PATIENCE
"""Seconds; only `make faults` can count on a quiet machine."""
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


@pytest.mark.parametrize("number", ALL[:2] if LONG else ALL[:1], ids=lambda number: number.name)
def test_a_second_signal_ends_a_trainer_at_once(
    number: signal.Signals, tmp_path: Path, start_trainer: Callable[..., Any]
) -> None:
    # The game hangs, so that the first signal cannot do what it is for.
    run_dir = RunDir.create(tmp_path / "runs", build("Faulty-v0", "vector", {**ENDLESS, "run.checkpoint_every": 100}))
    trainer = start_trainer(run_dir.path, program="faulty_game.py", FAULTY="hang@150", FAULTY_PATIENCE="1")
    while "while training at step 149" not in trainer.wait_for("warning")["message"]:
        pass
    os.kill(trainer.process.pid, number)
    time.sleep(0.5)
    assert trainer.process.poll() is None
    os.kill(trainer.process.pid, number)
    assert trainer.process.wait(PATIENCE) == -number
    assert whole_run(tmp_path / "runs")[1] == 100


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
    terminal = open_arcade(tmp_path / "runs")
    terminal.wait_for("CartPole")
    assert not terminal.restored, "it draws on a screen of its own"
    terminal.press("\x1b[B\x1b[B")
    terminal.press("t")  # MountainCar, which takes longer than this test
    step = wait_until_it_trains(tmp_path / "runs")
    family = terminal.family()
    assert any("arcade_dqn.training" in one.cmdline() for one in family)
    begun = time.monotonic()
    os.kill(terminal.process.pid, number)
    assert terminal.process.wait(PATIENCE) == 130
    assert time.monotonic() - begun < SAVED_WITHIN
    assert terminal.restored
    assert terminal.all_ended(family), "no orphans"
    run, saved = whole_run(tmp_path / "runs")
    assert saved >= step
    assert run.final.is_file()
    summary = run.read_summary()
    assert summary is not None
    assert summary.state == "stopped"


@pytest.mark.parametrize("number", ALL if LONG else ALL[1:2], ids=lambda number: number.name)
def test_a_second_signal_ends_the_command_line_at_once(
    number: signal.Signals, tmp_path: Path, open_terminal: Callable[..., Any]
) -> None:
    # The game hangs, so that the first signal cannot do what it is for.
    changes = {**ENDLESS, "run.checkpoint_every": 100}
    sets = [word for name, value in changes.items() for word in ("--set", f"{name}={value}")]
    words = ("train", "Faulty-v0", "--preset", "vector", "--runs-dir", str(tmp_path / "runs"), *sets)
    program = str(Path(__file__).with_name("programs") / "faulty_game.py")
    terminal = open_terminal(program, "--command-line", *words, FAULTY="hang@150", FAULTY_PATIENCE="1")
    terminal.wait_for("while training at step 149")
    os.kill(terminal.process.pid, number)
    time.sleep(0.5)
    assert terminal.process.poll() is None
    os.kill(terminal.process.pid, number)
    assert terminal.process.wait(PATIENCE) == 130
    assert terminal.restored
    assert whole_run(tmp_path / "runs")[1] == 100


@pytest.mark.parametrize("number", ALL if LONG else ALL[2:], ids=lambda number: number.name)
def test_a_second_signal_ends_the_arcade_at_once(
    number: signal.Signals, tmp_path: Path, open_arcade: Callable[..., Any]
) -> None:
    terminal = open_arcade(tmp_path / "runs")
    terminal.wait_for("CartPole")
    terminal.press("\x1b[B\x1b[B")
    terminal.press("t")  # MountainCar
    wait_until_it_trains(tmp_path / "runs")
    family = terminal.family()
    # A trainer that stands still can save nothing, and the arcade would wait a minute for it.
    terminal.child("arcade_dqn.training").suspend()
    os.kill(terminal.process.pid, number)
    time.sleep(1.0)
    assert terminal.process.poll() is None
    os.kill(terminal.process.pid, number)
    assert terminal.process.wait(20.0) == 130
    assert terminal.restored
    assert terminal.all_ended(family), "no orphans"


def test_a_signal_before_anything_is_loaded(tmp_path: Path, open_arcade: Callable[..., Any]) -> None:
    terminal = open_arcade(tmp_path / "runs")
    terminal.wait_for("CartPole")
    os.kill(terminal.process.pid, signal.SIGTERM)
    assert terminal.process.wait(PATIENCE) == 130
    assert terminal.restored
