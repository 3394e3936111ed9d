"""A game and who plays it: the agent, chance or a person. One step at a time, with what the agent thought of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from arcade_dqn.acting.policy import Policy
from arcade_dqn.evaluation import chance_seed, watching_seed
from arcade_dqn.games.game import Game
from arcade_dqn.games.pixels import FrameStack
from arcade_dqn.stage.tape import Tape
from arcade_dqn.storage.demonstrations import Demonstration


@dataclass(frozen=True)
class Scene:
    """One moment of play. `observation` and `q_values` led to `action`; `picture` and `reward` are what came of it."""

    picture: np.ndarray
    """uint8 [height, width, 3]."""
    between: tuple[np.ndarray, ...]
    """Pictures on the way to `picture`, oldest first, while the game held the action; may be empty."""
    observation: np.ndarray
    q_values: np.ndarray | None
    """float32 [n_actions]; None without a policy."""
    action: int | None
    """None only in an episode's opening scene, where nothing has been done yet."""
    explored: bool
    """Whether chance chose the action, in the agent's stead."""
    greedy_action: int | None
    """The action of the highest Q-value; None without a policy."""
    reward: float
    episode: int
    """Counts from 1."""
    step: int
    """Agent steps taken in this episode; 0 in the opening scene."""
    episode_return: float
    """Sum of the raw rewards of this episode so far."""
    ended: Literal["", "terminated", "truncated"]
    newest: np.ndarray
    """The observation that came of it, which `picture` shows too; the next action is chosen by it."""


class Player:
    """Plays `game`, made with render=True, for watching; owns and closes it.

    Episode k starts from `watching_seed(seed, k)`, and the seed of chance follows from that: the same weights,
    epsilon and actions give the same episode again. Without a policy, every action of the agent's is left to chance.
    """

    def __init__(self, game: Game, policy: Policy | None, seed: int, epsilon: float = 0.0) -> None:
        self.game = game
        self.policy = policy
        self.epsilon = epsilon
        self.returns: list[float] = []
        """Returns of the episodes that were played to their end, oldest first."""
        self.taping = False
        """Whether a person's steps are kept, until `take_tape` is called."""
        self._tape: Tape | None = None
        self._seed = seed
        self._episode = 0
        self._step = 0
        self._return = 0.0
        self._playing = False
        self._stack = FrameStack(game.stack, game.frame_shape, game.frame_dtype)
        self._observation = np.zeros(game.observation_shape, game.frame_dtype)
        self._chance = np.random.default_rng(seed)
        self._picture = np.zeros((1, 1, 3), np.uint8)

    def set_policy(self, policy: Policy | None) -> None:
        """Let another policy choose from the next step on."""
        self.policy = policy

    def restart(self, *, same: bool = False) -> Scene:
        """Begin again: the current episode if one is under way (from the same seed), otherwise the next one.

        With `same`, an episode that has ended is begun again as well, and its return is taken back.
        """
        if not self._playing:
            if same and self._episode:
                self.returns.pop()
            else:
                self._episode += 1
        self._begin()
        q_values, greedy = self._think()
        return self._scene(q_values, None, False, greedy, 0.0, "", draw=True)

    def step(self, action: int | None = None, *, draw: bool = True) -> Scene:
        """Take one step: the agent's (None) or a person's `action`. After an end it is the first of the next episode.

        With draw=False the scene keeps the previous picture, which is cheaper when nobody will see it.
        """
        if not self._playing:
            self._episode += 1
            self._begin()
        q_values, greedy = self._think()
        explored = False
        if action is None:
            # Both are drawn at every step, so that the draws of later steps do not depend on epsilon.
            coin, pick = self._chance.random(), int(self._chance.integers(self.game.n_actions))
            explored = greedy is None or coin < self.epsilon
            chosen = pick if greedy is None or explored else greedy
        else:
            chosen = action
        outcome = self.game.step(chosen)
        seen = self._observation
        if action is not None and self.taping:
            self._tape = self._tape or Tape(seen, self.game.stack)
            self._tape.add(chosen, outcome)
        self._observation = self._stack.push(outcome.frame)
        self._step += 1
        self._return += outcome.reward
        ended: Literal["", "terminated", "truncated"] = ""
        if outcome.terminated or outcome.truncated:
            ended = "terminated" if outcome.terminated else "truncated"
            self._playing = False
            self.returns.append(self._return)
        return self._scene(q_values, chosen, explored, greedy, outcome.reward, ended, draw=draw, observation=seen)

    @property
    def tape_is_full(self) -> bool:
        """Whether `take_tape` must be called before the next step."""
        return self._tape is not None and self._tape.full

    def take_tape(self) -> Demonstration | None:
        """What a person has played since the last call, if anything: to be called when their steps no longer follow
        each other, at an episode's end or when the agent goes on.
        """
        tape, self._tape = self._tape, None
        return tape.demonstration() if tape is not None else None

    def drawn(self, scene: Scene) -> Scene:
        """The newest scene with its picture, if it was taken without one."""
        self._picture = self.game.render()
        return replace(scene, picture=self._picture)

    def close(self) -> None:
        """Close the game."""
        self.game.close()

    def _begin(self) -> None:
        seed = watching_seed(self._seed, self._episode)
        self._chance = np.random.default_rng(chance_seed(seed))
        self._observation = self._stack.reset(self.game.reset(seed))
        self._step, self._return, self._playing = 0, 0.0, True

    def _think(self) -> tuple[np.ndarray | None, int | None]:
        if self.policy is None:
            return None, None
        q_values = self.policy.q_values(self._observation[None])[0]
        return q_values, int(q_values.argmax())

    def _scene(
        self,
        q_values: np.ndarray | None,
        action: int | None,
        explored: bool,
        greedy: int | None,
        reward: float,
        ended: Literal["", "terminated", "truncated"],
        *,
        draw: bool,
        observation: np.ndarray | None = None,
    ) -> Scene:
        between: tuple[np.ndarray, ...] = ()
        if draw:
            self._picture = self.game.render()
            if action is not None:
                # The game's last one is the picture itself.
                between = tuple(self.game.frames_between[:-1])
        return Scene(
            self._picture,
            between,
            self._observation if observation is None else observation,
            q_values,
            action,
            explored,
            greedy,
            reward,
            self._episode,
            self._step,
            self._return,
            ended,
            self._observation,
        )
