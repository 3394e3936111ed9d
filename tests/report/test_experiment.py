"""The report of an experiment, in a picture and in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from arcade_dqn.errors import ArcadeError
from arcade_dqn.experiments.questions import QUESTIONS, SEEDS, Question, Results
from arcade_dqn.report.experiment import write_report
from arcade_dqn.storage.atomic import StorageError


def answered(question: Question) -> Results:
    """Every variant scores 100 times its place, and the seeds 1, 2 and 3 more."""
    results = Results(question)
    for place, variant in enumerate(question.variants, 1):
        for seed in SEEDS:
            results.scores[variant.letter, seed] = [(1_000.0 * i, 100.0 * place + seed) for i in range(1, 6)]
            results.done.add((variant.letter, seed))
    return results


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
def test_every_question_has_a_report(question: Question, tmp_path: Path) -> None:
    picture, words = write_report(answered(question), tmp_path)
    with Image.open(picture) as found:
        assert found.size == (1600, 900)
    text = words.read_text("utf-8")
    assert text.startswith(f"# {question.title}\n")
    assert answered(question).answer() in text
    assert "(report.png)" in text
    for variant in question.variants:
        assert f"| {variant.letter} | {variant.label} |" in text
    assert "| 101.0 | 102.0 | 103.0 | 102.0 |" in text


def test_the_words_name_the_settings_that_were_changed(tmp_path: Path) -> None:
    _, words = write_report(answered(QUESTIONS[0]), tmp_path)
    text = words.read_text("utf-8")
    assert "`replay.capacity=128`, `replay.learning_start=128`" in text
    assert "| A | the normal buffer | none |" in text


def test_an_unfinished_experiment_has_none(tmp_path: Path) -> None:
    results = answered(QUESTIONS[0])
    results.done.discard(("B", 3))
    with pytest.raises(ArcadeError, match="has 5 of its 6 runs; `arcade-dqn experiment replay` trains the others"):
        write_report(results, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot write .*: the folder does not exist"):
        write_report(answered(QUESTIONS[0]), tmp_path / "no")
