"""Atari 2600 games in the Arcade Learning Environment, presented as in Mnih et al. 2015 and Machado et al. 2018.

An agent step holds one action for `frame_skip` console frames; the last two screens are pooled by their maximum (some
objects are drawn in every other frame only), made grey and shrunk. The environment itself is built with frameskip=1, so
frames are skipped once. As in Dopamine nothing presses FIRE for the agent.

Two things are done here instead of in ALE, so that a saved game continues exactly. Sticky actions: ALE repeats the
previous action by the same rule, frame by frame, but does not save what that action was. Starts: every episode begins
from one saved console state, because for a few games (Freeway, Tennis) what ALE's own reset gives depends on what was
played before. The no-ops and the sticky actions make the episodes differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import ale_py
import gymnasium
import numpy as np

from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.games.game import Frame, Game, GameStateError, Outcome, Picture
from arcade_dqn.games.info import KEY_ORDER, GameInfo
from arcade_dqn.games.pixels import shrink

# ALE greets on the terminal, where a text interface may live.
ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)

CONSOLE_FPS = 60.0


def registered_ids() -> list[str]:
    """Every `ALE/...-v5` that the installed ALE knows."""
    return sorted(known for known in gymnasium.registry if known.startswith("ALE/") and known.endswith("-v5"))


class AtariGame(Game):
    """One Atari game. Frames are grey, uint8 [frame_size, frame_size]."""

    def __init__(self, info: GameInfo, settings: EnvironmentSettings, *, render: bool = False) -> None:
        arguments: dict[str, Any] = dict(settings.arguments)
        # The RAM is the cheapest observation to leave unused.
        env = gymnasium.make(
            info.id, frameskip=1, repeat_action_probability=0.0, full_action_space=False, obs_type="ram",
            disable_env_checker=True, **arguments,
        )  # fmt: skip
        bare: Any = env.unwrapped
        meanings: list[str] = bare.get_action_meanings()
        self._ale = bare.ale
        self._actions: list[ale_py.Action] = self._ale.getMinimalActionSet()
        self._ale.reset_game()
        self._fresh = self._ale.cloneState(include_rng=True)
        height, width = self._ale.getScreenDims()
        self._screens = np.empty((2, height, width), np.uint8)
        self._fresh_screen: Picture = self._ale.getScreenGrayscale()
        self._fresh_picture: Picture = self._ale.getScreenRGB()
        self._skip = settings.frame_skip
        self._size = settings.frame_size
        self._sticky = settings.sticky_actions
        self._noop_max = settings.noop_max
        self._limit = settings.max_episode_steps
        self._random = np.random.default_rng()
        self._executed = ale_py.Action.NOOP
        self._lives = 0
        self._elapsed = 0
        self._render = render
        self._picture = self._fresh_picture
        self.frames_between = []
        self.stack = settings.stack
        self.frame_shape = (self._size, self._size)
        self.frame_dtype = np.dtype(np.uint8)
        self.info = replace(
            info.with_actions([_words(meaning) for meaning in meanings]),
            observation=f"{self._size} x {self._size} grey picture, the newest {self.stack}",
            keys=info.keys or keys_of(meanings),
            fps=CONSOLE_FPS / self._skip,
        )

    def reset(self, seed: int | None = None) -> Frame:
        if seed is not None:
            self._random = np.random.default_rng(seed)
        noops = int(self._random.integers(1, self._noop_max + 1)) if self._noop_max else 0
        self._restart()
        for _ in range(noops):
            self._ale.act(ale_py.Action.NOOP)
            if self._ale.game_over():
                self._restart()
                noops = 0
                break
        self._lives = self._ale.lives()
        self.frames_between = []
        if self._render:
            self._picture = self._ale.getScreenRGB() if noops else self._fresh_picture
        # ALE draws a screen only as it plays a frame, so that the one after restoring a state must be remembered.
        return shrink(self._ale.getScreenGrayscale() if noops else self._fresh_screen, self._size)

    def _restart(self) -> None:
        self._ale.restoreState(self._fresh)
        self._executed = ale_py.Action.NOOP
        self._elapsed = 0

    def step(self, action: int) -> Outcome:
        ale, (older, newer) = self._ale, self._screens
        wanted = self._actions[action]
        reward, drawn = 0, 0
        if self._render:
            self.frames_between = []
        for frame, repeat in enumerate((self._random.random(self._skip) < self._sticky).tolist()):
            if not repeat:
                self._executed = wanted
            reward += ale.act(self._executed)
            over = ale.game_over()
            if self._render:
                self.frames_between.append(ale.getScreenRGB())
            if over or frame >= self._skip - 2:
                older, newer = newer, older
                ale.getScreenGrayscale(newer)
                drawn += 1
            if over:
                break
        if drawn > 1:
            np.maximum(older, newer, out=newer)
        self._elapsed += 1
        before, self._lives = self._lives, ale.lives()
        terminated = ale.game_over(with_truncation=False)
        truncated = ale.game_truncated() or self._elapsed >= self._limit > 0
        life_lost = not terminated and self._lives < before
        return Outcome(shrink(newer, self._size), float(reward), terminated, truncated, life_lost)

    def render(self) -> Picture:
        assert self._render, "made without render=True"
        return (self.frames_between[-1] if self.frames_between else self._picture).copy()

    def get_state(self) -> dict[str, Any] | None:
        return {
            "game": self.info.id,
            "elapsed": self._elapsed,
            "lives": self._lives,
            "executed": int(self._executed.value),
            "random": self._random.bit_generator.state,
            "console": np.frombuffer(self._ale.cloneState(include_rng=True).serialize(), np.uint8),
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        if state.get("game") != self.info.id:
            raise GameStateError(f"this saved state does not belong to {self.info.title}; it cannot be restored")
        self._elapsed = int(state["elapsed"])
        self._lives = int(state["lives"])
        self._executed = ale_py.Action(int(state["executed"]))
        self._random.bit_generator.state = state["random"]
        self._ale.restoreState(ale_py.ALEState(np.asarray(state["console"], np.uint8).tobytes()))

    def close(self) -> None:
        """The console's memory goes with this object."""


_DIRECTIONS = ("UP", "DOWN", "LEFT", "RIGHT", "FIRE")


def _parts(meaning: str) -> list[str]:
    """ALE's name of an action, such as UPRIGHTFIRE, in its parts; NOOP has none."""
    parts = []
    while part := next((word for word in _DIRECTIONS if meaning.startswith(word)), None):
        parts.append(part)
        meaning = meaning.removeprefix(part)
    return parts


def _words(meaning: str) -> str:
    return " + ".join(_parts(meaning)).lower() or "no-op"


def keys_of(meanings: Sequence[str]) -> dict[str, int]:
    """The keys for ALE's action names: UPRIGHTFIRE is `up+right+space`."""
    key = dict(zip(_DIRECTIONS, KEY_ORDER, strict=True))
    return {
        "+".join(key[part] for part in parts): action
        for action, meaning in enumerate(meanings)
        if (parts := _parts(meaning))
    }
