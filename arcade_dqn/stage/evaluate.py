"""Scoring a policy: many episodes in lockstep, one batched forward pass for all of them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from arcade_dqn.acting.policy import Policy
from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.evaluation import LONGEST_EPISODE, Evaluation, chance_seed, evaluation_seed
from arcade_dqn.games.game import Game
from arcade_dqn.games.info import CannotStart, GameInfo
from arcade_dqn.games.make import make
from arcade_dqn.games.pixels import FrameStack

log = logging.getLogger(__name__)

PARALLEL = 16
"""Copies of the game that are played at once."""
BATCH = 4
"""Observations in every forward pass. A matrix product rounds each of 4 rows alike, wherever it stands; of 16 it does
not (OpenBLAS, AVX-512). Small batches also waste little when only the longest episodes are left. See `evaluate`."""


class EvaluationStopped(Exception):
    """`should_stop` asked for the end. No result: the episodes that happened to be over would be the short ones."""


@dataclass
class _Seat:
    """One copy of the game and the episode that it is playing."""

    game: Game
    stack: FrameStack
    episode: int = -1
    steps: int = 0
    score: float = 0.0
    cut: int = 0
    """How many of its episodes were too long."""
    lent: bool = False
    """Whether the game is somebody else's, who closes it."""
    chance: np.random.Generator = field(default_factory=np.random.default_rng)

    def begin(self, episode: int, seed: int) -> None:
        own_seed = evaluation_seed(seed, episode)
        self.episode, self.steps, self.score = episode, 0, 0.0
        self.chance = np.random.default_rng(chance_seed(own_seed))
        self.stack.reset(self.game.reset(own_seed))

    def step(self, greedy: int, epsilon: float) -> bool:
        """Take a step, the greedy one or by chance another; whether the episode goes on."""
        action = greedy
        if epsilon > 0 and self.chance.random() < epsilon:
            action = int(self.chance.integers(self.game.n_actions))
        outcome = self.game.step(action)
        self.steps += 1
        self.score += outcome.reward
        if outcome.terminated or outcome.truncated:
            return False
        if self.steps >= LONGEST_EPISODE:
            self.cut += 1
            return False
        self.stack.push(outcome.frame)
        return True


def evaluate(
    policy: Policy,
    info: GameInfo,
    environment: EnvironmentSettings,
    *,
    episodes: int,
    seed: int,
    epsilon: float = 0.0,
    parallel: int = PARALLEL,
    lend: Callable[[], Game] | None = None,
    on_episode: Callable[[int, float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Evaluation:
    """Play `episodes` episodes and report their raw scores, in the order of their index.

    Episode i depends on `evaluation_seed(seed, i)` alone: its game is seeded with it, its chance with the `chance_seed`
    that follows from it. Neither
    `parallel` (copies of the game played at once) nor the other episodes change it: float32 sums may round
    differently in batches of different sizes, therefore every forward pass has exactly `BATCH` rows, some of them
    unused when few games are under way.

    Of a game of which no more copies start (a simulator behind one port), those that did play all the episodes. Where
    none does, `lend` is asked for one that is there already, which is not closed.

    `on_episode(index, score)` is called when an episode is over, in the order in which they end. `should_stop` is
    asked once a step; a true answer raises EvaluationStopped.
    """
    if episodes < 1 or parallel < 1:
        raise ValueError(f"an evaluation needs at least one episode and one game, not {episodes} and {parallel}")
    seats: list[_Seat] = []
    scores = [0.0] * episodes
    try:
        while len(seats) < min(parallel, episodes):
            try:
                game = make(info, environment)
            except CannotStart as error:
                if seats:
                    log.info(
                        "%d copies of the game play the evaluation, for another one did not start: %s",
                        len(seats),
                        error,
                    )
                    break
                if lend is None:
                    raise
                log.info("the evaluation is played on the training's own game: %s", error)
                game = lend()
                seats.append(_seat(game, lent=True))
                break
            seats.append(_seat(game))
        first = seats[0].game
        batch = np.zeros((BATCH, *first.observation_shape), first.frame_dtype)
        upcoming = iter(range(episodes))
        for seat in seats:
            seat.begin(next(upcoming), seed)
        busy = seats
        while busy:
            if should_stop is not None and should_stop():
                raise EvaluationStopped
            still_busy = []
            for seat, greedy in zip(busy, _greedy(policy, busy, batch), strict=True):
                if not seat.step(greedy, epsilon):
                    scores[seat.episode] = seat.score
                    if on_episode is not None:
                        on_episode(seat.episode, seat.score)
                    following = next(upcoming, None)
                    if following is None:
                        continue
                    seat.begin(following, seed)
                still_busy.append(seat)
            busy = still_busy
    finally:
        for seat in seats:
            if not seat.lent:
                seat.game.close()
    return Evaluation.from_returns(scores, seed, epsilon=epsilon, cut=sum(seat.cut for seat in seats))


def _seat(game: Game, *, lent: bool = False) -> _Seat:
    return _Seat(game, FrameStack(game.stack, game.frame_shape, game.frame_dtype), lent=lent)


def _greedy(policy: Policy, seats: list[_Seat], batch: np.ndarray) -> list[int]:
    """The greedy action for each seat; `batch` [BATCH, *observation_shape] is room to work in."""
    actions: list[int] = []
    for start in range(0, len(seats), BATCH):
        group = seats[start : start + BATCH]
        for row, seat in enumerate(group):
            batch[row] = seat.stack.observation
        actions += policy.q_values(batch).argmax(axis=1)[: len(group)].tolist()
    return actions
