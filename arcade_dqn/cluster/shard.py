"""A part of the replay buffer, in a process of its own. Knows nothing of Ray: whoever calls it may be anywhere."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from arcade_dqn.acting.layers import Weights
from arcade_dqn.acting.policy import Policy
from arcade_dqn.cluster.segments import Segment, insert
from arcade_dqn.config import Settings
from arcade_dqn.replay.buffer import Batch, ReplayBuffer
from arcade_dqn.training.inspector import Inspector


class GameShape(NamedTuple):
    """What shards and actors must know of a game without making it."""

    frame_shape: tuple[int, ...]
    frame_dtype: str
    stack: int
    observation_shape: tuple[int, ...]
    action_names: tuple[str, ...]
    input_names: tuple[str, ...] = ()

    @property
    def n_actions(self) -> int:
        return len(self.action_names)


class ShardState(NamedTuple):
    """A shard at one moment."""

    number: int
    life: int
    """A random number: another one after a restart, which loses everything."""
    size: int
    """Transitions."""
    capacity: int
    priority_sum: float
    """Of all priorities; in uniform replay the number of transitions."""
    added: int
    """Transitions ever added in this life."""
    dropped: int
    """Transitions that came too late in this life."""
    nbytes: int


class Sample(NamedTuple):
    """Transitions drawn from a shard."""

    state: ShardState
    numbers: np.ndarray
    """[updates, share]; mean something in this life of the shard alone."""
    priority: np.ndarray
    """[updates, share] float64."""
    batch: Batch
    """[updates, share, ...]; the weights are ones."""


class Shard:
    """Holds a ReplayBuffer: actors add to it, the learner samples from it."""

    def __init__(self, settings: str, shape: GameShape, number: int, seed: int) -> None:
        """`settings` are the run's, as JSON."""
        run = Settings.from_json(settings)
        self._run = run
        self._learning = run.learning
        self._oldest = run.cluster.max_transition_age
        self._dtype = np.dtype(shape.frame_dtype)
        self._shape = shape
        capacity = -(-run.replay.capacity // run.cluster.shards)
        replay = run.replay.model_copy(update={"capacity": capacity})
        # A segment of so many steps says a whole stack again, and the steps that the one before it could not finish.
        steps = max(run.cluster.batch / run.environment.copies, 1.0)
        again = shape.stack + run.learning.n_step - 1
        self._replay = ReplayBuffer(
            replay,
            shape.frame_shape,
            self._dtype,
            shape.stack,
            seed,
            run.learning.n_step,
            extra_frames=again / steps,
        )
        self._number = number
        self._life = int.from_bytes(os.urandom(4))
        self._updates = 0
        self._dropped = 0

    def add(self, segments: Sequence[Segment]) -> ShardState:
        """Take in segments, but for those that are too old."""
        for segment in segments:
            if self._updates - segment.version > self._oldest:
                self._dropped += segment.transitions
                continue
            insert(
                segment,
                self._replay,
                self._shape.frame_shape,
                self._dtype,
                self._learning.discount,
                self._learning.n_step,
            )
        return self.state()

    def sample(self, updates: int, share: int, newest: int) -> Sample:
        """`share` transitions for each of so many minibatches; none if the shard is empty.

        `newest` are the updates that the learner has made so far: by them the age of what comes in is counted.
        """
        self._updates = max(self._updates, newest)
        if not len(self._replay):
            share = 0
            numbers, priority = np.zeros((updates, 0), np.int64), np.zeros((updates, 0))
        else:
            numbers, priority = self._replay.draw(updates, share)
        return Sample(self.state(), numbers, priority, self._replay.get(numbers))

    def update_priorities(self, life: int, numbers: np.ndarray, errors: np.ndarray) -> None:
        """What the learner found; ignored if it is about transitions of an earlier life."""
        if life == self._life:
            self._replay.update_priorities(numbers, errors)

    def inspect(self, step: int, number: int | None, jump: str, weights: Weights) -> dict[str, Any]:
        """A look into this part of the buffer, with the Q-values of these weights; empty if there is nothing in it."""
        if not len(self._replay):
            return {}
        shape = self._shape
        policy = Policy(self._run.network, shape.observation_shape, shape.n_actions, weights)
        inspector = Inspector(
            self._replay, policy, game=self._run.game, actions=shape.action_names, n_step=self._learning.n_step,
            inputs=shape.input_names,
        )  # fmt: skip
        return inspector.look(step, number, jump)

    def state(self) -> ShardState:
        replay = self._replay
        return ShardState(
            self._number,
            self._life,
            len(replay),
            replay.capacity,
            replay.priority_sum,
            replay.added,
            self._dropped,
            replay.nbytes,
        )
