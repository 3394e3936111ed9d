"""DQN, top to bottom (Mnih 2015, algorithm 1).

The seven steps of the algorithm are numbered in the code:

1. a Q-network, and a copy of it as target network;
2. an empty replay buffer;
3. act epsilon-greedily and collect (s_tm1, a_tm1, r_t, discount_t, s_t);
4. sample a minibatch, uniformly or by priority;
5. a gradient step towards r_t + discount_t max_a Q_target(s_t, a);
6. update the target network;
7. repeat until the stop condition.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from arcade_dqn.acting.exploration import EpsilonSchedule
from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.acting.policy import Policy
from arcade_dqn.config import Settings
from arcade_dqn.errors import ArcadeError
from arcade_dqn.evaluation import training_seed
from arcade_dqn.games.make import Game
from arcade_dqn.games.pixels import FrameStack
from arcade_dqn.learning.learner import Learner, Updates
from arcade_dqn.replay.buffer import ReplayBuffer
from arcade_dqn.replay.nstep import EpisodeWriter

# The streams of random numbers in a run, each with its own seed.
_GAME, _WEIGHTS, _EXPLORATION, _REPLAY = range(4)


class GameFault(ArcadeError):
    """The game returned something that cannot be learned from."""


class Step(NamedTuple):
    """What happened in one step."""

    step: int
    """Steps done, this one included."""
    epsilon: float
    episode_return: float
    """Raw score of the episode so far."""
    episode_length: int
    ended: bool
    """The episode ended with this step, by termination or truncation."""
    updates: Updates | None
    """The gradient steps that this step brought about."""


class Loop:
    """A game, an agent that learns it, and the counters between them.

    `steps()` yields after every step; whoever drives it logs, saves and draws. Nothing here knows of a screen, a file
    or a clock. The attributes that a driver may change between two steps are `epsilon_override`, `updates_per_train`
    and the learner's `learning_rate` and `target_period`.
    """

    def __init__(self, settings: Settings, game: Game) -> None:
        self.settings = settings
        self.game = game
        seed = settings.run.seed
        shape, n_actions = game.observation_shape, game.n_actions
        # 1. A Q-network, and a copy of it as target network. Keras learns with it; NumPy acts with the same weights.
        weights = initial_weights(settings.network, shape, n_actions, training_seed(seed, _WEIGHTS))
        self.learner = Learner(settings, shape, game.frame_dtype, n_actions, weights)
        self.policy = Policy(settings.network, shape, n_actions, weights)
        # 2. An empty replay buffer.
        self.replay = ReplayBuffer(
            settings.replay,
            game.frame_shape,
            game.frame_dtype,
            game.stack,
            training_seed(seed, _REPLAY),
            settings.learning.n_step,
        )
        self._writer = EpisodeWriter(self.replay, settings.learning.discount, settings.learning.n_step)
        self._stack = FrameStack(game.stack, game.frame_shape, game.frame_dtype)
        self._rng = np.random.default_rng(training_seed(seed, _EXPLORATION))
        self._schedule = EpsilonSchedule(settings.exploration)
        self.epsilon_override: float | None = None
        self.updates_per_train = settings.learning.updates_per_train
        self.step = 0
        self.episode = 0
        """Finished episodes."""
        self._episode_return = 0.0
        self._episode_length = 0
        self._observation: np.ndarray | None = None

    @property
    def epsilon(self) -> float:
        """The probability that the next action is random."""
        if self.epsilon_override is not None:
            return self.epsilon_override
        return self._schedule.value(self.step, self.episode)

    @property
    def _importance_exponent(self) -> float:
        """Rises linearly to 1 at the end of the run (Schaul 2016, section 3.4)."""
        start = self.settings.replay.importance_exponent
        return start + (1 - start) * min(1.0, self.step / self.settings.run.steps)

    def steps(self) -> Iterator[Step]:
        """Train, one step at a time, until `run.steps`."""
        settings = self.settings
        learning, clip = settings.learning, settings.environment.clip_rewards
        zero_on_life_loss = settings.environment.life_loss
        learning_start, total = settings.replay.learning_start, settings.run.steps
        game, policy, replay, rng = self.game, self.policy, self.replay, self._rng
        noisy = settings.network.noisy

        while self.step < total:
            observation = self._observation
            if observation is None:
                observation = self._begin_episode()

            # 3. Act epsilon-greedily and collect the transition.
            epsilon = self.epsilon
            if noisy:
                policy.resample_noise(rng)
            if rng.random() < epsilon:
                a_tm1 = int(rng.integers(game.n_actions))
            else:
                a_tm1 = policy.greedy(observation)
            outcome = game.step(a_tm1)
            if not math.isfinite(outcome.reward):
                raise GameFault(
                    f"{game.info.id} returned the reward {outcome.reward} at step {self.step + 1}; "
                    "rewards must be finite numbers"
                )
            reward = float(np.sign(outcome.reward)) if clip else outcome.reward
            terminated = outcome.terminated or (zero_on_life_loss and outcome.life_lost)
            ended = outcome.terminated or outcome.truncated
            self._writer.step(a_tm1, reward, outcome.frame, terminated=terminated, ended=ended)
            self.step += 1
            self._episode_return += outcome.reward
            self._episode_length += 1
            self._observation = None if ended else self._stack.push(outcome.frame)

            updates = None
            if self.step % learning.train_every == 0 and len(replay) >= learning_start and self.updates_per_train:
                # 4. Sample minibatches, one for each gradient step.
                batches, numbers = replay.sample(self.updates_per_train, learning.batch_size, self._importance_exponent)
                # 5. and 6. Gradient steps, and the target network's updates among them.
                updates = self.learner.update(batches)
                replay.update_priorities(numbers, updates.error)
                policy.set_weights(self.learner.weights())

            episode_return, episode_length = self._episode_return, self._episode_length
            if ended:
                self.episode += 1
                self._episode_return, self._episode_length = 0.0, 0
            yield Step(self.step, epsilon, episode_return, episode_length, ended, updates)
            # 7. Repeat until the stop condition: `run.steps` here; whoever drives the loop may stop it sooner.

    def _begin_episode(self) -> np.ndarray:
        """Reset the game; only a run's first reset seeds it, so that no two episodes are alike."""
        first = self.step == 0
        frame = self.game.reset(training_seed(self.settings.run.seed, _GAME) if first else None)
        self._writer.begin(frame)
        self._episode_return, self._episode_length = 0.0, 0
        return self._stack.reset(frame)

    def get_state(self) -> dict[str, Any]:
        """Everything that the rest of the run depends on, for a checkpoint.

        `game` is None where the game cannot be saved; such a run resumes at the beginning of an episode.
        """
        return {
            "step": self.step,
            "episode": self.episode,
            "episode_return": self._episode_return,
            "episode_length": self._episode_length,
            "epsilon_override": self.epsilon_override,
            "updates_per_train": self.updates_per_train,
            "rng": self._rng.bit_generator.state,
            "learner": self.learner.get_state(),
            "learning_rate": self.learner.learning_rate,
            "replay": self.replay.get_state(),
            "writer": self._writer.get_state(),
            "observation": self._observation,
            "game": self.game.get_state(),
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from what `get_state` returned, with the same settings."""
        self.step, self.episode = int(state["step"]), int(state["episode"])
        self.epsilon_override = state["epsilon_override"]
        self.updates_per_train = int(state["updates_per_train"])
        self._rng.bit_generator.state = state["rng"]
        self.learner.set_state(state["learner"])
        self.learner.learning_rate = float(state["learning_rate"])
        self.policy.set_weights(self.learner.weights())
        self.replay.set_state(state["replay"])
        if state["game"] is None:
            # A game that cannot be saved begins a new episode, on a seed that the first one did not use.
            self.game.reset(training_seed(self.settings.run.seed, 1000 + self.step))
            self._observation = None
            return
        self.game.set_state(state["game"])
        self._writer.set_state(state["writer"])
        self._episode_return, self._episode_length = float(state["episode_return"]), int(state["episode_length"])
        self._observation = None
        if state["observation"] is not None:
            self._observation = self._stack.observation = np.asarray(state["observation"])
