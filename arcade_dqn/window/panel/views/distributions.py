"""From the distribution of each action's return, as the network has it, to columns over one axis."""

from __future__ import annotations

import numpy as np

from arcade_dqn.acting.policy import Distribution
from arcade_dqn.window.panel.state import Histograms

_COLUMNS = 28
"""Columns of a quantile agent's histograms."""
_MOST_COLUMNS = 60
_NEGLIGIBLE = 0.003
"""Probability under which an atom at the support's ends is not worth showing."""


class AxisRange:
    """Bounds that widen at once and narrow slowly, so that what is drawn in them does not jump."""

    def __init__(self, *, from_zero: bool, narrowing: float = 0.005) -> None:
        self._from_zero, self._narrowing = from_zero, narrowing
        self.bounds: tuple[float, float] | None = None

    def fit(self, low: float, high: float) -> tuple[float, float]:
        """The bounds with room for all from `low` to `high`."""
        if self._from_zero:
            low, high = min(0.0, low), max(0.0, high)
        if self.bounds is not None:
            old_low, old_high = self.bounds
            low = min(low, old_low + self._narrowing * max(0.0, low - old_low))
            high = max(high, old_high - self._narrowing * max(0.0, old_high - high))
        self.bounds = (low, high if high > low else low + 1e-6)
        return self.bounds


def atoms(found: Distribution, scale: AxisRange) -> Histograms:
    """c51's atoms as columns: those with a probability worth showing, neighbours summed where there are very many."""
    support, masses = found.returns[0, 0], found.probabilities[0]
    step = float(support[1] - support[0])
    worth = np.flatnonzero(masses.max(axis=0) >= min(_NEGLIGIBLE, float(masses.max())))
    low, high = scale.fit(float(support[worth[0]]), float(support[worth[-1]]))
    first = max(0, int(np.floor((low - float(support[0])) / step + 1e-3)))
    last = min(len(support) - 1, int(np.ceil((high - float(support[0])) / step - 1e-3)))
    together = -(-(last + 1 - first) // _MOST_COLUMNS)
    starts = np.arange(first, last + 1, together)
    columns = np.add.reduceat(masses[:, : last + 1], starts, axis=1)
    return _histograms(float(support[first]) - step / 2, float(support[last]) + step / 2, columns)


def quantiles(found: Distribution, scale: AxisRange) -> Histograms:
    """Quantiles as columns: the probability between two of them is spread evenly."""
    values = found.returns[0]
    low, high = scale.fit(float(values.min()), float(values.max()))
    edges = np.linspace(low, high, _COLUMNS + 1)
    levels = (np.arange(values.shape[1]) + 0.5) / values.shape[1]
    below = np.stack([np.interp(edges, row, levels, left=0.0, right=1.0) for row in values])
    # The halves of a level beyond the first and last quantile belong to these.
    below[:, 0], below[:, -1] = 0.0, 1.0
    return _histograms(low, high, np.diff(below, axis=1))


def _histograms(low: float, high: float, columns: np.ndarray) -> Histograms:
    heights = columns / max(float(columns.max()), 1e-9)
    return Histograms(low, high, tuple(tuple(row) for row in heights.round(4).tolist()))
