"""A game that needs no making, and what is played of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from arcade_dqn.cluster.segments import Segment, SegmentWriter
from arcade_dqn.cluster.shard import GameShape


@pytest.fixture
def game_shape() -> GameShape:
    """That of CartPole."""
    return GameShape((4,), "<f4", 1, (4,), ("left", "right"))


@pytest.fixture
def segment() -> Callable[..., Segment]:
    """Makes a segment of so many steps of CartPole, played with the weights of a version."""

    def make(version: int = 0, steps: int = 5) -> Segment:
        writer = SegmentWriter(1, 0.99, 1)
        writer.begin(np.zeros(4, np.float32))
        for step in range(steps):
            writer.step(step % 2, 1.0, np.full(4, step, np.float32), terminated=False, ended=False)
        taken = writer.take(version, errors=False)
        assert taken is not None
        return taken

    return make
