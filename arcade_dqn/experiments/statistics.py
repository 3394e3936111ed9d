"""How sure a score over a few seeds is: interquartile means, bootstrap intervals, probability of improvement.

After Agarwal 2021, "Deep reinforcement learning at the edge of the statistical precipice": few runs of an algorithm
say little, so what is reported comes with its interval, and a mean that one lucky or one failed run cannot move.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
RESAMPLES = 10_000
_AT_ONCE = 1_000
"""Resamples that are worked out together."""


class Interval(NamedTuple):
    """A statistic with its 95% bootstrap interval."""

    value: float
    low: float
    high: float


def between(interval: Interval, style: str = ".1f") -> str:
    """The interval in words."""
    return f"{interval.low:{style}} to {interval.high:{style}}"


def iqm(scores: Scores) -> Scores:
    """The interquartile mean over the last axis: a quarter of the runs (rounded down) is left out at either end."""
    runs = scores.shape[-1]
    cut = runs // 4
    middle: Scores = np.sort(scores, axis=-1)[..., cut : runs - cut].mean(axis=-1)
    return middle


def iqm_interval(scores: Sequence[float], seed: int = 0) -> Interval:
    """The interquartile mean of one game's runs. The percentile bootstrap draws runs with replacement."""
    runs = np.asarray(scores, np.float64)
    return _bootstrap(lambda samples: iqm(samples[0]), [runs], seed)


def improvement(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The probability that a run of ours is better than one of theirs; equal ones count half (Mann and Whitney)."""
    return float(_improvement(np.asarray(ours, np.float64), np.asarray(theirs, np.float64)))


def improvement_interval(ours: Sequence[Sequence[float]], theirs: Sequence[Sequence[float]], seed: int = 0) -> Interval:
    """The same, averaged over games; the bootstrap is stratified: every game's runs are drawn on their own."""
    games = len(ours)
    strata = [np.asarray(one, np.float64) for one in (*ours, *theirs)]

    def mean(samples: list[Scores]) -> Scores:
        pairs = zip(samples[:games], samples[games:], strict=True)
        average: Scores = np.mean([_improvement(one, other) for one, other in pairs], axis=0)
        return average

    return _bootstrap(mean, strata, seed)


def _improvement(ours: Scores, theirs: Scores) -> Scores:
    """Over the last axis of both, [..., runs]."""
    one, other = ours[..., :, None], theirs[..., None, :]
    wins: Scores = ((one > other) + 0.5 * (one == other)).mean(axis=(-2, -1))
    return wins


def _bootstrap(statistic: Callable[[list[Scores]], Scores], strata: Sequence[Scores], seed: int) -> Interval:
    """`statistic` of the strata [1, runs] themselves, and the 2.5% and 97.5% percentiles over resamples of each."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(RESAMPLES // _AT_ONCE):
        drawn = [runs[rng.integers(0, len(runs), (_AT_ONCE, len(runs)))] for runs in strata]
        found.append(statistic(drawn))
    low, high = np.percentile(np.concatenate(found), [2.5, 97.5]).tolist()
    value = statistic([runs[None] for runs in strata])
    return Interval(float(value[0]), low, high)
