"""Proportional priorities in a sum tree (Schaul 2016, appendix B.2.1), whole batches at a time."""

from __future__ import annotations

import numpy as np


class SumTree:
    """Non-negative float64 values in `capacity` places; finding the place of a share of their sum takes O(log n).

    The tree is an implicit binary heap: node i has the children 2i and 2i + 1, the root is node 1, and the leaves are
    the places. Every sum is made of its two children anew, so rounding errors do not pile up however long it runs.
    """

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"a sum tree needs at least one place, not {capacity}")
        self.capacity = capacity
        self._leaves = 1 << (capacity - 1).bit_length()
        self._depth = self._leaves.bit_length() - 1
        self._nodes = np.zeros(2 * self._leaves, np.float64)

    @property
    def total(self) -> float:
        """The sum of all values."""
        return float(self._nodes[1])

    def get(self, places: np.ndarray) -> np.ndarray:
        """The values [n] float64 in these places."""
        values: np.ndarray = self._nodes[self._leaves + places]
        return values

    def set(self, places: np.ndarray, values: np.ndarray) -> None:
        """Put `values` [n] in `places` [n]; of a place named twice, the last value stays.

        Raises ValueError for values that are negative or not finite.
        """
        if not (np.isfinite(values).all() and (np.asarray(values) >= 0).all()):
            raise ValueError("priorities must be finite and not negative")
        nodes = self._leaves + np.asarray(places)
        self._nodes[nodes] = values
        for _ in range(self._depth):
            # The same parent may come several times: it is made of the same two children each time.
            nodes = nodes >> 1
            self._nodes[nodes] = self._nodes[2 * nodes] + self._nodes[2 * nodes + 1]

    def find(self, shares: np.ndarray) -> np.ndarray:
        """The places [n] int64 in which the running sum of the values passes `shares` [n], each in [0, total)."""
        rest = np.array(shares, np.float64)
        nodes = np.ones(rest.shape, np.int64)
        for _ in range(self._depth):
            nodes = 2 * nodes
            left = self._nodes[nodes]
            # An empty right side is never entered, even if rounding put a share at the very end of the left one.
            right = (rest >= left) & (self._nodes[nodes + 1] > 0)
            rest = np.where(right, rest - left, rest)
            nodes = nodes + right
        return nodes - self._leaves

    def get_state(self) -> np.ndarray:
        """All values, [capacity] float64."""
        return self._nodes[self._leaves : self._leaves + self.capacity].copy()

    def set_state(self, values: np.ndarray) -> None:
        """Go on from `get_state`."""
        self.set(np.arange(self.capacity), values)
