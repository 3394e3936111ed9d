"""Every game of the catalogue behaves alike."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.games.catalog import GAMES
from arcade_dqn.games.find import find
from arcade_dqn.games.game import Game, GameStateError, Outcome
from arcade_dqn.games.info import EXTRA_MODULES, KEY_ORDER, GameInfo, MissingExtra
from arcade_dqn.games.make import make

every_game = pytest.mark.parametrize("info", GAMES, ids=lambda info: info.slug)
saved_games = pytest.mark.parametrize(
    "info", [info for info in GAMES if info.family in ("classic", "minatar", "atari")], ids=lambda info: info.slug
)


def settings_for(info: GameInfo) -> EnvironmentSettings:
    return EnvironmentSettings(stack=4 if info.family == "atari" else 1)


def play(game: Game, steps: int, seed: int) -> list[Outcome]:
    """Random actions, episode after episode; the frame after a reset is in the list too."""
    random = np.random.default_rng(seed)
    outcomes = []
    for _ in range(steps):
        outcome = game.step(int(random.integers(game.n_actions)))
        outcomes.append(outcome)
        if outcome.terminated or outcome.truncated:
            outcomes.append(Outcome(game.reset(), 0.0, False, False, False))
    return outcomes


def assert_same(left: list[Outcome], right: list[Outcome]) -> None:
    assert [outcome[1:] for outcome in left] == [outcome[1:] for outcome in right]
    for one, other in zip(left, right, strict=True):
        np.testing.assert_array_equal(one.frame, other.frame)


@every_game
def test_facts_shapes_and_types(info: GameInfo) -> None:
    game = make(info, settings_for(info))
    assert game.n_actions == len(game.action_names) >= 2
    assert len(set(game.action_names)) == game.n_actions
    assert game.info.id == info.id
    if info.actions:
        assert game.action_names == info.actions
    assert game.info.keys
    assert set(game.info.keys.values()) <= set(range(game.n_actions))
    assert 0 <= game.info.idle_action < game.n_actions
    assert {part for key in game.info.keys for part in key.split("+")} <= set(KEY_ORDER)
    expected = {
        "minatar": (np.dtype(bool), 1),
        "atari": (np.dtype(np.uint8), 4),
    }.get(info.family, (np.dtype(np.float32), 1))
    assert (game.frame_dtype, game.stack) == expected
    assert game.observation_shape == ((4, 84, 84) if info.family == "atari" else game.frame_shape)
    first = game.reset(seed=1)
    for outcome in [Outcome(first, 0.0, False, False, False), *play(game, 150, 2)]:
        assert isinstance(outcome.frame, np.ndarray)
        assert outcome.frame.shape == game.frame_shape
        assert outcome.frame.dtype == game.frame_dtype
        assert type(outcome.reward) is float
        assert {type(flag) for flag in outcome[2:]} == {bool}
    assert game.frames_between == []
    game.close()
    game.close()


@every_game
def test_a_seed_settles_everything_that_follows(info: GameInfo) -> None:
    one, other = make(info, settings_for(info)), make(info, settings_for(info))
    play_nothing = other.reset(seed=99)
    assert play_nothing.shape == one.frame_shape
    play(other, 40, 5)
    np.testing.assert_array_equal(one.reset(seed=3), other.reset(seed=3))
    assert_same(play(one, 250, 7), play(other, 250, 7))


@pytest.mark.parametrize("id", ["CartPole-v1", "Pendulum-v1", "MinAtar/Asterix-v1", "ALE/Pong-v5"])
def test_seeds_differ_and_episodes_differ(id: str) -> None:
    game = make(id, EnvironmentSettings())

    def episode(seed: int | None) -> bytes:
        game.reset(seed)
        return b"".join(outcome.frame.tobytes() for outcome in play(game, 60, 0))

    assert len({episode(1), episode(2), episode(None), episode(None)}) == 4


@every_game
def test_frames_may_be_kept(info: GameInfo) -> None:
    game = make(info, settings_for(info))
    kept = [game.reset(seed=1)]
    copies = [kept[0].copy()]
    for outcome in play(game, 60, 3):
        kept.append(outcome.frame)
        copies.append(outcome.frame.copy())
    np.testing.assert_array_equal(np.stack(kept), np.stack(copies))


def as_plain(state: Any) -> Any:
    """The state through JSON, arrays aside; fails for bytes and foreign objects."""
    if isinstance(state, dict):
        return {key: as_plain(value) for key, value in state.items()}
    if isinstance(state, np.ndarray):
        assert state.dtype != object
        return np.frombuffer(state.tobytes(), state.dtype).reshape(state.shape)
    return json.loads(json.dumps(state))


@saved_games
@pytest.mark.parametrize("before", [0, 1, 90])
def test_a_saved_game_continues_exactly_in_a_fresh_copy(info: GameInfo, before: int) -> None:
    game = make(info, settings_for(info))
    game.reset(seed=11)
    play(game, before, 1)
    state = game.get_state()
    assert state is not None
    state = as_plain(state)
    first = play(game, 260, 2)
    fresh = make(info, settings_for(info))
    fresh.reset(seed=12)
    play(fresh, 33, 3)
    for _ in range(2):  # the state itself is not used up
        fresh.set_state(state)
        assert_same(play(fresh, 260, 2), first)


@pytest.mark.parametrize("id", ["CartPole-v1", "MountainCar-v0", "MinAtar/Seaquest-v1", "MinAtar/SpaceInvaders-v1"])
@settings(max_examples=12, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**40), before=st.integers(0, 700))
def test_saving_works_at_any_moment(id: str, seed: int, before: int) -> None:
    game, fresh = make(id, EnvironmentSettings()), make(id, EnvironmentSettings())
    game.reset(seed)
    play(game, before, seed)
    state = as_plain(game.get_state())
    fresh.reset(0)
    fresh.set_state(state)
    assert_same(play(game, 120, seed), play(fresh, 120, seed))


def test_a_state_of_another_game_is_refused() -> None:
    infos = [find(name) for name in ("CartPole-v1", "MinAtar/Asterix-v1", "ALE/Pong-v5", "LunarLander-v3")]
    games = [make(info, EnvironmentSettings()) for info in infos]
    for game in games:
        game.reset(seed=1)
    for position, game in enumerate(games):
        state = games[(position + 1) % 3].get_state() if position < 3 else {"game": "LunarLander-v3"}
        assert state is not None
        with pytest.raises(GameStateError, match=game.info.title):
            game.set_state(state)


def test_lunar_lander_cannot_be_saved() -> None:
    game = make("lunarlander", EnvironmentSettings())
    game.reset(seed=1)
    assert game.get_state() is None


@every_game
def test_pictures(info: GameInfo, dummy_display: None) -> None:
    game = make(info, settings_for(info), render=True)
    game.reset(seed=1)
    first = game.render()
    play(game, 40, 1)
    later = game.render()
    for picture in (first, later):
        assert picture.dtype == np.uint8
        assert picture.ndim == 3
        assert picture.shape[2] == 3
        assert picture.flags.c_contiguous
        assert len(np.unique(picture.reshape(-1, 3), axis=0)) >= 2
    assert first.shape == later.shape
    assert not np.array_equal(first, later)
    later[:] = 0
    assert game.render().any()
    game.close()


@pytest.mark.parametrize("id", ["CartPole-v1", "Pendulum-v1", "MinAtar/Breakout-v1", "ALE/Pong-v5", "CartPole-v0"])
def test_the_step_limit_of_the_settings_truncates(id: str) -> None:
    game = make(id, EnvironmentSettings(max_episode_steps=5))
    for _ in range(2):
        game.reset(seed=1)
        ends = [game.step(0)[2:4] for _ in range(5)]
        assert ends == [(False, False)] * 4 + [(False, True)]


@pytest.mark.parametrize(
    ("id", "extra"), [("ALE/Pong-v5", "atari"), ("MinAtar/Asterix-v1", "minatar"), ("LunarLander-v3", "box2d")]
)
def test_a_missing_extra_is_named_with_its_command(id: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EXTRA_MODULES, extra, ("module_that_nobody_has",))
    assert not find(id).installed()
    with pytest.raises(MissingExtra) as caught:
        make(id, EnvironmentSettings())
    assert f'install it with: pip install "arcade-dqn[{extra}]"' in str(caught.value)
    assert caught.value.exit_code == 1
