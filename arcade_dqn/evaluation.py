"""The result of an evaluation, and the seeds that keep evaluation apart from training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

_TRAINING, _EVALUATION, _WATCHING = 0, 1, 2


@dataclass(frozen=True)
class Evaluation:
    """Raw scores of greedy play. `std` is the population standard deviation of `returns`."""

    episodes: int
    mean: float
    std: float
    min: float
    max: float
    returns: tuple[float, ...]
    seed: int

    @classmethod
    def from_returns(cls, returns: Sequence[float], seed: int) -> Evaluation:
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
        )

    @property
    def standard_error(self) -> float:
        """The standard error of the mean."""
        return self.std / math.sqrt(self.episodes)

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


def _derive(purpose: int, seed: int, index: int) -> int:
    return int(np.random.SeedSequence([purpose, seed, index]).generate_state(1, np.uint32)[0] >> 1)
