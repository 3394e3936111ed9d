"""What a replay buffer holds, in numbers that fit on a screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from arcade_dqn.replay.buffer import Scalars

BARS = 10
"""Most bars of a histogram."""
AGES = 40
"""Most slices of the buffer by age."""


class Bar(NamedTuple):
    """How many transitions have a value from `low` to `high`; a single value where the two are equal."""

    low: float
    high: float
    transitions: int


class Slice(NamedTuple):
    """Neighbouring transitions, which came into the buffer one after the other."""

    oldest: int
    """The age of its oldest one: how many came after it."""
    reward: float
    """Mean reward."""
    ends: float
    """Share of transitions behind which nothing follows."""


@dataclass(frozen=True)
class Contents:
    """A buffer at one moment."""

    size: int
    actions: tuple[int, ...]
    """Transitions of each action."""
    rewards: tuple[Bar, ...]
    ends: float
    """Share of transitions with a discount of 0: the game terminated within the n steps."""
    ages: tuple[Slice, ...]
    """The oldest first, all of the same size but for one transition."""
    errors: tuple[Bar, ...]
    """By the size of the temporal-difference error, each bar ten to the half as wide as the one before."""


def contents(scalars: Scalars, n_actions: int, errors: np.ndarray | None = None) -> Contents:
    """Sum up a buffer that holds at least one transition.

    `errors` are sizes of temporal-difference errors, of a sample for example; without them, those that prioritised
    replay keeps are counted.
    """
    known = scalars.error if errors is None else errors
    ends = scalars.discount_t == 0
    return Contents(
        size=len(scalars.a_tm1),
        actions=tuple(np.bincount(scalars.a_tm1, minlength=n_actions).tolist()),
        rewards=_bars(scalars.r_t),
        ends=float(ends.mean()),
        ages=_slices(scalars.r_t, ends),
        errors=() if known is None else _decades(known[np.isfinite(known)]),
    )


def _bars(values: np.ndarray) -> tuple[Bar, ...]:
    """One bar for each value if there are few, else bars of equal width."""
    few, counts = np.unique(values[:: max(1, len(values) // 1000)], return_counts=True)
    if len(few) <= BARS:
        few, counts = np.unique(values, return_counts=True)
    if len(few) <= BARS:
        return tuple(Bar(value, value, count) for value, count in zip(few.tolist(), counts.tolist(), strict=True))
    counts, edges = np.histogram(values.astype(np.float64), BARS)
    return _between(edges, counts)


def _decades(sizes: np.ndarray) -> tuple[Bar, ...]:
    """Bars from one power of the root of ten to the next; what is smaller than the lowest one belongs to it."""
    if not len(sizes):
        return ()
    top = int(np.ceil(2 * np.log10(max(float(sizes.max()), 1e-6)) + 1e-9))
    edges = 10.0 ** (np.arange(top - BARS, top + 1) / 2)
    counts, _ = np.histogram(np.clip(sizes, edges[0], edges[-1]), edges)
    first = int(np.flatnonzero(counts)[0])
    return _between(edges[first:], counts[first:])


def _between(edges: np.ndarray, counts: np.ndarray) -> tuple[Bar, ...]:
    return tuple(
        Bar(low, high, count)
        for low, high, count in zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)
    )


def _slices(rewards: np.ndarray, ends: np.ndarray) -> tuple[Slice, ...]:
    size = len(rewards)
    starts = np.linspace(0, size, min(AGES, size), endpoint=False).astype(np.int64)
    sizes = np.diff([*starts, size])
    reward = np.add.reduceat(rewards.astype(np.float64), starts) / sizes
    share = np.add.reduceat(ends.astype(np.float64), starts) / sizes
    return tuple(
        Slice(size - 1 - start, one, other)
        for start, one, other in zip(starts.tolist(), reward.tolist(), share.tolist(), strict=True)
    )
