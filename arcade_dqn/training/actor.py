"""A game that is played for training: its frames go into replay, and its newest observation to the agent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from arcade_dqn.config import EnvironmentSettings, Settings
from arcade_dqn.errors import ArcadeError
from arcade_dqn.games.game import Game
from arcade_dqn.games.pixels import FrameStack
from arcade_dqn.replay.nstep import StepWriter


class GameFault(ArcadeError):
    """The game returned something that cannot be learned from."""


class Episode(NamedTuple):
    """A finished episode."""

    score: float
    """Raw: neither clipped nor discounted."""
    length: int
    """Steps."""
    step: int = 0
    """The step of the run with which it ended; each copy of a game has its own."""


class Actor:
    """One copy of the game, with what belongs to it alone: frame stack, way into replay (`writer`), score so far.

    Nothing resets itself here. An ended episode's last frame enters replay as it is, and `observe` begins the next one:
    no transition reaches across a reset.
    """

    def __init__(self, game: Game, writer: StepWriter, settings: Settings, seed: int) -> None:
        self.game = game
        self._seed: int | None = seed
        self._settings = settings.environment
        self._writer = writer
        self._stack = FrameStack(game.stack, game.frame_shape, game.frame_dtype)
        self._observation: np.ndarray | None = None
        self._last_frame: np.ndarray | None = None
        self._score = 0.0
        self._length = 0
        self._within_step = False
        """The game was asked for a step that has not entered replay; it stays so if that failed."""

    def observe(self) -> np.ndarray:
        """The newest observation, [*observation_shape]; begins an episode where none is going on.

        Only the first reset seeds the game, so that no two episodes are alike.
        """
        if self._observation is None:
            frame = self.game.reset(self._seed)
            self._seed = None
            self._score, self._length = 0.0, 0
            self._check(frame, 0)
            self._writer.begin(frame)
            self._observation = self._stack.reset(frame)
        return self._observation

    def play(self, a_tm1: int) -> Episode | None:
        """One step of the game, into replay; the episode, if it ended. Raises GameFault for what cannot be learned."""
        self._within_step = True
        outcome = self.game.step(a_tm1)
        self._check(outcome.frame, self._length + 1)
        if not math.isfinite(outcome.reward):
            raise GameFault(
                f"{self.game.info.id} returned the reward {outcome.reward} in step {self._length + 1} of an episode; "
                "rewards must be finite numbers"
            )
        r_t, terminated = as_learned(outcome.reward, outcome.terminated, outcome.life_lost, self._settings)
        ended = outcome.terminated or outcome.truncated
        self._writer.step(a_tm1, r_t, outcome.frame, terminated=terminated, ended=ended)
        self._score += outcome.reward
        self._length += 1
        self._within_step = False
        if not ended:
            self._observation = self._stack.push(outcome.frame)
            return None
        self._observation, self._last_frame = None, outcome.frame
        return Episode(self._score, self._length)

    def give_up(self, seed: int) -> None:
        """Leave the episode under way, if there is one: the next observation begins another, on this seed."""
        self._observation, self._seed = None, seed

    @property
    def going_on(self) -> bool:
        """Whether `observe` would show a step's outcome, and not the beginning of an episode."""
        return self._observation is not None and self._length > 0

    @property
    def last_observation(self) -> np.ndarray:
        """The last observation of the episode that has just ended, [*observation_shape]."""
        assert self._last_frame is not None
        return self._stack.push(self._last_frame)

    def _check(self, frame: np.ndarray, step: int) -> None:
        """Raise GameFault for a frame that is not what the game promised, before anything of it enters replay."""
        game = self.game
        if frame.shape != game.frame_shape or frame.dtype != game.frame_dtype:
            raise GameFault(
                f"{game.info.id} showed {frame.dtype} {frame.shape} after step {step} of an episode, but "
                f"promised {game.frame_dtype} {game.frame_shape}; frames must all be alike"
            )
        # The product is finite for all but wild frames, and a tenth of the cost of looking at each number.
        if frame.dtype == np.float32 and not math.isfinite(np.vdot(frame, frame)) and not np.isfinite(frame).all():
            raise GameFault(
                f"{game.info.id} showed a number that is not finite after step {step} of an episode; "
                "observations must be finite numbers"
            )

    def get_state(self) -> dict[str, Any]:
        """For a checkpoint; `game` is None where the game cannot be saved, and then the episode begins anew.

        So it does after a step that failed: where the game stands then, replay has not seen.
        """
        return {
            "game": None if self._within_step else self.game.get_state(),
            "writer": self._writer.get_state(),
            "observation": self._observation,
            "score": self._score,
            "length": self._length,
            "seed": self._seed,
        }

    def set_state(self, state: Mapping[str, Any], seed: int) -> None:
        """Go on from `get_state`; `seed` is for a game that could not be saved."""
        pending = state.get("seed")  # of a game that had not begun; checkpoints of earlier versions have none
        if state["game"] is None:
            self._seed, self._observation = seed if pending is None else pending, None
            return
        self._seed = pending
        self.game.set_state(state["game"])
        self._writer.set_state(state["writer"])
        self._score, self._length = float(state["score"]), int(state["length"])
        self._observation = None
        if state["observation"] is not None:
            self._observation = self._stack.observation = np.asarray(state["observation"])


def as_learned(reward: float, terminated: bool, life_lost: bool, settings: EnvironmentSettings) -> tuple[float, bool]:
    """A step's reward and whether nothing follows it, as learning takes them.

    With `clip_rewards` of the reward only its sign, with `life_loss` a lost life as an end (Mnih 2015).
    """
    r_t = float(np.sign(reward)) if settings.clip_rewards else reward
    return r_t, terminated or (settings.life_loss and life_lost)
