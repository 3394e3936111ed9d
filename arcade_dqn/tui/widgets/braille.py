"""Curves as braille dots: each terminal cell is 2 dots wide and 4 dots high. Plain NumPy, no widgets."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Dots = NDArray[np.bool_]

# The bit of each dot of a cell, by [row, column] (Unicode 28xx).
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.uint8)


def extents(x: Floats, y: Floats, low: float, high: float, columns: int) -> tuple[Floats, Floats]:
    """The smallest and the largest `y` in each of `columns` equal slices of [low, high]; nan where a slice is empty.

    `x` must ascend. The cost is one pass over `y`, whatever the number of points, so a million points stay quick.
    """
    smallest, largest = np.full(columns, np.nan), np.full(columns, np.nan)
    span = high - low
    if len(x) == 0 or columns < 1 or span <= 0:
        return smallest, largest
    edges = np.searchsorted(x, low + span * np.arange(1, columns) / columns)
    start, stop = np.searchsorted(x, low), np.searchsorted(x, high, side="right")
    bounds = np.concatenate(([start], np.clip(edges, start, stop), [stop]))
    filled = np.flatnonzero(np.diff(bounds))
    if len(filled):
        # reduceat runs from each start to the next, so the starts of empty slices are left out.
        part = y[: bounds[-1]]
        smallest[filled] = np.minimum.reduceat(part, bounds[filled])
        largest[filled] = np.maximum.reduceat(part, bounds[filled])
    return smallest, largest


def to_rows(values: Floats, low: float, high: float, rows: int) -> NDArray[np.int64]:
    """The dot row (0 is the top) of each finite value; values outside [low, high] go to the edge."""
    share = (np.clip(values, low, high) - low) / (high - low) if high > low else np.full(len(values), 0.5)
    return np.rint((1.0 - share) * (rows - 1)).astype(np.int64)


def line(smallest: Floats, largest: Floats, low: float, high: float, rows: int) -> Dots:
    """Dots [rows, columns] of a line through the extents of each column, joined across empty columns."""
    columns = len(smallest)
    dots = np.zeros((rows, columns), np.bool_)
    known = np.flatnonzero(np.isfinite(smallest))
    if len(known) == 0:
        return dots
    top = to_rows(largest[known], low, high, rows).astype(np.float64)
    bottom = to_rows(smallest[known], low, high, rows).astype(np.float64)
    inside = np.arange(known[0], known[-1] + 1)
    top, bottom = np.rint(np.interp(inside, known, top)), np.rint(np.interp(inside, known, bottom))
    # Two neighbours that do not touch are joined by letting the right one reach up or down to the left one.
    reach_top, reach_bottom = top.copy(), bottom.copy()
    reach_top[1:] = np.minimum(top[1:], np.where(bottom[:-1] < top[1:], bottom[:-1] + 1, top[1:]))
    reach_bottom[1:] = np.maximum(bottom[1:], np.where(top[:-1] > bottom[1:], top[:-1] - 1, bottom[1:]))
    row = np.arange(rows)[:, None]
    dots[:, inside] = (row >= reach_top) & (row <= reach_bottom)
    return dots


def scatter(smallest: Floats, largest: Floats, low: float, high: float, rows: int) -> Dots:
    """Dots [rows, columns] at the extents of each column alone."""
    dots = np.zeros((rows, len(smallest)), np.bool_)
    known = np.flatnonzero(np.isfinite(smallest))
    for values in (smallest, largest):
        dots[to_rows(values[known], low, high, rows), known] = True
    return dots


def cells(dots: Dots) -> NDArray[np.uint8]:
    """The braille bits [rows / 4, columns / 2] of dots [rows, columns]."""
    rows, columns = dots.shape
    blocks = dots.reshape(rows // 4, 4, columns // 2, 2)
    return np.asarray((blocks * _BITS[None, :, None, :]).sum(axis=(1, 3)), np.uint8)


def nice_step(span: float, parts: int) -> float:
    """A step of 1, 2 or 5 times a power of ten that cuts `span` into at most about `parts` parts."""
    if not span > 0:
        return 1.0
    rough = span / max(parts, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= rough * (1 - 1e-9))


def ticks(low: float, high: float, parts: int) -> list[float]:
    """Round values within [low, high], `nice_step` apart."""
    step = nice_step(high - low, parts)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def short(value: float) -> str:
    """A number in at most six characters or so: 1500 -> '1.5k', 0.00123 -> '0.0012'."""
    size = abs(value)
    if not math.isfinite(value):
        return "-"
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if size >= limit:
            return f"{value / (1e3 if letter == 'k' else limit):.3g}{letter}"
    if size == 0 or size >= 100:
        return f"{value:.0f}"
    if size >= 1:
        return f"{value:.3g}"
    return f"{value:.2g}"
