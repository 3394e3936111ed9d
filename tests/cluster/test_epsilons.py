"""The ladder of epsilons, against numbers worked out by hand."""

from __future__ import annotations

import pytest

from arcade_dqn.cluster.epsilons import epsilons


def test_the_first_actor_has_the_base_and_the_last_its_power() -> None:
    # 0.4 ** 1, 0.4 ** 4.5 and 0.4 ** 8
    assert epsilons(3, 0.4, 7.0) == pytest.approx((0.4, 0.016190861620062103, 0.00065536), rel=1e-9)


def test_one_actor_alone_stands_in_the_middle() -> None:
    assert epsilons(1, 0.5, 2.0) == (0.25,)


def test_without_a_fall_off_all_are_alike() -> None:
    assert epsilons(4, 0.3, 0.0) == (0.3,) * 4
