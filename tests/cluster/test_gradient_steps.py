"""Gradient steps on their way from a debt to new weights, without Ray: shards and learner are only played."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from arcade_dqn.cluster.gradient_steps import GradientSteps
from arcade_dqn.cluster.shard import Sample, Shard
from arcade_dqn.config import Settings, build
from arcade_dqn.learning.learner import Finished, Updates
from arcade_dqn.replay.buffer import Batch


@dataclass
class Asked:
    updates: int
    answers: list[str] = field(default_factory=lambda: ["answer"])


class PlayedShards:
    """One real shard, asked without Ray; `there` says whether its answers have come."""

    def __init__(self, shard: Shard) -> None:
        self.shard = shard
        self.there = True
        self.dies = False
        self.told: list[np.ndarray] = []

    def __len__(self) -> int:
        return self.shard.state().size

    @property
    def priority_sum(self) -> float:
        return self.shard.state().priority_sum

    def ask_for_minibatches(self, updates: int, batch_size: int, newest: int, rng: np.random.Generator) -> Asked:
        self.sample = self.shard.sample(updates, batch_size, newest)
        return Asked(updates)

    def samples(self, asked: Asked) -> list[Sample] | None:
        if not self.there:
            return None
        return [] if self.dies else [self.sample]

    def update_priorities(self, sample: Sample, errors: np.ndarray) -> None:
        self.told.append(errors)


class PlayedLearner:
    """Is done with a round when the test says so."""

    def __init__(self) -> None:
        self.updates = 0
        self.batches: list[Batch] = []
        self.under_way = False
        self.about: Any = None
        self.done: Updates | None = None

    def anneal(self, share: float) -> None:
        assert 0 < share <= 1

    def begin(self, batch: Batch, about: Any) -> None:
        assert not self.under_way
        self.updates += len(batch.a_tm1)
        self.batches.append(batch)
        self.under_way, self.about = True, about

    def finish(self, *, wait: bool) -> Finished | None:
        if self.done is None:
            assert not wait, "it would hang"
            return None
        done, self.done, self.under_way = self.done, None, False
        return Finished(self.about, done)

    def end(self) -> None:
        shape = self.batches[-1].a_tm1.shape
        self.done = Updates(*(np.full(shape, 2.0, np.float32) for _ in Updates._fields))


class Learning:
    """Gradient steps of a small run, with the played shard and learner around them."""

    def __init__(self, shard: Shard, settings: Settings) -> None:
        self.shards, self.learner = PlayedShards(shard), PlayedLearner()
        played: Any = self.shards, self.learner
        self.steps = GradientSteps(settings, 16, played[1], played[0], np.random.default_rng(0))


@pytest.fixture
def learning(game_shape: Any, segment: Any) -> Learning:
    chosen = {"cluster.actors": 1, "cluster.max_weight_age": 20, "replay.priority_exponent": 0.5}
    settings = build("CartPole-v1", "cartpole", chosen)
    shard = Shard(settings.to_json(), game_shape, 0, 0)
    shard.add([segment(steps=100)])
    return Learning(shard, settings)


def test_a_round_goes_from_owed_to_asked_to_learned_to_done(learning: Learning) -> None:
    steps, learner = learning.steps, learning.learner
    assert not steps and steps.finish() is None and not steps.begin(0, 0)
    steps.owed = 25
    steps.ask()
    assert steps.owed == 25 - 10, "a round is half as long as weights may grow old"
    assert not steps.learning and steps.awaited(0) == ["answer"]
    assert steps.begin(100, 0) and steps.learning and learner.updates == 10
    assert learner.batches[0].a_tm1.shape == (10, 64) and learner.batches[0].weight.max() == 1.0
    assert steps.finish() is None, "the learner is at work"
    steps.ask()
    steps.ask()
    assert steps.owed == 5, "one round is asked for while another one is learned from, and no third"
    learner.end()
    updates = steps.finish()
    assert updates is not None and updates.error.shape == (10, 64)
    assert [errors.shape for errors in learning.shards.told] == [(10, 64)]
    assert not steps.learning and steps and steps.finish() is None


def test_nothing_is_asked_of_empty_shards(game_shape: Any) -> None:
    settings = build("CartPole-v1", "cartpole", {"cluster.actors": 1})
    learning = Learning(Shard(settings.to_json(), game_shape, 0, 0), settings)
    learning.steps.owed = 5
    learning.steps.ask()
    assert learning.steps.owed == 5 and learning.steps.awaited(0) == []


def test_minibatches_that_are_on_their_way_are_waited_for(learning: Learning) -> None:
    learning.steps.owed = 5
    learning.steps.ask()
    learning.shards.there = False
    assert not learning.steps.begin(0, 0) and learning.steps.awaited(0) == ["answer"]
    learning.shards.there = True
    assert learning.steps.begin(0, 0)


def test_what_a_dead_shard_was_asked_for_is_owed_again(learning: Learning) -> None:
    learning.steps.owed = 5
    learning.steps.ask()
    learning.shards.dies = True
    assert learning.steps.owed == 0 and not learning.steps.begin(0, 0)
    assert learning.steps.owed == 5 and learning.steps.awaited(0) == [] and not learning.steps.learning


def test_no_round_begins_by_which_weights_in_play_would_grow_too_old(learning: Learning) -> None:
    steps, learner = learning.steps, learning.learner
    learner.updates = 30
    steps.owed = 10
    steps.ask()
    assert not steps.held_up(oldest=20), "30 + 10 - 20 is as old as they may be"
    assert steps.held_up(oldest=19) and steps.awaited(19) == [] and not steps.begin(0, 19)
    assert not steps.held_up(oldest=30), "nobody plays with older ones"
    assert steps.begin(0, 20)


def test_forgotten_steps_are_owed_no_longer(learning: Learning) -> None:
    learning.steps.owed = 20
    learning.steps.ask()
    learning.steps.forget()
    assert not learning.steps and not learning.steps.begin(0, 0)
