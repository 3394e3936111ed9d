"""The training loop with actors elsewhere: what `training.loop` does in one process, spread by Ray over many.

    actors play  ->  segments  ->  shards  ->  minibatches  ->  one learner  ->  weights  ->  actors

For every `learning.train_every` steps that actors report, the learner owes `learning.updates_per_train` gradient steps,
as a local run takes them, so that the two can be compared at the same step. It takes them while the actors play on.
Whoever is ahead waits: actors are asked for no more where the learner owes what `_BACKLOG` batches of each are worth,
and the learner takes no gradient step by which weights that are played with would become older than
`cluster.max_weight_age`.

Where a program is lost, Ray starts it again; what was lost with it is counted, and the rest goes on. Two runs with one
seed are not the same, unlike those in one process: which batch comes first is a matter of time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple

import numpy as np

from arcade_dqn.acting.exploration import EpsilonSchedule
from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.acting.policy import Policy
from arcade_dqn.cluster.actor_process import Report
from arcade_dqn.cluster.crew import Crew, Lost, Minibatches
from arcade_dqn.cluster.outbox import RemoteActor
from arcade_dqn.cluster.ray_session import RaySession
from arcade_dqn.cluster.segments import SegmentWriter
from arcade_dqn.cluster.shard import GameShape, Sample
from arcade_dqn.config import Settings
from arcade_dqn.errors import ArcadeError
from arcade_dqn.evaluation import training_seed
from arcade_dqn.games.make import Game
from arcade_dqn.learning.learner import MAX_FUSED, Learner, Updates
from arcade_dqn.replay.buffer import Batch, importance_weights
from arcade_dqn.replay.records import Have
from arcade_dqn.training.demonstrator import Demonstrator
from arcade_dqn.training.loop import (
    REPLAY_STREAM,
    WEIGHTS_STREAM,
    Step,
    importance_exponent,
    joined,
    learning_share,
)

_WAIT = 0.05
"""Seconds that news is waited for before the driver may look around."""
_WAIT_LEARNING = 0.002
"""The same while gradient steps are under way, whose end is not among the news."""
_BACKLOG = 2
"""Batches of each actor that the learner may be behind before nobody is asked for more."""
_ROUND_BYTES = 32 * 1024 * 1024
"""Most that the minibatches of one round weigh: two rounds are in Ray's object store at a time."""
_FIGURES_SECONDS = 1.0


class _Learning(NamedTuple):
    """Gradient steps that were begun."""

    samples: list[Sample]
    result: Future[Updates]


class LookFailed(ArcadeError):
    """There is no shard to look into."""


class ClusterLoop:
    """A learner, and the actors and shards that it learns from."""

    def __init__(
        self, settings: Settings, games: Sequence[Game], address: str = "", play: type[RemoteActor] = RemoteActor
    ) -> None:
        """Reaches the Ray at `address`, or starts one; raises RaySessionError. `play` is the class of the actors."""
        self.settings = settings
        self.game = game = games[0]
        seed, cluster, learning = settings.run.seed, settings.cluster, settings.learning
        shape, n_actions = game.observation_shape, game.n_actions
        weights = initial_weights(settings.network, shape, n_actions, training_seed(seed, WEIGHTS_STREAM))
        # Before Ray: what goes wrong here must leave no process behind.
        self.learner = Learner(settings, shape, game.frame_dtype, n_actions, weights)
        self.policy = Policy(settings.network, shape, n_actions, weights)
        self._writer = SegmentWriter(game.stack, learning.discount, learning.n_step)
        self.demonstrator = Demonstrator(self._writer, game.stack, settings)
        self._schedule = EpsilonSchedule(settings.exploration)
        self._rng = np.random.default_rng(training_seed(seed, REPLAY_STREAM))
        self.epsilon_override: float | None = None
        self.updates_per_train = learning.updates_per_train
        self.step = 0
        self.episode = 0
        self.updates_played = 0
        minibatch = 2 * learning.batch_size * int(np.prod(shape)) * np.dtype(game.frame_dtype).itemsize
        self._most = max(1, min(MAX_FUSED, _ROUND_BYTES // minibatch, cluster.max_weight_age // 2))
        """Most gradient steps in a round, between two versions of the weights."""
        self._owed = 0
        """Gradient steps that the steps of play so far are worth, and that no shard was asked for."""
        self._asked: Minibatches | None = None
        self._learning: _Learning | None = None
        self._news: list[dict[str, Any]] = []
        self._next_figures = 0.0
        self._session = RaySession(address, cluster.actors + cluster.shards)
        try:
            if self._session.elsewhere:
                self._warn(
                    f"other machines can reach the Ray cluster ({address}): its ports run code for whoever reaches "
                    "them, so they belong in a network that you trust (SECURITY.md)"
                )
            self.crew = Crew(
                settings,
                GameShape(
                    game.frame_shape, np.dtype(game.frame_dtype).str, game.stack, shape, tuple(game.action_names)
                ),
                play,
            )
        except BaseException:
            self._session.close()
            raise

    @property
    def replay(self) -> Crew:
        """The shards together."""
        return self.crew

    @property
    def epsilon(self) -> float:
        """The probability that the next action is random: the mean over the actors, unless set by hand."""
        return self.crew.mean_epsilon(self._scheduled) if self.epsilon_override is None else self.epsilon_override

    @property
    def _scheduled(self) -> float:
        return self._schedule.value(self.step, self.episode)

    # --- the course of training ---

    def steps(self) -> Iterator[Step]:
        """Train, one batch of an actor at a time, until `run.steps`."""
        total = self.settings.run.steps
        while self.step < total:
            epsilon = self.epsilon
            self._ask_for_play(total)
            report = self._wait_for_news()
            updates = self._learn()
            if report is None:
                yield Step(self.step, 0, epsilon, (), updates)
                continue
            before = self.step
            episodes = tuple(one._replace(step=before + one.step) for one in report.episodes)
            self.step += report.steps
            self.episode += len(episodes)
            self._show_demonstrations(report.steps)
            self._earn(before)
            yield Step(self.step, report.steps, epsilon, episodes, updates)
        while (self._owed or self._asked or self._learning) and len(self.crew):
            self._wait_for_news()
            yield Step(self.step, 0, self.epsilon, (), self._learn())
        self._owed = 0

    def _wait_for_news(self) -> Report | None:
        """The next report, if one comes soon, and before minibatches that would be learned from at once."""
        if self._learning is not None:
            return self.crew.report(_WAIT_LEARNING)
        return self.crew.report(_WAIT, None if self._held_up else self._asked)

    @property
    def _held_up(self) -> bool:
        """Whether the next gradient steps must wait for actors that play with old weights."""
        newest = self.learner.updates
        oldest = self.crew.oldest_version(newest)
        asked = self._asked.updates if self._asked else 0
        return oldest < newest and newest + asked - oldest > self.settings.cluster.max_weight_age

    def _ask_for_play(self, total: int) -> None:
        learning, cluster = self.settings.learning, self.settings.cluster
        batch_is_worth = max(cluster.batch * self.updates_per_train / learning.train_every, self.updates_per_train)
        # Where all shards were lost, nothing can be learned from before more has been played.
        if self._owed <= _BACKLOG * cluster.actors * batch_is_worth or not len(self.crew):
            left = total - self.step
            self.crew.play(
                self.step, left, self.updates_played, self.policy.weights, self._scheduled, self.epsilon_override
            )

    def _show_demonstrations(self, steps: int) -> None:
        for _ in range(steps if self.demonstrator.waiting else 0):
            self.demonstrator.step()
        segment = self._writer.take(self.learner.updates, errors=False)
        if segment is not None:
            self.crew.send([segment])

    def _earn(self, before: int) -> None:
        every = self.settings.learning.train_every
        if len(self.crew) >= self.settings.replay.learning_start:
            self._owed += (self.step // every - before // every) * self.updates_per_train

    def _learn(self) -> Updates | None:
        """Go on with learning, and wait for it only where the settings say so. Returns what is done by now."""
        updates = self._finish_learning()
        self._ask_for_minibatches()
        if self._learning is None and self._begin_learning():
            # The next ones come while these are learned from.
            self._ask_for_minibatches()
            if not self.settings.learning.overlap:
                updates = joined(updates, self._finish_learning(wait=True))
        return updates

    def _ask_for_minibatches(self) -> None:
        updates = min(self._owed, self._most)
        if self._asked is None and updates and self.crew.priority_sum > 0:
            self._owed -= updates
            self._asked = self.crew.ask_for_minibatches(
                updates, self.settings.learning.batch_size, self.learner.updates, self._rng
            )

    def _begin_learning(self) -> bool:
        """Whether there were minibatches to begin with."""
        asked = self._asked
        if asked is None or self._held_up:
            return False
        samples = self.crew.samples(asked)
        if samples is None:
            return False
        self._asked = None
        if sum(sample.numbers.shape[1] for sample in samples) != self.settings.learning.batch_size:
            self._owed += asked.updates  # a shard died; they are drawn again
            return False
        batch = Batch(*(np.concatenate(parts, axis=1) for parts in zip(*(one.batch for one in samples), strict=True)))
        if self.settings.replay.priority_exponent:
            priority = np.concatenate([sample.priority for sample in samples], axis=1)
            exponent = importance_exponent(self.settings, self.step)
            weight = importance_weights(priority, self.crew.priority_sum, len(self.crew), exponent)
            batch = batch._replace(weight=weight)
        self.learner.anneal(learning_share(self.settings, self.step))
        self._learning = _Learning(samples, self.learner.begin(batch))
        return True

    def _finish_learning(self, *, wait: bool = False) -> Updates | None:
        """What came of the gradient steps under way, if they are done; everyone acts with what they led to."""
        if self._learning is None or not (wait or self._learning.result.done()):
            return None
        samples, result = self._learning
        self._learning = None
        updates = result.result()
        if self.settings.replay.priority_exponent:
            first = 0
            for sample in samples:
                end = first + sample.numbers.shape[1]
                self.crew.update_priorities(sample, updates.error[:, first:end])
                first = end
        self.policy.set_weights(self.learner.weights())
        self.updates_played = self.learner.updates
        return updates

    # --- what is told ---

    def inspect(self, number: int | None, jump: str) -> dict[str, Any]:
        """A look into the fullest shard. Raises LookFailed if there is none to look into at this moment."""
        found = self.crew.inspect(self.step, number, jump, self.policy.weights) if len(self.crew) else None
        if found is None:
            raise LookFailed("the replay buffer's shard does not answer; look again in a moment")
        return found

    def news(self) -> list[dict[str, Any]]:
        """Warnings, and the figures of the cluster once a second."""
        now = time.monotonic()
        if now >= self._next_figures:
            self._next_figures = now + _FIGURES_SECONDS
            self._news.append({"event": "cluster", "step": self.step, **self.crew.figures(self.updates_played)})
        news, self._news = self._news, []
        return news

    def _warn(self, message: str) -> None:
        self._news.append({"event": "warning", "message": message})

    # --- checkpoints ---

    @property
    def sound(self) -> bool:
        """Whether every weight is a finite number."""
        return all(bool(np.isfinite(array).all()) for array in self.learner.weights().values())

    def get_state(self, have: Have | None = None) -> dict[str, Any]:
        """The learner and the counters; what is in the shards is not kept, and fills up anew."""
        return {
            "step": self.step,
            "episode": self.episode,
            "epsilon_override": self.epsilon_override,
            "updates_per_train": self.updates_per_train,
            "rng": self._rng.bit_generator.state,
            "learner": self.learner.get_state(),
            "learning_rate": self.learner.learning_rate,
            "actors": [],
            "demonstrator": self.demonstrator.get_state(),
            "lost": vars(self.crew.lost).copy(),
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from what `get_state` returned, with empty shards."""
        self.step, self.episode = int(state["step"]), int(state["episode"])
        self.epsilon_override = state["epsilon_override"]
        self.updates_per_train = int(state["updates_per_train"])
        self._rng.bit_generator.state = state["rng"]
        self.learner.set_state(state["learner"])
        self.learner.learning_rate = float(state["learning_rate"])
        self.policy.set_weights(self.learner.weights())
        self.updates_played = self.learner.updates
        self._learning = self._asked = None
        self._owed = 0
        # A demonstration that was half sent is sent again.
        self.demonstrator.set_state({**state["demonstrator"], "at": 0})
        self.crew.lost = Lost(**{name: int(value) for name, value in state["lost"].items()})
        self._warn(
            "the replay buffer of a run with actors is not part of its checkpoints; it fills up anew, and learning "
            f"goes on when it holds {self.settings.replay.learning_start:,} transitions"
        )

    def close(self) -> None:
        """End the actors and the shards, and a local Ray with them."""
        try:
            self.crew.close()
        finally:
            self._session.close()
