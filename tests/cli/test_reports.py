"""The commands that draw runs and answer questions."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from arcade_dqn.cli.main import main
from arcade_dqn.config import build
from arcade_dqn.experiments.questions import QUESTIONS, SEEDS, Question
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.storage.summary import Summary

REPLAY = QUESTIONS[0]


def make_run(runs: Path, name: str, seed: int) -> RunDir:
    run = RunDir.create(runs, build("CartPole-v1", "cartpole", {"run.seed": seed}), name)
    for step in (100, 200, 300):
        run.append_metrics({"kind": "episode", "step": step, "episode": step // 100, "return": 9.0, "length": 9})
        run.append_metrics({"kind": "train", "step": step, "seconds": step / 100, "loss": 1.0, "mean_q": 0.5})
        run.append_metrics({"kind": "evaluation", "step": step, "mean": float(step), "std": 1.0, "seconds": 1.0})
    run.close()
    return run


def experiment_run(runs: Path, letter: str, seed: int, score: float, question: Question = REPLAY) -> None:
    variant = next(variant for variant in question.variants if variant.letter == letter)
    run = RunDir.create(runs / ".experiments" / "replay", question.settings(variant, seed), f"{letter}-seed{seed}")
    run.append_metrics({"kind": "evaluation", "step": 20_000, "mean": score})
    run.close()
    run.write_summary(Summary(state="done", step=20_000, steps_total=20_000))


def test_one_run_and_several(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in (1, 2):
        make_run(runs, f"seed-{seed}", seed)
    common = ["--runs-dir", str(runs)]
    for targets, more in ((["seed-1"], []), (["seed-1", "seed-2"], []), (["seed-1", "seed-2"], ["--clock"])):
        out = tmp_path / f"{len(targets)}{len(more)}.png"
        assert main(["report", *targets, str(out), *more, *common]) == 0
        assert capsys.readouterr().out.strip() == str(out)
        with Image.open(out) as picture:
            assert picture.size == (1600, 900)
    assert main(["report", "seed-1", str(tmp_path / "x.png"), "--clock", *common]) == 2
    assert "--clock is for several runs" in capsys.readouterr().err


def test_what_can_be_asked_and_what_is_answered(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for letter, score in (("A", 450.0), ("B", 20.0)):
        for seed in SEEDS:
            experiment_run(runs, letter, seed, score)
    assert main(["experiment", "--json", "--runs-dir", str(runs)]) == 0
    printed = capsys.readouterr().out
    assert "How large should the buffer be?" in printed
    told = {one["question"]: one for one in json.loads(printed.splitlines()[-1])["experiments"]}
    assert (told["replay"]["done"], told["target"]["done"]) == (6, 0)
    assert "the normal buffer scored 450" in told["replay"]["answer"]
    assert told["target"]["answer"] is None


def test_a_finished_experiment_is_reported_without_training(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for letter, score in (("A", 450.0), ("B", 20.0)):
        for seed in SEEDS:
            experiment_run(runs, letter, seed, score + seed)
    for argv in (["experiment", "replay", "--json"], ["experiment", "replay", "--report", "--json"]):
        assert main([*argv, "--runs-dir", str(runs)]) == 0
        told = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert told["scores"] == {
            "the normal buffer": [451.0, 452.0, 453.0],
            "a buffer of one batch": [21.0, 22.0, 23.0],
        }
        assert Path(told["report"]).is_file()
        assert Path(told["report"]).with_suffix(".md").is_file()


def test_a_report_of_an_unfinished_experiment_says_what_is_missing(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    experiment_run(runs, "A", 1, 450.0)
    assert main(["experiment", "replay", "--report", "--runs-dir", str(runs)]) == 1
    assert "has 1 of its 6 runs" in capsys.readouterr().err


def test_the_missing_run_is_trained(
    runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real trainer, for the one run that is missing; made short."""
    from arcade_dqn.experiments import lab, questions

    monkeypatch.setattr(lab, "NICE", 0)  # it would wait for all other tests
    short = replace(REPLAY, steps=600)
    for letter in "AB":
        for seed in SEEDS:
            if (letter, seed) != ("B", 3):
                experiment_run(runs, letter, seed, 100.0, short)
    monkeypatch.setattr(questions, "QUESTIONS", (short, *QUESTIONS[1:]))
    assert main(["experiment", "replay", "--json", "--runs-dir", str(runs)]) == 0
    printed = capsys.readouterr().out
    assert printed.count("training ") == 1
    assert "training B (a buffer of one batch), seed 3 ..." in printed
    assert "(6 of 6)" in printed
    assert len(json.loads(printed.splitlines()[-1])["scores"]["a buffer of one batch"]) == 3
