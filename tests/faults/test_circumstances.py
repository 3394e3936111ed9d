"""Two trainers on one run, a read-only folder, a clock that is set back, too little memory, a folder that vanishes."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from arcade_dqn.config import Settings, build
from arcade_dqn.errors import ArcadeError
from arcade_dqn.games.game import Game
from arcade_dqn.link.commands import Event
from arcade_dqn.storage.atomic import StorageError
from arcade_dqn.storage.checkpoint import list_checkpoints, load_newest
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.storage.runs import list_runs
from arcade_dqn.training.failure import TrainingFailed
from arcade_dqn.training.loop import Loop
from arcade_dqn.training.loop_interface import MakeLoop
from arcade_dqn.training.run import Run

pytestmark = pytest.mark.usefixtures("may_use_learners")


def settings(**changes: Any) -> Settings:
    small = {
        "network.hidden": "8",
        "learning.batch_size": 8,
        "replay.learning_start": 50,
        "evaluation.every": 0,
        "evaluation.final_episodes": 1,
        "run.checkpoint_every": 100,
        "run.steps": 600,
    }
    return build("CartPole-v1", "cartpole", {**small, **changes})


def train(run_dir: RunDir, on_event: Callable[[Run, Event], None], make_loop: MakeLoop = Loop) -> tuple[Any, list[str]]:
    """Train to the end in this process; the result and the warnings."""
    warnings: list[str] = []

    def emit(event: Event) -> None:
        if event["event"] == "warning":
            warnings.append(event["message"])
        on_event(run, event)

    run = Run(run_dir, emit, make_loop=make_loop)
    return run.execute(), warnings


def test_the_second_of_two_trainers_says_who_holds_the_run(tmp_path: Path, start_trainer: Callable[..., Any]) -> None:
    run_dir = RunDir.create(tmp_path, settings(**{"run.steps": 1_000_000, "run.speed_limit": 500}))
    first, second = start_trainer(run_dir.path), start_trainer()
    first.wait_for("checkpoint")
    second.wait_for("warm")
    second.tell("open", run=str(run_dir.path))
    ended = second.wait_for("ended", reason="failed")
    assert f"is in use by process {first.process.pid}; wait until it has ended, or stop it" in ended["message"]
    step = first.wait_for("checkpoint")["step"]
    assert first.wait_for("checkpoint")["step"] > step, "the first one goes on"
    first.tell("stop")
    assert first.wait_for("ended")["reason"] == "stopped"
    found = load_newest(run_dir.checkpoints)
    assert found is not None and found[0].damaged == ()


class ReadOnly:
    """From `begin` on, the file system under a folder is read-only."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = str(folder)
        self._begun = False
        changes = os.O_WRONLY | os.O_RDWR | os.O_CREAT
        real_open = os.open

        def open_(path: Any, flags: int, *arguments: Any, **keywords: Any) -> int:
            if flags & changes:
                self._refuse(path)
            return real_open(path, flags, *arguments, **keywords)

        monkeypatch.setattr(os, "open", open_)
        for name in ("mkdir", "rename", "replace", "unlink", "rmdir", "truncate"):
            monkeypatch.setattr(os, name, self._wrap(getattr(os, name)))

    def _wrap(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any, *arguments: Any, **keywords: Any) -> Any:
            self._refuse(path)
            return real(path, *arguments, **keywords)

        return call

    def _refuse(self, path: Any) -> None:
        if self._begun and str(path).startswith(self._folder):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    def begin(self) -> None:
        self._begun = True


def test_a_folder_that_is_read_only_from_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_dir = RunDir.create(tmp_path, settings())
    ReadOnly(tmp_path, monkeypatch).begin()
    with pytest.raises(StorageError, match="cannot lock the run .*: the file system is read-only"):
        train(run_dir, lambda run, event: None)
    with pytest.raises(StorageError, match="cannot make a run in .*: the file system is read-only"):
        RunDir.create(tmp_path, settings())


def test_a_folder_that_becomes_read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_dir = RunDir.create(tmp_path, settings())
    disk = ReadOnly(tmp_path, monkeypatch)

    def on_event(run: Run, event: Event) -> None:
        if event["event"] == "checkpoint":
            disk.begin()

    result, warnings = train(run_dir, on_event)
    assert (result.reason, result.steps, result.model) == ("steps", 600, None)
    assert any("could not be saved" in text and "the file system is read-only" in text for text in warnings)
    assert len([text for text in warnings if "summary.json" in text]) == 1, "told once"
    found = load_newest(run_dir.checkpoints)
    assert found is not None
    assert found[0].damaged == ()
    assert found[0].step >= 100


def test_a_clock_that_is_set_back_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_dir = RunDir.create(tmp_path, settings())

    def stop_at_300(run: Run, event: Event) -> None:
        if event["event"] == "checkpoint" and event["step"] >= 300:
            run.request_stop()

    real, shift = time.time, -86_400.0
    first, _ = train(run_dir, stop_at_300)
    monkeypatch.setattr(time, "time", lambda: real() + shift)
    begun: list[int] = []

    def notice(run: Run, event: Event) -> None:
        if event["event"] == "started":
            begun.append(event["step"])
        if event["event"] == "checkpoint":
            # What a file system would say with such a clock.
            for path in run_dir.checkpoints.rglob("*"):
                if str(event["step"]) in str(path):
                    os.utime(path, (real() + shift, real() + shift))

    second, warnings = train(RunDir.open(run_dir.path), notice)
    assert begun == [first.steps]
    assert (second.reason, second.steps, warnings) == ("steps", 600, [])
    assert second.seconds >= first.seconds
    found = load_newest(run_dir.checkpoints)
    assert found is not None
    assert found[0].step == 600
    assert [run.state for run in list_runs(tmp_path)] == ["done"]


def test_a_runs_folder_that_vanishes(tmp_path: Path) -> None:
    run_dir = RunDir.create(tmp_path / "runs", settings())

    def on_event(run: Run, event: Event) -> None:
        if event["event"] == "checkpoint" and event["step"] == 200:
            shutil.rmtree(tmp_path / "runs")

    result, warnings = train(run_dir, on_event)
    assert (result.reason, result.steps) == ("steps", 600)
    assert any("the checkpoint at step" in text and "the folder does not exist" in text for text in warnings)
    found = load_newest(run_dir.checkpoints)
    assert found is None or (found[0].step, found[0].damaged) == (600, ()), "no part of a checkpoint takes its place"
    assert result.model == run_dir.final and run_dir.final.is_file(), "what was learned is kept"


def test_a_replay_buffer_that_does_not_fit_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_much(*arguments: Any, **named: Any) -> Any:
        raise MemoryError("Unable to allocate 65.7 GiB")

    monkeypatch.setattr("arcade_dqn.training.loop.ReplayBuffer", too_much)
    with pytest.raises(TrainingFailed, match=r"not enough memory for 50,000 transitions .*65.7 GiB.*replay.capacity"):
        train(RunDir.create(tmp_path, settings(**{"replay.capacity": 50_000})), lambda run, event: None)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can limit the memory of another process")
def test_a_memory_limit_costs_nothing_that_was_saved(tmp_path: Path, start_trainer: Callable[..., Any]) -> None:
    run_dir = RunDir.create(tmp_path, settings(**{"run.steps": 1_000_000, "run.speed_limit": 2_000}))
    trainer = start_trainer(run_dir.path)
    trainer.wait_for("checkpoint")
    pid = trainer.process.pid
    resource.prlimit(pid, resource.RLIMIT_AS, (psutil.Process(pid).memory_info().vms, resource.RLIM_INFINITY))
    # It may go on, with what it has; saying why, or not, it may end. What it reported as saved must be there.
    with contextlib.suppress(OSError):
        trainer.tell("save")
        trainer.tell("evaluate")
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline and not trainer.over:
        event = trainer.next(0.5)
        if event is not None and event["event"] == "evaluation":
            break  # it has done both
    trainer.kill()
    trainer.rest()
    saved = [event["step"] for event in trainer.seen if event["event"] == "checkpoint"]
    found = load_newest(run_dir.checkpoints)
    assert found is not None
    assert found[0].damaged == ()
    assert found[0].step >= max(saved)
    again, warnings = train(RunDir.open(run_dir.path), lambda run, event: run.request_stop())
    assert again.steps >= max(saved)
    assert not warnings


def test_a_replay_buffer_that_is_damaged_in_every_checkpoint_costs_no_weights(tmp_path: Path) -> None:
    run_dir = RunDir.create(tmp_path, settings(**{"replay.priority_exponent": 0.5, "run.checkpoint_every": 250}))

    def stop_at_300(run: Run, event: Event) -> None:
        if event["event"] == "progress" and event["step"] >= 300:
            run.request_stop()

    first, _ = train(run_dir, stop_at_300)
    before = load_newest(run_dir.checkpoints, records=False)
    assert before is not None
    assert before[1]["loop"]["replay"]["frames"] is None
    for path in (run_dir.checkpoints / "segments").iterdir():
        os.truncate(path, path.stat().st_size - 1)
    begun: list[int] = []
    loops: list[Loop] = []

    def make_loop(settings: Settings, games: Sequence[Game]) -> Loop:
        loops.append(Loop(settings, games))
        return loops[0]

    def look(run: Run, event: Event) -> None:
        if event["event"] == "started":
            begun.append(event["step"])
            assert len(loops[0].replay) == 0
            weights = loops[0].learner.get_state()["online"]
            assert all(
                np.array_equal(weights[name], array) for name, array in before[1]["loop"]["learner"]["online"].items()
            )

    second, warnings = train(RunDir.open(run_dir.path), look, make_loop)
    assert begun == [first.steps]
    assert second.steps == 600
    (warning,) = warnings
    assert "all but the replay buffer of step" in warning and "with an empty one" in warning
    assert load_newest(run_dir.checkpoints) is not None


def test_a_run_without_any_usable_checkpoint_ends_with_their_names(tmp_path: Path) -> None:
    run_dir = RunDir.create(tmp_path, settings(**{"run.keep_checkpoints": 2}))
    train(run_dir, lambda run, event: None)
    for _, path in list_checkpoints(run_dir.checkpoints):
        (path / "state.json").write_bytes(b"spoiled")
    with pytest.raises(ArcadeError, match=r"no checkpoint in .* can be used: .*step-600.*step-500"):
        train(RunDir.open(run_dir.path), lambda run, event: None)
    assert len(list_checkpoints(run_dir.checkpoints)) == 2, "nothing is written over them"
