"""Distributions of returns as columns, and the bounds that they are drawn in."""

from __future__ import annotations

import numpy as np
import pytest

from arcade_dqn.acting.policy import Distribution
from arcade_dqn.window.panel.views.distributions import AxisRange, atoms, quantiles


def test_bounds_widen_at_once_and_narrow_slowly() -> None:
    scale = AxisRange(from_zero=False)
    assert scale.fit(2, 4) == (2, 4)
    assert scale.fit(-1, 9) == (-1, 9)
    low, high = scale.fit(2, 4)
    assert (low, high) == pytest.approx((-1 + 0.005 * 3, 9 - 0.005 * 5))
    for _ in range(2_000):
        low, high = scale.fit(2, 4)
    assert (low, high) == pytest.approx((2, 4), abs=0.01)
    assert AxisRange(from_zero=True).fit(2, 4) == (0, 4)
    low, high = AxisRange(from_zero=False).fit(3, 3)
    assert low == 3 < high


def test_atoms_are_shown_where_there_is_probability() -> None:
    support = np.linspace(-10, 10, 21, dtype=np.float32)
    masses = np.zeros((1, 2, 21), np.float32)
    masses[0, 0, [12, 13]] = 0.25, 0.75  # returns 2 and 3
    masses[0, 1, [10, 12]] = 0.5, 0.5  # returns 0 and 2
    shown = atoms(Distribution(np.broadcast_to(support, masses.shape), masses), AxisRange(from_zero=False))
    # From 0 to 3, and half a step on both sides.
    assert (shown.low, shown.high) == pytest.approx((-0.5, 3.5))
    assert shown.heights == (
        pytest.approx((0, 0, 0.3333, 1.0), abs=1e-4),
        pytest.approx((0.6667, 0, 0.6667, 0), abs=1e-4),
    )


def test_very_many_atoms_are_summed_up() -> None:
    support = np.linspace(0, 1, 401, dtype=np.float32)
    masses = np.full((1, 1, 401), 1 / 401, np.float32)
    shown = atoms(Distribution(np.broadcast_to(support, masses.shape), masses), AxisRange(from_zero=False))
    assert 30 <= len(shown.heights[0]) <= 60
    assert shown.heights[0][0] == 1.0


def test_quantiles_become_columns_of_the_probability_between_them() -> None:
    # The middles of four quarters: an eighth lies below the first, a quarter between two, an eighth beyond.
    values = np.array([[[0, 1, 2, 7]]], np.float32)
    shown = quantiles(Distribution(values, np.full_like(values, 0.25)), AxisRange(from_zero=False))
    assert (shown.low, shown.high) == (0, 7)
    heights = np.array(shown.heights[0])
    masses = heights / heights.sum()
    # 28 columns of a quarter each: the first four hold what is below 1, with the point at 0.
    assert masses[:4].sum() == pytest.approx(0.125 + 0.25, abs=0.01)
    assert masses[4:8].sum() == pytest.approx(0.25, abs=0.01)
    assert masses[8:].sum() == pytest.approx(0.25 + 0.125, abs=0.01)
    assert masses[0] > masses[1]
    assert masses[-1] > masses[-2]


def test_equal_quantiles_are_survived() -> None:
    values = np.full((1, 2, 5), 3, np.float32)
    shown = quantiles(Distribution(values, np.full_like(values, 0.2)), AxisRange(from_zero=False))
    assert all(sum(row) > 0 for row in shown.heights)
