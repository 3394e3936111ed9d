"""The trainer as a program, through its JSON lines."""

from __future__ import annotations

import contextlib
import fcntl
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from arcade_dqn.config import build
from arcade_dqn.link.board import BoardError, BoardReader
from arcade_dqn.link.commands import Event
from arcade_dqn.link.process import Child, dummy_sdl
from arcade_dqn.storage import checkpoint
from arcade_dqn.storage.run_dir import RunDir

PATIENCE = 120.0


class Trainer:
    """A trainer's events, in the order in which they come."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.seen: list[Event] = []

    def wait_for(self, kind: str, **values: Any) -> Event:
        """The next event of this kind with these values."""
        deadline = time.monotonic() + PATIENCE
        start = 0
        while time.monotonic() < deadline:
            self.seen += self.child.events(timeout=0.2)
            for position in range(start, len(self.seen)):
                event = self.seen[position]
                if event["event"] == kind and values.items() <= event.items():
                    del self.seen[: position + 1]
                    return event
            start = len(self.seen)
            if self.child.finished:
                break
        raise AssertionError(f"no {kind} {values} came; {self.child.explain_exit()}; seen: {self.seen[-5:]}")

    def tell(self, id: int, name: str, /, **arguments: Any) -> None:
        self.child.send({"id": id, "name": name, "arguments": arguments})


@contextmanager
def trainer(tmp_path: Path, *arguments: str) -> Iterator[Trainer]:
    child = Child.start(
        "arcade_dqn.training", arguments, tmp_path / "trainer.log", environment=dummy_sdl(), title="trainer"
    )
    try:
        yield Trainer(child)
    finally:
        child.kill()


@pytest.fixture
def run_dir(tmp_path: Path) -> RunDir:
    # Slow enough to be talked to, and endless.
    overrides = {"run.steps": 10_000_000, "run.speed_limit": 500, "evaluation.every": 0, "network.hidden": "8"}
    return RunDir.create(tmp_path / "runs", build("CartPole-v1", "cartpole", overrides))


def test_a_whole_conversation(tmp_path: Path, run_dir: RunDir) -> None:
    with trainer(tmp_path) as it:
        it.wait_for("warm")
        it.tell(1, "pause")
        assert "no run is open yet" in it.wait_for("error", id=1)["message"]
        it.tell(2, "open", run=str(run_dir.path))
        it.wait_for("ack", id=2)
        it.wait_for("started", game="CartPole-v1")
        it.wait_for("state", state="training")
        it.tell(3, "pause")
        it.wait_for("state", state="paused")
        it.tell(4, "set", name="epsilon", value=0.5)
        it.wait_for("ack", id=4)
        assert it.wait_for("progress")["epsilon"] == 0.5
        it.tell(5, "set", name="epsilon", value=2)
        assert "epsilon = 2 is not allowed; it must be a number from 0 to 1" in it.wait_for("error", id=5)["message"]
        it.tell(6, "save")
        saved = it.wait_for("saved")
        it.tell(7, "evaluate")
        assert it.wait_for("evaluation")["episodes"] == 10
        it.tell(8, "resume")
        it.wait_for("state", state="training")
        it.tell(9, "stop")
        ended = it.wait_for("ended")
        assert ended["reason"] == "stopped"
        assert ended["step"] >= saved["step"]
        assert it.child.stop() == 0
    assert checkpoint.list_checkpoints(run_dir.checkpoints)[0][0] == ended["step"]
    assert "training in" in run_dir.log.read_text("utf-8")


def test_the_end_of_its_input_means_save_and_stop(tmp_path: Path, run_dir: RunDir) -> None:
    with trainer(tmp_path, str(run_dir.path)) as it:
        it.wait_for("state", state="training")
        step = it.wait_for("progress")["step"]
        it.child.close_input()
        assert it.wait_for("ended", reason="stopped")["step"] >= step
        assert it.child.stop() == 0
    assert len(checkpoint.list_checkpoints(run_dir.checkpoints)) == 1


def test_a_signal_means_save_and_stop(tmp_path: Path, run_dir: RunDir) -> None:
    # A hangup, which ends a program that does not ask for it. tests/faults/test_signals.py has the others, for every
    # program; that all of them are asked for is in tests/link/test_signals.py.
    with trainer(tmp_path, str(run_dir.path)) as it:
        it.wait_for("state", state="training")
        it.child._process.send_signal(signal.SIGHUP)
        it.wait_for("ended", reason="interrupted")
        assert it.child._process.wait(PATIENCE) == 130
    assert len(checkpoint.list_checkpoints(run_dir.checkpoints)) == 1


def test_a_reader_that_stands_still_does_not_stop_the_training(tmp_path: Path, run_dir: RunDir) -> None:
    command = [sys.executable, "-m", "arcade_dqn.training", str(run_dir.path)]
    with open(tmp_path / "log", "wb") as log:
        trainer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
    try:
        assert trainer.stdout is not None
        assert trainer.stdin is not None
        # A pipe of one page is full after a second of progress, and nobody reads it.
        fcntl.fcntl(trainer.stdout.fileno(), fcntl.F_SETPIPE_SZ, 4096)
        deadline = time.monotonic() + PATIENCE
        steps: set[int] = set()
        while len(steps) < 40 and time.monotonic() < deadline:
            time.sleep(0.1)
            with contextlib.suppress(BoardError), BoardReader(run_dir.board) as board:
                if board.status().state == "training":
                    steps.add(board.status().step)
        assert len(steps) == 40
        trainer.stdin.close()
        events = [json.loads(line) for line in trainer.stdout]
        assert events[-1]["event"] == "ended"
        assert trainer.wait(PATIENCE) == 0
    finally:
        trainer.kill()
        trainer.wait()
        trainer.stdout.close()


def test_a_folder_that_is_no_run_is_one_sentence(tmp_path: Path) -> None:
    with trainer(tmp_path, str(tmp_path / "nothing")) as it:
        assert "there is no run at" in it.wait_for("ended", reason="failed")["message"]
        assert it.child._process.wait(PATIENCE) == 2
