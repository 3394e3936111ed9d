from __future__ import annotations

import numpy as np
import pytest

from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.acting.policy import Policy
from arcade_dqn.config import EnvironmentSettings, NetworkSettings
from arcade_dqn.evaluation import chance_seed, evaluation_seed
from arcade_dqn.games.find import find
from arcade_dqn.games.make import make
from arcade_dqn.stage import evaluate as module
from arcade_dqn.stage.evaluate import BATCH, EvaluationStopped, evaluate

CARTPOLE = find("CartPole-v1")
SETTINGS = EnvironmentSettings()
CARTPOLE_GAME = make(CARTPOLE, SETTINGS)


def policy(seed: int = 0) -> Policy:
    network = NetworkSettings(kind="mlp", hidden=(24,))
    return Policy(network, (4,), 2, initial_weights(network, (4,), 2, seed))


@pytest.mark.parametrize("epsilon", [0.0, 0.3])
def test_an_episode_depends_on_its_own_seed_alone(epsilon: float) -> None:
    whole = evaluate(policy(), CARTPOLE, SETTINGS, episodes=9, seed=5, epsilon=epsilon)
    for parallel in (1, 2, 5, 9, 40):
        again = evaluate(policy(), CARTPOLE, SETTINGS, episodes=9, seed=5, epsilon=epsilon, parallel=parallel)
        assert again == whole
    fewer = evaluate(policy(), CARTPOLE, SETTINGS, episodes=4, seed=5, epsilon=epsilon)
    assert fewer.returns == whole.returns[:4]
    assert evaluate(policy(), CARTPOLE, SETTINGS, episodes=9, seed=6, epsilon=epsilon).returns != whole.returns


def test_scores_and_seeds_by_hand(ladder, climber: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    games = []

    def make(info: object, settings: object) -> object:
        games.append(ladder())
        return games[-1]

    monkeypatch.setattr(module, "make", make)
    told: list[tuple[int, float]] = []
    result = evaluate(
        climber, CARTPOLE, SETTINGS, episodes=3, seed=8, parallel=2, on_episode=lambda *end: told.append(end)
    )
    # Every episode is 2 + 2 - 1 - 1 - 1, as in the player's test.
    assert result.returns == (1.0, 1.0, 1.0)
    assert (result.mean, result.std, result.seed, result.episodes) == (1.0, 0.0, 8, 3)
    assert told == [(0, 1.0), (1, 1.0), (2, 1.0)]
    assert [game.seeds for game in games] == [
        [evaluation_seed(8, 0), evaluation_seed(8, 2)],
        [evaluation_seed(8, 1)],
    ]
    assert all(game.closed for game in games)


def test_an_endless_episode_is_cut(ladder, climber: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "make", lambda info, settings: ladder())
    monkeypatch.setattr(module, "LONGEST_EPISODE", 3)
    found = evaluate(climber, CARTPOLE, SETTINGS, episodes=3, seed=0, parallel=2)
    assert (found.returns, found.cut) == ((3.0, 3.0, 3.0), 3)
    # An episode that ends by itself in that step is whole.
    monkeypatch.setattr(module, "LONGEST_EPISODE", 5)
    assert evaluate(climber, CARTPOLE, SETTINGS, episodes=3, seed=0).cut == 0


def test_chance_is_not_the_games_own_stream() -> None:
    # CartPole begins with four uniform numbers from its generator; chance draws from one, too.
    starts, coins = [], []
    for episode in range(400):
        seed = evaluation_seed(3, episode)
        starts.append(CARTPOLE_GAME.reset(seed)[0])
        coins.append(np.random.default_rng(chance_seed(seed)).random())
    # Of 400 independent pairs the correlation is some 0.05, and 0.2 is four times that; from one seed it would be 1.
    assert abs(np.corrcoef(starts, coins)[0, 1]) < 0.2
    same = [np.random.default_rng(evaluation_seed(3, episode)).random() for episode in range(400)]
    assert np.corrcoef(starts, same)[0, 1] > 0.99


@pytest.mark.parametrize("epsilon", [0.0, 0.3])
def test_the_epsilon_is_told(epsilon: float) -> None:
    assert evaluate(policy(), CARTPOLE, SETTINGS, episodes=1, seed=5, epsilon=epsilon).epsilon == epsilon


def test_stopping_gives_no_result_and_closes_the_games(
    ladder, climber: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    game = ladder()
    monkeypatch.setattr(module, "make", lambda info, settings: game)
    answers = iter([False, False, True])
    with pytest.raises(EvaluationStopped):
        evaluate(climber, CARTPOLE, SETTINGS, episodes=1, seed=0, should_stop=lambda: next(answers))
    assert game.steps == 2
    assert game.closed


@pytest.mark.parametrize("wrong", [{"episodes": 0}, {"episodes": 1, "parallel": 0}])
def test_nothing_to_play_is_a_mistake_of_the_caller(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        evaluate(policy(), CARTPOLE, SETTINGS, seed=0, **wrong)


@pytest.mark.parametrize(
    ("kind", "shape", "hidden"),
    [("mlp", (4,), (120, 84)), ("minatar", (10, 10, 4), (128,)), ("nature", (4, 84, 84), (512,))],
)
def test_a_rows_q_values_do_not_depend_on_its_place_in_the_batch(
    kind: str, shape: tuple[int, ...], hidden: tuple[int, ...]
) -> None:
    # `evaluate` relies on this when it moves episodes between the rows of a batch.
    network = NetworkSettings(kind=kind, hidden=hidden)
    agent = Policy(network, shape, 6, initial_weights(network, shape, 6, 1))
    rng = np.random.default_rng(0)
    observation = rng.random(shape, np.float32)
    found = []
    for row in range(BATCH):
        batch = rng.random((BATCH, *shape), np.float32)
        batch[row] = observation
        found.append(agent.q_values(batch)[row])
    assert all(np.array_equal(found[0], other) for other in found)
