"""An evaluation's own numbers, and the seeds that keep its streams apart."""

from __future__ import annotations

import math

import pytest

from arcade_dqn.evaluation import Evaluation, chance_seed, evaluation_seed, training_seed, watching_seed


def test_the_numbers_by_hand() -> None:
    found = Evaluation.from_returns([1.0, 2.0, 6.0], 5, epsilon=0.1, cut=1)
    assert (found.episodes, found.mean, found.min, found.max, found.seed) == (3, 3.0, 1.0, 6.0, 5)
    # Squared distances 4, 1 and 9: the population's variance is 14 / 3, the sample's 14 / 2.
    assert found.std == pytest.approx((14 / 3) ** 0.5)
    assert found.standard_error == pytest.approx((14 / 2) ** 0.5 / 3**0.5)
    assert found.lower_bound == pytest.approx(3 - 2 * (7 / 3) ** 0.5)
    assert found.to_dict()["returns"] == [1.0, 2.0, 6.0]
    assert (found.to_dict()["epsilon"], found.to_dict()["cut"]) == (0.1, 1)


def test_one_episode_says_nothing_of_the_next() -> None:
    found = Evaluation.from_returns([500.0], 0)
    assert (found.standard_error, found.lower_bound) == (math.inf, -math.inf)
    with pytest.raises(ValueError, match="at least one episode"):
        Evaluation.from_returns([], 0)


def test_no_stream_has_another_ones_seed() -> None:
    seeds = {make(seed, index) for make in (training_seed, evaluation_seed, watching_seed) for seed in range(20)
             for index in range(20)}  # fmt: skip
    assert len(seeds) == 3 * 400
    assert not seeds & {chance_seed(seed) for seed in seeds}


def test_cut_off_episodes_are_a_caveat() -> None:
    assert Evaluation.from_returns([1.0, 2.0], 0).caveat == ""
    assert Evaluation.from_returns([1.0, 2.0], 0, cut=2).caveat == " (2 of them cut off, so their scores are too small)"
