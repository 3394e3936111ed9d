"""Segments hold the same transitions as play that is written to a replay buffer at once, wherever they are cut."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arcade_dqn.cluster.segments import Segment, SegmentWriter, insert
from arcade_dqn.config import ReplaySettings
from arcade_dqn.replay.buffer import Batch, ReplayBuffer
from arcade_dqn.replay.nstep import EpisodeWriter

DISCOUNT = 0.5


class Move(NamedTuple):
    reward: float
    terminated: bool
    ended: bool
    cut: bool
    """Whether the segment is taken after it."""


moves = st.lists(
    st.builds(
        Move,
        st.integers(-3, 3).map(float),
        st.sampled_from([False, False, False, True]),
        st.sampled_from([False, False, False, True]),
        st.sampled_from([False, False, True]),
    ),
    min_size=1,
    max_size=40,
)


def buffer(stack: int, n_step: int, dtype: type, priority_exponent: float = 0.0) -> ReplayBuffer:
    chosen = ReplaySettings(capacity=200, learning_start=1, priority_exponent=priority_exponent)
    return ReplayBuffer(chosen, (2, 2) if stack > 1 else (3,), np.dtype(dtype), stack, 0, n_step)


def all_of(replay: ReplayBuffer) -> Batch:
    return replay.get(np.arange(replay.oldest, replay.added))


@settings(max_examples=80, deadline=None)
@given(moves, st.sampled_from([1, 4]), st.integers(1, 4), st.sampled_from([np.float32, np.uint8]))
def test_cutting_changes_no_transition(played: list[Move], stack: int, n_step: int, dtype: type) -> None:
    local, remote = buffer(stack, n_step, dtype), buffer(stack, n_step, dtype)
    shape = (2, 2) if stack > 1 else (3,)
    number = 0

    def frame() -> np.ndarray:
        nonlocal number
        number += 1
        return np.full(shape, number, dtype)

    there, here = EpisodeWriter(local, DISCOUNT, n_step), SegmentWriter(stack, DISCOUNT, n_step)
    begins, promised = True, 0

    def ship(segment: Segment | None) -> None:
        nonlocal promised
        if segment is not None:
            promised += segment.transitions
            insert(segment, remote, shape, np.dtype(dtype), DISCOUNT, n_step)

    for at, move in enumerate(played):
        if begins:
            first = frame()
            there.begin(first)
            here.begin(first)
        next_frame = frame()
        for writer in (there, here):
            writer.step(at % 3, move.reward, next_frame, terminated=move.terminated, ended=move.ended)
        begins = move.ended
        if move.cut:
            ship(here.take(0, errors=False))
    ship(here.take(0, errors=False))

    assert promised == remote.added == local.added
    for ours, theirs in zip(all_of(remote), all_of(local), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_segment_says_each_frame_once_but_for_what_it_begins_with() -> None:
    writer = SegmentWriter(4, DISCOUNT, 3)
    writer.begin(np.zeros((2, 2), np.uint8))
    for step in range(10):
        writer.step(0, 1.0, np.full((2, 2), step, np.uint8), terminated=False, ended=False)
    first = writer.take(0, errors=False)
    for step in range(10):
        writer.step(0, 1.0, np.full((2, 2), step, np.uint8), terminated=False, ended=False)
    second = writer.take(0, errors=False)
    assert first is not None and second is not None
    assert (len(first.marks), first.transitions) == (11, 8), "two steps wait for their third reward"
    # The stack of four before the two steps that are said again, these two, and ten new ones.
    assert (len(second.marks), second.transitions) == (4 + 2 + 10, 10)
    assert isinstance(second.frames, bytes)


def test_nothing_complete_is_no_segment() -> None:
    writer = SegmentWriter(1, DISCOUNT, 2)
    writer.begin(np.zeros(3, np.float32))
    writer.step(0, 1.0, np.ones(3, np.float32), terminated=False, ended=False)
    assert writer.take(0, errors=False) is None


def test_errors_are_those_of_n_step_returns() -> None:
    writer = SegmentWriter(1, DISCOUNT, 2)
    writer.begin(np.zeros(3, np.float32))
    # reward, Q of the action, value of where it led to
    for reward, q_tm1, v_t in ((1.0, 10.0, 7.0), (2.0, 20.0, 8.0)):
        writer.step(0, reward, np.ones(3, np.float32), terminated=False, ended=False)
        writer.predicted(q_tm1)
        writer.reached(v_t)
    writer.step(0, 4.0, np.ones(3, np.float32), terminated=True, ended=True)
    writer.predicted(40.0)
    writer.reached(1000.0)  # nothing follows a termination, whatever anybody thinks
    segment = writer.take(0, errors=True)
    assert segment is not None and segment.error is not None
    # 1 + 0.5 * 2 + 0.25 * 8 - 10;  2 + 0.5 * 4 - 20;  4 - 40
    np.testing.assert_allclose(segment.error, [6.0, 16.0, 36.0])


def test_a_time_limit_bootstraps_from_the_last_observation() -> None:
    writer = SegmentWriter(1, DISCOUNT, 3)
    writer.begin(np.zeros(3, np.float32))
    writer.step(0, 1.0, np.ones(3, np.float32), terminated=False, ended=True)
    writer.predicted(0.0)
    writer.reached(6.0)
    segment = writer.take(0, errors=True)
    assert segment is not None
    np.testing.assert_allclose(segment.error, [1 + 0.5 * 6])


def test_errors_become_the_priorities_of_their_transitions() -> None:
    replay = buffer(1, 1, np.float32, priority_exponent=1.0)
    writer = SegmentWriter(1, DISCOUNT, 1)
    writer.begin(np.zeros(3, np.float32))
    for q_tm1 in (3.0, 5.0):
        writer.step(0, 0.0, np.ones(3, np.float32), terminated=True, ended=False)
        writer.predicted(q_tm1)
    segment = writer.take(0, errors=True)
    assert segment is not None
    insert(segment, replay, (3,), np.dtype(np.float32), DISCOUNT, 1)
    error = replay.scalars().error
    assert error is not None
    np.testing.assert_allclose(error, [3.0, 5.0])
    assert replay.priority_sum == pytest.approx(8.0, abs=1e-5)
