"""What a run keeps: checkpoints, models, and the way from untrained to newest; and what of it no failure takes."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from arcade_dqn.config import build, preset_names
from arcade_dqn.evaluation import Evaluation
from arcade_dqn.link.commands import Event
from arcade_dqn.storage import checkpoint
from arcade_dqn.storage.atomic import StorageError
from arcade_dqn.storage.checkpoint import CheckpointError
from arcade_dqn.storage.model_file import load_model, save_model
from arcade_dqn.storage.models import stages
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.training.failure import TrainingFailed
from arcade_dqn.training.run import Run

if TYPE_CHECKING:
    from tests.training.conftest import Runs


def test_a_checkpoint_never_holds_weights_that_are_not_finite(tmp_path: Path, runs: Runs) -> None:
    # Gradient steps beside the play spoil the weights at step 64; their loss is only seen at 128, after a checkpoint.
    run_dir = RunDir.create(
        tmp_path, runs.settings(learning__gradient_clip=0, learning__loss="mse", run__checkpoint_every=50)
    )

    def on_event(run: Run, event: Event) -> None:
        if event["event"] == "started":
            runs.loop.learner.learning_rate = float("inf")

    with pytest.raises(TrainingFailed, match="a weight became infinite or not a number at step 100; nothing was saved"):
        runs.train(run_dir, on_event)
    assert [step for step, _ in checkpoint.list_checkpoints(run_dir.checkpoints)] == [50]
    assert not run_dir.final.exists()


def test_weights_that_are_not_finite_never_become_the_best_model(tmp_path: Path, runs: Runs) -> None:
    # Spoiled at step 64, as above; the evaluation at step 100 would find them, and its model would be the best so far.
    changes = {"learning__gradient_clip": 0, "learning__loss": "mse", "evaluation__every": 100}
    run_dir = RunDir.create(tmp_path, runs.settings(**changes))

    def on_event(run: Run, event: Event) -> None:
        if event["event"] == "started":
            runs.loop.learner.learning_rate = float("inf")

    with pytest.raises(
        TrainingFailed, match=r"a weight became infinite .* at step 100; .*a smaller learning\.learning_rate"
    ):
        runs.train(run_dir, on_event)
    assert not run_dir.best.exists()
    assert not checkpoint.list_checkpoints(run_dir.checkpoints)


def test_a_full_disk_costs_a_warning_not_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs: Runs
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr("arcade_dqn.storage.checkpoint_writer.need_space", full)
    result, events = runs.train(RunDir.create(tmp_path, runs.settings(run__checkpoint_every=200)))
    assert result.reason == "steps"
    warnings = [event["message"] for event in runs.of(events, "warning")]
    assert warnings[0] == "the checkpoint at step 200 could not be saved: the disk is full"
    assert len(warnings) == 3


def test_a_run_killed_before_its_first_checkpoint_says_so_and_keeps_what_there_was(tmp_path: Path, runs: Runs) -> None:
    run_dir = RunDir.create(tmp_path, runs.settings(evaluation__every=200))
    runs.train(run_dir)
    shutil.rmtree(run_dir.checkpoints)
    info, weights = load_model(run_dir.best)
    perfect = dataclasses.replace(info, evaluation=Evaluation.from_returns([500.0, 500.0], seed=0))
    save_model(run_dir.best, perfect, weights)
    earlier = run_dir.metrics.read_bytes()
    result, events = runs.train(RunDir.open(run_dir.path))
    assert result.steps == 600
    assert "it begins again from step 0" in runs.of(events, "warning")[0]["message"]
    assert (run_dir.path / "metrics-1.jsonl").read_bytes() == earlier
    assert run_dir.metrics.read_bytes()
    # The model stays, with a score that it has earned.
    best, kept = load_model(run_dir.best)
    assert all(np.array_equal(kept[name], weights[name]) for name in weights)
    assert best.evaluation is not None and best.evaluation.episodes == 3


def test_a_run_whose_checkpoints_are_damaged_stands_where_it_stood(tmp_path: Path, runs: Runs) -> None:
    run_dir = RunDir.create(tmp_path, runs.settings(evaluation__every=200))
    runs.train(run_dir)
    before = run_dir.read_summary()
    assert before and before.step == 600 and before.best_evaluation
    for file in run_dir.checkpoints.glob("step-*/loop.safetensors"):
        os.truncate(file, 200)
    with pytest.raises(CheckpointError):
        runs.train(RunDir.open(run_dir.path))
    after = run_dir.read_summary()
    assert after and after.state == "failed" and "damaged" in after.message
    same = ("step", "steps_total", "episode", "updates", "seconds", "best_evaluation", "last_evaluation")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]


def test_every_preset_saves_checkpoints_on_its_way() -> None:
    for name in preset_names():
        run = build("x", name).run
        assert 0 < run.checkpoint_every <= run.steps / 2, name


def test_the_way_of_a_run_is_kept_from_untrained_to_newest(tmp_path: Path, runs: Runs) -> None:
    run_dir = RunDir.create(tmp_path, runs.settings(evaluation__every=100, evaluation__episodes=2, run__keep_stages=4))
    runs.train(run_dir)
    kept = stages(run_dir.path)
    assert [step for step, _ in kept][::3] == [0, 500]
    assert len(kept) == 4
    untrained, _ = load_model(kept[0][1])
    assert (untrained.training.steps, untrained.training.updates, untrained.evaluation) == (0, 0, None)
    newest, weights = load_model(kept[-1][1])
    assert newest.training.steps == 500
    assert newest.evaluation is not None
    assert newest.evaluation.episodes == 2
    final = load_model(run_dir.final)[1]
    assert any((final[name] != weights[name]).any() for name in weights)


def test_no_way_is_kept_if_none_is_wanted(tmp_path: Path, runs: Runs) -> None:
    run_dir = RunDir.create(tmp_path, runs.settings(evaluation__every=100, run__keep_stages=0, run__steps=200))
    runs.train(run_dir)
    assert not (run_dir.path / "stages").exists()


@pytest.mark.parametrize(
    ("room", "change"),
    [
        ("network", {"hidden": [8]}),
        ("network", {"dueling": True}),
        ("environment", {"copies": 3}),
        ("replay", {"capacity": 100}),
        ("learning", {"n_step": 3}),  # its buffer has room for other frames
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value,
)
def test_settings_that_were_changed_by_hand_cost_no_checkpoint_and_no_model(
    room: str, change: dict[str, Any], tmp_path: Path, runs: Runs
) -> None:
    run_dir = RunDir.create(tmp_path, runs.settings(run__steps=300, replay__capacity=120, evaluation__final_episodes=0))
    runs.train(run_dir)
    table = json.loads(run_dir.config.read_text())
    table["run"]["steps"] = 600
    table[room] |= change
    run_dir.config.write_text(json.dumps(table))
    files = [path for path in run_dir.path.rglob("*") if path.is_file() and "checkpoints" in path.parts]
    before = {path: path.read_bytes() for path in [*files, run_dir.final]}
    with pytest.raises(CheckpointError, match="does not fit the settings of its run, .*; was its config.json changed"):
        Run(RunDir.open(run_dir.path), lambda event: None).execute()
    assert {path: path.read_bytes() for path in before} == before
    assert [step for step, _ in checkpoint.list_checkpoints(run_dir.checkpoints)] == [300]
