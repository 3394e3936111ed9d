"""Games of Gymnasium's own package, run without its wrappers.

The wrappers of `gymnasium.make` (order check, space check, time limit, discretised actions) cost a third of a CartPole
step. Here the bare environment is stepped, the limit is counted and the discretised actions are tabulated; a test holds
that frames, rewards and ends equal those of `gymnasium.make`.

Pictures are drawn here too, by each family: the environments are built without rendering, and no display is ever
initialised. Nor is pygame loaded, but for LunarLander, whose package in Gymnasium imports it for another game.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np

from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.games.environment import build, discretised, with_values
from arcade_dqn.games.game import Frame, Game, GameStateError, Outcome, Picture
from arcade_dqn.games.info import GameInfo, UnplayableGame

Painter = Callable[[int | None, int], Picture]
"""Takes the last action (None right after a reset) and the steps since the reset; gives uint8 [400, 600, 3] to keep."""


class UnwrappedGame(Game):
    """A game with a vector for observation, float32 [N], whose family draws it."""

    def __init__(self, info: GameInfo, settings: EnvironmentSettings, *, render: bool = False) -> None:
        self._env = build(info.id, settings, render=False)
        bare: Any = self._env.unwrapped
        self._bare = bare
        self._bare_step = bare.step
        assert self._env.spec is not None
        self._limit = self._env.spec.max_episode_steps or 0
        self._elapsed = 0
        self._action: int | None = None
        self._closed = False
        self._paint: Painter | None = None
        self.frames_between = []
        self.frame_shape = bare.observation_space.shape
        self.frame_dtype = np.dtype(np.float32)
        self._table: list[Any]
        if isinstance(bare.action_space, gymnasium.spaces.Discrete):
            self._table = list(range(int(bare.action_space.n)))
            self.info = info.with_actions([f"action {action}" for action in self._table])
        elif math.prod(bare.action_space.shape) != 1:
            raise UnplayableGame(
                f"{info.id} cannot be played with these arguments (--env): an action is "
                f"{math.prod(bare.action_space.shape)} continuous numbers"
            )
        else:
            self._table = discretised(self._env, settings.action_bins)
            completed = with_values(info, self._table, "torque")
            # A positive torque turns Pendulum counter-clockwise: to the left, for a rod that points up.
            self.info = replace(completed, keys={"left": len(self._table) - 1, "right": 0})
        if render:
            self._paint = self._painter(bare)

    @abstractmethod
    def _painter(self, bare: Any) -> Painter:
        """What draws the present state of `bare`, the environment without its wrappers."""

    def reset(self, seed: int | None = None) -> Frame:
        self._elapsed = 0
        self._action = None
        frame: Frame = self._bare.reset(seed=seed)[0]
        return frame

    def step(self, action: int) -> Outcome:
        frame, reward, terminated, _, _ = self._bare_step(self._table[action])
        self._elapsed += 1
        self._action = action
        return Outcome(frame, float(reward), terminated, self._elapsed >= self._limit > 0, False)

    def render(self) -> Picture:
        assert self._paint is not None, "made without render=True"
        return self._paint(self._action, self._elapsed)

    def get_state(self) -> dict[str, Any] | None:
        return None

    def set_state(self, state: Mapping[str, Any]) -> None:
        raise GameStateError(f"this saved state does not belong to {self.info.title}; it cannot be restored")

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._env.close()
