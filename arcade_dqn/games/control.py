"""Classic control and LunarLander, run without Gymnasium's wrappers.

The wrappers of `gymnasium.make` (order check, space check, time limit, discretised actions) cost a third of a CartPole
step. Here the bare environment is stepped, the limit is counted and the discretised actions are tabulated; a test holds
that frames, rewards and ends equal those of `gymnasium.make`.

Pictures are drawn here too, in `pictures`: the environments are built without rendering, and no display is ever
initialised. Nor is pygame loaded, but for LunarLander, whose package in Gymnasium imports it for another game.

`build`, `picture_of` and `close_quietly` serve the generic games as well, which do keep Gymnasium's rendering. Many of
those draw with pygame on a surface in memory and call `pygame.display.init()` for it. Every process but the window
should therefore set SDL_VIDEODRIVER=dummy and SDL_AUDIODRIVER=dummy before it renders one. In the window's own process
the call finds the display initialised and changes nothing. Their `close`, however, quits pygame altogether, a window
included: `close_quietly` does not let them.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from gymnasium.wrappers import DiscretizeAction
from numpy.typing import NDArray

from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.games.catalog import GameInfo
from arcade_dqn.games.game import Frame, Game, GameStateError, Outcome, Picture

if TYPE_CHECKING:
    from arcade_dqn.games.pictures.painter import Painter

_STATE_ATTRIBUTES = ("state", "steps_beyond_terminated", "last_u")
"""All that a classic-control environment remembers between two steps, generator aside."""


def build(id: str, settings: EnvironmentSettings | None, *, render: bool) -> gymnasium.Env[Any, Any]:
    """`gymnasium.make`, without the checker and without warnings on the terminal (a text interface may live there)."""
    # Importing pygame prints a greeting otherwise. Gymnasium's Box2D games import it even where nothing is drawn.
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    limit = settings.max_episode_steps if settings is not None and settings.max_episode_steps else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return gymnasium.make(
            id, render_mode="rgb_array" if render else None, max_episode_steps=limit, disable_env_checker=True
        )


def discretised(env: gymnasium.Env[Any, Any], bins: int) -> list[NDArray[Any]]:
    """The continuous action, [1], behind each discrete one: the centres that Gymnasium's DiscretizeAction chooses."""
    wrapper: Any = DiscretizeAction(env, bins=bins)
    table: list[NDArray[Any]] = [wrapper.action(action) for action in range(bins)]
    for value in table:
        value.flags.writeable = False
    return table


def with_values(info: GameInfo, table: list[NDArray[Any]], word: str) -> GameInfo:
    """`info` completed with the actions of a discretised game, from the lowest value to the highest."""
    return replace(
        info,
        actions=tuple(f"{word} {float(value.item()):+.2f}" for value in table),
        keys={"left": 0, "right": len(table) - 1},
        idle_action=len(table) // 2,
    )


def picture_of(env: gymnasium.Env[Any, Any]) -> Picture:
    """The environment's present picture, uint8 [H, W, 3], free to keep."""
    picture = env.render()
    assert isinstance(picture, np.ndarray), "made without render=True"
    return np.ascontiguousarray(picture, np.uint8)


def close_quietly(env: gymnasium.Env[Any, Any]) -> None:
    """Close an environment without `pygame.quit()`, which would take this program's own window along."""
    bare: Any = env.unwrapped
    if getattr(bare, "screen", None) is not None:
        bare.screen = None
    env.close()


class ControlGame(Game):
    """A classic-control game or LunarLander. Frames are float32 [N]."""

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
        if render:
            from arcade_dqn.games.pictures.painter import painter

            self._paint = painter(info.id, bare)
        self.frames_between = []
        self.frame_shape = bare.observation_space.shape
        self.frame_dtype = np.dtype(np.float32)
        self._table: list[Any]
        if isinstance(bare.action_space, gymnasium.spaces.Discrete):
            self.info = info
            self._table = list(range(int(bare.action_space.n)))
        else:
            self._table = discretised(self._env, settings.action_bins)
            completed = with_values(info, self._table, "torque")
            # A positive torque turns Pendulum counter-clockwise: to the left, for a rod that points up.
            self.info = replace(completed, keys={"left": len(self._table) - 1, "right": 0})

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
        if self.info.family != "classic":
            return None  # Box2D's world cannot be copied out
        kept = {name: value for name in _STATE_ATTRIBUTES if (value := getattr(self._bare, name, None)) is not None}
        return {
            "game": self.info.id,
            "elapsed": self._elapsed,
            "random": self._bare.np_random.bit_generator.state,
            "values": {name: np.array(value) for name, value in kept.items()},
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        if self.info.family != "classic" or state.get("game") != self.info.id:
            raise GameStateError(f"this saved state does not belong to {self.info.title}; it cannot be restored")
        self._elapsed = int(state["elapsed"])
        self._action = None
        self._bare.np_random.bit_generator.state = state["random"]
        for name in _STATE_ATTRIBUTES:
            value = state["values"].get(name)
            # A game that was never reset may lack what it is to remember.
            if value is not None or hasattr(self._bare, name):
                # [()] turns an array of no dimensions back into the number that it was.
                setattr(self._bare, name, None if value is None else np.array(value)[()])

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._env.close()
