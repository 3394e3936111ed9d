"""What a buffer holds, summed up, with numbers counted by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcade_dqn.config import ReplaySettings
from arcade_dqn.replay.buffer import ReplayBuffer, Scalars
from arcade_dqn.replay.contents import AGES, BARS, contents


def scalars(r_t: list[float], a_tm1: list[int] | None = None, discount_t: list[float] | None = None) -> Scalars:
    size = len(r_t)
    return Scalars(
        np.array(a_tm1 or [0] * size, np.int32),
        np.array(r_t, np.float32),
        np.array(discount_t or [0.9] * size, np.float32),
        None,
    )


def test_actions_rewards_and_ends_are_counted() -> None:
    found = contents(scalars([1, 0, 1, -1], [2, 0, 2, 2], [0.9, 0.0, 0.9, 0.9]), n_actions=4)
    assert found.size == 4
    assert found.actions == (1, 0, 3, 0)
    assert found.rewards == ((-1.0, -1.0, 1), (0.0, 0.0, 1), (1.0, 1.0, 2))
    assert found.ends == 0.25
    assert found.errors == ()
    # One slice for each of the four; the oldest is three older than the newest.
    assert found.ages == ((3, 1.0, 0.0), (2, 0.0, 1.0), (1, 1.0, 0.0), (0, -1.0, 0.0))


def test_many_different_rewards_make_bars_of_equal_width() -> None:
    found = contents(scalars([float(value) for value in range(101)]), n_actions=1)
    assert len(found.rewards) == BARS
    assert found.rewards[0] == (0.0, 10.0, 10)
    assert found.rewards[-1] == (90.0, 100.0, 11)  # 90 to 100, both included


def test_a_rare_reward_among_a_few_values_is_not_missed() -> None:
    values = [0.0] * 5000 + [1.0] * 5000
    values[1234] = 5.0  # not among every tenth
    found = contents(scalars(values), n_actions=1)
    assert found.rewards == ((0.0, 0.0, 4999), (1.0, 1.0, 5000), (5.0, 5.0, 1))


def test_slices_are_of_equal_size_and_in_the_order_of_age() -> None:
    found = contents(scalars([0.0] * 40 + [1.0] * 40, discount_t=[0.0] * 2 + [0.9] * 78), n_actions=1)
    assert len(found.ages) == AGES
    assert [piece.oldest for piece in found.ages[:3]] == [79, 77, 75]
    assert [piece.reward for piece in found.ages] == [0.0] * 20 + [1.0] * 20
    assert [piece.ends for piece in found.ages] == [1.0] + [0.0] * 39


def test_errors_fall_into_bars_of_half_a_power_of_ten() -> None:
    found = contents(scalars([0.0]), n_actions=1, errors=np.array([0.02, 0.05, 0.2, 2.0]))
    root = 10**0.5
    lows = [low for low, _, _ in found.errors]
    np.testing.assert_allclose(lows, [0.01, 0.01 * root, 0.1, 0.1 * root, 1.0])
    assert [count for _, _, count in found.errors] == [1, 1, 1, 0, 1]
    np.testing.assert_allclose(found.errors[-1].high, root)


@given(st.lists(st.floats(0, 1e6, width=32), min_size=1, max_size=60))
def test_nothing_is_lost_in_the_bars(values: list[float]) -> None:
    found = contents(scalars(values), n_actions=1, errors=np.array(values))
    assert sum(count for _, _, count in found.rewards) == len(values)
    assert sum(count for _, _, count in found.errors) == len(values)
    assert sum(found.actions) == len(values)


def buffer(priority: float) -> Any:
    settings = ReplaySettings(capacity=4, learning_start=1, priority_exponent=priority)
    return ReplayBuffer(settings, (1,), np.dtype(np.uint8), 1, seed=0)


@pytest.mark.parametrize("priority", [0.0, 0.5])
def test_columns_are_those_of_the_transitions_still_there(priority: float) -> None:
    replay = buffer(priority)
    frame = replay.add_frame(np.zeros(1, np.uint8))
    for number in range(6):
        replay.add((frame,), number, 10.0 * number, 0.5, (frame,))
    found = replay.scalars()
    assert replay.oldest == 2
    assert found.a_tm1.tolist() == [2, 3, 4, 5]
    assert found.r_t.tolist() == [20.0, 30.0, 40.0, 50.0]
    assert found.discount_t.tolist() == [0.5] * 4
    assert (found.error is None) == (priority == 0.0)


def test_columns_tell_the_last_error_of_each_transition_and_change_nothing() -> None:
    replay, twin = buffer(0.5), buffer(0.5)
    for one in (replay, twin):
        frame = one.add_frame(np.zeros(1, np.uint8))
        for number in range(3):
            one.add((frame,), number, 0.0, 0.5, (frame,))
        one.sample(1, 2)
        one.update_priorities(np.array([[0, 2]]), np.array([[0.25, 4.0]], np.float32))
        one.add((frame,), 3, 0.0, 0.5, (frame,))
    errors = replay.scalars().error
    # The second was never sampled again: as wrong as the worst was when it came. The last has no minibatch behind it.
    np.testing.assert_allclose(errors[:3], [0.25, 1.0, 4.0], rtol=1e-5)
    assert np.isnan(errors[3])
    for _ in range(3):
        ours, theirs = replay.sample(1, 2), twin.sample(1, 2)
        assert ours[1].tolist() == theirs[1].tolist()
