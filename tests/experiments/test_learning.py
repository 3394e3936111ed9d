"""The measurement of learning: what is trained, what is kept, and the table."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from arcade_dqn.cli.main import main
from arcade_dqn.errors import ArcadeError, UsageError
from arcade_dqn.experiments import learning
from arcade_dqn.experiments.learning import Result, digest

ONE = Result(
    "CartPole-v1", 301, 50_000, 4.25, 100, 500.0, 0.0, 500.0, 500.0, "cartpole", digest("CartPole-v1", "cartpole")
)


class Trainings:
    """In place of real trainings: the score is the seed."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.fails = False

    def __call__(self, command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        self.commands.append(command)
        if self.fails:
            return subprocess.CompletedProcess(command, 1, "", "arcade-dqn: out of luck\n")
        seed = float(command[command.index("--seed") + 1])
        score = {"episodes": 100, "mean": seed, "std": 1.0, "min": seed - 1, "max": seed + 1, "returns": []}
        told = {"steps": 50_000, "seconds": 4.0, "evaluation": score}
        return subprocess.CompletedProcess(command, 0, f"training\n{json.dumps(told)}\n", "")


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> Trainings:
    found = Trainings()
    monkeypatch.setattr(learning.subprocess, "run", found)
    return found


def test_what_is_missing_is_trained_and_kept_at_once(tmp_path: Path, trainings: Trainings) -> None:
    out, said = tmp_path / "learning.csv", []
    learning.write(out, [ONE])
    results = learning.measure(out, ["CartPole-v1", "Pendulum-v1"], (301, 302), said.append)
    assert [(one.game, one.seed) for one in results] == [
        ("CartPole-v1", 301),
        ("Pendulum-v1", 301),
        ("CartPole-v1", 302),
        ("Pendulum-v1", 302),
    ]
    assert len(trainings.commands) == len(said) == 3
    command = " ".join(trainings.commands[0])
    for part in ("train Pendulum-v1", "--seed 301", "--preset pendulum", "run.steps=50000", "evaluation.every=0"):
        assert part in command, part
    assert sorted(learning.read(out), key=str) == sorted(results, key=str)
    learning.measure(out, ["CartPole-v1"], (301, 302), said.append)
    assert len(trainings.commands) == 3


def test_a_training_that_fails_keeps_what_was_found(tmp_path: Path, trainings: Trainings) -> None:
    out = tmp_path / "learning.csv"
    learning.measure(out, ["CartPole-v1"], (301,), lambda _: None)
    trainings.fails = True
    with pytest.raises(ArcadeError, match="training CartPole-v1 with seed 302 failed: arcade-dqn: out of luck"):
        learning.measure(out, ["CartPole-v1"], (301, 302), lambda _: None)
    assert [one.seed for one in learning.read(out)] == [301]


def test_a_result_of_other_settings_is_measured_again(tmp_path: Path, trainings: Trainings) -> None:
    out = tmp_path / "learning.csv"
    learning.write(out, [replace(ONE, settings="0" * 8), replace(ONE, preset="vector", settings="1" * 8)])
    results = learning.measure(out, ["CartPole-v1"], (301,), lambda _: None)
    assert len(trainings.commands) == 1
    # Another preset's results stay: they are a row of their own.
    assert sorted((one.preset, one.mean) for one in results) == [("cartpole", 301.0), ("vector", 500.0)]
    assert len(learning.table(results).splitlines()) == 4


def test_a_table_that_cannot_be_written_is_told_before_anything_is_trained(
    tmp_path: Path, trainings: Trainings
) -> None:
    with pytest.raises(ArcadeError, match="cannot write"):
        learning.measure(tmp_path / "no" / "x.csv", ["CartPole-v1"], (301,), lambda _: None)
    assert not trainings.commands


def test_what_cannot_be_measured_or_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Tetris has no budget here; the games are CartPole-v1"):
        learning.measure(tmp_path / "x.csv", ["Tetris"], (1,), lambda _: None)
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UsageError, match="not a table of results"):
        learning.read(tmp_path / "x.csv")


def test_the_table_by_hand() -> None:
    ours = [replace(ONE, seed=300 + i, mean=mean) for i, mean in enumerate((500.0, 500.0, 500.0, 100.0))]
    theirs = [replace(ONE, seed=i, mean=200.0) for i in range(4)]
    lines = learning.table(ours, theirs, "SB3").splitlines()
    assert lines[2].startswith("| CartPole-v1 | `cartpole` | 50,000 | 4 | **500.0** | ")
    assert "| 100.0 | 500.0 | 200.0 | 200.0 to 200.0 | 0.75 (" in lines[2]
    assert lines[-1].startswith("Probability of improvement over 1 games: 0.75 (")
    assert len(learning.table(ours).splitlines()) == 3
    assert "| - | - | - |" in learning.table([replace(ONE, game="Pendulum-v1")], theirs, "SB3")


def test_the_command(tmp_path: Path, trainings: Trainings, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "t.csv"
    assert main(["bench", "learning", "--games", "cartpole", "--seeds", "2", "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [(one["seed"], one["mean"]) for one in told["results"]] == [(301, 301.0), (302, 302.0)]
    assert main(["bench", "learning", "--seeds", "11", "--out", str(out)]) == 2
    assert "--seeds 11 is not allowed" in capsys.readouterr().err
