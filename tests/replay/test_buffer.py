from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from arcade_dqn.config import ReplaySettings
from arcade_dqn.replay.buffer import ReplayBuffer
from arcade_dqn.replay.nstep import EpisodeWriter


def make_buffer(
    capacity: int, stack: int = 1, n_step: int = 1, compression: str = "none", seed: int = 0, priority: float = 0.0
) -> Any:
    settings = ReplaySettings.model_validate(
        {"capacity": capacity, "learning_start": 1, "compression": compression, "priority_exponent": priority}
    )
    shape = (2, 2) if stack > 1 else (1,)
    return ReplayBuffer(settings, shape, np.dtype(np.uint8), stack, seed, n_step)


def frame(value: int, stack: int = 1) -> np.ndarray:
    return np.full((2, 2) if stack > 1 else (1,), value, np.uint8)


def test_the_transitions_of_an_episode_by_hand() -> None:
    buffer = make_buffer(10)
    writer = EpisodeWriter(buffer, discount=0.9)
    writer.begin(frame(0))
    writer.step(1, 0.5, frame(1), terminated=False, ended=False)
    writer.step(0, 2.0, frame(2), terminated=True, ended=True)
    batch = buffer.get(np.arange(2))
    assert batch.s_tm1.tolist() == [[0], [1]]
    assert batch.a_tm1.tolist() == [1, 0]
    assert batch.r_t.tolist() == [0.5, 2.0]
    np.testing.assert_allclose(batch.discount_t, [0.9, 0.0])
    assert batch.s_t.tolist() == [[1], [2]]


def test_truncation_bootstraps_from_the_true_last_observation() -> None:
    buffer = make_buffer(10)
    writer = EpisodeWriter(buffer, discount=0.9)
    writer.begin(frame(0))
    writer.step(0, 1.0, frame(7), terminated=False, ended=True)
    writer.begin(frame(50))
    writer.step(0, 1.0, frame(51), terminated=False, ended=False)
    batch = buffer.get(np.arange(2))
    assert batch.s_t.tolist() == [[7], [51]]  # not the 50 of the reset
    np.testing.assert_allclose(batch.discount_t, [0.9, 0.9])
    assert len(buffer) == 2  # nothing across the reset


def test_the_oldest_transition_makes_room() -> None:
    buffer = make_buffer(3)
    writer = EpisodeWriter(buffer, discount=1.0)
    writer.begin(frame(0))
    for t in range(1, 9):
        writer.step(t, 0.0, frame(t), terminated=False, ended=False)
    assert len(buffer) == 3
    assert sorted(set(buffer.sample(1, 200)[0].a_tm1.ravel().tolist())) == [6, 7, 8]
    batch, _ = buffer.sample(1, 50)
    assert (batch.s_tm1[..., 0] == batch.a_tm1 - 1).all()
    assert (batch.s_t[..., 0] == batch.a_tm1).all()


def test_stacks_repeat_the_first_frame_and_never_cross_an_episode() -> None:
    buffer = make_buffer(20, stack=3)
    writer = EpisodeWriter(buffer, discount=1.0)
    for start in (10, 20):
        writer.begin(frame(start, 3))
        for t in range(1, 4):
            writer.step(0, 0.0, frame(start + t, 3), terminated=t == 3, ended=t == 3)
    batch = buffer.get(np.arange(6))
    assert batch.s_tm1[:, :, 0, 0].tolist() == [
        [10, 10, 10], [10, 10, 11], [10, 11, 12], [20, 20, 20], [20, 20, 21], [20, 21, 22],
    ]  # fmt: skip
    assert batch.s_t[:, :, 0, 0].tolist() == [
        [10, 10, 11], [10, 11, 12], [11, 12, 13], [20, 20, 21], [20, 21, 22], [21, 22, 23],
    ]  # fmt: skip


def test_a_stacked_frame_is_stored_once() -> None:
    buffer = make_buffer(100, stack=4)
    writer = EpisodeWriter(buffer, discount=1.0)
    writer.begin(frame(0, 4))
    for t in range(1, 51):
        writer.step(0, 0.0, frame(t, 4), terminated=False, ended=False)
    assert len(buffer) == 50
    assert buffer.frames.next_id == 51


def test_a_buffer_of_very_short_episodes_is_full_before_it_holds_its_capacity() -> None:
    buffer = make_buffer(capacity=64)
    assert not buffer.holds(1)
    writer = EpisodeWriter(buffer, discount=1.0)
    for episode in range(100):
        assert buffer.holds(64) == (buffer.oldest > 0)
        writer.begin(frame(episode % 200))
        writer.step(0, 1.0, frame(episode % 200), terminated=True, ended=True)
    assert len(buffer) < 64
    assert buffer.holds(64)


def test_very_short_episodes_evict_early_but_never_show_a_wrong_frame() -> None:
    buffer = make_buffer(40)
    writer = EpisodeWriter(buffer, discount=1.0)
    for episode in range(100):
        writer.begin(frame(2 * episode % 256))
        writer.step(episode, 0.0, frame((2 * episode + 1) % 256), terminated=True, ended=True)
        batch, _ = buffer.sample(1, 20)
        assert (batch.s_tm1[..., 0] == 2 * batch.a_tm1 % 256).all()
        assert (batch.s_t[..., 0] == (2 * batch.a_tm1 + 1) % 256).all()
    assert 20 <= len(buffer) <= 40


@pytest.mark.parametrize("compression", ["none", "lz4"])
def test_a_restored_buffer_goes_on_exactly(compression: str) -> None:
    buffers = [make_buffer(15, 3, 2, compression), make_buffer(15, 3, 2, compression, seed=9)]
    writers = [EpisodeWriter(buffer, 0.9, 2) for buffer in buffers]
    writers[0].begin(frame(1, 3))
    for t in range(2, 40):
        writers[0].step(t, float(t), frame(t, 3), terminated=False, ended=False)
    buffers[0].sample(1, 5)
    buffers[1].set_state(buffers[0].get_state())
    writers[1].set_state(writers[0].get_state())
    for t in range(40, 60):
        for writer in writers:
            writer.step(t, float(t), frame(t, 3), terminated=t % 7 == 0, ended=t % 7 == 0)
            if t % 7 == 0:
                writer.begin(frame(100 + t, 3))
    first, second = (buffer.sample(4, 8)[0] for buffer in buffers)
    for left, right in zip(first, second, strict=True):
        assert left.shape[:2] == (4, 8)
        np.testing.assert_array_equal(left, right)


def test_sampling_is_uniform() -> None:
    buffer = make_buffer(10)
    writer = EpisodeWriter(buffer, discount=1.0)
    writer.begin(frame(0))
    for t in range(14):
        writer.step(t, 0.0, frame(t), terminated=False, ended=False)
    counts = np.bincount(buffer.sample(1, 100_000)[0].a_tm1.ravel(), minlength=14)
    assert not counts[:4].any()
    # Chi-squared with 9 degrees of freedom: 27.9 is its 99.9th percentile.
    assert ((counts[4:] - 10_000) ** 2 / 10_000).sum() < 27.9


def test_an_empty_buffer_has_nothing_to_sample() -> None:
    with pytest.raises(ValueError, match="empty"):
        make_buffer(5).sample(1, 1)


def test_nbytes_counts_what_is_filled() -> None:
    buffer = make_buffer(1000, stack=4)
    writer = EpisodeWriter(buffer, 1.0)
    writer.begin(frame(0, 4))
    for t in range(9):
        writer.step(0, 0.0, frame(t, 4), terminated=False, ended=False)
    # 10 frames of 4 bytes; 9 transitions of 2 x 4 slots of 4 bytes, an id of 8, action, reward and discount of 4 each.
    assert buffer.nbytes == 40 + 9 * (32 + 8 + 12)


def prioritised(count: int, capacity: int = 8, exponent: float = 1.0, seed: int = 0) -> Any:
    """A buffer of `count` transitions whose action is their number."""
    buffer = make_buffer(capacity, priority=exponent, seed=seed)
    writer = EpisodeWriter(buffer, 1.0)
    writer.begin(frame(0))
    for t in range(count):
        writer.step(t, 0.0, frame(t % 256), terminated=False, ended=False)
    return buffer


def test_sampling_is_proportional_to_the_errors() -> None:
    buffer = prioritised(4)
    buffer.sample(1, 1)
    buffer.update_priorities(np.array([[0, 1, 2, 3]]), np.array([[1.0, 2.0, 3.0, 4.0]]))
    batch, numbers = buffer.sample(500, 200)
    np.testing.assert_array_equal(batch.a_tm1, numbers)
    counts = np.bincount(numbers.ravel(), minlength=4)
    np.testing.assert_allclose(counts / counts.sum(), [0.1, 0.2, 0.3, 0.4], atol=0.005)


def test_the_importance_weights_by_hand() -> None:
    buffer = prioritised(4, exponent=0.5)
    buffer.sample(1, 1)
    buffer.update_priorities(np.array([[0, 1, 2, 3]]), np.array([[1.0, 4.0, 9.0, 16.0]]))
    # Priorities 1, 2, 3, 4 of 10: N P is 0.4, 0.8, 1.2, 1.6; to the power of -0.5, over the largest of the minibatch.
    batch, numbers = buffer.sample(1, 64, importance_exponent=0.5)
    expected = (4 * np.array([0.1, 0.2, 0.3, 0.4])[numbers[0]]) ** -0.5
    np.testing.assert_allclose(batch.weight[0], expected / expected.max(), rtol=1e-5)
    np.testing.assert_array_equal(make_weights(prioritised(4, exponent=0.0)), 1.0)


def make_weights(buffer: Any) -> np.ndarray:
    return np.asarray(buffer.sample(2, 8)[0].weight)


def test_new_transitions_have_the_largest_priority_and_old_ones_leave_the_tree() -> None:
    buffer = prioritised(8)
    buffer.sample(1, 1)
    buffer.update_priorities(np.arange(8)[None], np.full((1, 8), 3.0))
    writer = EpisodeWriter(buffer, 1.0)
    writer.begin(frame(0))
    for t in range(8, 11):
        writer.step(t, 0.0, frame(t), terminated=False, ended=False)
    buffer.sample(1, 1)
    assert buffer.priority_sum == pytest.approx(8 * 3, rel=1e-5)
    buffer.update_priorities(np.array([[2, 3]]), np.array([[100.0, 5.0]]))  # 2 has left: its place is 10's now
    assert buffer.priority_sum == pytest.approx(7 * 3 + 5, rel=1e-5)
    assert set(buffer.sample(10, 100)[1].ravel().tolist()) == set(range(3, 11))


def test_of_a_transition_sampled_twice_the_last_error_stays() -> None:
    buffer = prioritised(2)
    buffer.sample(1, 1)
    buffer.update_priorities(np.array([[0, 1], [0, 0]]), np.array([[9.0, 1.0], [5.0, 3.0]]))
    assert buffer.scalars().error == pytest.approx([3, 1], rel=1e-5)


def test_a_restored_prioritised_buffer_goes_on_exactly() -> None:
    buffer, other = prioritised(20), prioritised(3, seed=5)
    _, numbers = buffer.sample(2, 4)
    buffer.update_priorities(numbers, np.arange(8.0).reshape(2, 4))
    other.set_state(buffer.get_state())
    for left, right in zip(buffer.sample(3, 8)[0], other.sample(3, 8)[0], strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize(("stack", "n_step"), [(1, 1), (1, 3), (3, 1)])
def test_writers_that_do_not_take_turns_are_refused_before_they_do_harm(stack: int, n_step: int) -> None:
    settings = ReplaySettings(capacity=50, learning_start=1)
    shape = (2, 2) if stack > 1 else (1,)
    buffer = ReplayBuffer(settings, shape, np.dtype(np.uint8), stack, 0, n_step, writers=2)
    one, other = (EpisodeWriter(buffer, 1.0, n_step) for _ in range(2))
    for writer in (one, other):
        writer.begin(frame(0, stack))
    for t in range(20):
        for writer in (one, other):
            writer.step(0, 0.0, frame(t, stack), terminated=False, ended=False)
    before = buffer.added
    for t in range(40):  # fewer than the frames that are kept: nothing was written over yet
        other.step(0, 0.0, frame(t, stack), terminated=False, ended=False)
    with pytest.raises(
        ValueError, match=r"a transition spans \d+ frames, more than the \d+ of writers that take turns"
    ):
        one.step(0, 0.0, frame(99, stack), terminated=False, ended=False)
    assert buffer.added == before + 40, "all of the other's, and not the one that is refused"


def test_writers_in_turn_may_all_end_their_episodes_in_every_round() -> None:
    settings = ReplaySettings(capacity=50, learning_start=1)
    buffer = ReplayBuffer(settings, (1,), np.dtype(np.uint8), 1, 0, 3, writers=4)
    writers = [EpisodeWriter(buffer, 1.0, 3) for _ in range(4)]
    for episode in range(30):
        for writer in writers:
            if episode % 5 == 0 or writer is not writers[0]:
                writer.begin(frame(0))
            ends = writer is not writers[0] or episode % 5 == 4
            writer.step(0, 0.0, frame(1), terminated=ends, ended=ends)
    assert buffer.added == 120 and buffer.oldest > 0
