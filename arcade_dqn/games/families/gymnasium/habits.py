"""Habits of before Gymnasium, found out by a reset and a step, and named with their cure before a run is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from arcade_dqn.games.info import CannotStart, UnplayableGame


def refuse_old_habits(name: str, env: gymnasium.Env[Any, Any]) -> None:
    """Raise UnplayableGame for an environment that resets or steps as gym did before 0.26, or fails to do either.

    What the environment itself answers is looked at, for Gymnasium's wrappers unpack it and raise a riddle.
    """
    bare: Any = env.unwrapped
    # Each by itself, and of each the last answer: some environments take a step within their reset.
    begun: list[Any] = []
    taken: list[Any] = []
    bare.reset, bare.step = _watched(bare.reset, begun), _watched(bare.step, taken)
    wrong = f"{name} cannot be played:"
    try:
        info = env.reset(seed=0)[1]
    except Exception as error:  # foreign code, or a wrapper that was given too little
        if isinstance(error, TypeError) and "'seed'" in str(error):
            raise UnplayableGame(
                f"{wrong} its reset takes no seed, as in gym before 0.26; write reset(self, *, seed=None, "
                "options=None), and return the observation and a dict"
            ) from error
        _refuse_lone_observation(wrong, begun)
        raise CannotStart(f"{name} cannot be started: its reset failed: {in_one_line(error)}") from error
    _refuse_lone_observation(wrong, begun)
    taken.clear()
    try:
        env.step(_legal_action(env.action_space, info))
    except Exception as error:
        _refuse_four_values(wrong, taken)
        raise CannotStart(f"{name} cannot be started: its first step failed: {in_one_line(error)}") from error
    _refuse_four_values(wrong, taken)


def _watched(method: Callable[..., Any], answers: list[Any]) -> Callable[..., Any]:
    def watched(*arguments: Any, **named: Any) -> Any:
        answer = method(*arguments, **named)
        answers.append(answer)
        return answer

    return watched


def _refuse_lone_observation(wrong: str, answers: list[Any]) -> None:
    answer = answers[-1] if answers else None
    if answers and not (isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[1], dict)):
        raise UnplayableGame(
            f"{wrong} its reset returns the observation alone, as in gym before 0.26; return the observation and a "
            "dict, which may be empty"
        )


def _refuse_four_values(wrong: str, answers: list[Any]) -> None:
    if answers and isinstance(answers[-1], tuple) and len(answers[-1]) == 4:
        raise UnplayableGame(
            f"{wrong} its step returns four values, as in gym before 0.26; return five: observation, reward, "
            "terminated, truncated (cut off by a time limit), info"
        )


def _legal_action(space: spaces.Space[Any], info: Any) -> Any:
    """Any action, but one that the environment says is legal, if it says so."""
    mask = info.get("action_mask") if isinstance(info, dict) else None
    if isinstance(space, spaces.Discrete) and mask is not None and np.any(mask):
        return space.start + np.flatnonzero(mask)[0]
    space.seed(0)
    return space.sample()


def in_one_line(error: Exception) -> str:
    """What foreign code raised, as part of a sentence."""
    return (" ".join(str(error).split()) or type(error).__name__)[:300]
