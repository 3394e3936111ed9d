"""What a person plays, kept step by step, so that a run can learn from it."""

from __future__ import annotations

import numpy as np

from arcade_dqn.games.game import Outcome
from arcade_dqn.storage.demonstrations import MAX_STEPS, Demonstration

_MOST_BYTES = 32 * 1024 * 1024
"""Of frames, in one demonstration."""


class Tape:
    """Steps that follow each other. It may begin in the middle of an episode."""

    def __init__(self, observation: np.ndarray, stack: int) -> None:
        """Begin before `observation` [*observation_shape] is acted on; `stack` frames make one."""
        self._frames = list(observation) if stack > 1 else [observation]
        self._actions: list[int] = []
        self._rewards: list[float] = []
        self._lost: list[bool] = []
        self._terminated = False

    def __len__(self) -> int:
        return len(self._actions)

    @property
    def full(self) -> bool:
        """Whether nothing more fits into one demonstration."""
        return len(self) >= MAX_STEPS or (len(self._frames) + 1) * self._frames[0].nbytes > _MOST_BYTES

    def add(self, action: int, outcome: Outcome) -> None:
        """One more step."""
        self._frames.append(outcome.frame)
        self._actions.append(action)
        self._rewards.append(outcome.reward)
        self._lost.append(outcome.life_lost)
        self._terminated = outcome.terminated

    def demonstration(self) -> Demonstration:
        """Everything since the beginning; at least one step."""
        return Demonstration(
            np.stack(self._frames),
            np.array(self._actions, np.int32),
            np.array(self._rewards, np.float32),
            np.array(self._lost, bool),
            self._terminated,
        )
