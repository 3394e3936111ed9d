"""Statistics over seeds, by hand and against what must hold for any scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arcade_dqn.experiments.statistics import improvement, improvement_interval, iqm, iqm_interval

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
