"""What the learner owes for the play so far: gradient steps, on their way from a number to new weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from arcade_dqn.config import Settings
from arcade_dqn.learning.learner import MAX_FUSED, Learner, Updates
from arcade_dqn.replay.buffer import Batch, importance_weights
from arcade_dqn.training.loop import importance_exponent, learning_share

if TYPE_CHECKING:
    from arcade_dqn.cluster.shard import Sample
    from arcade_dqn.cluster.shard_pool import Minibatches, ShardPool

_ROUND_BYTES = 32 * 1024 * 1024
"""Most that the minibatches of one round weigh: two rounds are in Ray's object store at a time."""


class GradientSteps:
    """Gradient steps that are owed, and the rounds of them that are under way.

        owed    --ask-->    asked for    --begin-->    learned from    --finish-->    done
          ^                     |
          +-- a shard has died -+

    Any number may be owed. At most one round is asked for, and one is learned from: so the shards draw the next
    minibatches while the learner works, and no more of them are in memory.
    """

    def __init__(
        self,
        settings: Settings,
        observation_bytes: int,
        learner: Learner,
        shards: ShardPool,
        rng: np.random.Generator,
    ) -> None:
        """`rng` shares out each minibatch among the shards."""
        self._settings = settings
        self._learner = learner
        self._shards = shards
        self._rng = rng
        minibatch = 2 * settings.learning.batch_size * observation_bytes
        self._most = max(1, min(MAX_FUSED, _ROUND_BYTES // minibatch, settings.cluster.max_weight_age // 2))
        """Most gradient steps in a round, between two versions of the weights."""
        self.owed = 0
        """Gradient steps that no shard was asked for."""
        self._asked: Minibatches | None = None

    def __bool__(self) -> bool:
        """Whether any are owed or under way."""
        return bool(self.owed or self._asked or self.learning)

    @property
    def learning(self) -> bool:
        """Whether the learner is at work on a round."""
        return self._learner.under_way

    def awaited(self, oldest: int) -> list[Any]:
        """The answers of the shards that a round could begin with at once; `oldest` is as in `held_up`."""
        return [] if self._asked is None or self.held_up(oldest) else self._asked.answers

    def held_up(self, oldest: int) -> bool:
        """Whether the next round must wait for actors that play with weights of the version `oldest`."""
        newest = self._learner.updates
        asked = self._asked.updates if self._asked else 0
        return oldest < newest and newest + asked - oldest > self._settings.cluster.max_weight_age

    def ask(self) -> None:
        """Ask the shards for the minibatches of a round, if none are asked for."""
        updates = min(self.owed, self._most)
        if self._asked is None and updates and self._shards.priority_sum > 0:
            self.owed -= updates
            self._asked = self._shards.ask_for_minibatches(
                updates, self._settings.learning.batch_size, self._learner.updates, self._rng
            )

    def begin(self, step: int, oldest: int) -> bool:
        """Give the learner the minibatches that were asked for, at the run's `step`. Whether they are there."""
        asked = self._asked
        if asked is None or self.held_up(oldest):
            return False
        samples = self._shards.samples(asked)
        if samples is None:
            return False
        self._asked = None
        if sum(sample.numbers.shape[1] for sample in samples) != self._settings.learning.batch_size:
            self.owed += asked.updates  # a shard died; they are drawn again
            return False
        self._learner.anneal(learning_share(self._settings, step))
        self._learner.begin(self._joined(samples, step), samples)
        return True

    def _joined(self, samples: list[Sample], step: int) -> Batch:
        """The shards' shares of each minibatch side by side, weighted as if they came from one buffer."""
        batch = Batch(*(np.concatenate(parts, axis=1) for parts in zip(*(one.batch for one in samples), strict=True)))
        if not self._settings.replay.priority_exponent:
            return batch
        priority = np.concatenate([sample.priority for sample in samples], axis=1)
        exponent = importance_exponent(self._settings, step)
        weight = importance_weights(priority, self._shards.priority_sum, len(self._shards), exponent)
        return batch._replace(weight=weight)

    def finish(self, *, wait: bool = False) -> Updates | None:
        """What came of the round that is learned from, if it is done, or with `wait` when it is."""
        finished = self._learner.finish(wait=wait)
        if finished is None:
            return None
        samples, updates = finished
        if self._settings.replay.priority_exponent:
            first = 0
            for sample in samples:
                end = first + sample.numbers.shape[1]
                self._shards.update_priorities(sample, updates.error[:, first:end])
                first = end
        return updates

    def forget(self) -> None:
        """Owe nothing, and ask for nothing. What the learner has under way is its own to forget."""
        self.owed, self._asked = 0, None
