"""The lab: which runs it trains, what they say, and where it goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arcade_dqn.config import build
from arcade_dqn.errors import ArcadeError, UsageError
from arcade_dqn.experiments.folder import ExperimentFolder
from arcade_dqn.experiments.lab import NEXT, Lab, Phase
from arcade_dqn.experiments.questions import QUESTIONS, SEEDS, Results, find_question
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.storage.summary import Summary

REPLAY = QUESTIONS[0]


@pytest.fixture
def lab(tmp_path: Path, programs: Any) -> Lab:
    return Lab(tmp_path / "runs", {}, programs)


def finish(lab: Lab, programs: Any, *scores: float) -> bool:
    """Let the present run be scored at steps 1,000, 2,000, ... and end; whether there is another one."""
    trainer = programs.trainer
    for index, score in enumerate(scores, start=1):
        trainer.says("evaluation", step=1_000 * index, mean=score, std=0.0, episodes=10, solved=False)
    trainer.says("ended", reason="steps", step=20_000, message="done", model=None)
    assert not lab.poll()
    trainer.exit_code = 0
    return lab.poll()


def test_all_variants_are_settings_that_exist() -> None:
    for question in QUESTIONS:
        letters = [variant.letter for variant in question.variants]
        assert letters == sorted(set(letters))
        every = [question.settings(variant, 1).to_json() for variant in question.variants]
        assert len(set(every)) == len(every)


def test_an_experiment_trains_every_variant_with_every_seed(lab: Lab, programs: Any) -> None:
    lab.begin(REPLAY)
    seen = []
    more = True
    while more:
        settings = RunDir.open(programs.trainer.arguments[-1]).settings()
        seen.append((settings.replay.capacity, settings.run.seed))
        assert (settings.game, settings.run.steps, settings.evaluation.every) == ("Acrobot-v1", 30_000, 1_500)
        assert settings.environment.copies == 1
        normal = settings.replay.capacity > 128
        more = finish(lab, programs, *((10.0, 200.0, 200.0, 230.0, 210.0, 210.0) if normal else (10.0, *[20.0] * 5)))
        if more:
            lab.go_on()
    normal = build("Acrobot-v1", "acrobot").replay.capacity
    assert seen == [(capacity, seed) for seed in SEEDS for capacity in (normal, 128)]
    assert not lab.running
    assert lab.take_finished() is REPLAY
    assert lab.take_finished() is None, "whoever asked sees to its report"
    results = lab.results["replay"]
    assert results.complete
    # The score of a run is the mean of its last five evaluations.
    assert results.finals(REPLAY.variants[0]) == [210.0] * 3
    assert results.curve(REPLAY.variants[1])[:3] == [(1_000, 10), (2_000, 20), (3_000, 20)]
    expected = (
        "After 30,000 steps the normal buffer scored 210 ± 0 at the end, a buffer of one batch 20 ± 0, over 3 seeds."
    )
    assert results.answer() == expected


def finished(scores: dict[str, tuple[float, float, float]], question: Any = REPLAY) -> Results:
    results = Results(question)
    for letter, of_seeds in scores.items():
        for seed, score in zip(SEEDS, of_seeds, strict=True):
            results.scores[letter, seed] = [(1_000.0, score)]
            results.done.add((letter, seed))
    return results


def test_a_difference_must_be_larger_than_chance_makes_it() -> None:
    # Means of 100 and 120, variances of 100 and 300: the least clear gap is 3.93 sqrt(200 / 3) = 32.1.
    assert finished({"A": (90, 100, 110), "B": (100, 130, 130)}).answer().startswith("No clear difference")
    assert finished({"A": (90, 100, 110), "B": (120, 150, 150)}).answer().startswith("After 30,000 steps a buffer")
    assert finished({"A": (500, 500, 500), "B": (500, 500, 500)}).answer().startswith("No clear difference")
    assert finished({"A": (500, 500, 500), "B": (9, 9, 9)}).answer().startswith("After 30,000 steps the normal")


def test_chance_alone_is_seldom_called_a_difference() -> None:
    rng = np.random.default_rng(3)
    for question in QUESTIONS:
        letters = [variant.letter for variant in question.variants]
        told = 0
        for _ in range(400):
            scores = {letter: tuple(rng.normal(100, 10, 3).tolist()) for letter in letters}
            told += finished(scores, question).answer().startswith("After")
        assert told <= 40, question.id  # 5% of 400 are 20


def test_a_second_key_press_finds_the_experiment_taken(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def press_again(folder: ExperimentFolder) -> Results:
        with pytest.raises(ArcadeError, match="an experiment is running"):
            lab.begin(folder.question)
        return Results(folder.question)

    monkeypatch.setattr(ExperimentFolder, "results", press_again)
    lab.begin(REPLAY)
    assert lab.running


def test_a_run_of_other_settings_is_set_aside_and_trained_again(lab: Lab, programs: Any, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / ".experiments" / "replay"
    old = RunDir.create(folder, build("Acrobot-v1", "acrobot", {"run.steps": 7}), "A-seed1")
    old.append_metrics({"kind": "evaluation", "step": 7, "mean": -1.0})
    old.close()
    old.write_summary(Summary(state="done", step=7, steps_total=7))
    lab.load(REPLAY)
    assert not lab.results["replay"].done
    lab.begin(REPLAY)
    assert RunDir.open(programs.trainer.arguments[-1]).settings().run.steps == 30_000
    assert (folder / ".trash" / "Acrobot-v1" / "A-seed1").is_dir()


def test_a_run_whose_settings_cannot_be_read_is_set_aside_too(lab: Lab, programs: Any, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / ".experiments" / "replay"
    old = RunDir.create(folder, build("Acrobot-v1", "acrobot"), "A-seed1")
    config = json.loads(old.config.read_text())
    config["learning"]["a_setting_of_another_version"] = 1
    old.config.write_text(json.dumps(config))
    lab.load(REPLAY)
    assert not lab.results["replay"].done
    lab.begin(REPLAY)
    assert RunDir.open(programs.trainer.arguments[-1]).settings().run.steps == 30_000
    assert (folder / ".trash" / "Acrobot-v1" / "A-seed1").is_dir()


def test_a_run_without_an_evaluation_is_not_done(lab: Lab) -> None:
    run = RunDir.create(lab._runs_dir / ".experiments" / "replay", REPLAY.settings(REPLAY.variants[0], 1), "A-seed1")
    run.append_metrics({"kind": "evaluation", "mean": 5.0})  # without its step
    run.close()
    run.write_summary(Summary(state="done", step=30_000, steps_total=30_000))
    lab.load(REPLAY)
    assert not lab.results["replay"].done


def test_curves_of_seeds_that_are_not_as_far_are_cut_to_what_all_have() -> None:
    results = Results(REPLAY)
    results.scores["A", 1] = [(1_000.0, 10.0), (2_000.0, 30.0)]
    results.scores["A", 2] = [(1_000.0, 20.0)]
    assert results.curve(REPLAY.variants[0]) == [(1_000.0, 15.0)]
    assert results.answer() == ""


def test_a_stopped_experiment_goes_on_where_it_was(lab: Lab, programs: Any, tmp_path: Path) -> None:
    lab.begin(REPLAY)
    first = RunDir.open(programs.trainer.arguments[-1])
    first.append_metrics({"kind": "evaluation", "step": 1_000, "mean": 55.0})
    first.write_summary(Summary(state="done", step=20_000, steps_total=20_000))
    assert finish(lab, programs, 55.0)
    lab.go_on()
    second = programs.trainer.arguments[-1]
    lab.stop()
    assert not lab.poll()
    assert not lab.running
    assert not lab.problem

    again = Lab(tmp_path / "runs", {}, programs)
    again.begin(REPLAY)
    assert programs.trainer.arguments[-1] == second
    assert again.results["replay"].finals(REPLAY.variants[0]) == [55.0]


def test_a_trainer_that_dies_ends_the_experiment_with_the_reason(lab: Lab, programs: Any) -> None:
    lab.begin(REPLAY)
    programs.trainer.exit_code = 1
    assert not lab.poll()
    assert not lab.running
    assert "out of memory" in lab.problem


def test_one_experiment_at_a_time(lab: Lab) -> None:
    lab.begin(REPLAY)
    with pytest.raises(ArcadeError, match="an experiment is running"):
        lab.begin(QUESTIONS[1])


def test_the_report_is_written_by_a_program_of_its_own(lab: Lab, programs: Any, tmp_path: Path) -> None:
    path = lab.write_report(REPLAY)
    child = programs.newest("arcade_dqn")
    assert child.arguments == ["experiment", "replay", "--report", "--runs-dir", str(tmp_path / "runs")]
    assert path == tmp_path / "runs" / ".experiments" / "replay" / "report.png" == lab.reports["replay"]


def test_a_report_that_failed_says_why(lab: Lab, programs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(programs), "__call__", failing(type(programs).__call__))
    with pytest.raises(ArcadeError, match="failed with exit code 1"):
        lab.write_report(REPLAY)
    assert not lab.reports


def failing(start: Any) -> Any:
    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        child = start(self, *arguments, **named)
        child.exit_code = 1
        return child

    return call


def test_a_question_is_found_by_its_name() -> None:
    assert find_question("target") is QUESTIONS[1]
    with pytest.raises(UsageError, match="there is no experiment 'size'; there are replay, target, capacity"):
        find_question("size")


def test_the_spread_over_the_seeds_by_hand() -> None:
    results = Results(REPLAY)
    results.scores["A", 1] = [(1_000.0, 10.0), (2_000.0, 30.0)]
    results.scores["A", 2] = [(1_000.0, 20.0), (2_000.0, 60.0), (3_000.0, 5.0)]
    assert results.spread(REPLAY.variants[0]) == [(1_000, 15, 10, 20), (2_000, 45, 30, 60)]
    assert results.spread(REPLAY.variants[1]) == []


# --- what it is doing -------------------------------------------------------------------------------------------------


def test_the_phases_of_an_experiment_of_several_runs(lab: Lab, programs: Any) -> None:
    assert lab.progress.phase is Phase.IDLE and lab.question is None
    lab.begin(REPLAY)
    assert lab.progress.phase is Phase.TRAINING and lab.question is lab.last is REPLAY
    assert lab.now == (REPLAY.variants[0], 1) and lab.step == 0
    assert finish(lab, programs, 55.0)
    assert lab.progress.phase is Phase.STARTING and lab.progress.trainer is None and lab.step == 20_000
    assert not lab.poll(), "there is no trainer to hear"
    lab.go_on()
    assert lab.progress.phase is Phase.TRAINING and lab.now == (REPLAY.variants[1], 1) and lab.step == 0
    lab.stop()
    assert lab.progress.phase is Phase.STOPPING and lab.running and programs.trainer.input_closed
    assert not lab.poll()
    assert lab.progress.phase is Phase.IDLE and lab.now is None and not lab.problem
    assert lab.question is None and lab.last is REPLAY and lab.take_finished() is None


def test_a_stop_while_a_trainer_is_being_started_ends_that_one(tmp_path: Path, programs: Any) -> None:
    phases: list[Phase] = []

    def start(*arguments: Any, **named: Any) -> Any:
        phases.append(lab.progress.phase)
        lab.stop()  # finds no trainer yet
        phases.append(lab.progress.phase)
        return programs(*arguments, **named)

    lab = Lab(tmp_path / "runs", {}, start)
    lab.begin(REPLAY)
    assert phases == [Phase.STARTING, Phase.STOPPING]
    assert lab.progress.phase is Phase.STOPPING and programs.trainer.input_closed
    programs.trainer.exit_code = 0
    assert not lab.poll()
    assert lab.progress.phase is Phase.IDLE and not lab.problem


def test_a_stop_between_two_runs_starts_no_other_one(lab: Lab, programs: Any) -> None:
    lab.begin(REPLAY)
    assert finish(lab, programs, 55.0)
    lab.stop()
    assert lab.progress.phase is Phase.STOPPING
    lab.go_on()
    assert lab.progress.phase is Phase.IDLE and len(programs.started) == 1 and not lab.problem
    lab.stop()
    assert lab.progress.phase is Phase.IDLE, "nothing to stop"


def test_an_experiment_that_cannot_go_on_says_why_at_once(tmp_path: Path, programs: Any) -> None:
    def start(*arguments: Any, **named: Any) -> Any:
        if programs.started:
            raise ArcadeError("no more programs")
        return programs(*arguments, **named)

    lab = Lab(tmp_path / "runs", {}, start)
    lab.begin(REPLAY)
    assert finish(lab, programs, 55.0)
    lab.go_on()
    assert (lab.progress.phase, lab.problem) == (Phase.IDLE, "no more programs")
    with pytest.raises(ArcadeError, match="no more programs"):
        lab.begin(REPLAY)
    assert (lab.progress.phase, lab.problem) == (Phase.IDLE, ""), "whoever began it is told"


def test_a_trainer_that_failed_ends_the_experiment_with_its_own_reason(lab: Lab, programs: Any) -> None:
    lab.begin(REPLAY)
    programs.trainer.says("ended", reason="failed", message="the disk is full")
    programs.trainer.exit_code = 1
    assert not lab.poll()  # what it said is taken in, then its end
    assert (lab.progress.phase, lab.problem) == (Phase.IDLE, "the disk is full")


def test_from_every_phase_a_way_leads_to_idle_and_stopping_leads_nowhere_else() -> None:
    assert set(NEXT) == set(Phase)
    assert all(Phase.IDLE in NEXT[phase] for phase in Phase if phase is not Phase.IDLE)
    assert NEXT[Phase.STOPPING] - {Phase.STOPPING} == {Phase.IDLE}
    assert Phase.TRAINING not in NEXT[Phase.IDLE], "no trainer without an experiment that is being started"
