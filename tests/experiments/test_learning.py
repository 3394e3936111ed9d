"""The measurement of learning: its games, its table, and the command."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from arcade_dqn.cli.main import main
from arcade_dqn.errors import UsageError
from arcade_dqn.experiments import learning
from arcade_dqn.experiments.trials import Result

if TYPE_CHECKING:
    from tests.experiments.conftest import Trainings

ONE = Result("CartPole-v1", 301, 50_000, 4.25, 100, 500.0, 0.0, 500.0, 500.0, "cartpole", "0" * 8)


def test_each_game_is_trained_with_its_preset_for_its_budget() -> None:
    (one,) = learning.trials(["MinAtar/Breakout-v1"])
    assert (one.preset, one.steps, one.name) == ("minatar", 1_000_000, "minatar")
    with pytest.raises(UsageError, match="Tetris has no budget here; the games are CartPole-v1"):
        learning.trials(["Tetris"])


def test_the_table_by_hand() -> None:
    scores = [500.0] * 7 + [100.0] * 3
    ours = [replace(ONE, seed=300 + i, mean=mean) for i, mean in enumerate(scores)]
    theirs = [replace(ONE, seed=i, mean=200.0) for i in range(10)]
    lines = learning.table(ours, theirs, "SB3").splitlines()
    # Two of the hundreds and two of the five hundreds are left out.
    assert lines[2].startswith(f"| CartPole-v1 | `cartpole` | 50,000 | 10 | **{2600 / 6:.1f}** | ")
    assert "| 100.0 | 500.0 | 200.0 | 200.0 to 200.0 | 0.70 (" in lines[2]
    assert lines[-1].startswith("Probability of improvement over 1 games: 0.70 (")
    assert len(learning.table(ours).splitlines()) == 3
    assert "| - | - | - |" in learning.table([replace(ONE, game="Pendulum-v1")], theirs, "SB3")


def test_of_few_seeds_the_interval_is_students_and_no_probability_has_one() -> None:
    ours = [replace(ONE, seed=300 + i, mean=mean) for i, mean in enumerate((10.0, 20.0, 30.0))]
    theirs = [replace(ONE, seed=i, mean=1.0) for i in range(3)]
    lines = learning.table(ours, theirs, "SB3").splitlines()
    assert "| mean | 95% interval (t) |" in lines[0]
    assert "| 3 | **20.0** | -4.8 to 44.8 | 10.0 | 30.0 | 1.0 | 1.0 to 1.0 | 1.00 |" in lines[2]
    assert len(lines) == 3


def test_the_command(tmp_path: Path, trainings: Trainings, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "t.csv"
    assert main(["bench", "learning", "--games", "cartpole", "--seeds", "2", "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [(one["seed"], one["mean"]) for one in told["results"]] == [(301, 301.0), (302, 302.0)]
    assert main(["bench", "learning", "--seeds", "11", "--out", str(out)]) == 2
    assert "--seeds 11 is not allowed" in capsys.readouterr().err
    assert main(["bench", "learning", "--jobs", "0", "--out", str(out)]) == 2
    assert "--jobs 0 is not allowed; it must be 1 or more" in capsys.readouterr().err
