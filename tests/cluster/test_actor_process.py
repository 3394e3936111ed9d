"""An actor by itself, with shards that are only played."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.cluster.actor_process import ActorProcess, Receipt, Report
from arcade_dqn.cluster.segments import Segment
from arcade_dqn.cluster.shard import GameShape
from arcade_dqn.config import build


class Played:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []

    def send(self, segments: list[Segment]) -> None:
        self.segments += segments

    def receipts(self, *, wait: bool) -> list[Receipt]:
        return []


class OneActor:
    """An actor, its shards, and the learner that asks it."""

    def __init__(self, shape: GameShape, **overrides: Any) -> None:
        self.settings = build("CartPole-v1", "cartpole", {"cluster.actors": 1, "environment.copies": 3, **overrides})
        self.sender = Played()
        self.process = ActorProcess(self.settings.to_json(), shape, 0, self.sender)

    def play(self, at: int, steps: int, epsilon: float, version: int = 0, weights: int = 0) -> Report:
        """`weights` is the seed that they are drawn with."""
        return self.process.play(at, steps, epsilon, version, initial_weights(self.settings.network, (4,), 2, weights))

    @property
    def actions(self) -> list[int]:
        return [int(a_tm1) for one in self.sender.segments for a_tm1 in one.a_tm1]


@pytest.fixture
def one_actor(game_shape: GameShape) -> Callable[..., OneActor]:
    """Makes an actor of a run with these settings."""
    return partial(OneActor, game_shape)


def test_every_step_arrives_in_a_segment(one_actor: Callable[..., OneActor]) -> None:
    actor = one_actor(**{"learning.n_step": 1})
    report = actor.play(0, 100, 1.0)
    assert report.steps == 100
    assert report.transitions == sum(one.transitions for one in actor.sender.segments) == 100
    lengths = [episode.length for episode in report.episodes]
    assert lengths and sum(lengths) <= 100
    assert all(1 <= episode.step <= 100 for episode in report.episodes)
    assert actor.play(100, 50, 1.0).transitions == 50


def test_the_weights_that_come_with_a_call_are_played_and_named(one_actor: Callable[..., OneActor]) -> None:
    one, same, other = one_actor(), one_actor(), one_actor()
    for actor, weights in ((one, 1), (same, 1), (other, 2)):
        assert actor.play(0, 200, 0.0, version=64, weights=weights).version == 64
    assert one.actions == same.actions != other.actions
    assert {segment.version for segment in one.sender.segments} == {64}
    assert one.play(200, 10, 0.0, version=128, weights=3).version == 128
    assert one.sender.segments[-1].version == 128


def test_errors_come_with_prioritised_replay_alone(one_actor: Callable[..., OneActor]) -> None:
    uniform = one_actor()
    uniform.play(0, 64, 0.5)
    assert all(one.error is None for one in uniform.sender.segments)
    prioritised = one_actor(**{"replay.priority_exponent": 0.6, "environment.max_episode_steps": 5})
    for at in range(4):
        prioritised.play(64 * at, 64, 0.5)
    segments = prioritised.sender.segments
    errors = [one.error for one in segments]
    assert all(error is not None and np.isfinite(error).all() for error in errors)
    assert sum(len(error) for error in errors if error is not None) == sum(one.transitions for one in segments)


def test_an_actor_that_begins_again_plays_other_episodes(one_actor: Callable[..., OneActor]) -> None:
    first, again = one_actor(), one_actor()
    first.play(0, 30, 0.0)
    again.play(30, 30, 0.0)
    frames = [np.asarray(one.sender.segments[0].frames)[0] for one in (first, again)]
    assert not np.array_equal(frames[0], frames[1])
