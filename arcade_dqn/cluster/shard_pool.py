"""The shards of a run as the learner sees them: one replay buffer, drawn from and written to over Ray."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import ray
from ray.exceptions import GetTimeoutError, RayError

from arcade_dqn.cluster.actor_process import Receipt
from arcade_dqn.cluster.liveness import Lost, ShardLives
from arcade_dqn.cluster.outbox import GONE, Outbox
from arcade_dqn.cluster.ray_session import WORKER_OPTIONS
from arcade_dqn.cluster.segments import Segment
from arcade_dqn.cluster.shard import GameShape, Sample, Shard
from arcade_dqn.config import Settings
from arcade_dqn.evaluation import training_seed

_HUNG = 60.0
"""Seconds without an answer after which a shard is taken for hung, and started again."""
_LOOK = 10.0
"""Seconds that a look into a shard may take."""
_SHARD_SEEDS = 9_000


class Part(NamedTuple):
    """What one shard was asked for."""

    number: int
    life: int
    """The shard's, when it was asked."""
    share: int
    """Transitions of each minibatch."""
    answer: Any


class Minibatches(NamedTuple):
    """Minibatches that the shards were asked for."""

    updates: int
    parts: list[Part]
    began: float

    @property
    def answers(self) -> list[Any]:
        """The references to what the shards answer."""
        return [part.answer for part in self.parts]


class ShardPool:
    """Shards on a Ray that is running."""

    def __init__(self, settings: Settings, shape: GameShape, lost: Lost) -> None:
        """What is lost with a shard is counted in `lost`."""
        self._settings = settings
        shard = ray.remote(Shard).options(**WORKER_OPTIONS)
        self.handles: list[Any] = [
            shard.remote(settings.to_json(), shape, i, training_seed(settings.run.seed, _SHARD_SEEDS + i))
            for i in range(settings.cluster.shards)
        ]
        """For the actors, which add to them."""
        self._lives = ShardLives(lost)
        self._outbox = Outbox(self.handles, 0)
        self._next_look = 0.0

    # --- how full they are ---

    @property
    def capacity(self) -> int:
        """Of all shards together."""
        return self._share_of_capacity * len(self.handles)

    @property
    def _share_of_capacity(self) -> int:
        return -(-self._settings.replay.capacity // len(self.handles))

    def __len__(self) -> int:
        """Transitions in all shards, as far as is known."""
        return sum(state.size for state in self._lives.known.values())

    @property
    def priority_sum(self) -> float:
        """Of all priorities in all shards, as far as is known."""
        return sum(state.priority_sum for state in self._lives.known.values())

    def filling(self) -> list[list[int]]:
        """Size and capacity of each shard; one of which nothing is known counts as empty."""
        states = [self._lives.known.get(i) for i in range(len(self.handles))]
        return [[0, self._share_of_capacity] if one is None else [one.size, one.capacity] for one in states]

    # --- writing ---

    def send(self, segments: list[Segment]) -> None:
        """Hand segments that were not played by an actor to a shard."""
        self._outbox.send(segments)

    def note(self, receipts: Iterable[Receipt]) -> None:
        """What came of segments that an actor has sent."""
        self._lives.note_receipts(receipts)

    def look_after(self) -> None:
        """Once a second: what came of the segments that were sent from here."""
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + 1.0
            self.note(self._outbox.receipts(wait=False))

    # --- sampling ---

    def ask_for_minibatches(self, updates: int, batch_size: int, newest: int, rng: np.random.Generator) -> Minibatches:
        """Have the shards draw `updates` minibatches, each from all shards by their shares of the priorities.

        The shards must not be empty. `newest` are the learner's updates so far.
        """
        states = list(self._lives.known.values())
        sums = np.array([state.priority_sum for state in states])
        shares = rng.multinomial(batch_size, sums / sums.sum()).tolist()
        parts = [
            Part(state.number, state.life, share, self.handles[state.number].sample.remote(updates, share, newest))
            for state, share in zip(states, shares, strict=True)
            if share
        ]
        return Minibatches(updates, parts, time.monotonic())

    def samples(self, asked: Minibatches) -> list[Sample] | None:
        """The answers, without those of shards that died or are empty; None while some are on their way."""
        answers = asked.answers
        ready, _ = ray.wait(answers, num_returns=len(answers), timeout=0)
        if len(ready) < len(answers):
            if time.monotonic() < asked.began + _HUNG:
                return None
            for part in asked.parts:
                if part.answer not in ready:
                    ray.kill(self.handles[part.number], no_restart=False)
        found = []
        for part in asked.parts:
            try:
                sample: Sample = ray.get(part.answer, timeout=_HUNG)
            except (*GONE, GetTimeoutError):
                # By now the next one may live and be known.
                self._lives.end(part.number, part.life)
                continue
            self._lives.note(sample.state)
            if sample.numbers.shape[1] == part.share:
                found.append(sample)
        return found

    def update_priorities(self, sample: Sample, errors: np.ndarray) -> None:
        """Tell a shard how wrong the predictions of its transitions were."""
        self.handles[sample.state.number].update_priorities.remote(sample.state.life, sample.numbers, errors)

    def inspect(
        self, step: int, number: int | None, jump: str, weights: Mapping[str, np.ndarray]
    ) -> dict[str, Any] | None:
        """A look into the fullest shard; None if that one is gone, or empty."""
        fullest = max(self._lives.known.values(), key=lambda state: state.size)
        try:
            found: dict[str, Any] = ray.get(
                self.handles[fullest.number].inspect.remote(step, number, jump, dict(weights)), timeout=_LOOK
            )
        except (*GONE, GetTimeoutError):
            return None
        return found or None

    def close(self) -> None:
        """End them. On a cluster of somebody else they would go on otherwise."""
        for handle in self.handles:
            with contextlib.suppress(RayError):
                ray.kill(handle)
