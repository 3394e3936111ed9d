"""The ablation: its variants by hand, its table and sentence, and the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from arcade_dqn.cli.main import main
from arcade_dqn.config import build
from arcade_dqn.errors import UsageError
from arcade_dqn.experiments import ablation
from arcade_dqn.experiments.trials import Result

if TYPE_CHECKING:
    from tests.experiments.conftest import Trainings


def test_the_variants() -> None:
    variants = ablation.variants()
    assert len(variants) == 1 + 9 + 1 + 6
    assert variants["plain"] == ()
    assert variants["+ munchausen"] == ("munchausen",)
    assert variants["rainbow's six"] == ("double", "dueling", "3-step", "prioritised", "noisy", "c51")
    assert variants["- noisy"] == ("double", "dueling", "3-step", "prioritised", "c51")


@pytest.mark.parametrize("game", ablation.BUDGETS)
def test_the_settings_of_a_variant(game: str) -> None:
    built = {one.name: build(one.game, one.preset, one.settings) for one in ablation.trials([game])}
    assert len(built) == 17
    assert len({one.to_json() for one in built.values()}) == 17
    plain, full = built["plain"], built["rainbow's six"]
    assert (plain.learning.double, plain.learning.n_step, plain.network.head) == (False, 1, "expected")
    assert not (plain.network.dueling or plain.network.noisy or plain.replay.priority_exponent)
    assert (full.learning.double, full.learning.n_step, full.network.head) == (True, 3, "c51")
    assert full.network.dueling and full.network.noisy and full.replay.priority_exponent == 0.5
    # A piece changes its own settings alone, and noise explores in epsilon's place.
    assert built["+ 3-step"].learning == plain.learning.model_copy(update={"n_step": 3})
    assert built["+ 3-step"].exploration == built["- noisy"].exploration == plain.exploration
    assert built["+ noisy"].exploration.epsilon_start == 0.0
    assert built["- c51"].network == full.network.model_copy(update={"head": "expected"})


def _scores(variant: str, *scores: float) -> list[Result]:
    return [
        Result("LunarLander-v3", 401 + i, 100_000, 1.0, 100, score, 0.0, 0.0, 0.0, variant, "0" * 8)
        for i, score in enumerate(scores)
    ]


def test_the_table_and_its_sentence() -> None:
    results = [
        *_scores("plain", 10.0, 20.0, 30.0),
        *_scores("+ double", 40.0, 50.0, 60.0),
        *_scores("+ noisy", 1.0, 2.0, 3.0),
        *_scores("+ dueling", 5.0, 20.0, 50.0),
        *_scores("rainbow's six", 70.0, 80.0, 90.0),
        *_scores("- c51", 1.0, 2.0, 3.0),
        *_scores("- double", 70.0, 80.0, 90.0),
    ]
    lines = ablation.table(results).splitlines()
    assert lines[0] == "LunarLander-v3, 100,000 steps"
    # By hand: every spread but noisy's and c51's is 10; t of two degrees of freedom is 4.303, of four 2.776. For
    # double, 30 / sqrt(200 / 3) is 3.67, p is 0.0213, and Holm multiplies the second smallest of five by four.
    assert "| plain | 3 | **20.0** | -4.8 to 44.8 | - | - | - |" in lines
    assert "| + double | 3 | **50.0** | 25.2 to 74.8 | +30.0 | +7.3 to +52.7 | 0.09 |" in lines
    assert "| - double | 3 | **80.0** | 55.2 to 104.8 | +0.0 | -22.7 to +22.7 | 1.00 |" in lines
    assert lines[-1] == (
        "With 95% certainty for all 5 comparisons of this game together: the six together need c51. "
        "The highest mean is that of `rainbow's six`, which was chosen for being the highest."
    )


def test_one_comparison_alone_needs_less() -> None:
    lines = ablation.table([*_scores("plain", 10.0, 20.0, 30.0), *_scores("+ double", 40.0, 50.0, 60.0)]).splitlines()
    assert "all 1 comparisons of this game together: double helps where it is added to plain DQN. " in lines[-1]


def test_where_chance_may_explain_everything_that_is_said() -> None:
    lines = ablation.table([*_scores("plain", 10.0, 20.0, 30.0), *_scores("+ double", 11.0, 20.0, 32.0)]).splitlines()
    assert "together: no difference is more than chance may explain. " in lines[-1]


def test_of_two_seeds_nothing_is_said() -> None:
    results = [*_scores("plain", 10.0, 20.0), *_scores("+ double", 40.0, 50.0), *_scores("rainbow's six", 1.0)]
    lines = ablation.table(results).splitlines()
    assert "| + double | 2 | **45.0** | - | - | - | - |" in lines
    assert lines[-1] == "With fewer than 3 seeds nothing can be said of chance."


def test_the_command(tmp_path: Path, trainings: Trainings, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "a.csv"
    assert main(["bench", "ablation", "--games", "lunarlander", "--seeds", "1", "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert len(trainings.commands) == len(told["results"]) == 17
    assert main(["bench", "ablation", "--against", str(out), "--out", str(out)]) == 2
    assert "an ablation has no peer" in capsys.readouterr().err
    with pytest.raises(UsageError, match="CartPole-v1 has no budget here"):
        ablation.trials(["CartPole-v1"])
