"""Any other registered Gymnasium game with few actions and a Box observation, a vector or a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.wrappers import Autoreset

from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.games.environment import build, close_quietly, discretised, rendered, with_values
from arcade_dqn.games.game import Frame, Game, GameStateError, Outcome, Picture
from arcade_dqn.games.info import GameInfo, UnplayableGame
from arcade_dqn.games.names import unknown
from arcade_dqn.games.pixels import shrink, to_grey

MOST_NUMBERS = 4096
"""The longest vector observation that is taken: above it, dense layers are the wrong network."""
SMALLEST_PICTURE = 16
"""Pixels of height and width from which uint8 numbers in two or three dimensions are seen as a picture."""


def describe(wanted: str) -> GameInfo:
    """Facts about a registered id outside the catalogue. Raises UnknownGame, or UnplayableGame with the reason."""
    name = next((known for known in gymnasium.registry if known.lower() == wanted.lower()), None)
    if name is None:
        raise unknown(wanted, gymnasium.registry)
    spec = gymnasium.registry[name]
    if str(spec.entry_point).startswith(("ale_py", "minatar")):
        raise UnplayableGame(f"{name} is another version of a game that is played here as ALE/...-v5 or MinAtar/...-v1")
    env = _start(name, None, render=False)
    try:
        actions, image = check(name, env.action_space, env.observation_space)
        fps = env.metadata.get("render_fps")
        shape = env.observation_space.shape or ()
    finally:
        close_quietly(env)
    return GameInfo(
        id=name,
        title=name.rpartition("/")[2].rsplit("-v", 1)[0],
        family="gymnasium",
        summary=f"A Gymnasium game that is played with the generic {'image' if image else 'vector'} settings.",
        observation=f"a picture {shape}" if image else f"{math.prod(shape)} numbers",
        actions=tuple(f"action {action}" for action in range(actions)),
        solved_at=None if spec.reward_threshold is None else float(spec.reward_threshold),
        preset="image" if image else "vector",
        # Pictures are shrunk with OpenCV, which comes with the Atari extra.
        extra="atari" if image else None,
        fps=float(fps or 30),
    )


def _start(name: str, settings: EnvironmentSettings | None, *, render: bool) -> gymnasium.Env[Any, Any]:
    try:
        env = build(name, settings, render=render)
    except Exception as error:  # foreign code: whatever it raises is the reason
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnplayableGame(f"{name} cannot be started: {reason[:300]}") from error
    _refuse_autoreset(name, env)
    return env


def _refuse_autoreset(name: str, env: gymnasium.Env[Any, Any]) -> None:
    """Raise UnplayableGame for an environment that begins its next episode by itself.

    The step after an episode's end would then be a reset, and a transition from one episode to the next would enter
    replay. (Gymnasium's vector environments, which do so in two of their three modes, are no single game, and
    `gymnasium.make` refuses them all. Several copies of a game are `environment.copies` here, each reset by its actor.)
    """
    layer = env
    while isinstance(layer, gymnasium.Wrapper):
        if isinstance(layer, Autoreset):
            close_quietly(env)
            raise UnplayableGame(
                f"{name} cannot be played: it resets itself after an episode (gymnasium.wrappers.Autoreset), and "
                "replay must never hold a step from one episode to the next; register it without that wrapper"
            )
        layer = layer.env


def check(name: str, actions: spaces.Space[Any], observations: spaces.Space[Any]) -> tuple[int, bool]:
    """The number of actions (0: a continuous one to be cut into values) and whether the observation is a picture.

    Raises UnplayableGame with the reason.
    """
    wrong = f"{name} cannot be played:"
    match actions:
        case spaces.Discrete():
            count = int(actions.n)
        case spaces.Box() if math.prod(actions.shape) == 1 and actions.is_bounded():
            count = 0
        case spaces.Box():
            numbers = math.prod(actions.shape)
            kind = "a continuous number without bounds" if numbers == 1 else f"{numbers} continuous numbers"
            raise UnplayableGame(
                f"{wrong} an action is {kind}, and a deep Q-network chooses among a few actions "
                "(one bounded number can be cut into values, as in Pendulum-v1)"
            )
        case _:
            raise UnplayableGame(
                f"{wrong} its action space is {type(actions).__name__}, and a deep Q-network chooses one of a few "
                "actions (Discrete)"
            )
    if not isinstance(observations, spaces.Box):
        raise UnplayableGame(
            f"{wrong} its observation space is {type(observations).__name__}, and the network needs numbers or a "
            "picture (Box)"
        )
    if _is_picture(observations):
        return count, True
    if not 1 <= math.prod(observations.shape) <= MOST_NUMBERS:
        raise UnplayableGame(
            f"{wrong} its observation is {observations.dtype} {observations.shape}, which is neither 1 to "
            f"{MOST_NUMBERS} numbers nor a picture (uint8, height x width or height x width x 3)"
        )
    return count, False


def _is_picture(space: spaces.Box) -> bool:
    shape = space.shape
    return (
        space.dtype == np.uint8
        and len(shape) in (2, 3)
        and min(shape[:2]) >= SMALLEST_PICTURE
        and (len(shape) == 2 or shape[2] in (1, 3))
    )


class RegisteredGame(Game):
    """A registered game in all its Gymnasium wrappers. Frames: float32 [N], or grey uint8 [frame_size, frame_size]."""

    def __init__(self, info: GameInfo, settings: EnvironmentSettings, *, render: bool = False) -> None:
        self._env = _start(info.id, settings, render=render)
        actions, self._image = check(info.id, self._env.action_space, self._env.observation_space)
        self._size = settings.frame_size
        self._closed = False
        self._table: list[Any]
        if isinstance(self._env.action_space, spaces.Discrete):
            first = int(self._env.action_space.start)
            self._table = list(range(first, first + actions))
            self.info = info.with_actions([f"action {action}" for action in range(actions)])
        else:
            self._table = discretised(self._env, settings.action_bins)
            self.info = with_values(info, self._table, "value")
        self.frames_between = []
        if self._image:
            self.stack = settings.stack
            self.frame_shape = (self._size, self._size)
            self.frame_dtype = np.dtype(np.uint8)
            self.info = replace(
                self.info, observation=f"{self._size} x {self._size} grey picture, the newest {self.stack}"
            )
        else:
            self.frame_shape = (math.prod(self._env.observation_space.shape or ()),)
            self.frame_dtype = np.dtype(np.float32)

    def _frame(self, observation: Any) -> Frame:
        if self._image:
            return shrink(to_grey(np.ascontiguousarray(observation)), self._size)
        # A copy, because some environments hand out the array that they go on writing to.
        return np.array(observation, np.float32).reshape(-1)

    def reset(self, seed: int | None = None) -> Frame:
        return self._frame(self._env.reset(seed=seed)[0])

    def step(self, action: int) -> Outcome:
        observation, reward, terminated, truncated, _ = self._env.step(self._table[action])
        return Outcome(self._frame(observation), float(reward), bool(terminated), bool(truncated), False)

    def render(self) -> Picture:
        return rendered(self._env)

    def get_state(self) -> dict[str, Any] | None:
        return None

    def set_state(self, state: Mapping[str, Any]) -> None:
        raise GameStateError(f"{self.info.title} cannot be restored: a foreign game's state is unknown")

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            close_quietly(self._env)
