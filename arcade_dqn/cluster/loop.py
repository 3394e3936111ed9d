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
from dataclasses import asdict
from typing import Any

import numpy as np

from arcade_dqn.acting.exploration import EpsilonSchedule
from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.acting.policy import Policy
from arcade_dqn.cluster.actor_pool import ActorPool, RemoteActor
from arcade_dqn.cluster.actor_process import Report
from arcade_dqn.cluster.gradient_steps import GradientSteps
from arcade_dqn.cluster.liveness import Lost
from arcade_dqn.cluster.ray_session import RaySession
from arcade_dqn.cluster.segments import SegmentWriter
from arcade_dqn.cluster.shard import GameShape
from arcade_dqn.cluster.shard_pool import ShardPool
from arcade_dqn.config import Settings
from arcade_dqn.errors import ArcadeError
from arcade_dqn.evaluation import training_seed
from arcade_dqn.games.game import Game
from arcade_dqn.learning.learner import Learner, Updates
from arcade_dqn.replay.records import Have
from arcade_dqn.training.demonstration_writer import DemonstrationWriter
from arcade_dqn.training.loop import REPLAY_STREAM, WEIGHTS_STREAM, Step, joined

_WAIT = 0.05
"""Seconds that news is waited for before the driver may look around."""
_WAIT_LEARNING = 0.002
"""The same while gradient steps are under way, whose end is not among the news."""
_BACKLOG = 2
"""Batches of each actor that the learner may be behind before nobody is asked for more."""
_FIGURES_SECONDS = 1.0
_MOST_SHOWN = 1_000
"""Actors and shards that an event lists one by one."""


class LookFailed(ArcadeError):
    """There is no shard to look into."""


class ClusterLoop:
    """A learner, and the actors and shards that it learns from."""

    def __init__(
        self, settings: Settings, games: Sequence[Game], address: str = "", actor: type[RemoteActor] = RemoteActor
    ) -> None:
        """Reaches the Ray at `address`, or starts one; raises RaySessionError. `actor` is the class of the actors."""
        self.settings = settings
        self.game = game = games[0]
        seed, cluster, learning = settings.run.seed, settings.cluster, settings.learning
        shape, n_actions = game.observation_shape, game.n_actions
        weights = initial_weights(settings.network, shape, n_actions, training_seed(seed, WEIGHTS_STREAM))
        # Before Ray: what goes wrong here must leave no process behind.
        self.learner = Learner(settings, shape, game.frame_dtype, n_actions, weights)
        self.policy = Policy(settings.network, shape, n_actions, weights)
        self._writer = SegmentWriter(game.stack, learning.discount, learning.n_step)
        self.demonstrations = DemonstrationWriter(self._writer, game.stack, settings)
        self._schedule = EpsilonSchedule(settings.exploration)
        self._rng = np.random.default_rng(training_seed(seed, REPLAY_STREAM))
        self.epsilon_override: float | None = None
        self.updates_per_train = learning.updates_per_train
        self.step = 0
        self.episode = 0
        self.updates_played = 0
        self._news: list[dict[str, Any]] = []
        self._next_figures = 0.0
        self.lost = Lost()
        self._warn_at: int | None = 1
        """At so many restarts it is said what a restart means; None once it was."""
        self._session = RaySession(address, cluster.actors + cluster.shards)
        try:
            if self._session.elsewhere:
                self._warn(
                    f"other machines can reach the Ray cluster ({address}): its ports run code for whoever reaches "
                    "them, so they belong in a network that you trust (SECURITY.md)"
                )
            dtype, actions = np.dtype(game.frame_dtype).str, tuple(game.action_names)
            game_shape = GameShape(game.frame_shape, dtype, game.stack, shape, actions, game.info.inputs)
            self.shards = ShardPool(settings, game_shape, self.lost)
            self.actors = ActorPool(settings, game_shape, self.shards.handles, self.lost, actor)
        except BaseException:
            self._session.close()
            raise
        observation_bytes = int(np.prod(shape)) * np.dtype(game.frame_dtype).itemsize
        self.gradient_steps = GradientSteps(settings, observation_bytes, self.learner, self.shards, self._rng)

    @property
    def replay(self) -> ShardPool:
        """The shards together."""
        return self.shards

    @property
    def epsilon(self) -> float:
        """The probability that the next action is random: the mean over the actors, unless set by hand."""
        return self.actors.mean_epsilon(self._scheduled) if self.epsilon_override is None else self.epsilon_override

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
            self._owe_for(before)
            yield Step(self.step, report.steps, epsilon, episodes, updates)
        while self.gradient_steps and len(self.shards):
            self._wait_for_news()
            yield Step(self.step, 0, self.epsilon, (), self._learn())
        self.gradient_steps.owed = 0

    def _ask_for_play(self, total: int) -> None:
        learning, cluster = self.settings.learning, self.settings.cluster
        batch_is_worth = max(cluster.batch * self.updates_per_train / learning.train_every, self.updates_per_train)
        # Where all shards were lost, nothing can be learned from before more has been played.
        if self.gradient_steps.owed <= _BACKLOG * cluster.actors * batch_is_worth or not len(self.shards):
            left = total - self.step
            self.actors.play(
                self.step, left, self.updates_played, self.policy.weights, self._scheduled, self.epsilon_override
            )

    def _wait_for_news(self) -> Report | None:
        """The next report, if one comes soon, and before minibatches that would be learned from at once."""
        self.shards.look_after()
        if self.gradient_steps.learning:
            report = self.actors.report(_WAIT_LEARNING)
        else:
            report = self.actors.report(_WAIT, self.gradient_steps.awaited(self._oldest_played))
        if report is not None:
            self.shards.note(report.receipts)
        return report

    @property
    def _oldest_played(self) -> int:
        """The oldest version of the weights that an actor plays with."""
        return self.actors.calls.oldest_version(self.learner.updates)

    def _show_demonstrations(self, steps: int) -> None:
        for _ in range(steps if self.demonstrations.waiting else 0):
            self.demonstrations.step()
        segment = self._writer.take(self.learner.updates, errors=False)
        if segment is not None:
            self.shards.send([segment])

    def _owe_for(self, before: int) -> None:
        """Owe the gradient steps that the play since the step `before` is worth."""
        every = self.settings.learning.train_every
        if len(self.shards) >= self.settings.replay.learning_start:
            self.gradient_steps.owed += (self.step // every - before // every) * self.updates_per_train

    def _learn(self) -> Updates | None:
        """Go on with learning, and wait for it only where the settings say so. Returns what is done by now."""
        updates = self._finish_learning()
        self.gradient_steps.ask()
        if not self.gradient_steps.learning and self.gradient_steps.begin(self.step, self._oldest_played):
            # The next ones come while these are learned from.
            self.gradient_steps.ask()
            if not self.settings.learning.overlap:
                updates = joined(updates, self._finish_learning(wait=True))
        return updates

    def _finish_learning(self, *, wait: bool = False) -> Updates | None:
        """What came of the gradient steps under way, if they are done; everyone acts with what they led to."""
        updates = self.gradient_steps.finish(wait=wait)
        if updates is not None:
            self.policy.set_weights(self.learner.weights())
            self.updates_played = self.learner.updates
        return updates

    # --- what is told ---

    def inspect(self, number: int | None, jump: str) -> dict[str, Any]:
        """A look into the fullest shard. Raises LookFailed if there is none to look into at this moment."""
        found = self.shards.inspect(self.step, number, jump, self.policy.weights) if len(self.shards) else None
        if found is None:
            raise LookFailed("the replay buffer's shard does not answer; look again in a moment")
        return found

    def news(self) -> list[dict[str, Any]]:
        """Warnings, and the figures of the cluster once a second."""
        if self._warn_at is not None and self.lost.restarts >= self._warn_at:
            self._warn_at = None
            self._warn(
                "an actor or a shard of the replay buffer ended, and is started again; the run goes on without what it "
                "held. What is lost is counted, and further restarts are not told one by one"
            )
        now = time.monotonic()
        if now >= self._next_figures:
            self._next_figures = now + _FIGURES_SECONDS
            self._news.append({"event": "cluster", "step": self.step, **self._figures()})
        news, self._news = self._news, []
        return news

    def _figures(self) -> dict[str, Any]:
        """How the actors and shards are doing."""
        alive, lost = self.actors.alive(), self.lost
        rates = [
            round(one, 1) if there else 0.0 for one, there in zip(self.actors.steps_per_second, alive, strict=True)
        ]
        return {
            "actors": len(alive),
            "alive": sum(alive),
            "steps_per_second": rates[:_MOST_SHOWN],
            "shards": self.shards.filling()[:_MOST_SHOWN],
            "lag": self.updates_played - self.actors.calls.oldest_version(self.updates_played),
            "lost_steps": lost.steps,
            "lost_transitions": lost.transitions,
            "too_old": lost.too_old,
            "restarts": lost.restarts,
        }

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
            "demonstrator": self.demonstrations.get_state(),
            "lost": asdict(self.lost),
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
        self.gradient_steps.forget()
        # A demonstration that was half sent is sent again.
        self.demonstrations.set_state({**state["demonstrator"], "at": 0})
        self.lost.restore(state["lost"])
        self._warn_at = self.lost.restarts + 1
        self._warn(
            "the replay buffer of a run with actors is not part of its checkpoints; it fills up anew, and learning "
            f"goes on when it holds {self.settings.replay.learning_start:,} transitions"
        )

    def lend_game(self) -> Game:
        """The copy that the game is known by; actors play their own."""
        return self.game

    def close(self) -> None:
        """End the actors and the shards, and a local Ray with them."""
        try:
            self.actors.close()
            self.shards.close()
        finally:
            self._session.close()
