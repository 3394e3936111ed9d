from __future__ import annotations

import cv2
import gymnasium
import numpy as np
import pytest
from gymnasium.wrappers import AtariPreprocessing

from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.games.families.atari.game import keys_of
from arcade_dqn.games.make import make

PLAIN = EnvironmentSettings(sticky_actions=0.0, noop_max=0, stack=4)


@pytest.mark.parametrize("id", ["ALE/Breakout-v5", "ALE/Seaquest-v5"])
def test_equal_to_gymnasiums_preprocessing(id: str) -> None:
    game = make(id, PLAIN)
    peer = AtariPreprocessing(gymnasium.make(id, frameskip=1, repeat_action_probability=0.0), noop_max=0)
    np.testing.assert_array_equal(game.reset(seed=1), peer.reset(seed=1)[0])
    random = np.random.default_rng(3)
    lives = peer.unwrapped.ale.lives()  # type: ignore[attr-defined]
    lost = 0
    for _ in range(1500):
        action = int(random.integers(game.n_actions))
        outcome = game.step(action)
        frame, reward, terminated, truncated, info = peer.step(action)
        assert outcome[1:4] == (reward, terminated, truncated)
        assert outcome.life_lost == (not terminated and info["lives"] < lives)
        lost += outcome.life_lost
        lives = info["lives"]
        if terminated:
            break
        np.testing.assert_array_equal(outcome.frame, frame)
    assert outcome.terminated
    assert lost == {"ALE/Breakout-v5": 4, "ALE/Seaquest-v5": 3}[id]


@pytest.mark.parametrize("id", ["ALE/Pong-v5", "ALE/Freeway-v5"])
def test_equal_to_gymnasiums_preprocessing_without_lives(id: str) -> None:
    game = make(id, PLAIN)
    peer = AtariPreprocessing(gymnasium.make(id, frameskip=1, repeat_action_probability=0.0), noop_max=0)
    np.testing.assert_array_equal(game.reset(seed=1), peer.reset(seed=1)[0])
    random = np.random.default_rng(3)
    for _ in range(150):
        action = int(random.integers(game.n_actions))
        outcome, expected = game.step(action), peer.step(action)
        np.testing.assert_array_equal(outcome.frame, expected[0])
        assert outcome[1:] == (*expected[1:4], False)


def test_sticky_actions_repeat_the_previous_one_frame_by_frame() -> None:
    """The rule of Machado et al. 2018, section 5.2, replayed on a bare console with the same random numbers."""
    game = make("ALE/Breakout-v5", PLAIN.model_copy(update={"sticky_actions": 0.6}))
    bare = gymnasium.make("ALE/Breakout-v5", frameskip=1, repeat_action_probability=0.0, obs_type="grayscale")
    game.reset(seed=21)
    bare.reset()
    random = np.random.default_rng(21)
    choose = np.random.default_rng(4)
    executed, repeated = 0, 0
    for _ in range(60):
        action = int(choose.integers(4))
        screens = []
        for number in random.random(4):
            repeated += number < 0.6
            executed = executed if number < 0.6 else action
            screens.append(bare.step(executed)[0])
        pooled = np.maximum(screens[-1], screens[-2])
        frame = game.step(action).frame
        np.testing.assert_array_equal(frame, cv2.resize(pooled, (84, 84), interpolation=cv2.INTER_AREA))
    assert 100 < repeated < 190


def test_no_ops_vary_the_start() -> None:
    game = make("ale/freeway", EnvironmentSettings(noop_max=30))
    assert len({game.reset(seed).tobytes() for seed in range(12)}) > 6
    still = make("ale/freeway", EnvironmentSettings(noop_max=0))
    assert len({still.reset(seed).tobytes() for seed in range(12)}) == 1


def test_every_episode_starts_from_the_same_console_state() -> None:
    """In Freeway ALE's own reset gives something else after play than before it."""
    game = make("ALE/Freeway-v5", PLAIN)
    runs = []
    for _ in range(3):
        game.reset()
        runs.append(b"".join(game.step(step % 3).frame.tobytes() for step in range(100)))
    assert len(set(runs)) == 1


def test_ales_own_limit_truncates(monkeypatch: pytest.MonkeyPatch) -> None:
    assert gymnasium.spec("ALE/Breakout-v5").kwargs["max_num_frames_per_episode"] == 108_000
    monkeypatch.setitem(gymnasium.spec("ALE/Breakout-v5").kwargs, "max_num_frames_per_episode", 42)
    game = make("ALE/Breakout-v5", PLAIN)
    for _ in range(2):
        game.reset(seed=1)
        ends = [game.step(0)[2:4] for _ in range(11)]  # 10 steps of 4 frames, and one cut short
        assert ends == [(False, False)] * 10 + [(False, True)]


@pytest.mark.parametrize("skip", [1, 2, 4])
def test_the_pictures_between(skip: int) -> None:
    settings = PLAIN.model_copy(update={"frame_skip": skip})
    game = make("pong", settings, render=True)
    bare = gymnasium.make("ALE/Pong-v5", frameskip=1, repeat_action_probability=0.0, render_mode="rgb_array")
    assert game.info.fps == 60 / skip
    game.reset(seed=1)
    bare.reset()
    np.testing.assert_array_equal(game.render(), bare.render())
    assert game.frames_between == []
    for _ in range(5):
        game.step(2)
        expected = []
        for _ in range(skip):
            bare.step(2)
            expected.append(np.asarray(bare.render()))
        np.testing.assert_array_equal(np.stack(game.frames_between), np.stack(expected))
        np.testing.assert_array_equal(game.render(), expected[-1])
    game.reset()
    assert game.frames_between == []


def test_frame_size_and_stack() -> None:
    game = make("pong", EnvironmentSettings(frame_size=42, stack=3))
    assert game.reset(seed=1).shape == (42, 42)
    assert game.observation_shape == (3, 42, 42)
    assert game.info.observation == "42 x 42 grey picture, the newest 3"


def test_pongs_keys_move_the_bat_their_way() -> None:
    game = make("pong", PLAIN, render=True)
    heights = {}
    for key in ("up", "down"):
        game.reset(seed=1)
        for _ in range(30):
            game.step(0)
        for _ in range(6):
            game.step(game.info.keys[key])
        bat = game.render()[34:194, 140:144]  # the right bat's columns, between the borders
        rows = np.nonzero((bat == (92, 186, 92)).all(axis=2).any(axis=1))[0]
        heights[key] = rows.mean()
    assert heights["up"] < heights["down"]


def test_keys_follow_ales_action_names() -> None:
    assert keys_of(["NOOP", "FIRE", "UPRIGHTFIRE", "DOWNLEFT"]) == {
        "space": 1,
        "up+right+space": 2,
        "down+left": 3,
    }
    assert make("ALE/Seaquest-v5", PLAIN).action_names[10:12] == ("up + fire", "right + fire")
