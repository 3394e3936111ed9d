"""A run, in this process: its events, evaluations, commands and failures."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from arcade_dqn.evaluation import Evaluation, training_seed
from arcade_dqn.link.board import BoardReader
from arcade_dqn.link.commands import Command, Event
from arcade_dqn.storage import checkpoint
from arcade_dqn.storage.atomic import StorageError
from arcade_dqn.storage.demonstrations import Demonstration, save_demonstration
from arcade_dqn.storage.lock import RunLocked
from arcade_dqn.storage.model_file import load_model
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.training.failure import TrainingFailed
from arcade_dqn.training.run import Run

if TYPE_CHECKING:
    from tests.training.conftest import Runs


def test_a_run_trains_scores_and_keeps_its_model(tmp_path: Path, runs: Runs) -> None:
    run_dir = RunDir.create(tmp_path, runs.settings(learning__anneal_to=0.25))
    result, events = runs.train(run_dir)
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
    assert runs.of(events, "started")[0]["steps_total"] == 600
    assert runs.of(events, "ended")[0]["reason"] == "steps"
    assert events[-1]["event"] == "ended"


def test_the_metrics_tell_every_episode_and_evaluation(tmp_path: Path, runs: Runs) -> None:
    run_dir = RunDir.create(tmp_path, runs.settings(evaluation__every=200, evaluation__episodes=2))
    _, events = runs.train(run_dir)
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
    shown = [pair for event in runs.of(events, "progress") for pair in event["episodes"]]
    assert [list(pair) for pair in shown] == [[r["step"], r["return"]] for r in episodes][: len(shown)]
    assert list((run_dir.path / "tensorboard").glob("events.out.tfevents.*"))


def test_a_solved_game_ends_the_run(tmp_path: Path, runs: Runs) -> None:
    run_dir = RunDir.create(tmp_path, runs.settings(evaluation__every=100, evaluation__stop_score=5))
    result, events = runs.train(run_dir)
    # Any policy balances for five steps: the first evaluation and its confirmation end the run.
    assert (result.reason, result.steps) == ("solved", 100)
    assert [event["step"] for event in runs.of(events, "evaluation")] == [100, 100]
    assert [event["step"] for event in runs.of(events, "confirmation")] == [100]
    summary = run_dir.read_summary()
    assert summary is not None
    assert summary.solved
    assert run_dir.best.exists()


def test_only_a_score_that_the_saved_model_has_is_the_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs: Runs
) -> None:
    # The due evaluation, the longer one that confirms it, and the final one of the same policy.
    scores = iter([480.0, 490.0, 485.0])
    monkeypatch.setattr(
        "arcade_dqn.training.evaluator.evaluate", lambda *_, **__: Evaluation.from_returns([next(scores)], 0)
    )
    run_dir = RunDir.create(tmp_path, runs.settings(evaluation__every=100, evaluation__stop_score=475))
    runs.train(run_dir)
    summary = run_dir.read_summary()
    assert summary is not None
    assert (summary.best_evaluation, summary.last_evaluation) == (485.0, 485.0)
    best = load_model(run_dir.best)[0].evaluation
    assert best is not None and best.mean == 485.0


class Scores:
    """Evaluations that give what a test wants, and tell which kind was asked for."""

    NAMES = {100: "quick", 101: "confirming", 102: "final", 103: "best"}

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seed: int, **scores: list[float]) -> None:
        self.asked: list[str] = []
        self._kinds = {training_seed(seed, stream): name for stream, name in self.NAMES.items()}
        self._scores = {name: iter(values) for name, values in scores.items()}
        monkeypatch.setattr("arcade_dqn.training.evaluator.evaluate", self)

    def __call__(self, *_: object, seed: int, episodes: int, **__: object) -> Evaluation:
        self.asked.append(self._kinds[seed])
        return Evaluation.from_returns([next(self._scores[self._kinds[seed]])] * episodes, seed)


def test_a_lucky_evaluation_makes_no_best_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs: Runs) -> None:
    settings = runs.settings(
        run__steps=500, evaluation__every=100, evaluation__episodes=3, evaluation__final_episodes=20,
        evaluation__stop_when_solved=False,
    )  # fmt: skip
    # 100: the first is the best there is, and worth 20. 200: 50 by luck, 15 by other episodes. 300: not even by luck.
    # 400: 30 and 25, better. The end: 24, which is less than 25, so the best stays; its own 20 episodes say 22.
    scores = Scores(
        monkeypatch, settings.run.seed,
        quick=[10.0, 50.0, 19.0, 30.0], confirming=[20.0, 15.0, 25.0], final=[24.0], best=[22.0],
    )  # fmt: skip
    run_dir = RunDir.create(tmp_path, settings)
    _, events = runs.train(run_dir)
    assert scores.asked == [
        "quick", "confirming", "quick", "confirming", "quick", "quick", "confirming", "final", "best"
    ]  # fmt: skip
    best = load_model(run_dir.best)[0]
    assert best.training.steps == 400
    assert best.evaluation is not None
    assert (best.evaluation.mean, best.evaluation.episodes) == (22.0, 20)
    summary = run_dir.read_summary()
    assert summary is not None
    assert (summary.best_evaluation, summary.last_evaluation) == (22.0, 24.0)
    # The curve has what was due; a confirmation is no point of it.
    records = run_dir.read_metrics()
    assert [one["mean"] for one in records if one["kind"] == "evaluation"] == [10.0, 50.0, 19.0, 30.0, 24.0]
    assert [(one["step"], one["mean"]) for one in records if one["kind"] == "confirmation"] == [
        (100, 20.0), (200, 15.0), (400, 25.0), (400, 22.0),
    ]  # fmt: skip
    assert len(runs.of(events, "confirmation")) == 4


def test_a_final_policy_that_becomes_the_best_is_scored_by_other_episodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs: Runs
) -> None:
    settings = runs.settings(run__steps=200, evaluation__every=100, evaluation__final_episodes=20)
    Scores(monkeypatch, settings.run.seed, quick=[10.0], confirming=[20.0], final=[40.0], best=[35.0])
    run_dir = RunDir.create(tmp_path, settings)
    result, _ = runs.train(run_dir)
    best, final = load_model(run_dir.best)[0], load_model(run_dir.final)[0]
    assert best.training.steps == final.training.steps == 200
    assert best.evaluation is not None and best.evaluation.mean == 35.0
    assert final.evaluation is not None and final.evaluation.mean == 40.0
    assert result.evaluation == final.evaluation


def test_without_another_policy_the_final_score_chose_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs: Runs
) -> None:
    settings = runs.settings(run__steps=100, evaluation__every=0)
    scores = Scores(monkeypatch, settings.run.seed, final=[40.0])
    run_dir = RunDir.create(tmp_path, settings)
    runs.train(run_dir)
    assert scores.asked == ["final"]
    best = load_model(run_dir.best)[0].evaluation
    assert best is not None and best.mean == 40.0


def test_commands_change_the_running_training_and_enter_the_record(tmp_path: Path, runs: Runs) -> None:
    run_dir = RunDir.create(tmp_path, runs.settings(run__steps=1000, run__speed_limit=2000))
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

    result, events = runs.train(run_dir, on_event)
    assert [event["id"] for event in runs.of(events, "ack")] == [1, 2, 3, 4, 5, 6, 8]
    assert "has a run open already" in runs.of(events, "error")[0]["message"]
    changes = [(r["name"], r["value"]) for r in run_dir.read_metrics() if r["kind"] == "set"]
    assert changes == [
        ("epsilon", 0.125), ("learning_rate", 0.25), ("target_period", 7), ("updates_per_train", 2), ("speed_limit", 0),
    ]  # fmt: skip
    (saved,) = runs.of(events, "saved")
    assert Path(saved["model"]).is_file()
    assert checkpoint.list_checkpoints(run_dir.checkpoints)[-1][0] == saved["step"]
    assert load_model(saved["model"])[0].training.steps == saved["step"]
    state = checkpoint.load_checkpoint(checkpoint.list_checkpoints(run_dir.checkpoints)[0][1])["loop"]
    assert (state["epsilon_override"], state["updates_per_train"]) == (0.125, 2)
    assert (state["learning_rate"], state["learner"]["target_period"]) == (0.25, 7)
    assert result.reason == "steps"


def test_a_run_can_be_repeated_with_its_interventions(tmp_path: Path, runs: Runs) -> None:
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
        return [record for record in runs.record(run_dir) if record.get("name") != "speed_limit"]

    chosen = runs.settings(run__steps=1000, run__checkpoint_every=500)
    first = RunDir.create(tmp_path / "a", chosen)
    _, events = runs.train(first, on_event)
    told = [(event["step"], event["name"], event["value"]) for event in runs.of(events, "set")]
    assert [name for _, name, _ in told] == [
        "epsilon", "learning_rate", "speed_limit", "target_period", "updates_per_train", "epsilon"
    ]  # fmt: skip
    again = RunDir.create(tmp_path / "b", chosen, None, first.made_interventions())
    plain = RunDir.create(tmp_path / "c", chosen)
    runs.train(again)
    runs.train(plain)
    assert learned(again) == learned(first)
    expected = load_model(first.final)[1]
    assert all(np.array_equal(load_model(again.final)[1][name], array) for name, array in expected.items())
    assert not all(np.array_equal(load_model(plain.final)[1][name], array) for name, array in expected.items())

    # In two parts, too: what was changed before the checkpoint is not changed again after it.
    parts = RunDir.create(tmp_path / "d", chosen, None, first.made_interventions())

    def stop(run: Run, event: Event) -> None:
        if event["event"] == "set" and event["name"] == "target_period":
            run.request_stop()

    assert runs.train(parts, stop)[0].reason == "stopped"
    assert runs.train(RunDir.open(parts.path))[0].steps == 1000
    assert learned(parts) == learned(first)


def test_the_controls_are_told_when_training_starts(tmp_path: Path, runs: Runs) -> None:
    _, events = runs.train(RunDir.create(tmp_path, runs.settings(run__steps=10, learning__learning_rate=0.25)))
    assert runs.of(events, "started")[0]["controls"] == {
        "epsilon": None, "learning_rate": 0.25, "target_period": 250, "updates_per_train": 32, "speed_limit": 0.0,
    }  # fmt: skip


def test_a_paused_run_stands_still_until_it_is_resumed(tmp_path: Path, runs: Runs) -> None:
    run_dir = RunDir.create(tmp_path, runs.settings())
    steps: list[int] = []
    states: list[str] = []

    def on_event(run: Run, event: Event) -> None:
        if event["event"] == "started":
            run.commands.put(Command(1, "step", {"count": 150}))
        if event["event"] == "state":
            states.append(event["state"])
        if event["event"] == "progress" and states[-1] == "paused":
            steps.append(event["step"])
            if len(steps) == 3:
                run.commands.put(Command(2, "resume"))

    result, _ = runs.train(run_dir, on_event)
    # The command is read within the first steps; from there on it counts 150.
    assert steps[0] >= 150
    assert len(set(steps)) == 1
    assert result.steps == 600


@pytest.mark.parametrize("priorities", [0.0, 0.5])
def test_a_loss_that_is_not_finite_ends_the_run_and_spares_the_models(
    tmp_path: Path, priorities: float, runs: Runs
) -> None:
    changes = {"learning__gradient_clip": 0, "learning__loss": "mse", "replay__priority_exponent": priorities}
    run_dir = RunDir.create(tmp_path, runs.settings(**changes))
    run_dir.final.write_bytes(b"a good model")

    def on_event(run: Run, event: Event) -> None:
        if event["event"] == "started":
            runs.loop.learner.learning_rate = float("inf")

    with pytest.raises(TrainingFailed, match=r"the loss became (nan|inf) at step \d+; .*learning_rate than inf"):
        runs.train(run_dir, on_event)
    assert run_dir.final.read_bytes() == b"a good model"
    assert not checkpoint.list_checkpoints(run_dir.checkpoints)
    summary = run_dir.read_summary()
    assert summary is not None
    assert summary.state == "failed"
    with BoardReader(run_dir.board) as board:
        assert board.status().state == "failed"


def test_a_game_that_breaks_is_named_and_the_run_is_saved(tmp_path: Path, runs: Runs) -> None:
    run_dir = RunDir.create(tmp_path, runs.settings())

    def on_event(run: Run, event: Event) -> None:
        if event["event"] == "started":
            original, count = runs.games[0].step, iter(range(10_000))

            def step(action: int) -> Any:
                if next(count) == 300:
                    raise RuntimeError("the pole fell off")
                return original(action)

            runs.games[0].step = step  # type: ignore[method-assign]

    with pytest.raises(TrainingFailed, match="training CartPole-v1 failed at step 300: RuntimeError: the pole fell"):
        runs.train(run_dir, on_event)
    assert [step for step, _ in checkpoint.list_checkpoints(run_dir.checkpoints)] == [300]
    assert load_model(run_dir.final)[0].training.steps == 300
    result, _ = runs.train(RunDir.open(run_dir.path))
    assert result.steps == 600


def test_a_gradient_step_that_fails_is_told_and_nothing_is_saved_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs: Runs
) -> None:
    run_dir = RunDir.create(tmp_path, runs.settings(run__checkpoint_every=200))

    def on_event(run: Run, event: Event) -> None:
        if event["event"] == "started":
            update, count = runs.loop.learner._update, iter(range(100))

            def fail(batches: Any) -> Any:
                if next(count) == 4:  # begun at step 320
                    raise MemoryError("no room for a gradient")
                return update(batches)

            monkeypatch.setattr(runs.loop.learner, "_update", fail)

    warnings: list[str] = []

    def watch(run: Run, event: Event) -> None:
        on_event(run, event)
        if event["event"] == "warning":
            warnings.append(event["message"])

    with pytest.raises(TrainingFailed, match="MemoryError: no room for a gradient"):
        runs.train(run_dir, watch)
    assert warnings == ["nothing could be saved after the failure: MemoryError: no room for a gradient"]
    assert [step for step, _ in checkpoint.list_checkpoints(run_dir.checkpoints)] == [200]
    assert not run_dir.final.exists()
    summary = run_dir.read_summary()
    assert summary is not None
    assert summary.state == "failed" and "no room for a gradient" in summary.message


def test_a_command_that_finds_the_weights_unsound_ends_the_run(tmp_path: Path, runs: Runs) -> None:
    run_dir = RunDir.create(tmp_path, runs.settings(run__speed_limit=1000))

    def on_event(run: Run, event: Event) -> None:
        if event["event"] == "started":
            runs.loop.learner._online.variables[0].assign(np.full((4, 16), np.nan))
            run.commands.put(Command(7, "save", {}))

    with pytest.raises(TrainingFailed, match="a weight became infinite or not a number"):
        runs.train(run_dir, on_event)
    assert not run_dir.final.exists() and not checkpoint.list_checkpoints(run_dir.checkpoints)


def test_a_full_disk_under_the_record_costs_the_record_not_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs: Runs
) -> None:
    run_dir = RunDir.create(tmp_path, runs.settings(run__steps=800))
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

    result, events = runs.train(run_dir, make_room)
    os.close(metrics)
    assert (result.reason, result.steps) == ("steps", 800)
    first, second = (event["message"] for event in runs.of(events, "warning"))
    assert re.search(r"metrics.jsonl: .*full.*; training goes on, but its record has a gap until there is room", first)
    assert re.fullmatch(r"the record is written again, from step \d+ on", second)
    assert run_dir.read_metrics()[-1]["kind"] == "evaluation"


def test_tensorboards_events_are_given_up_when_they_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs: Runs
) -> None:
    def full(*_: Any) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr("arcade_dqn.learning.tensorboard.EventWriter.scalars", full)
    result, events = runs.train(RunDir.create(tmp_path, runs.settings()))
    assert result.reason == "steps"
    (warning,) = (event["message"] for event in runs.of(events, "warning"))
    assert warning == "the disk is full; nothing more is written for TensorBoard until the run is resumed"


def test_a_second_trainer_is_kept_out(tmp_path: Path, runs: Runs) -> None:
    run_dir = RunDir.create(tmp_path, runs.settings())
    with run_dir.lock(), pytest.raises(RunLocked):
        runs.train(RunDir.open(run_dir.path))


def test_a_person_may_look_into_the_buffer(tmp_path: Path, runs: Runs) -> None:
    run_dir = RunDir.create(tmp_path, runs.settings(run__speed_limit=2000))

    def ask(run: Run, event: Event) -> None:
        if event["event"] == "started":
            run.commands.put(Command(1, "inspect", {"number": None, "jump": ""}))
        if event["event"] == "progress" and event["step"] > 300 and not asked:
            asked.append(event["step"])
            run.commands.put(Command(2, "inspect", {"number": 5, "jump": ""}))

    asked: list[int] = []
    _, events = runs.train(run_dir, ask)
    answers = runs.of(events, "replay")
    # The first one came while the buffer was empty, or held the first few steps.
    assert [answer["id"] for answer in answers][-1] == 2
    assert answers[-1]["transition"]["number"] == 5
    assert answers[-1]["contents"]["size"] > 250
    refused = [event for event in runs.of(events, "error") if event["id"] == 1]
    assert len(refused) + len([answer for answer in answers if answer["id"] == 1]) == 1


def test_a_persons_play_is_learned_from_and_counted(tmp_path: Path, runs: Runs) -> None:
    run_dir = RunDir.create(tmp_path, runs.settings(run__checkpoint_every=300))
    play = Demonstration(
        np.zeros((6, 4), np.float32), np.ones(5, np.int32), np.ones(5, np.float32), np.zeros(5, bool), True
    )
    path = save_demonstration(run_dir.path, play)
    (path.parent / "0-broken.safetensors").write_text("no play")
    _, events = runs.train(run_dir)
    (told,) = runs.of(events, "demonstration")
    assert (told["steps"], told["return"]) == (5, 5.0)
    with BoardReader(run_dir.board) as board:
        assert board.status().demonstrations == 5
        assert board.status().replay_size == 605
    assert [event["message"] for event in runs.of(events, "warning")] == [
        f"{path.parent / '0-broken.safetensors'} is not a demonstration of arcade-dqn; it is left out"
    ]
    (record,) = [record for record in run_dir.read_metrics() if record["kind"] == "demonstration"]
    assert record["file"] == path.name

    # Resumed, it is not learned from a second time.
    _, events = runs.train(run_dir)
    assert not runs.of(events, "demonstration")
