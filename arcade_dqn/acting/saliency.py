"""Which parts of an observation move a Q-value, found out by changing them and asking the network again.

By changing, not by the gradient: a gradient says what a slightly brighter pixel would do, but games are drawn in steps
(a ball is there or not), and between them lie the ReLUs. Measured on the shipped MinAtar agents, gradient times input
names only one (Breakout) to two (the others) of the three cells that really move Q most. Only what stands out is
changed: a MinAtar observation takes 0.2 to 0.6 ms, and a picture at most 48 rows of a forward pass (`nature`: 0.85 ms
each, 2 cores), which are taken in pieces beside the play.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod

import numpy as np

from arcade_dqn.acting.layers import is_stacked
from arcade_dqn.acting.policy import Policy

PATCHES = 14
"""Patches along a side of a picture: 6 x 6 pixels of 84 x 84, 3 x 3 of 42 x 42."""
MOST_PATCHES = 48
"""Patches that are changed in one picture: those that stand out most."""
LEAST_DIFFERENCE = 1.0
"""Mean difference, in grey levels, from which on a patch stands out."""
_ROWS = 4
"""Changed observations in one forward pass: `nature` needs 3.4 ms for as many."""
_REMEMBERED = 500
_FIRST_STEP = 128.0
"""Grey levels that a background may move by in its first step; in the n-th, an n-th of that, but 1 at least."""


class Usual:
    """What numbers usually are: a running mean and deviation of each, of the newest few hundred observations."""

    def __init__(self) -> None:
        self.mean: np.ndarray | None = None
        """float32 [n]; None before the first observation."""
        self._square: np.ndarray | None = None
        self._count = 0

    @property
    def deviation(self) -> np.ndarray | None:
        """Standard deviation, float32 [n]; zeros after the first observation, None before it."""
        return None if self._square is None else np.sqrt(self._square)

    def see(self, observation: np.ndarray) -> None:
        """Take one more observation [n] into account."""
        if self.mean is None or self._square is None:
            self.mean, self._square = observation.astype(np.float32), np.zeros(observation.shape, np.float32)
            self._count = 1
            return
        self._count = min(self._count + 1, _REMEMBERED)
        difference = observation - self.mean
        self.mean = self.mean + difference / self._count
        self._square = self._square + (difference * (observation - self.mean) - self._square) / self._count


class Background:
    """What a picture usually shows: about the median of each pixel, in which things that move leave no trace.

    Each new frame pulls it by a bounded step, however far away it is (sigma-delta background estimation, Manzanera
    2004): what is there more often wins.
    """

    def __init__(self) -> None:
        self.picture: np.ndarray | None = None
        """float32 [height, width], in grey levels; None before the first observation."""
        self._count = 0

    def see(self, observation: np.ndarray) -> None:
        """Take one more observation into account; of a stack [stack, height, width], the newest frame."""
        newest = (observation[-1] if is_stacked(observation.shape) else observation).astype(np.float32)
        self._count += 1
        if self.picture is None:
            self.picture = newest
            return
        step = max(1.0, _FIRST_STEP / self._count)
        self.picture = self.picture + np.clip(newest - self.picture, -step, step)


class Probe(ABC):
    """How far each part of one observation moves the Q-value of one action, worked out piece by piece."""

    def __init__(
        self, policy: Policy, observation: np.ndarray, action: int, parts: int, shape: tuple[int, ...]
    ) -> None:
        self.observation = observation
        self.action = action
        self.effects = np.zeros(shape, np.float32)
        """See `numbers` and `picture`; zero where nothing was changed, or not yet."""
        self._policy = policy
        self._parts = parts
        self._next = 0
        self.value = float(policy.q_values(observation[None])[0, action])
        """The Q-value as it is."""

    @property
    def done(self) -> bool:
        return self._next >= self._parts

    def work(self, seconds: float | None = None) -> bool:
        """Go on for about `seconds`, one forward pass at least (None: to the end); whether all is done."""
        end = None if seconds is None else time.perf_counter() + seconds
        while not self.done:
            parts = range(self._next, min(self._next + _ROWS, self._parts))
            changed = np.repeat(self.observation[None], len(parts), axis=0)
            for row, part in zip(changed, parts, strict=True):
                self._change(row, part)
            values = self._policy.q_values(changed)[:, self.action]
            for value, part in zip(values.tolist(), parts, strict=True):
                self._note(part, value)
            self._next = parts.stop
            if end is not None and time.perf_counter() >= end:
                break
        return self.done

    @abstractmethod
    def _change(self, observation: np.ndarray, part: int) -> None:
        """Change this part of a copy of the observation."""

    @abstractmethod
    def _note(self, part: int, value: float) -> None:
        """Keep what the Q-value was with this part changed."""


class _Numbers(Probe):
    def __init__(self, policy: Policy, observation: np.ndarray, action: int, typical: np.ndarray) -> None:
        # One more and one less of each number.
        super().__init__(policy, observation, action, 2 * observation.size, observation.shape)
        self._typical = typical

    def _change(self, observation: np.ndarray, part: int) -> None:
        number = part // 2
        observation[number] += self._typical[number] if part % 2 == 0 else -self._typical[number]

    def _note(self, part: int, value: float) -> None:
        self.effects[part // 2] += value / 2 if part % 2 == 0 else -value / 2


class _Picture(Probe):
    def __init__(
        self,
        policy: Policy,
        observation: np.ndarray,
        action: int,
        patches: np.ndarray,
        side: int,
        usual: np.ndarray,
    ) -> None:
        height, width = usual.shape[:2]
        super().__init__(policy, observation, action, len(patches), (-(-height // side), -(-width // side)))
        self._patches = patches
        self._side = side
        self._usual = usual
        self._stacked = is_stacked(observation.shape)

    def _change(self, observation: np.ndarray, part: int) -> None:
        top, left = (self._patches[part] * self._side).tolist()
        place = slice(top, top + self._side), slice(left, left + self._side)
        if self._stacked:
            observation[:, place[0], place[1]] = self._usual[place]
        else:
            observation[place] = self._usual[place]

    def _note(self, part: int, value: float) -> None:
        row, column = self._patches[part].tolist()
        self.effects[row, column] = self.value - value


def patch_side(height: int, width: int) -> int:
    """The side of a patch in a picture of that size, in pixels."""
    return max(1, round(max(height, width) / PATCHES))


def numbers(policy: Policy, observation: np.ndarray, action: int, typical: np.ndarray) -> Probe:
    """A probe of an observation [n] float32; `typical` [n] is a usual change of each number.

    Effects: float32 [n], (Q(x + typical) - Q(x - typical)) / 2: how far one more of it raises Q.
    """
    return _Numbers(policy, observation, action, typical)


def picture(policy: Policy, observation: np.ndarray, action: int, usual: np.ndarray) -> Probe:
    """A probe of a picture. Effects: float32 [rows, columns], how far what is seen in each place raises Q.

    bool [height, width, channels] (MinAtar): each cell that holds something is emptied; `usual` is not looked at.
    uint8 [height, width] or [stack, height, width]: each patch that stands out is made as it is in `usual`, float32
    [height, width], in all frames of the stack; at most `MOST_PATCHES`, those that stand out most.
    """
    if observation.dtype == np.bool_:
        return _Picture(
            policy, observation, action, np.argwhere(observation.any(axis=2)), 1, np.zeros_like(observation)
        )
    side = patch_side(*usual.shape)
    rows, columns = -(-usual.shape[0] // side), -(-usual.shape[1] // side)
    different = np.zeros((rows * side, columns * side), np.float32)
    away = np.abs(observation - usual)
    different[: usual.shape[0], : usual.shape[1]] = away.max(axis=0) if is_stacked(observation.shape) else away
    each = different.reshape(rows, side, columns, side).mean(axis=(1, 3))
    standing_out = np.argwhere(each >= LEAST_DIFFERENCE)
    strongest = np.argsort(-each[standing_out[:, 0], standing_out[:, 1]], kind="stable")[:MOST_PATCHES]
    return _Picture(policy, observation, action, standing_out[strongest], side, np.rint(usual).astype(np.uint8))
