from __future__ import annotations

import numpy as np
import pytest

from arcade_dqn.config import ReplaySettings
from arcade_dqn.replay.buffer import Batch, ReplayBuffer
from arcade_dqn.replay.nstep import EpisodeWriter


def play(n_step: int, rewards: list[float], *, terminated: bool, ended: bool = True) -> Batch:
    """The transitions of one episode whose frame at time t is the number t; discount 0.5."""
    settings = ReplaySettings(capacity=100, learning_start=1)
    buffer = ReplayBuffer(settings, (1,), np.dtype(np.float32), 1, 0, n_step)
    writer = EpisodeWriter(buffer, 0.5, n_step)
    writer.begin(np.array([0.0]))
    for t, reward in enumerate(rewards, 1):
        last = t == len(rewards)
        writer.step(t, reward, np.array([t]), terminated=terminated and last, ended=ended and last)
    return buffer.get(np.arange(buffer.added))


def test_three_steps_by_hand_until_termination() -> None:
    batch = play(3, [1, 2, 4, 8, 16], terminated=True)
    assert batch.s_tm1[:, 0].tolist() == [0, 1, 2, 3, 4]
    assert batch.a_tm1.tolist() == [1, 2, 3, 4, 5]
    # 1 + 2/2 + 4/4, 2 + 4/2 + 8/4, 4 + 8/2 + 16/4, then the flush: 8 + 16/2 and 16.
    assert batch.r_t.tolist() == [3, 6, 12, 16, 16]
    assert batch.discount_t.tolist() == [0.125, 0.125, 0, 0, 0]
    assert batch.s_t[:, 0].tolist() == [3, 4, 5, 5, 5]


def test_truncation_flushes_with_a_bootstrap_of_the_steps_that_were() -> None:
    batch = play(3, [1, 2, 4], terminated=False)
    assert batch.r_t.tolist() == [3, 4, 4]
    assert batch.discount_t.tolist() == [0.125, 0.25, 0.5]
    assert batch.s_t[:, 0].tolist() == [3, 3, 3]


def test_an_episode_shorter_than_n() -> None:
    batch = play(5, [1, 2], terminated=True)
    assert batch.r_t.tolist() == [2, 2]
    assert batch.discount_t.tolist() == [0, 0]


def test_nothing_is_written_before_n_rewards_are_in() -> None:
    assert len(play(3, [1, 2], terminated=False, ended=False).r_t) == 0
    assert len(play(3, [1, 2, 4, 8], terminated=False, ended=False).r_t) == 2


def test_a_lost_life_ends_the_return_but_not_the_episode() -> None:
    settings = ReplaySettings(capacity=100, learning_start=1)
    buffer = ReplayBuffer(settings, (1, 1), np.dtype(np.uint8), 2, 0, 2)
    writer = EpisodeWriter(buffer, 0.5, 2)
    writer.begin(np.array([[0]]))
    writer.step(0, 1.0, np.array([[1]]), terminated=False, ended=False)
    writer.step(0, 2.0, np.array([[2]]), terminated=True, ended=False)  # a life is lost
    writer.step(0, 4.0, np.array([[3]]), terminated=False, ended=False)
    writer.step(0, 8.0, np.array([[4]]), terminated=False, ended=False)
    batch = buffer.get(np.arange(buffer.added))
    assert batch.r_t.tolist() == [2, 2, 8]
    assert batch.discount_t.tolist() == [0, 0, 0.25]
    # The stack goes on across the lost life: frames 1 and 2 are seen together with the action that led to 3.
    assert batch.s_tm1[2, :, 0, 0].tolist() == [1, 2]


@pytest.mark.parametrize("n_step", [1, 2, 3, 7])
def test_every_step_becomes_one_transition(n_step: int) -> None:
    assert len(play(n_step, [1.0] * 20, terminated=True).r_t) == 20
