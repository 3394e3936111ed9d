"""The result of an evaluation, and the seeds that keep evaluation apart from training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

_TRAINING, _EVALUATION, _WATCHING, _CHANCE = range(4)

ENOUGH_EPISODES = 10
"""Fewer say too little to put one agent before another: two games that happen to end alike would look certain."""

LONGEST_EPISODE = 27_000
"""Agent steps after which an evaluation episode ends: 30 minutes of Atari (Machado 2018). Without a limit, an agent
that never loses at MinAtar Breakout would be evaluated forever."""


@dataclass(frozen=True)
class Evaluation:
    """Raw scores of play, and how it was played. `std` is the population standard deviation of `returns`."""

    episodes: int
    mean: float
    std: float
    min: float
    max: float
    returns: tuple[float, ...]
    seed: int
    epsilon: float = 0.0
    """The share of actions that chance chose; 0 is greedy play."""
    cut: int = 0
    """How many of the episodes were ended by the evaluation's own limit: their scores would have gone on."""

    @classmethod
    def from_returns(cls, returns: Sequence[float], seed: int, *, epsilon: float = 0.0, cut: int = 0) -> Evaluation:
        """Raises ValueError without a return."""
        if not returns:
            raise ValueError("an evaluation needs at least one episode")
        scores = np.asarray(returns, np.float64)
        return cls(
            len(scores),
            float(scores.mean()),
            float(scores.std()),
            float(scores.min()),
            float(scores.max()),
            tuple(float(score) for score in scores),
            seed,
            epsilon,
            cut,
        )

    @property
    def standard_error(self) -> float:
        """The standard error of the mean, from the sample's standard deviation (n - 1); infinite for one episode."""
        return self.std / math.sqrt(self.episodes - 1) if self.episodes > 1 else math.inf

    @property
    def lower_bound(self) -> float:
        """Two standard errors under the mean: what the agent is worth at least, with a confidence of some 97%."""
        return self.mean - 2 * self.standard_error

    @property
    def caveat(self) -> str:
        """What follows "over N episodes" in a sentence: that some were cut off, if so."""
        return f" ({self.cut:,} of them cut off, so their scores are too small)" if self.cut else ""

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "returns": list(self.returns)}


def training_seed(seed: int, stream: int = 0) -> int:
    """A 31-bit seed for the `stream`-th random stream of training; never equal by design to an evaluation's."""
    return _derive(_TRAINING, seed, stream)


def evaluation_seed(seed: int, episode: int) -> int:
    """The environment seed of one evaluation episode: it depends on nothing but the two numbers."""
    return _derive(_EVALUATION, seed, episode)


def watching_seed(seed: int, episode: int) -> int:
    """The environment seed of one episode that is only watched."""
    return _derive(_WATCHING, seed, episode)


def chance_seed(environment_seed: int) -> int:
    """The seed of the random actions in the episode whose game has this seed.

    Never the same number: games draw from NumPy's generators, too, and from one seed they would draw what chance draws,
    so that whether the first action is random would hang on where the game begins.
    """
    return _derive(_CHANCE, environment_seed, 0)


def _derive(purpose: int, seed: int, index: int) -> int:
    return int(np.random.SeedSequence([purpose, seed, index]).generate_state(1, np.uint32)[0] >> 1)
