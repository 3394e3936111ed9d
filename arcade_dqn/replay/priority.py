"""Proportional priorities in a sum tree (Schaul 2016, appendix B.2.1), whole batches at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

_SMALLEST_ERROR = 1e-6
"""Added to every error, so that no transition's priority is zero (Schaul 2016, section 3.3)."""


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


class Priorities:
    """Those of the transitions in a ring, by their numbers: (error + a little) ** exponent.

    The tree follows the ring only when somebody looks at it, for one write for all that came since then costs a
    fraction of one for each. Up to which numbers transitions have entered it and left it is kept here alone:

        a ring of 4, after 4 transitions and a look: entered 4, left 0; the rows 0 1 2 3 are those of 0 1 2 3
        2 transitions later, at the next look:       entered 6, left 2; the rows 0 1, emptied, are now those of 4 5
    """

    def __init__(self, capacity: int, exponent: float) -> None:
        self._capacity = capacity
        self._exponent = exponent
        self._tree = SumTree(capacity)
        self._largest_error = 1.0
        self._entered = self._left = 0

    def follow(self, oldest: int, added: int) -> None:
        """The ring holds the transitions from `oldest` to before `added`: take the others out, and put the new ones in.

        A new one gets the largest priority so far, so that it is seen at least once (Schaul 2016, algorithm 1).
        """
        tree = self._tree
        gone = np.arange(self._left, oldest)[-self._capacity :]
        tree.set(gone % self._capacity, np.zeros(len(gone)))
        new = np.arange(max(self._entered, oldest), added)
        tree.set(new % self._capacity, np.full(len(new), (self._largest_error + _SMALLEST_ERROR) ** self._exponent))
        self._left, self._entered = oldest, added

    @property
    def total(self) -> float:
        """The sum of all of them, as of the last `follow`."""
        return self._tree.total

    def find(self, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The numbers of the transitions at `shares` of the sum, each in [0, 1), and their priorities; alike in shape.

        As of the last `follow`.
        """
        rows = self._tree.find(shares * self._tree.total)
        return self._left + (rows - self._left) % self._capacity, self._tree.get(rows)

    def update(self, numbers: np.ndarray, errors: np.ndarray, oldest: int, added: int) -> None:
        """Note the errors of these transitions; the ring holds those from `oldest` to before `added`.

        Those that have left it are passed over. Of one that is named several times the last error stays.
        """
        if int(numbers.max()) >= self._entered:
            self.follow(oldest, added)  # transitions that come with their first errors
        self._largest_error = max(self._largest_error, float(errors.max()))
        flat, sizes = numbers.ravel(), errors.ravel()
        here = flat >= oldest
        self._tree.set(
            flat[here] % self._capacity, (sizes[here].astype(np.float64) + _SMALLEST_ERROR) ** self._exponent
        )

    def errors(self, numbers: np.ndarray) -> np.ndarray:
        """The errors of these transitions, [n] float64: nan for those that came since the last `follow`."""
        error: np.ndarray = self._tree.get(numbers % self._capacity) ** (1 / self._exponent) - _SMALLEST_ERROR
        error[numbers >= self._entered] = np.nan
        return error

    def get_state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {
            "priorities": self._tree.get_state(),
            "largest_error": self._largest_error,
            "entered": self._entered,
            "left": self._left,
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on from `get_state`."""
        self._tree.set_state(state["priorities"])
        self._largest_error = float(state["largest_error"])
        self._entered, self._left = int(state["entered"]), int(state["left"])
