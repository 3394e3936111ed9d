from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arcade_dqn.replay.priority import Priorities, SumTree

EXAMPLES = int(os.environ.get("PROPERTY_EXAMPLES", "200"))


def test_by_hand() -> None:
    tree = SumTree(5)
    tree.set(np.arange(5), np.array([1.0, 0.0, 2.0, 4.0, 3.0]))
    assert tree.total == 10
    shares = np.array([0, 0.99, 1, 2.99, 3, 6.99, 7, 9.99])
    assert tree.find(shares).tolist() == [0, 0, 2, 2, 3, 3, 4, 4]
    tree.set(np.array([3, 0]), np.array([0.0, 0.5]))
    assert tree.total == 5.5
    assert tree.get(np.array([0, 3, 4])).tolist() == [0.5, 0, 3]
    assert tree.find(np.array([0.4, 0.5, 2.5])).tolist() == [0, 2, 4]


def test_of_a_place_named_twice_the_last_value_stays() -> None:
    tree = SumTree(4)
    tree.set(np.array([1, 2, 1]), np.array([5.0, 1.0, 3.0]))
    assert tree.get(np.array([1])).tolist() == [3]
    assert tree.total == 4


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf")])
def test_what_is_no_priority_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="finite and not negative"):
        SumTree(3).set(np.array([0]), np.array([bad]))


def test_one_place() -> None:
    tree = SumTree(1)
    tree.set(np.array([0]), np.array([2.0]))
    assert tree.find(np.array([0.0, 1.9])).tolist() == [0, 0]


WRITES = st.lists(st.tuples(st.integers(0, 36), st.floats(0, 1e6, allow_nan=False)), min_size=1, max_size=60)


@settings(max_examples=EXAMPLES, deadline=None)
@given(WRITES, st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=20))
def test_it_is_plain_sums(writes: list[tuple[int, float]], shares: list[float]) -> None:
    tree, plain = SumTree(37), np.zeros(37)
    for place, value in writes:
        tree.set(np.array([place]), np.array([value]))
        plain[place] = value
    assert tree.total == pytest.approx(plain.sum(), rel=1e-12)
    if tree.total == 0:
        return
    wanted = np.array(shares) * tree.total
    found = tree.find(wanted)
    ends = np.cumsum(plain)
    slack = 1e-9 * tree.total
    for place, share in zip(found.tolist(), wanted.tolist(), strict=True):
        assert plain[place] > 0
        assert ends[place] - plain[place] - slack <= share <= ends[place] + slack


@settings(max_examples=EXAMPLES, deadline=None)
@given(WRITES)
def test_one_bulk_write_is_many_single_ones(writes: list[tuple[int, float]]) -> None:
    bulk, single = SumTree(37), SumTree(37)
    bulk.set(np.array([place for place, _ in writes]), np.array([value for _, value in writes]))
    for place, value in writes:
        single.set(np.array([place]), np.array([value]))
    assert np.array_equal(bulk.get_state(), single.get_state())
    assert bulk.total == single.total
    restored = SumTree(37)
    restored.set_state(bulk.get_state())
    assert restored.total == bulk.total


def test_sampling_is_proportional() -> None:
    tree, rng = SumTree(6), np.random.default_rng(0)
    tree.set(np.arange(6), np.array([1.0, 2.0, 3.0, 0.0, 4.0, 10.0]))
    counts = np.bincount(tree.find(rng.random(100_000) * tree.total), minlength=6)
    assert counts[3] == 0
    expected = 100_000 * np.array([1, 2, 3, 4, 10]) / 20
    # Chi-squared with 4 degrees of freedom: 18.5 is its 99.9th percentile.
    assert ((counts[[0, 1, 2, 4, 5]] - expected) ** 2 / expected).sum() < 18.5


def test_priorities_follow_a_ring_by_hand() -> None:
    kept = Priorities(capacity=4, exponent=1.0)
    assert kept.total == 0
    kept.follow(0, 4)
    assert kept.total == pytest.approx(4, rel=1e-5)
    kept.update(np.array([0, 1, 3]), np.array([5.0, 2.0, 3.0], np.float32), 0, 4)
    assert kept.total == pytest.approx(5 + 2 + 1 + 3, rel=1e-5)
    # 0 and 1 leave, 4 and 5 come into their rows with the largest so far; 1 is told of too late.
    kept.update(np.array([1]), np.array([9.0], np.float32), 2, 6)
    kept.follow(2, 6)
    assert kept.total == pytest.approx(1 + 3 + 9 + 9, rel=1e-5)
    # By their rows: 9 of 4, 9 of 5, 1 of 2, 3 of 3.
    numbers, priority = kept.find(np.array([[0.0, 8.9], [9.1, 18.5], [19.5, 21.9]]) / 22)
    assert numbers.tolist() == [[4, 4], [5, 2], [3, 3]]
    np.testing.assert_allclose(priority, [[9, 9], [9, 1], [3, 3]], rtol=1e-5)


def test_errors_of_transitions_that_came_since_are_not_known() -> None:
    kept = Priorities(capacity=4, exponent=0.5)
    kept.follow(0, 2)
    kept.update(np.array([0, 1]), np.array([4.0, 9.0], np.float32), 0, 2)
    np.testing.assert_allclose(kept.errors(np.arange(3)), [4, 9, np.nan], rtol=1e-5)


def test_a_ring_that_went_round_since_the_last_look_is_all_new() -> None:
    kept = Priorities(capacity=4, exponent=1.0)
    kept.follow(0, 4)
    kept.update(np.arange(4), np.array([1.0, 2.0, 3.0, 4.0], np.float32), 0, 4)
    kept.follow(96, 100)
    assert kept.total == pytest.approx(4 * 4, rel=1e-5)


def test_first_errors_may_come_with_the_transitions_themselves() -> None:
    kept = Priorities(capacity=8, exponent=1.0)
    kept.update(np.array([0, 1, 2]), np.array([0.5, 0.25, 0.25], np.float32), 0, 3)
    assert kept.total == pytest.approx(1, rel=1e-5)
    kept.follow(0, 4)  # the largest so far is the 1 that it began with
    assert kept.total == pytest.approx(2, rel=1e-5)


def test_restored_priorities_go_on_exactly() -> None:
    kept, other = Priorities(8, 0.7), Priorities(8, 0.7)
    kept.follow(3, 9)
    kept.update(np.array([4, 8]), np.array([7.0, 0.1], np.float32), 3, 9)
    other.set_state(kept.get_state())
    for one in (kept, other):
        one.follow(5, 13)
    shares = np.linspace(0, 0.999, 50)
    assert kept.total == other.total
    for left, right in zip(kept.find(shares), other.find(shares), strict=True):
        np.testing.assert_array_equal(left, right)
