"""MinAtar (Young & Tian 2019, arXiv:1903.03176): five Atari games on a 10 x 10 grid.

Importing the `minatar` package takes one to two seconds, because its display code loads seaborn and matplotlib. The
games themselves need only NumPy, so the one file of a game is loaded here on its own. What the package's `Environment`
adds, sticky actions and seeding, is a few lines, with three differences: the action to repeat is forgotten at a reset,
Freeway's limit of 2,500 steps is a truncation, and so is `STEP_LIMIT` in the others, which have no end of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.games.families.minatar.drawing import draw
from arcade_dqn.games.game import Frame, Game, GameStateError, Outcome, Picture
from arcade_dqn.games.info import GameInfo

STEP_LIMIT = 10_000
"""Steps after which an episode of a game without an end of its own is truncated: a perfect player would never stop."""

_CONSTANT = ("channels", "action_map", "random", "ramping")
"""What a MinAtar game holds besides its state."""


@cache
def _game_module(name: str) -> ModuleType:
    """`minatar/environments/NAME.py`, loaded without running `minatar/__init__.py`."""
    package = find_spec("minatar")  # finds a top-level package without importing it
    places = package.submodule_search_locations if package is not None else None
    folders = [str(Path(place) / "environments") for place in places or ()]
    spec = PathFinder.find_spec(name, folders)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"minatar has no game file {name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _environment(id: str) -> Any:
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", id.removeprefix("MinAtar/").removesuffix("-v1")).lower()
    return _game_module(name).Env()


@cache
def channels_of(id: str) -> tuple[str, ...]:
    """The names of the channels of a game's frames, in their order."""
    return _channels(_environment(id))


def _channels(env: Any) -> tuple[str, ...]:
    return tuple(sorted(env.channels, key=env.channels.__getitem__))


class MinAtarGame(Game):
    """One of MinAtar's five, with its minimal action set. Frames are bool [10, 10, C]."""

    def __init__(self, info: GameInfo, settings: EnvironmentSettings, *, render: bool = False) -> None:
        self._env: Any = _environment(info.id)
        self._env.random = np.random.RandomState()
        self._actions: list[int] = self._env.minimal_action_set()
        self._sticky = settings.sticky_actions
        self._own_limit = info.id == "MinAtar/Freeway-v1"
        self._limit = settings.max_episode_steps or (0 if self._own_limit else STEP_LIMIT)
        self._elapsed = 0
        self._last_action = 0
        self._channels = _channels(self._env)
        self._render = render
        named = info.with_actions([f"action {action}" for action in range(len(self._actions))])
        self.info = replace(named, inputs=tuple(name.replace("_", " ") for name in self._channels))
        self.frames_between = []
        self.frame_shape = tuple(self._env.state_shape())
        self.frame_dtype = np.dtype(bool)

    def reset(self, seed: int | None = None) -> Frame:
        if seed is not None:
            self._env.random = np.random.RandomState(seed % 2**32)
        self._elapsed = 0
        self._last_action = 0
        self._env.reset()
        return self._frame()

    def step(self, action: int) -> Outcome:
        wanted = self._actions[action]
        if self._env.random.rand() < self._sticky:
            wanted = self._last_action
        self._last_action = wanted
        reward, ended = self._env.act(wanted)
        self._elapsed += 1
        # Freeway ends by its timer alone, and reports that as the end of the game.
        out_of_time = self._elapsed >= self._limit > 0 or (ended and self._own_limit)
        return Outcome(self._frame(), float(reward), ended and not self._own_limit, out_of_time, False)

    def render(self) -> Picture:
        assert self._render, "made without render=True"
        return draw(self._frame(), self._channels)

    def get_state(self) -> dict[str, Any] | None:
        return {
            "game": self.info.id,
            "elapsed": self._elapsed,
            "last_action": self._last_action,
            "random": self._env.random.get_state(legacy=False),
            "values": {name: _copied(value) for name, value in vars(self._env).items() if name not in _CONSTANT},
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        values = state.get("values", {})
        if state.get("game") != self.info.id or set(values) != set(vars(self._env)) - set(_CONSTANT):
            raise GameStateError(f"this saved state does not belong to {self.info.title}; it cannot be restored")
        self._elapsed = int(state["elapsed"])
        self._last_action = int(state["last_action"])
        self._env.random.set_state(state["random"])
        for name, value in values.items():
            setattr(self._env, name, _copied(value))

    def close(self) -> None:
        """Nothing is held."""

    def _frame(self) -> Frame:
        frame: Frame = self._env.state()
        return frame


def _copied(value: Any) -> Any:
    """A deep copy in plain Python numbers, lists and arrays; MinAtar mixes them with NumPy's numbers."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list):
        return [_copied(element) for element in value]
    assert value is None or isinstance(value, (bool, int, float)), (
        f"unexpected {type(value).__name__} in the game's state"
    )
    return value
