"""The promise: 2N steps in one go, and N, killed, resumed and N more, end in the same, to the last bit."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tensorflow as tf

from arcade_dqn.config import Settings, build
from arcade_dqn.evaluation import Evaluation, training_seed
from arcade_dqn.learning.learner import Learner
from arcade_dqn.link.board import BoardReader
from arcade_dqn.link.commands import Command, Event
from arcade_dqn.storage.checkpoint import load_newest
from arcade_dqn.storage.model_file import load_model
from arcade_dqn.storage.models import stages
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.training.failure import TrainingFailed
from arcade_dqn.training.run import Run

if TYPE_CHECKING:
    from tests.training.conftest import Runs


class Killed(BaseException):
    """Stands for the end of the process: nothing is saved on its way."""


def settings(game: str, preset: str, changes: dict[str, Any]) -> Settings:
    small = {
        "learning.batch_size": 8,
        "learning.train_every": 4,
        "learning.updates_per_train": 1,
        "learning.n_step": 3,
        "replay.capacity": 500,
        "replay.learning_start": 60,
        "evaluation.every": 250,
        "evaluation.episodes": 1,
        "evaluation.final_episodes": 0,
        "evaluation.stop_when_solved": False,
        "run.checkpoint_every": 70,
        "run.steps": 700,
    }
    return build(game, preset, {**small, **changes})


PIXELS = {
    "network.kind": "compact",
    "network.hidden": "8",
    "network.head": "expected",
    "learning.train_every": 16,
    "environment.copies": 1,
    "environment.frame_size": 32,
    "environment.max_episode_steps": 120,
    "replay.compression": "lz4",
    "evaluation.every": 0,
}
GAMES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "CartPole": ("CartPole-v1", "cartpole", {"network.hidden": "16"}),
    "CartPole, prioritised": (
        "CartPole-v1",
        "cartpole",
        {"network.hidden": "16", "replay.priority_exponent": 0.5, "network.noisy": True, "environment.copies": 3},
    ),
    "Acrobot": ("Acrobot-v1", "acrobot", {"network.hidden": "16", "environment.max_episode_steps": 200}),
    "MountainCar": ("MountainCar-v0", "mountaincar", {"network.hidden": "16"}),
    "Pendulum": ("Pendulum-v1", "pendulum", {"network.hidden": "16"}),
    "MinAtar": ("MinAtar/Breakout-v1", "minatar", {"network.hidden": "16"}),
    "ALE": ("ALE/Pong-v5", "pong", PIXELS),
}


def train_and_die(run_dir: RunDir, at: int) -> int:
    """Train until a checkpoint of step `at` or later is told, and some steps more; the step of the checkpoint."""
    saved: list[int] = []

    def on_event(event: Event) -> None:
        if event["event"] == "checkpoint":
            saved.append(event["step"])
        if event["event"] == "checkpoint" and event["step"] >= at:
            raise Killed

    with pytest.raises(Killed):
        Run(run_dir, on_event).execute()
    for thread in threading.enumerate():
        if thread.name.startswith("checkpoint"):
            thread.join()
    return saved[-1]


@pytest.mark.own_learners
@pytest.mark.parametrize("name", GAMES)
def test_killed_and_resumed_is_never_interrupted(
    name: str, tmp_path: Path, same: Callable[[Any, Any], bool], used_learners: Any, runs: Runs
) -> None:
    # The one that was left alone compiles for itself in CartPole; with the other games only they and their replay are
    # new. A resumed one has the learner of the killed one, which had gone on: what its checkpoint lacks is wrong in it.
    chosen = settings(*GAMES[name])
    whole, killed = (RunDir.create(tmp_path, chosen, run) for run in ("whole", "killed"))
    with nullcontext() if name.startswith("CartPole") else used_learners.at_work():
        Run(whole, lambda event: None).execute()

    for at in (200, 430) if name == "CartPole" else (300,):
        with used_learners.at_work():
            step = train_and_die(killed, at)
        assert at <= step < 700
        killed = RunDir.open(killed.path)
    told: list[Event] = []
    with used_learners.at_work():
        result = Run(killed, told.append).execute()
    assert (result.reason, result.steps) == ("steps", 700)
    started = next(event for event in told if event["event"] == "started")
    assert at <= started["step"] < 700
    assert not [event for event in told if event["event"] == "warning"]

    assert runs.record(whole) == runs.record(killed)
    weights = [load_model(run.final)[1] for run in (whole, killed)]
    assert same(*weights)
    ends = []
    for run in (whole, killed):
        found = load_newest(run.checkpoints)
        assert found is not None
        assert found[0].step == 700
        state = found[1]
        # The clock, and the length of a record that tells its numbers of seconds.
        del state["seconds"], state["recorder"]["metrics_bytes"]
        for actor in state["loop"]["actors"]:
            # ALE writes one state of its console in more than one way. That it is the same has shown in the play since.
            actor["game"].pop("console", None)
        ends.append(state)
    assert same(*ends), "replay, optimiser, generators, counters, game: everything"


def test_what_is_confirmed_hangs_on_the_run_and_not_on_a_model_from_before_it_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs: Runs
) -> None:
    """The kill comes after a better model was saved, and before the next checkpoint."""
    quick, confirming = (training_seed(1, stream) for stream in (100, 101))
    scores = {(100, quick): 10.0, (100, confirming): 20.0, (200, quick): 30.0, (200, confirming): 50.0}

    def evaluate(*_: Any, seed: int, **__: Any) -> Evaluation:
        return Evaluation.from_returns([scores.get((runs.loop.step, seed), 5.0)], seed)

    monkeypatch.setattr("arcade_dqn.training.evaluator.evaluate", evaluate)
    changes = {"evaluation__every": 100, "evaluation__final_episodes": 0, "run__checkpoint_every": 150}
    chosen = runs.settings(run__steps=400, evaluation__stop_when_solved=False, **changes)
    whole, killed = (RunDir.create(tmp_path, chosen, name) for name in ("whole", "killed"))
    runs.train(whole)

    def kill(run: Run, event: Event) -> None:
        if event["event"] == "evaluation" and event["step"] == 300:
            raise Killed

    with pytest.raises(Killed):
        runs.train(killed, kill)
    _, events = runs.train(RunDir.open(killed.path))
    assert runs.of(events, "started")[0]["step"] == 150
    assert runs.record(killed) == runs.record(whole)
    confirmed = [one["step"] for one in runs.record(whole) if one["kind"] == "confirmation"]
    assert confirmed == [100, 200]
    best = load_model(killed.best)[0]
    assert best.evaluation is not None and (best.evaluation.mean, best.training.steps) == (50.0, 200)


def test_a_game_that_cannot_be_saved_goes_on_at_an_episodes_beginning_and_says_so(
    tmp_path: Path, used_learners: Any
) -> None:
    pytest.importorskip("Box2D")
    run_dir = RunDir.create(tmp_path, settings("LunarLander-v3", "lunarlander", {"network.hidden": "16"}))
    with used_learners.at_work():
        step = train_and_die(run_dir, 200)
    told: list[Event] = []
    with used_learners.at_work():
        Run(RunDir.open(run_dir.path), told.append).execute()
    (warning,) = (event["message"] for event in told if event["event"] == "warning")
    assert warning == "LunarLander-v3 cannot be saved in mid-game; the run goes on with a new episode"
    lengths = [
        (record["step"], record["length"])
        for record in RunDir.open(run_dir.path).read_metrics()
        if record["kind"] == "episode"
    ]
    first_after = next(pair for pair in lengths if pair[0] > step)
    assert first_after[0] - first_after[1] >= step, "its first episode began after the checkpoint"


def test_two_runs_of_one_seed_are_bit_identical_and_so_is_one_in_two_parts(tmp_path: Path, runs: Runs) -> None:
    chosen = runs.settings(run__checkpoint_every=300, learning__n_step=3)
    whole, again, parts = (RunDir.create(tmp_path / name, chosen) for name in ("a", "b", "c"))
    runs.train(whole)
    runs.train(again)

    def stop_at_checkpoint(run: Run, event: Event) -> None:
        if event["event"] == "started":
            run.commands.put(Command(1, "step", {"count": 217}))
        if event["event"] == "state" and event["state"] == "paused":
            run.request_stop()

    first, _ = runs.train(parts, stop_at_checkpoint)
    assert (first.reason, first.evaluation) == ("stopped", None)
    summary = parts.read_summary()
    assert summary is not None
    assert summary.state == "stopped"
    second, _ = runs.train(RunDir.open(parts.path))
    assert (second.reason, second.steps) == ("steps", 600)

    expected = load_model(whole.final)[1]
    for other in (again, parts):
        weights = load_model(other.final)[1]
        assert all(np.array_equal(weights[name], array) for name, array in expected.items())
        assert runs.record(other) == runs.record(whole)


def test_a_stop_in_the_middle_of_an_evaluation_only_puts_it_off(tmp_path: Path, runs: Runs) -> None:
    changes = {"run__steps": 1000, "evaluation__every": 200, "evaluation__episodes": 3}
    whole = RunDir.create(tmp_path, runs.settings(**changes), "whole")
    runs.train(whole)
    run_dir = RunDir.create(tmp_path, runs.settings(**changes), "stopped")
    evaluating = []

    def stop(run: Run, event: Event) -> None:
        if event.get("state") == "evaluating":
            evaluating.append(event)
            # The first, at 200, is the best there is, and is confirmed at once; this is the one that is due at 400.
            if len(evaluating) == 3:
                run.request_stop()

    result, _ = runs.train(run_dir, stop)
    assert result.steps == 400

    def found(run_dir: RunDir) -> list[tuple[int, float]]:
        return [(one["step"], one["mean"]) for one in run_dir.read_metrics() if one["kind"] == "evaluation"]

    assert [step for step, _ in found(run_dir)] == [200]
    runs.train(RunDir.open(run_dir.path))
    assert found(run_dir) == found(whole)
    assert [step for step, _ in stages(run_dir.path)] == [step for step, _ in stages(whole.path)]


@pytest.mark.parametrize("stopped_in", [2, 3], ids=["the confirming evaluation", "the final one"])
def test_a_solved_run_that_is_stopped_before_it_is_told_so_is_still_solved(
    tmp_path: Path, stopped_in: int, runs: Runs
) -> None:
    run_dir = RunDir.create(tmp_path, runs.settings(evaluation__every=100, evaluation__stop_score=5))
    evaluating = []

    def stop(run: Run, event: Event) -> None:
        if event.get("state") == "evaluating":
            evaluating.append(event)
            if len(evaluating) == stopped_in:
                run.request_stop()

    result, _ = runs.train(run_dir, stop)
    assert (result.reason, result.steps) == ("stopped", 100)
    result, _ = runs.train(RunDir.open(run_dir.path))
    assert (result.reason, result.steps) == ("solved", 100)
    summary = run_dir.read_summary()
    assert summary is not None and summary.solved
    # Gone on with once more, it trains on.
    result, _ = runs.train(RunDir.open(run_dir.path))
    assert result.steps == 200


def test_a_failed_start_leaves_a_resumed_run_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs: Runs
) -> None:
    run_dir = RunDir.create(tmp_path, runs.settings())
    runs.train(run_dir, lambda run, event: run.request_stop() if event["event"] == "progress" else None)
    kept = {path: path.read_bytes() for path in run_dir.path.rglob("*") if path.suffix == ".safetensors"}
    assert any("checkpoints" in path.parts for path in kept)

    def fail(learner: Learner) -> None:
        learner.updates += 1
        raise RuntimeError("the compiler has no room")

    monkeypatch.setattr("arcade_dqn.learning.learner.Learner.warm_up", fail)
    with pytest.raises(TrainingFailed, match="the compiler has no room"):
        runs.train(RunDir.open(run_dir.path))
    assert {path: path.read_bytes() for path in run_dir.path.rglob("*") if path.suffix == ".safetensors"} == kept


def test_a_record_shorter_than_its_checkpoint_is_told_and_tensorboard_forgets_what_is_done_again(
    tmp_path: Path, runs: Runs
) -> None:
    run_dir = RunDir.create(tmp_path, runs.settings(evaluation__every=300))
    result, _ = runs.train(run_dir, lambda run, event: run.request_stop() if event.get("step", 0) > 200 else None)
    os.truncate(run_dir.metrics, 10)
    time.sleep(0.01)  # the names of TensorBoard's files are times
    _, events = runs.train(RunDir.open(run_dir.path))
    (warning,) = runs.of(events, "warning")
    assert "metrics.jsonl is shorter than its checkpoint says" in warning["message"]
    first, second = sorted((run_dir.path / "tensorboard").iterdir())
    starts = [
        [
            event.step
            for record in tf.data.TFRecordDataset(str(file))
            if (event := tf.compat.v1.Event.FromString(record.numpy())).session_log.status
            == tf.compat.v1.SessionLog.START
        ]
        for file in (first, second)
    ]
    assert starts == [[], [result.steps + 1]]


def test_a_run_stopped_before_its_first_step_begins_as_one_that_was_not(tmp_path: Path, runs: Runs) -> None:
    whole = RunDir.create(tmp_path, runs.settings(), "whole")
    runs.train(whole)
    run_dir = RunDir.create(tmp_path, runs.settings(), "stopped")
    result, _ = runs.train(run_dir, lambda run, event: run.request_stop() if event.get("state") == "warming" else None)
    assert result.steps == 0
    runs.train(RunDir.open(run_dir.path))

    def played(run_dir: RunDir) -> list[tuple[int, float]]:
        return [(one["step"], one["return"]) for one in run_dir.read_metrics() if one["kind"] == "episode"]

    assert played(run_dir) == played(whole)


def test_a_run_that_goes_on_is_never_told_to_be_at_its_beginning(tmp_path: Path, runs: Runs) -> None:
    run_dir = RunDir.create(tmp_path, runs.settings(run__steps=1000, evaluation__every=200))
    runs.train(run_dir, lambda run, event: run.request_stop() if event.get("event") == "confirmation" else None)
    before = run_dir.read_summary()
    assert before and before.step and before.best_evaluation
    seen = []

    def look(run: Run, event: Event) -> None:
        if event["event"] == "state":
            with BoardReader(run_dir.board) as board:
                status = board.status()
            summary = run_dir.read_summary()
            assert status and summary
            seen.append((event["state"], status.step, status.episode, status.best_evaluation, summary.step))

    runs.train(RunDir.open(run_dir.path), look)
    assert seen[1][1:4] == (before.step, before.episode, before.best_evaluation)  # when warming up has begun
    assert min(step for told in seen for step in (told[1], told[4])) >= before.step
