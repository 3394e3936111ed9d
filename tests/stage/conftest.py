"""A game that can be worked out by hand, and a policy that can, too."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from arcade_dqn.acting.policy import Policy
from arcade_dqn.config import NetworkSettings
from arcade_dqn.games.find import find
from arcade_dqn.games.game import Game, Outcome

os.environ["SDL_VIDEODRIVER"] = os.environ["SDL_AUDIODRIVER"] = "dummy"


class Ladder(Game):
    """Climb 3 rungs: action 1 climbs (reward 2), action 0 stays (reward -1), the top ends it; 5 steps are the limit.

    The frame is [rung, seed mod 7]. The picture is 2 x 2, filled with the number of steps taken.
    """

    def __init__(self, stack: int = 1, between: int = 0) -> None:
        self.info = dataclasses.replace(find("CartPole-v1"), actions=("stay", "climb"))
        self.frame_shape, self.frame_dtype = (2,), np.dtype(np.float32)
        self.stack = stack
        self.frames_between = []
        self.between = between
        self.seeds: list[int | None] = []
        self.rendered = 0
        self.closed = False
        self.rung = self.steps = 0

    def _frame(self) -> np.ndarray:
        return np.array([self.rung, (self.seeds[-1] or 0) % 7], np.float32)

    def reset(self, seed: int | None = None) -> np.ndarray:
        self.seeds.append(seed)
        self.rung = self.steps = 0
        return self._frame()

    def step(self, action: int) -> Outcome:
        assert self.rung < 3, "stepped after the end"
        self.rung += action
        self.steps += 1
        self.frames_between = [np.full((2, 2, 3), 100 + i, np.uint8) for i in range(self.between)]
        return Outcome(self._frame(), 2.0 if action else -1.0, self.rung == 3, self.steps == 5, False)

    def render(self) -> np.ndarray:
        self.rendered += 1
        return np.full((2, 2, 3), self.steps, np.uint8)

    def get_state(self) -> dict[str, Any] | None:
        return None

    def set_state(self, state: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def ladder() -> type[Ladder]:
    return Ladder


@pytest.fixture
def climber() -> Policy:
    """Q(stay) = 1 whatever it sees, Q(climb) = 3 - rung: it climbs two rungs, and at the tie stays."""
    weights = {
        "q/kernel": np.array([[0, -1], [0, 0]], np.float32),
        "q/bias": np.array([1, 3], np.float32),
    }
    return Policy(NetworkSettings(kind="mlp", hidden=()), (2,), 2, weights)
