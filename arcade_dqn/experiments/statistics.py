"""How sure a score over a few seeds is: its interval, the probability of improvement, and what chance may explain.

From `ENOUGH` seeds on after Agarwal 2021, "Deep reinforcement learning at the edge of the statistical precipice": the
interquartile mean, which one lucky or one failed run cannot move, and a bootstrap. Of fewer runs a bootstrap can only
draw again what it has seen, and its "95%" would hold the truth in 70% of the cases with three seeds and in 89% with
five (normal scores). There the mean and Student's t take its place; and where many things are compared at once, Holm's
correction keeps the chance of *any* false claim at 5%.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
ENOUGH = 10
"""Runs from which on a bootstrap is to be trusted: with ten its 95% interval holds the truth in about 91%."""
RESAMPLES = 10_000
_AT_ONCE = 1_000
"""Resamples that are worked out together."""


class Interval(NamedTuple):
    """A statistic with its 95% interval."""

    value: float
    low: float
    high: float


def between(interval: Interval, style: str = ".1f") -> str:
    """The interval in words."""
    return f"{interval.low:{style}} to {interval.high:{style}}"


class Comparison(NamedTuple):
    """Two groups of runs, by the difference of their means."""

    difference: Interval
    """The first group's mean less the second's, with Welch's 95% interval."""
    p_value: float
    """How likely a difference so far from 0 is by chance alone, two-sided (Welch's t test)."""


def student_t(share: float, degrees: float) -> float:
    """The value that Student's t stays under with the probability `share`, for these degrees of freedom."""
    from scipy.special import stdtrit  # here, since the TUI imports this room and need not wait for it

    return float(stdtrit(degrees, share))


def mean_interval(scores: Sequence[float]) -> Interval:
    """The mean of one game's runs with Student's t interval, which holds for any number of runs from two on.

    Of a single run the interval is everything: -inf to inf.
    """
    runs = np.asarray(scores, np.float64)
    mean = float(runs.mean())
    if len(runs) < 2:
        return Interval(mean, -math.inf, math.inf)
    half = student_t(0.975, len(runs) - 1) * float(runs.std(ddof=1)) / math.sqrt(len(runs))
    return Interval(mean, mean - half, mean + half)


def compare(ours: Sequence[float], theirs: Sequence[float]) -> Comparison:
    """Welch's t test (1947) of two groups of at least two runs each, whose spreads may differ.

    Where neither group has any spread, a difference is certain (p 0) and equality says nothing (p 1).
    """
    one, other = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    difference = float(one.mean() - other.mean())
    parts = [float(group.var(ddof=1)) / len(group) for group in (one, other)]
    variance = sum(parts)
    if variance == 0:
        return Comparison(Interval(difference, difference, difference), 1.0 if difference == 0 else 0.0)
    from scipy.special import stdtr

    spread = sum(part**2 / (len(group) - 1) for part, group in zip(parts, (one, other), strict=True))
    degrees = variance**2 / spread
    error = math.sqrt(variance)
    half = student_t(0.975, degrees) * error
    p_value = 2 * float(stdtr(degrees, -abs(difference) / error))
    return Comparison(Interval(difference, difference - half, difference + half), p_value)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's (1979) adjusted p-values, in the order given.

    Claiming what is below 0.05 is then wrong about *anything* in at most 5% of the cases, however many are compared.
    """
    adjusted = [0.0] * len(p_values)
    least = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda one: p_values[one])):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = least
    return adjusted


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
