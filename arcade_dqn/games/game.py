"""The one face that every game has here, whatever library runs it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arcade_dqn.errors import ArcadeError
from arcade_dqn.games.info import GameInfo

Frame = NDArray[Any]
"""One newest observation, unstacked: float32 [N], bool [10, 10, C] (MinAtar) or uint8 [H, W] (grey pictures)."""
Picture = NDArray[np.uint8]
"""What a person sees: uint8 [H, W, 3]."""


class GameStateError(ArcadeError):
    """A saved state does not belong to this game."""


class EnvironmentFault(ArcadeError):
    """A foreign environment showed or returned what it had not promised."""


class Outcome(NamedTuple):
    """What one step brought."""

    frame: Frame
    """The newest frame; the caller may keep it, the game never writes to it again."""
    reward: float
    """The raw score gained, never clipped."""
    terminated: bool
    """The game ended: nothing follows, the discount is 0."""
    truncated: bool
    """A time limit ended the episode: the return goes on after it. May be true together with `terminated`."""
    life_lost: bool
    """A life was lost and the game goes on (Atari); always reported, whatever `environment.life_loss` says."""


class Game(ABC):
    """One copy of a game. `make` builds it; not safe to share between threads.

    Attributes:
        info: the catalogue's facts, completed by the built game (action names, keys, steps per second).
        frame_shape, frame_dtype: of the single frames that `reset` and `step` give.
        n_actions, action_names: the actions are 0 to n_actions - 1.
        stack: how many newest frames the network sees together (see `pixels.FrameStack`); 1 for all but pictures.
        frames_between: the pictures of the frames of the last step in order, the last one being what `render` gives;
            filled only by games that skip frames (Atari) and were made with render=True, otherwise empty.
        notes: sentences that a person should read before a training, about what is not as usual in this game.
    """

    info: GameInfo
    frame_shape: tuple[int, ...]
    frame_dtype: np.dtype[Any]
    stack: int = 1
    frames_between: list[Picture]
    notes: tuple[str, ...] = ()

    @property
    def action_names(self) -> tuple[str, ...]:
        return self.info.actions

    @property
    def n_actions(self) -> int:
        return len(self.info.actions)

    @property
    def observation_shape(self) -> tuple[int, ...]:
        """What the network sees: (stack, *frame_shape), or frame_shape alone when stack is 1."""
        return (self.stack, *self.frame_shape) if self.stack > 1 else self.frame_shape

    @abstractmethod
    def reset(self, seed: int | None = None) -> Frame:
        """Begin an episode and return its first frame.

        With a seed (0 or more) every random number from here on follows from it; without one the game's generator
        simply goes on, as it should from episode to episode.
        """

    @abstractmethod
    def step(self, action: int) -> Outcome:
        """Play one action (0 to n_actions - 1). After an ended episode `reset` must come first."""

    @abstractmethod
    def render(self) -> Picture:
        """The present picture, uint8 [H, W, 3], free to keep. Only for games made with render=True."""

    @abstractmethod
    def get_state(self) -> dict[str, Any] | None:
        """Everything the game's future depends on, its random generators included; None where it cannot be saved.

        Nested dicts of numbers, strings, lists and NumPy arrays: no bytes, no pickles, safe to keep.
        """

    @abstractmethod
    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on exactly where `get_state` was called, in this or another copy of the same game.

        Raises GameStateError for a state of another game. The picture is only up to date after the next step.
        """

    @abstractmethod
    def close(self) -> None:
        """Free what the game holds. Calling it again does nothing."""
