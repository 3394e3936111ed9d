"""DQN, top to bottom (Mnih 2015, algorithm 1).

The seven steps of the algorithm are numbered in the code:

1. a Q-network, and a copy of it as target network;
2. an empty replay buffer;
3. act epsilon-greedily and collect (s_tm1, a_tm1, r_t, discount_t, s_t);
4. sample a minibatch, uniformly or by priority;
5. a gradient step towards r_t + discount_t max_a Q_target(s_t, a);
6. update the target network;
7. repeat until the stop condition.

Two things make it fast, and neither leaves anything to chance. Several copies of the game may be played in step, their
actions chosen in one forward pass (`environment.copies`). And gradient steps may run beside the play, which then goes
on with the weights from before them (`learning.overlap`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from arcade_dqn.acting.exploration import EpsilonSchedule
from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.acting.policy import Policy
from arcade_dqn.config import Settings
from arcade_dqn.errors import ArcadeError
from arcade_dqn.evaluation import training_seed
from arcade_dqn.games.game import Game
from arcade_dqn.learning.learner import Finished, Learner, Updates
from arcade_dqn.replay.buffer import ReplayBuffer
from arcade_dqn.replay.nstep import EpisodeWriter
from arcade_dqn.replay.records import Have
from arcade_dqn.training.actor import Actor, Episode
from arcade_dqn.training.demonstration_writer import DemonstrationWriter
from arcade_dqn.training.inspector import Inspector

# The streams of random numbers in a run, each with its own seed. Further copies of a game follow the last one.
_GAME, WEIGHTS_STREAM, _EXPLORATION, REPLAY_STREAM, _COPIES = range(5)
_AFTER_LENDING = 2**40


class LoopError(ArcadeError):
    """These settings are for another loop."""


class Step(NamedTuple):
    """What happened in one step of every copy of the game."""

    step: int
    """Steps done, these included."""
    taken: int
    """How many these are: one for each copy."""
    epsilon: float
    episodes: tuple[Episode, ...]
    """The episodes that ended with it, by termination or truncation."""
    updates: Updates | None
    """The gradient steps whose weights are played from now on."""

    def reached(self, every: int) -> bool:
        """Whether a multiple of `every` steps is among these."""
        return self.step // every > (self.step - self.taken) // every


class Loop:
    """Copies of a game, an agent that learns it, and the counters between them.

    `steps()` yields after every step; whoever drives it logs, saves and draws. Nothing here knows of a screen, a file
    or a clock. The attributes that a driver may change between two steps are `epsilon_override`, `updates_per_train`
    and the learner's `learning_rate` and `target_period`.
    """

    def __init__(self, settings: Settings, games: Sequence[Game]) -> None:
        """Raises LoopError for settings with actors, which play elsewhere."""
        if settings.cluster.actors:
            raise LoopError(
                f"cluster.actors = {settings.cluster.actors} asks for actors on Ray, and here training plays itself; "
                "train by `arcade-dqn train`, or choose cluster.actors = 0"
            )
        self.settings = settings
        self.game = game = games[0]
        seed = settings.run.seed
        shape, n_actions = game.observation_shape, game.n_actions
        # 1. A Q-network, and a copy of it as target network. Keras learns with it; NumPy acts with the same weights.
        weights = initial_weights(settings.network, shape, n_actions, training_seed(seed, WEIGHTS_STREAM))
        self.learner = Learner(settings, shape, game.frame_dtype, n_actions, weights)
        self.policy = Policy(settings.network, shape, n_actions, weights)
        # 2. An empty replay buffer.
        self.replay = ReplayBuffer(
            settings.replay,
            game.frame_shape,
            game.frame_dtype,
            game.stack,
            training_seed(seed, REPLAY_STREAM),
            settings.learning.n_step,
            writers=len(games) + 1,
        )
        self._inspector = Inspector(
            self.replay,
            self.policy,
            game=game.info.id,
            actions=game.action_names,
            inputs=game.info.inputs,
            n_step=settings.learning.n_step,
        )
        self.demonstrations = DemonstrationWriter(self._writer(), game.stack, settings)
        streams = [_GAME, *range(_COPIES, _COPIES + len(games) - 1)]
        self._actors = [
            Actor(copy, self._writer(), settings, training_seed(seed, stream))
            for copy, stream in zip(games, streams, strict=True)
        ]
        self._rng = np.random.default_rng(training_seed(seed, _EXPLORATION))
        self._schedule = EpsilonSchedule(settings.exploration)
        self.epsilon_override: float | None = None
        self.updates_per_train = settings.learning.updates_per_train
        self.step = 0
        """Steps of all copies together."""
        self.episode = 0
        """Finished episodes."""
        self.updates_played = 0
        """Gradient steps behind the weights that are played now; `learner.updates` counts those under way, too."""

    def _writer(self) -> EpisodeWriter:
        learning = self.settings.learning
        return EpisodeWriter(self.replay, learning.discount, learning.n_step)

    @property
    def epsilon(self) -> float:
        """The probability that the next action is random."""
        if self.epsilon_override is not None:
            return self.epsilon_override
        return self._schedule.value(self.step, self.episode)

    def steps(self) -> Iterator[Step]:
        """Train, one step of every copy at a time, until `run.steps`."""
        learning, total = self.settings.learning, self.settings.run.steps
        while self.step < total:
            # 3. Act epsilon-greedily and collect the transitions.
            epsilon, before = self.epsilon, self.step
            actors = self._actors[: total - self.step]
            actions = self._act([actor.observe() for actor in actors], epsilon)
            episodes = self._play(actors, actions)
            self.demonstrations.step()

            updates: Updates | None = None
            trainings = self.step // learning.train_every - before // learning.train_every
            if trainings and self.updates_per_train and self.replay.holds(self.settings.replay.learning_start):
                updates = self._finish_learning()  # of those begun in the last training, if they ran beside the play
                # 4. Sample minibatches, one for each gradient step, uniformly or by priority.
                exponent = importance_exponent(self.settings, self.step)
                batches, numbers = self.replay.sample(trainings * self.updates_per_train, learning.batch_size, exponent)
                # 5. A gradient step on each, and 6. the target network's updates among them.
                self.learner.anneal(learning_share(self.settings, self.step))
                self.learner.begin(batches, numbers)
            if not learning.overlap or self.step >= total:
                updates = joined(updates, self._finish_learning())
            yield Step(self.step, len(actors), epsilon, tuple(episodes), updates)
            # 7. Repeat until the stop condition: `run.steps` here; whoever drives the loop may stop it sooner.

    def _act(self, observations: list[np.ndarray], epsilon: float) -> list[int]:
        """An action for each observation: random with the probability epsilon, else the best by the network."""
        policy, rng = self.policy, self._rng
        if self.settings.network.noisy:
            policy.resample_noise(rng)
        actions = [int(rng.integers(policy.n_actions)) if rng.random() < epsilon else -1 for _ in observations]
        if len(actions) == 1:
            return actions if actions[0] >= 0 else [policy.greedy(observations[0])]
        if min(actions) < 0:
            best = policy.q_values(np.stack(observations)).argmax(axis=1).tolist()
            actions = [action if action >= 0 else greedy for action, greedy in zip(actions, best, strict=True)]
        return actions

    def _play(self, actors: Sequence[Actor], actions: Sequence[int]) -> list[Episode]:
        """One step of each actor, into replay; the episodes that ended with it."""
        episodes = []
        for actor, a_tm1 in zip(actors, actions, strict=True):
            episode = actor.play(a_tm1)
            self.step += 1  # one by one: if a game fails, those before it have played
            if episode is not None:
                self.episode += 1
                episodes.append(episode._replace(step=self.step))
        return episodes

    def _finish_learning(self) -> Updates | None:
        """Wait for the gradient steps under way, if any, and act with what they led to."""
        finished = self.learner.finish()
        if finished is None:
            return None
        numbers, updates = finished
        if np.isfinite(updates.error).all():  # else the run ends, and whoever drives the loop says why
            self.replay.update_priorities(numbers, updates.error)
        self.policy.set_weights(self.learner.weights())
        self.updates_played = self.learner.updates
        return updates

    def inspect(self, number: int | None, jump: str) -> dict[str, Any]:
        """A look into the replay buffer, which must not be empty; it changes nothing."""
        return self._inspector.look(self.step, number, jump)

    def news(self) -> list[dict[str, Any]]:
        """Events to tell besides the progress: none."""
        return []

    def lend_game(self) -> Game:
        """The first copy of the game, to evaluate on where no other one starts; the episode under way is given up.

        What it has brought is in replay; the next episode begins on a seed that no evaluation has.
        """
        self._actors[0].give_up(training_seed(self.settings.run.seed, _AFTER_LENDING + self.step))
        return self.game

    def close(self) -> None:
        """Nothing to end: the games belong to whoever made them."""

    @property
    def sound(self) -> bool:
        """Whether every weight is a finite number, those of gradient steps under way included (it waits for them)."""
        return all(bool(np.isfinite(array).all()) for array in self.learner.weights().values())

    def get_state(self, have: Have | None = None) -> dict[str, Any]:
        """Everything that the rest of the run depends on, for a checkpoint.

        An actor's `game` is None where the game cannot be saved; it goes on at the beginning of an episode. Pieces of
        the replay buffer that are in `have` are not copied.
        """
        learner = self.learner.get_state()
        unfinished = self.learner.look_ahead()
        return {
            "step": self.step,
            "episode": self.episode,
            "epsilon_override": self.epsilon_override,
            "updates_per_train": self.updates_per_train,
            "updates_played": self.updates_played,
            "rng": self._rng.bit_generator.state,
            "learner": learner,
            "learning_rate": self.learner.learning_rate,
            "learning": None
            if unfinished is None
            else {
                "numbers": unfinished.about,
                "updates": list(unfinished.updates),
                "weights": self.policy.weights,
            },
            "replay": self.replay.get_state(have),
            "actors": [actor.get_state() for actor in self._actors],
            "demonstrator": self.demonstrations.get_state(),
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from what `get_state` returned, with the same settings.

        Where the replay buffer's frames and transitions are lost (None), it fills up anew, and episodes begin anew.
        """
        whole = state["replay"]["frames"] is not None and state["replay"]["transitions"] is not None
        self.step, self.episode = int(state["step"]), int(state["episode"])
        self.epsilon_override = state["epsilon_override"]
        self.updates_per_train = int(state["updates_per_train"])
        self.updates_played = int(state["updates_played"])
        self._rng.bit_generator.state = state["rng"]
        unfinished = None
        if state["learning"] is not None and whole:
            updates = Updates(*(np.asarray(array) for array in state["learning"]["updates"]))
            unfinished = Finished(np.asarray(state["learning"]["numbers"]), updates)
        self.learner.set_state(state["learner"], unfinished)
        self.learner.learning_rate = float(state["learning_rate"])
        self.policy.set_weights(self.learner.weights() if unfinished is None else state["learning"]["weights"])
        if whole:
            self.replay.set_state(state["replay"])
            self.demonstrations.set_state(state["demonstrator"])
        else:
            self.updates_played = self.learner.updates
        for number, (actor, one) in enumerate(zip(self._actors, state["actors"], strict=True)):
            # A game that could not be saved begins on a seed that no copy of it has used.
            seed = training_seed(self.settings.run.seed, 1000 + self.step + number)
            actor.set_state(one if whole else {**one, "game": None}, seed)


def importance_exponent(settings: Settings, step: int) -> float:
    """How much of the bias of prioritised replay is corrected: rises linearly to 1 (Schaul 2016, section 3.4)."""
    start = settings.replay.importance_exponent
    return start + (1 - start) * min(1.0, step / settings.run.steps)


def learning_share(settings: Settings, step: int) -> float:
    """How much of the learning rate is left after `step` steps: falls linearly from 1 to `anneal_to` over the run."""
    return 1 - (1 - settings.learning.anneal_to) * min(1.0, step / settings.run.steps)


def joined(first: Updates | None, second: Updates | None) -> Updates | None:
    """Two series of gradient steps as one."""
    if first is None or second is None:
        return second if first is None else first
    return Updates(*(np.concatenate(pair) for pair in zip(first, second, strict=True)))
