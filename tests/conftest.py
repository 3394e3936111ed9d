"""What the tests of several rooms share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from arcade_dqn.replay.records import Records


@pytest.fixture(scope="session")
def same() -> Callable[[Any, Any], bool]:
    """Whether two states hold the same, to the last bit; `Records` may be cut into different pieces."""
    return _same


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, Records):
        ends = (left.name, left.start, left.end) == (right.name, right.start, right.end)
        return ends and _same(_one_by_one(left), _one_by_one(right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, np.ndarray):
        return left.dtype == right.dtype and np.array_equal(left, right, equal_nan=left.dtype.kind == "f")
    return bool(left == right)


def _one_by_one(records: Records) -> list[dict[str, np.ndarray]]:
    found: list[dict[str, np.ndarray]] = []
    for _, dropped, columns in records.filled():
        if "packed" in columns:
            ends = np.cumsum(columns["lengths"])
            found += [{"packed": part} for part in np.split(columns["packed"], ends[:-1])[dropped:]]
        else:
            count = len(next(iter(columns.values())))
            found += [{name: column[row] for name, column in columns.items()} for row in range(dropped, count)]
    return found
