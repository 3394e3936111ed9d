"""A run, in this process: its folder, events, evaluations, failures and resumption."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import queue
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arcade_dqn.config import Settings, build, preset_names
from arcade_dqn.evaluation import Evaluation
from arcade_dqn.link.board import BoardReader
from arcade_dqn.link.commands import Command
from arcade_dqn.storage import checkpoint
from arcade_dqn.storage.atomic import StorageError
from arcade_dqn.storage.checkpoint import CheckpointError
from arcade_dqn.storage.demonstrations import Demonstration, save_demonstration
from arcade_dqn.storage.lock import RunLocked
from arcade_dqn.storage.model_file import load_model, save_model, stages
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.training.run import Run, TrainingFailed

Event = dict[str, Any]


def settings(**overrides: Any) -> Settings:
    small = {
        "network.hidden": "16",
        "environment.copies": 1,
        "learning.batch_size": 16,
        "learning.n_step": 1,
        "learning.train_every": 64,
        "learning.updates_per_train": 32,
        "replay.learning_start": 50,
        "evaluation.every": 0,
        "evaluation.final_episodes": 3,
        "run.steps": 600,
    }
    return build("CartPole-v1", "cartpole", {**small, **{k.replace("__", "."): v for k, v in overrides.items()}})


def train(run_dir: RunDir, on_event: Callable[[Run, Event], None] | None = None) -> tuple[Any, list[Event]]:
    """Run to the end; `on_event` may answer an event by talking to the run."""
    events: list[Event] = []

    def emit(event: Event) -> None:
        json.dumps(event)
        events.append(event)
        if on_event is not None:
            on_event(run, event)

    commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
    run = Run(run_dir, emit, commands)
    return run.execute(), events


def of(events: list[Event], kind: str) -> list[Event]:
    return [event for event in events if event["event"] == kind]


def test_a_run_trains_scores_and_keeps_its_model(tmp_path: Path) -> None:
    run_dir = RunDir.create(tmp_path, settings(learning__anneal_to=0.25))
    result, events = train(run_dir)
    assert (result.reason, result.steps) == ("steps", 600)
    assert result.evaluation.episodes == 3
    assert result.model == run_dir.final
    info, weights = load_model(run_dir.final)
    assert info.evaluation == result.evaluation
    assert (info.training.steps, info.training.seed, info.game) == (600, 1, "CartPole-v1")
    assert weights["dense1/kernel"].shape == (4, 16)
    summary = run_dir.read_summary()
    assert summary is not None
    assert (summary.state, summary.step, summary.last_evaluation) == ("done", 600, result.evaluation.mean)
    with BoardReader(run_dir.board) as board:
        status = board.status()
        assert (status.state, status.step, status.replay_size) == ("done", 600, 600)
        assert status.learning_share == 0.25
        newest = board.weights()
        assert newest is not None
        np.testing.assert_array_equal(newest[1], np.concatenate([array.ravel() for array in weights.values()]))
    assert of(events, "started")[0]["steps_total"] == 600
    assert of(events, "ended")[0]["reason"] == "steps"
    assert events[-1]["event"] == "ended"


def test_the_metrics_tell_every_episode_and_evaluation(tmp_path: Path) -> None:
    run_dir = RunDir.create(tmp_path, settings(evaluation__every=200, evaluation__episodes=2))
    _, events = train(run_dir)
    records = run_dir.read_metrics()
    episodes = [record for record in records if record["kind"] == "episode"]
    # A step of CartPole scores one, so that returns are lengths, and lengths add up to the steps.
    assert all(record["return"] == record["length"] for record in episodes)
    assert sum(record["length"] for record in episodes) == episodes[-1]["step"]
    assert [record["episode"] for record in episodes] == list(range(1, len(episodes) + 1))
    assert [r["step"] for r in records if r["kind"] == "evaluation"] == [200, 400, 600]
    trained = [record for record in records if record["kind"] == "train"]
    assert [record["step"] for record in trained] == [100, 200, 300, 400, 500, 600]
    assert trained[-1]["updates"] == 32 * len([s for s in range(64, 601, 64) if s >= 50])
    shown = [pair for event in of(events, "progress") for pair in event["episodes"]]
    assert [list(pair) for pair in shown] == [[r["step"], r["return"]] for r in episodes][: len(shown)]
    assert list((run_dir.path / "tensorboard").glob("events.out.tfevents.*"))


def test_a_solved_game_ends_the_run(tmp_path: Path) -> None:
    run_dir = RunDir.create(tmp_path, settings(evaluation__every=100, evaluation__stop_score=5))
    result, events = train(run_dir)
    # Any policy balances for five steps: the first evaluation and its confirmation end the run.
    assert (result.reason, result.steps) == ("solved", 100)
    assert [event["step"] for event in of(events, "evaluation")] == [100, 100, 100]
    summary = run_dir.read_summary()
    assert summary is not None
    assert summary.solved
    assert run_dir.best.exists()


def test_two_runs_of_one_seed_are_bit_identical_and_so_is_one_in_two_parts(tmp_path: Path) -> None:
    chosen = settings(run__checkpoint_every=300, learning__n_step=3)
    whole, again, parts = (RunDir.create(tmp_path / name, chosen) for name in ("a", "b", "c"))
    train(whole)
    train(again)

    def stop_at_checkpoint(run: Run, event: Event) -> None:
        if event["event"] == "started":
            run.commands.put(Command(1, "step", {"count": 217}))
        if event["event"] == "state" and event["state"] == "paused":
            run.request_stop()

    first, _ = train(parts, stop_at_checkpoint)
    assert (first.reason, first.evaluation) == ("stopped", None)
    summary = parts.read_summary()
    assert summary is not None
    assert summary.state == "stopped"
    second, _ = train(RunDir.open(parts.path))
    assert (second.reason, second.steps) == ("steps", 600)

    def without_clock(run_dir: RunDir) -> list[Event]:
        return [{k: v for k, v in record.items() if k != "seconds"} for record in run_dir.read_metrics()]

    expected = load_model(whole.final)[1]
    for other in (again, parts):
        weights = load_model(other.final)[1]
        assert all(np.array_equal(weights[name], array) for name, array in expected.items())
        assert without_clock(other) == without_clock(whole)


def test_commands_change_the_running_training_and_enter_the_record(tmp_path: Path) -> None:
    run_dir = RunDir.create(tmp_path, settings(run__steps=1000, run__speed_limit=2000))
    sent = {
        "epsilon": Command(1, "set", {"name": "epsilon", "value": 0.125}),
        "rate": Command(2, "set", {"name": "learning_rate", "value": 0.25}),
        "period": Command(3, "set", {"name": "target_period", "value": 7}),
        "updates": Command(4, "set", {"name": "updates_per_train", "value": 2}),
        "save": Command(5, "save"),
        "evaluate": Command(6, "evaluate"),
        "open": Command(7, "open", {"run": "x"}),
        "speed": Command(8, "set", {"name": "speed_limit", "value": 0.0}),
    }

    def on_event(run: Run, event: Event) -> None:
        if event["event"] == "started":
            for command in sent.values():
                run.commands.put(command)

    result, events = train(run_dir, on_event)
    assert [event["id"] for event in of(events, "ack")] == [1, 2, 3, 4, 5, 6, 8]
    assert "has a run open already" in of(events, "error")[0]["message"]
    changes = [(r["name"], r["value"]) for r in run_dir.read_metrics() if r["kind"] == "set"]
    assert changes == [
        ("epsilon", 0.125), ("learning_rate", 0.25), ("target_period", 7), ("updates_per_train", 2), ("speed_limit", 0),
    ]  # fmt: skip
    (saved,) = of(events, "saved")
    assert Path(saved["model"]).is_file()
    assert checkpoint.list_checkpoints(run_dir.checkpoints)[-1][0] == saved["step"]
    assert load_model(saved["model"])[0].training.steps == saved["step"]
    state = checkpoint.load_checkpoint(checkpoint.list_checkpoints(run_dir.checkpoints)[0][1])["loop"]
    assert (state["epsilon_override"], state["updates_per_train"]) == (0.125, 2)
    assert (state["learning_rate"], state["learner"]["target_period"]) == (0.25, 7)
    assert result.reason == "steps"


def test_a_run_can_be_repeated_with_its_interventions(tmp_path: Path) -> None:
    changes = [
        ("epsilon", 0.5), ("learning_rate", 0.01), ("speed_limit", 5e5), ("target_period", 7), ("updates_per_train", 5),
        ("epsilon", None),
    ]  # fmt: skip

    def on_event(run: Run, event: Event) -> None:
        if event["event"] == "started":
            run.commands.put(Command(0, "step", {"count": 100}))
        if event["event"] == "state" and event["state"] == "paused" and changes:
            name, value = changes.pop(0)
            run.commands.put(Command(1, "set", {"name": name, "value": value}))
            run.commands.put(Command(2, "step", {"count": 77}))
        if event["event"] == "state" and event["state"] == "paused" and not changes:
            run.commands.put(Command(3, "resume"))

    def learned(run_dir: RunDir) -> list[Event]:
        records = [{k: v for k, v in record.items() if k != "seconds"} for record in run_dir.read_metrics()]
        return [record for record in records if record.get("name") != "speed_limit"]

    chosen = settings(run__steps=1000, run__checkpoint_every=500)
    first = RunDir.create(tmp_path / "a", chosen)
    _, events = train(first, on_event)
    told = [(event["step"], event["name"], event["value"]) for event in of(events, "set")]
    assert [name for _, name, _ in told] == [
        "epsilon", "learning_rate", "speed_limit", "target_period", "updates_per_train", "epsilon"
    ]  # fmt: skip
    again = RunDir.create(tmp_path / "b", chosen, None, first.made_interventions())
    plain = RunDir.create(tmp_path / "c", chosen)
    train(again)
    train(plain)
    assert learned(again) == learned(first)
    expected = load_model(first.final)[1]
    assert all(np.array_equal(load_model(again.final)[1][name], array) for name, array in expected.items())
    assert not all(np.array_equal(load_model(plain.final)[1][name], array) for name, array in expected.items())

    # In two parts, too: what was changed before the checkpoint is not changed again after it.
    parts = RunDir.create(tmp_path / "d", chosen, None, first.made_interventions())

    def stop(run: Run, event: Event) -> None:
        if event["event"] == "set" and event["name"] == "target_period":
            run.request_stop()

    assert train(parts, stop)[0].reason == "stopped"
    assert train(RunDir.open(parts.path))[0].steps == 1000
    assert learned(parts) == learned(first)


def test_the_controls_are_told_when_training_starts(tmp_path: Path) -> None:
    _, events = train(RunDir.create(tmp_path, settings(run__steps=10, learning__learning_rate=0.25)))
    assert of(events, "started")[0]["controls"] == {
        "epsilon": None, "learning_rate": 0.25, "target_period": 250, "updates_per_train": 32, "speed_limit": 0.0,
    }  # fmt: skip


def test_a_paused_run_stands_still_until_it_is_resumed(tmp_path: Path) -> None:
    run_dir = RunDir.create(tmp_path, settings())
    steps: list[int] = []

    def on_event(run: Run, event: Event) -> None:
        if event["event"] == "started":
            run.commands.put(Command(1, "step", {"count": 150}))
        if event["event"] == "progress" and run._announcer.state == "paused":
            steps.append(event["step"])
            if len(steps) == 3:
                run.commands.put(Command(2, "resume"))

    result, _ = train(run_dir, on_event)
    # The command is read within the first steps; from there on it counts 150.
    assert steps[0] >= 150
    assert len(set(steps)) == 1
    assert result.steps == 600


@pytest.mark.parametrize("priorities", [0.0, 0.5])
def test_a_loss_that_is_not_finite_ends_the_run_and_spares_the_models(tmp_path: Path, priorities: float) -> None:
    changes = {"learning__gradient_clip": 0, "learning__loss": "mse", "replay__priority_exponent": priorities}
    run_dir = RunDir.create(tmp_path, settings(**changes))
    run_dir.final.write_bytes(b"a good model")

    def on_event(run: Run, event: Event) -> None:
        if event["event"] == "started":
            run._loop.learner.learning_rate = float("inf")

    with pytest.raises(TrainingFailed, match=r"the loss became (nan|inf) at step \d+; .*learning_rate than inf"):
        train(run_dir, on_event)
    assert run_dir.final.read_bytes() == b"a good model"
    assert not checkpoint.list_checkpoints(run_dir.checkpoints)
    summary = run_dir.read_summary()
    assert summary is not None
    assert summary.state == "failed"
    with BoardReader(run_dir.board) as board:
        assert board.status().state == "failed"


def test_a_checkpoint_never_holds_weights_that_are_not_finite(tmp_path: Path) -> None:
    # Gradient steps beside the play spoil the weights at step 64; their loss is only seen at 128, after a checkpoint.
    run_dir = RunDir.create(
        tmp_path, settings(learning__gradient_clip=0, learning__loss="mse", run__checkpoint_every=50)
    )

    def on_event(run: Run, event: Event) -> None:
        if event["event"] == "started":
            run._loop.learner.learning_rate = float("inf")

    with pytest.raises(TrainingFailed, match="a weight became infinite or not a number at step 100; nothing was saved"):
        train(run_dir, on_event)
    assert [step for step, _ in checkpoint.list_checkpoints(run_dir.checkpoints)] == [50]
    assert not run_dir.final.exists()


def test_weights_that_are_not_finite_never_become_the_best_model(tmp_path: Path) -> None:
    # Spoiled at step 64, as above; the evaluation at step 100 would find them, and its model would be the best so far.
    changes = {"learning__gradient_clip": 0, "learning__loss": "mse", "evaluation__every": 100}
    run_dir = RunDir.create(tmp_path, settings(**changes))

    def on_event(run: Run, event: Event) -> None:
        if event["event"] == "started":
            run._loop.learner.learning_rate = float("inf")

    with pytest.raises(
        TrainingFailed, match=r"a weight became infinite .* at step 100; .*a smaller learning\.learning_rate"
    ):
        train(run_dir, on_event)
    assert not run_dir.best.exists()
    assert not checkpoint.list_checkpoints(run_dir.checkpoints)


def test_a_game_that_breaks_is_named_and_the_run_is_saved(tmp_path: Path) -> None:
    run_dir = RunDir.create(tmp_path, settings())

    def on_event(run: Run, event: Event) -> None:
        if event["event"] == "started":
            original, count = run._games[0].step, iter(range(10_000))

            def step(action: int) -> Any:
                if next(count) == 300:
                    raise RuntimeError("the pole fell off")
                return original(action)

            run._games[0].step = step  # type: ignore[method-assign]

    with pytest.raises(TrainingFailed, match="training CartPole-v1 failed at step 300: RuntimeError: the pole fell"):
        train(run_dir, on_event)
    assert [step for step, _ in checkpoint.list_checkpoints(run_dir.checkpoints)] == [300]
    assert load_model(run_dir.final)[0].training.steps == 300
    result, _ = train(RunDir.open(run_dir.path))
    assert result.steps == 600


def test_a_full_disk_costs_a_warning_not_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr("arcade_dqn.storage.checkpoint_writer.need_space", full)
    result, events = train(RunDir.create(tmp_path, settings(run__checkpoint_every=200)))
    assert result.reason == "steps"
    warnings = [event["message"] for event in of(events, "warning")]
    assert warnings[0] == "the checkpoint at step 200 could not be saved: the disk is full"
    assert len(warnings) == 3


def test_a_full_disk_under_the_record_costs_the_record_not_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir = RunDir.create(tmp_path, settings(run__steps=800))
    write, full = os.write, True

    def write_unless_full(file: int, data: Any) -> int:
        if full and run_dir.metrics.exists() and os.path.sameopenfile(file, metrics):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(file, data)

    run_dir.metrics.touch()
    metrics = os.open(run_dir.metrics, os.O_RDONLY)
    monkeypatch.setattr(os, "write", write_unless_full)

    def make_room(run: Run, event: Event) -> None:
        nonlocal full
        if event["event"] == "warning" and "gap" in event["message"]:
            full = False

    result, events = train(run_dir, make_room)
    os.close(metrics)
    assert (result.reason, result.steps) == ("steps", 800)
    first, second = (event["message"] for event in of(events, "warning"))
    assert re.search(r"metrics.jsonl: .*full.*; training goes on, but its record has a gap until there is room", first)
    assert re.fullmatch(r"the record is written again, from step \d+ on", second)
    assert run_dir.read_metrics()[-1]["kind"] == "evaluation"


def test_tensorboards_events_are_given_up_when_they_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr("arcade_dqn.learning.tensorboard.EventWriter.scalars", full)
    result, events = train(RunDir.create(tmp_path, settings()))
    assert result.reason == "steps"
    (warning,) = (event["message"] for event in of(events, "warning"))
    assert warning == "the disk is full; nothing more is written for TensorBoard until the run is resumed"


def test_a_second_trainer_is_kept_out(tmp_path: Path) -> None:
    run_dir = RunDir.create(tmp_path, settings())
    with run_dir.lock(), pytest.raises(RunLocked):
        train(RunDir.open(run_dir.path))


def test_a_run_killed_before_its_first_checkpoint_says_so_and_keeps_what_there_was(tmp_path: Path) -> None:
    run_dir = RunDir.create(tmp_path, settings(evaluation__every=200))
    train(run_dir)
    shutil.rmtree(run_dir.checkpoints)
    info, weights = load_model(run_dir.best)
    perfect = dataclasses.replace(info, evaluation=Evaluation.from_returns([500.0, 500.0], seed=0))
    save_model(run_dir.best, perfect, weights)
    earlier = run_dir.metrics.read_bytes()
    result, events = train(RunDir.open(run_dir.path))
    assert result.steps == 600
    assert "it begins again from step 0" in of(events, "warning")[0]["message"]
    assert (run_dir.path / "metrics-1.jsonl").read_bytes() == earlier
    assert run_dir.metrics.read_bytes()
    assert load_model(run_dir.best)[0].evaluation == perfect.evaluation


def test_a_stop_in_the_middle_of_an_evaluation_only_puts_it_off(tmp_path: Path) -> None:
    changes = {"run__steps": 1000, "evaluation__every": 200, "evaluation__episodes": 3}
    whole = RunDir.create(tmp_path, settings(**changes), "whole")
    train(whole)
    run_dir = RunDir.create(tmp_path, settings(**changes), "stopped")
    evaluating = []

    def stop(run: Run, event: Event) -> None:
        if event.get("state") == "evaluating":
            evaluating.append(event)
            if len(evaluating) == 2:
                run.request_stop()

    result, _ = train(run_dir, stop)
    assert result.steps == 400

    def found(run_dir: RunDir) -> list[tuple[int, float]]:
        return [(one["step"], one["mean"]) for one in run_dir.read_metrics() if one["kind"] == "evaluation"]

    assert [step for step, _ in found(run_dir)] == [200]
    train(RunDir.open(run_dir.path))
    assert found(run_dir) == found(whole)
    assert [step for step, _ in stages(run_dir.path)] == [step for step, _ in stages(whole.path)]


def test_a_run_stopped_before_its_first_step_begins_as_one_that_was_not(tmp_path: Path) -> None:
    whole = RunDir.create(tmp_path, settings(), "whole")
    train(whole)
    run_dir = RunDir.create(tmp_path, settings(), "stopped")
    result, _ = train(run_dir, lambda run, event: run.request_stop() if event.get("state") == "warming" else None)
    assert result.steps == 0
    train(RunDir.open(run_dir.path))

    def played(run_dir: RunDir) -> list[tuple[int, float]]:
        return [(one["step"], one["return"]) for one in run_dir.read_metrics() if one["kind"] == "episode"]

    assert played(run_dir) == played(whole)


def test_a_run_that_goes_on_is_never_told_to_be_at_its_beginning(tmp_path: Path) -> None:
    run_dir = RunDir.create(tmp_path, settings(run__steps=1000, evaluation__every=200))
    train(run_dir, lambda run, event: run.request_stop() if event.get("event") == "evaluation" else None)
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

    train(RunDir.open(run_dir.path), look)
    assert seen[1][1:4] == (before.step, before.episode, before.best_evaluation)  # when warming up has begun
    assert min(step for told in seen for step in (told[1], told[4])) >= before.step


def test_a_run_whose_checkpoints_are_damaged_stands_where_it_stood(tmp_path: Path) -> None:
    run_dir = RunDir.create(tmp_path, settings(evaluation__every=200))
    train(run_dir)
    before = run_dir.read_summary()
    assert before and before.step == 600 and before.best_evaluation
    for file in run_dir.checkpoints.glob("step-*/loop.safetensors"):
        os.truncate(file, 200)
    with pytest.raises(CheckpointError):
        train(RunDir.open(run_dir.path))
    after = run_dir.read_summary()
    assert after and after.state == "failed" and "damaged" in after.message
    same = ("step", "steps_total", "episode", "updates", "seconds", "best_evaluation", "last_evaluation")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]


def test_every_preset_saves_checkpoints_on_its_way() -> None:
    for name in preset_names():
        run = build("x", name).run
        assert 0 < run.checkpoint_every <= run.steps / 2, name


def test_the_way_of_a_run_is_kept_from_untrained_to_newest(tmp_path: Path) -> None:
    run_dir = RunDir.create(tmp_path, settings(evaluation__every=100, evaluation__episodes=2, run__keep_stages=4))
    train(run_dir)
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


def test_no_way_is_kept_if_none_is_wanted(tmp_path: Path) -> None:
    run_dir = RunDir.create(tmp_path, settings(evaluation__every=100, run__keep_stages=0, run__steps=200))
    train(run_dir)
    assert not (run_dir.path / "stages").exists()


@pytest.mark.parametrize(
    ("room", "change"),
    [
        ("network", {"hidden": [8]}),
        ("network", {"dueling": True}),
        ("environment", {"copies": 3}),
        ("replay", {"capacity": 100}),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value,
)
def test_settings_that_were_changed_by_hand_cost_no_checkpoint_and_no_model(
    room: str, change: dict[str, Any], tmp_path: Path
) -> None:
    run_dir = RunDir.create(tmp_path, settings(run__steps=300, evaluation__final_episodes=0))
    train(run_dir)
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


def test_a_person_may_look_into_the_buffer(tmp_path: Path) -> None:
    run_dir = RunDir.create(tmp_path, settings(run__speed_limit=2000))

    def ask(run: Run, event: Event) -> None:
        if event["event"] == "started":
            run.commands.put(Command(1, "inspect", {"number": None, "jump": ""}))
        if event["event"] == "progress" and event["step"] > 300 and not asked:
            asked.append(event["step"])
            run.commands.put(Command(2, "inspect", {"number": 5, "jump": ""}))

    asked: list[int] = []
    _, events = train(run_dir, ask)
    answers = of(events, "replay")
    # The first one came while the buffer was empty, or held the first few steps.
    assert [answer["id"] for answer in answers][-1] == 2
    assert answers[-1]["transition"]["number"] == 5
    assert answers[-1]["contents"]["size"] > 250
    refused = [event for event in of(events, "error") if event["id"] == 1]
    assert len(refused) + len([answer for answer in answers if answer["id"] == 1]) == 1


def test_a_persons_play_is_learned_from_and_counted(tmp_path: Path) -> None:
    run_dir = RunDir.create(tmp_path, settings(run__checkpoint_every=300))
    play = Demonstration(
        np.zeros((6, 4), np.float32), np.ones(5, np.int32), np.ones(5, np.float32), np.zeros(5, bool), True
    )
    path = save_demonstration(run_dir.path, play)
    (path.parent / "0-broken.safetensors").write_text("no play")
    _, events = train(run_dir)
    (told,) = of(events, "demonstration")
    assert (told["steps"], told["return"]) == (5, 5.0)
    with BoardReader(run_dir.board) as board:
        assert board.status().demonstrations == 5
        assert board.status().replay_size == 605
    assert [event["message"] for event in of(events, "warning")] == [
        f"{path.parent / '0-broken.safetensors'} is not a demonstration of arcade-dqn; it is left out"
    ]
    (record,) = [record for record in run_dir.read_metrics() if record["kind"] == "demonstration"]
    assert record["file"] == path.name

    # Resumed, it is not learned from a second time.
    _, events = train(run_dir)
    assert not of(events, "demonstration")
