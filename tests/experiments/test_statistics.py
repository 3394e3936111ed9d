"""Statistics over seeds, by hand and against what must hold for any scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arcade_dqn.experiments.statistics import (
    ENOUGH,
    compare,
    holm,
    improvement,
    improvement_interval,
    iqm,
    iqm_interval,
    mean_interval,
    student_t,
)

SCORES = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=12)


def test_the_interquartile_mean_by_hand() -> None:
    assert iqm(np.array([0.0, 10.0, 20.0, 1000.0])) == 15.0
    # Of ten runs two are left out at either end, as scipy's trim_mean does.
    assert iqm(np.array([-900.0, -800, 1, 2, 3, 4, 5, 6, 800, 900])) == 3.5
    assert iqm(np.array([7.0])) == 7.0
    assert iqm(np.array([[0.0, 10, 20, 1000], [1, 1, 1, 1]])).tolist() == [15.0, 1.0]


def test_the_probability_of_improvement_by_hand() -> None:
    assert improvement([2.0, 3.0], [1.0, 1.0]) == 1.0
    assert improvement([1.0], [1.0]) == 0.5
    # Of the four pairs, 3 > 1, 3 > 2, 1 = 1 and 1 < 2.
    assert improvement([3.0, 1.0], [1.0, 2.0]) == (1 + 1 + 0.5) / 4


def test_intervals_contain_their_value_and_shrink_with_more_runs() -> None:
    rng = np.random.default_rng(1)
    few, many = rng.normal(100, 10, 10), rng.normal(100, 10, 200)
    one, other = iqm_interval(few.tolist()), iqm_interval(many.tolist())
    assert one.low < one.value < one.high
    assert other.high - other.low < one.high - one.low
    assert other.low < 100 < other.high
    assert iqm_interval(few.tolist()) == one  # the same draws every time


def test_about_95_of_100_intervals_hold_the_truth() -> None:
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(100):
        found = iqm_interval(rng.normal(0, 1, 20).tolist())
        held += found.low <= 0 <= found.high
    assert 85 <= held <= 100


def test_the_interval_of_a_mean_by_hand() -> None:
    # Mean 20, standard deviation 10 (n - 1), t of two degrees of freedom 4.3027.
    found = mean_interval([10.0, 20.0, 30.0])
    assert found == pytest.approx((20.0, 20 - 4.302653 * 10 / 3**0.5, 20 + 4.302653 * 10 / 3**0.5))
    assert mean_interval([5.0]) == (5.0, -np.inf, np.inf)
    # The quantiles that stand in every table.
    assert [round(student_t(0.975, degrees), 3) for degrees in (1, 4, 9, 30)] == [12.706, 2.776, 2.262, 2.042]


def test_welchs_test_by_hand() -> None:
    # Variances 100 and 1, three runs each: the error is sqrt(101 / 3), the degrees of freedom 2.03999.
    found = compare([10.0, 20.0, 30.0], [1.0, 2.0, 3.0])
    error, degrees = (101 / 3) ** 0.5, (101 / 3) ** 2 / ((100 / 3) ** 2 / 2 + (1 / 3) ** 2 / 2)
    assert found.difference.value == 18.0
    assert found.difference.high - 18 == pytest.approx(student_t(0.975, degrees) * error)
    # Twice the share of t beyond 18 / error: the interval that just touches 0 has that confidence.
    assert student_t(1 - found.p_value / 2, degrees) == pytest.approx(18 / error)
    assert compare([1.0, 1.0], [1.0, 1.0]) == ((0.0, 0.0, 0.0), 1.0)
    assert compare([2.0, 2.0], [1.0, 1.0]) == ((1.0, 1.0, 1.0), 0.0)


def test_holms_correction_by_hand() -> None:
    # 0.01 counts three times, 0.02 twice, and none may be smaller than the one before it: 0.03, 0.04, 0.04.
    assert holm([0.04, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.5, 0.6]) == [1.0, 1.0]
    assert holm([]) == []


@pytest.mark.parametrize("runs", [3, 5])
def test_of_few_runs_the_interval_holds_what_it_says(runs: int) -> None:
    rng = np.random.default_rng(3)
    held = [low <= 0 <= high for _, low, high in (mean_interval(rng.normal(0, 1, runs)) for _ in range(1_000))]
    assert 0.93 <= np.mean(held) <= 0.97
    # What a bootstrap of so few would do, and the reason why there is none.
    assert runs < ENOUGH


@pytest.mark.parametrize("runs", [3, 5])
def test_useless_pieces_are_called_useful_in_one_ablation_of_twenty_at_most(runs: int) -> None:
    rng = np.random.default_rng(4)
    wrong = 0
    for _ in range(400):
        plain, six = rng.normal(0, 1, (2, runs))
        pieces = [compare(rng.normal(0, 1, runs), origin).p_value for origin in [plain] * 9 + [six] * 6]
        wrong += min(holm(pieces)) < 0.05
    assert wrong / 400 <= 0.05


def test_each_game_is_a_stratum_of_its_own() -> None:
    # Better in one game, worse in the other, always: no resample can tell anything else.
    both = improvement_interval([[5.0, 6.0], [-5.0, -6.0]], [[1.0, 2.0], [1.0, 2.0]])
    assert both == (0.5, 0.5, 0.5)
    better = improvement_interval([[5.0, 6.0]], [[1.0, 2.0, 3.0]])
    assert better == (1.0, 1.0, 1.0)


@given(SCORES, SCORES)
@settings(deadline=None)
def test_what_holds_for_any_scores(ours: list[float], theirs: list[float]) -> None:
    assert improvement(ours, theirs) + improvement(theirs, ours) == pytest.approx(1.0)
    assert min(ours) - 1e-9 <= float(iqm(np.array(ours))) <= max(ours) + 1e-9
