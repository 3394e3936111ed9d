"""An actor (Ape-X): copies of the game, played with the NumPy policy in a process that never imports TensorFlow.

Knows Ray only by what it is given: `SegmentSender` is how it reaches the shards.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from arcade_dqn.acting.layers import Weights, initial_weights
from arcade_dqn.acting.policy import Policy
from arcade_dqn.cluster.segments import Segment, SegmentWriter
from arcade_dqn.cluster.shard import GameShape, ShardState
from arcade_dqn.config import Settings
from arcade_dqn.evaluation import training_seed
from arcade_dqn.games import imports
from arcade_dqn.games.make import make
from arcade_dqn.training.actor import Actor, Episode

_STREAMS = 10_000
"""The first of the actors' streams of random numbers."""


class Receipt(NamedTuple):
    """What came of segments that were sent to a shard."""

    state: ShardState | None
    """None if the shard could not be reached."""
    transitions: int


class SegmentSender(Protocol):
    """How an actor reaches the shards."""

    def send(self, segments: list[Segment]) -> None:
        """Hand segments to a shard, without waiting for it."""

    def receipts(self, *, wait: bool) -> list[Receipt]:
        """What came of those sent, as far as that is known and has not been told; with `wait`, of nearly all."""


class Report(NamedTuple):
    """What a call of `ActorProcess.play` did."""

    actor: int
    pid: int
    steps: int
    episodes: tuple[Episode, ...]
    """Each with the step of this call that ended it."""
    version: int
    """Of the weights that were played."""
    transitions: int
    """Sent to shards."""
    nbytes: int
    """Sent to shards, compressed."""
    receipts: tuple[Receipt, ...]
    """What came of earlier ones."""
    seconds: float
    """From the call's begin to its end."""


class ActorProcess:
    """Plays when it is asked, and sends what it saw to the shards. Each of its copies is a `training.actor.Actor`."""

    def __init__(
        self, settings: str, shape: GameShape, number: int, sender: SegmentSender, modules: Sequence[str] = ()
    ) -> None:
        """`settings` are the run's, as JSON; `modules` are what a person lets the learner import, for its game.

        Makes no game yet: what goes wrong with that, a call of `play` tells.
        """
        imports.add(modules)
        self._settings = Settings.from_json(settings)
        self._shape = shape
        self._number = number
        self._sender = sender
        self._version = -1
        self._with_errors = self._settings.replay.priority_exponent > 0
        self._actors: list[Actor] = []

    def play(self, at: int, steps: int, epsilon: float, version: int, weights: Weights) -> Report:
        """So many steps, over all copies together, with `weights`, which `version` updates have led to.

        `at` is the run's step, from which an actor that begins takes its seeds.
        """
        began = time.perf_counter()
        if not self._actors:
            self._begin(at)
        if version != self._version:
            self._policy.set_weights(weights)
            self._version = version
        episodes: list[Episode] = []
        done = 0
        while done < steps:
            self._act(min(len(self._actors), steps - done), epsilon, done, episodes)
            done += min(len(self._actors), steps - done)
        segments = self._segments()
        if segments:
            self._sender.send(segments)
        return self._report(done, episodes, segments, time.perf_counter() - began)

    def _begin(self, at: int) -> None:
        settings, shape = self._settings, self._shape
        run, learning, copies = settings.run, settings.learning, settings.environment.copies
        # As many streams as copies, none of which another actor or an earlier life of this one has used.
        first = _STREAMS + self._number * copies + (at * settings.cluster.actors * copies)
        self._rng = np.random.default_rng([training_seed(run.seed, first), 1])
        weights = initial_weights(settings.network, shape.observation_shape, shape.n_actions, 0)
        self._policy = Policy(settings.network, shape.observation_shape, shape.n_actions, weights)
        self._writers = [SegmentWriter(shape.stack, learning.discount, learning.n_step) for _ in range(copies)]
        self._actors = [
            Actor(make(settings.game, settings.environment), writer, settings, training_seed(run.seed, first + i))
            for i, writer in enumerate(self._writers)
        ]

    def _act(self, copies: int, epsilon: float, done: int, episodes: list[Episode]) -> None:
        """One step of the first so many copies."""
        q = self._values(copies)
        for i, actor in enumerate(self._actors[:copies]):
            explore = self._rng.random() < epsilon
            a_tm1 = int(self._rng.integers(self._shape.n_actions)) if explore else int(q[i].argmax())
            episode = actor.play(a_tm1)
            if self._with_errors:
                self._writers[i].predicted(float(q[i, a_tm1]))
            if episode is not None:
                episodes.append(episode._replace(step=done + i + 1))
                if self._with_errors:
                    # A time limit ends the episode but not the return.
                    last = actor.last_observation
                    self._writers[i].reached(float(self._policy.q_values(last[None])[0].max()))

    def _values(self, copies: int) -> np.ndarray:
        """Q-values [copies, n_actions] of the newest observations, which the writers are told, too."""
        going_on = [actor.going_on for actor in self._actors[:copies]]
        if self._settings.network.noisy:
            self._policy.resample_noise(self._rng)
        observations = [actor.observe() for actor in self._actors[:copies]]
        q = self._policy.q_values(np.stack(observations))
        if self._with_errors:
            for writer, known, v_t in zip(self._writers, going_on, q.max(axis=1).tolist(), strict=False):
                if known:
                    writer.reached(v_t)
        return q

    def _segments(self) -> list[Segment]:
        if self._with_errors:
            # The last step's value is known only when the observation that it led to is looked at.
            for actor, writer in zip(self._actors, self._writers, strict=True):
                if actor.going_on:
                    writer.reached(float(self._policy.q_values(actor.observe()[None])[0].max()))
        taken = [writer.take(self._version, errors=self._with_errors) for writer in self._writers]
        return [segment for segment in taken if segment is not None]

    def _report(self, steps: int, episodes: list[Episode], segments: list[Segment], seconds: float) -> Report:
        return Report(
            self._number,
            os.getpid(),
            steps,
            tuple(episodes),
            self._version,
            sum(segment.transitions for segment in segments),
            sum(segment.nbytes for segment in segments),
            tuple(self._sender.receipts(wait=True)),
            seconds,
        )

    def modules(self) -> list[str]:
        """The names of all modules that this process has loaded."""
        return sorted(sys.modules)
