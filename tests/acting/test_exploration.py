from __future__ import annotations

import pytest

from arcade_dqn.acting.exploration import EpsilonSchedule
from arcade_dqn.config import ExplorationSettings


def test_linear_by_hand() -> None:
    schedule = EpsilonSchedule(ExplorationSettings(epsilon_start=1.0, epsilon_end=0.2, decay_steps=100))
    assert [schedule.value(step, 0) for step in (0, 25, 100, 1000)] == pytest.approx([1.0, 0.8, 0.2, 0.2])


def test_exponential_by_hand() -> None:
    schedule = EpsilonSchedule(
        ExplorationSettings(schedule="exponential", epsilon_start=1.0, epsilon_end=0.01, decay_steps=100)
    )
    assert [schedule.value(step, 0) for step in (0, 50, 100, 500)] == pytest.approx([1.0, 0.1, 0.01, 0.01])


def test_per_episode_by_hand_and_never_below_its_end() -> None:
    schedule = EpsilonSchedule(ExplorationSettings(schedule="episode", epsilon_end=0.5, episode_decay=0.9))
    assert [schedule.value(10**6, episode) for episode in (0, 1, 2, 50)] == pytest.approx([1.0, 0.9, 0.81, 0.5])
