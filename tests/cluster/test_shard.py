"""A shard by itself: what it takes in, what it refuses, and what it gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.cluster.segments import Segment, SegmentWriter
from arcade_dqn.cluster.shard import GameShape, Shard
from arcade_dqn.config import build


@pytest.fixture
def shard(game_shape: GameShape) -> Callable[..., Shard]:
    """Makes a shard of a run with these settings."""

    def make(**overrides: Any) -> Shard:
        chosen = {"cluster.actors": 1, "learning.n_step": 1, "cluster.max_transition_age": 100, **overrides}
        return Shard(build("CartPole-v1", "cartpole", chosen).to_json(), game_shape, 0, 0)

    return make


def test_what_comes_too_late_is_dropped_and_counted(
    shard: Callable[..., Shard], segment: Callable[..., Segment]
) -> None:
    one = shard()
    one.sample(1, 1, newest=150)
    state = one.add([segment(version=50), segment(version=49, steps=7), segment(version=150, steps=2)])
    assert (state.size, state.dropped) == (5 + 2, 7)


def test_an_empty_shard_gives_an_empty_sample(shard: Callable[..., Shard]) -> None:
    sample = shard().sample(3, 4, newest=0)
    assert sample.numbers.shape == (3, 0)
    assert sample.batch.s_tm1.shape == (3, 0, 4)


def test_a_sample_has_the_share_that_was_asked_for(
    shard: Callable[..., Shard], segment: Callable[..., Segment]
) -> None:
    one = shard()
    one.add([segment()])
    sample = one.sample(3, 4, newest=0)
    assert sample.batch.s_tm1.shape == (3, 4, 4)
    assert sample.batch.a_tm1.shape == (3, 4)


def test_shards_share_the_capacity(shard: Callable[..., Shard]) -> None:
    one = shard(**{"replay.capacity": 1_001, "replay.learning_start": 10, "cluster.shards": 2})
    assert one.state().capacity == 501


def test_one_looks_into_a_shard_as_into_a_buffer(shard: Callable[..., Shard], segment: Callable[..., Segment]) -> None:
    one = shard()
    weights = initial_weights(build("CartPole-v1", "cartpole").network, (4,), 2, 0)
    assert one.inspect(7, None, "", weights) == {}
    one.add([segment(steps=5)])
    told = one.inspect(7, None, "", weights)
    assert (told["step"], told["action_names"], told["contents"]["size"]) == (7, ["left", "right"], 5)
    assert (told["transition"]["number"], told["transition"]["a_tm1"], told["transition"]["r_t"]) == (4, 0, 1.0)


@pytest.mark.parametrize(("batch", "copies", "n_step"), [(64, 4, 3), (16, 1, 1), (8, 8, 5)])
def test_a_shard_fills_up_although_segments_say_frames_again(
    shard: Callable[..., Shard], batch: int, copies: int, n_step: int
) -> None:
    chosen = {"replay.capacity": 600, "replay.learning_start": 10, "learning.n_step": n_step}
    one = shard(**chosen, **{"cluster.batch": batch, "environment.copies": copies})
    writer = SegmentWriter(1, 0.99, n_step)
    writer.begin(np.zeros(4, np.float32))
    step = 0
    while one.state().added < 2_000:
        for _ in range(batch // copies):
            step += 1
            writer.step(0, 1.0, np.full(4, step, np.float32), terminated=False, ended=False)
        if (taken := writer.take(0, errors=False)) is not None:
            one.add([taken])
    assert one.state().size == 600


def test_priorities_of_an_earlier_life_are_ignored(
    shard: Callable[..., Shard], segment: Callable[..., Segment]
) -> None:
    one = shard(**{"replay.priority_exponent": 1.0})
    one.add([segment(steps=2)])
    sample = one.sample(1, 1, newest=0)
    before = one.state().priority_sum
    one.update_priorities(sample.state.life + 1, sample.numbers, np.full((1, 1), 50.0, np.float32))
    assert one.state().priority_sum == before
    one.update_priorities(sample.state.life, sample.numbers, np.full((1, 1), 50.0, np.float32))
    assert one.state().priority_sum > before + 40
