from __future__ import annotations

import subprocess
import sys
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.wrappers import DiscretizeAction

from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.games.make import make


@pytest.mark.parametrize("id", ["CartPole-v1", "Acrobot-v1", "MountainCar-v0", "LunarLander-v3", "Pendulum-v1"])
def test_equal_to_gymnasium_with_all_its_wrappers(id: str) -> None:
    game = make(id, EnvironmentSettings(action_bins=5))
    env: gymnasium.Env[Any, Any] = gymnasium.make(id)
    if id == "Pendulum-v1":
        env = DiscretizeAction(env, bins=5)
    assert game.n_actions == env.action_space.n  # type: ignore[attr-defined]
    random = np.random.default_rng(1)
    ends = set()
    for episode in range(6):
        seed = 40 + episode if episode < 3 else None  # the later ones go on with the generator
        frame = game.reset(seed)
        np.testing.assert_array_equal(frame, env.reset(seed=seed)[0])
        # The same action again and again: CartPole falls, MountainCar and Pendulum run into the time limit.
        action = int(random.integers(game.n_actions))
        while True:
            outcome = game.step(action)
            expected_frame, reward, terminated, truncated, _ = env.step(action)
            np.testing.assert_array_equal(outcome.frame, expected_frame)
            assert outcome[1:] == (reward, terminated, truncated, False)
            if terminated or truncated:
                ends.add((terminated, truncated))
                break
    expected_end = {"CartPole-v1": (True, False), "LunarLander-v3": (True, False)}
    assert expected_end.get(id, (False, True)) in ends


def test_cartpole_held_up_ends_by_its_limit_of_500() -> None:
    game = make("cartpole", EnvironmentSettings())
    frame = game.reset(seed=1)
    for step in range(1, 501):
        position, speed, angle, turning = (float(number) for number in frame)
        outcome = game.step(int(angle + 0.3 * turning + 0.03 * position + 0.06 * speed > 0))
        frame = outcome.frame
        assert (outcome.terminated, outcome.truncated) == (False, step == 500)


def test_pendulums_torques() -> None:
    game = make("pendulum", EnvironmentSettings(action_bins=3))
    # [-2, 2] in three equal parts; their centres are -4/3, 0 and 4/3.
    assert game.action_names == ("torque -1.33", "torque +0.00", "torque +1.33")
    assert (game.info.keys, game.info.idle_action) == ({"left": 2, "right": 0}, 1)
    game.reset(seed=1)
    assert game.step(2).frame[2] > game.step(0).frame[2]


def test_keys_move_things_their_way() -> None:
    car = make("mountaincar", EnvironmentSettings())
    car.reset(seed=1)
    assert car.step(car.info.keys["right"]).frame[1] > car.step(car.info.keys["left"]).frame[1]
    lander = make("lunarlander", EnvironmentSettings())
    sideways = {}
    for key in ("left", "right"):
        lander.reset(seed=3)
        for _ in range(25):
            outcome = lander.step(lander.info.keys[key])
        sideways[key] = outcome.frame[2]
    assert sideways["left"] < sideways["right"]


@pytest.mark.parametrize("id", ["CartPole-v1", "LunarLander-v3", "CartPole-v0"])
def test_closing_a_game_leaves_an_open_window_alone(id: str, dummy_display: None) -> None:
    import pygame

    pygame.display.init()
    window = pygame.display.set_mode((32, 32))
    game = make(id, EnvironmentSettings(), render=True)
    game.reset(seed=1)
    game.render()
    game.close()
    assert pygame.display.get_init()
    assert pygame.display.get_surface() is window


def test_nothing_is_printed() -> None:
    """A text interface lives on the terminal."""
    program = (
        "from arcade_dqn.config import EnvironmentSettings\n"
        "from arcade_dqn.games.make import make\n"
        "for id in ('CartPole-v1', 'CartPole-v0', 'LunarLander-v3', 'MinAtar/Asterix-v1', 'ALE/Pong-v5'):\n"
        "    game = make(id, EnvironmentSettings(), render=True)\n"
        "    game.reset(seed=1), game.step(0), game.render(), game.close()\n"
    )
    environment = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"}
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    assert (result.stdout, result.stderr) == ("", "")
