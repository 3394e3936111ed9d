"""Environments as people write them: what each habit leads to."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.acting.policy import Policy
from arcade_dqn.cli.main import main
from arcade_dqn.config import EnvironmentSettings, NetworkSettings
from arcade_dqn.games.find import find, outside_the_catalogue
from arcade_dqn.games.game import EnvironmentFault
from arcade_dqn.games.info import CannotStart, UnplayableGame
from arcade_dqn.games.make import make
from arcade_dqn.games.shown import HEIGHT, WIDTH
from arcade_dqn.stage.evaluate import evaluate

PLAIN = EnvironmentSettings()


class Plain(gymnasium.Env[Any, Any]):
    """Ten steps with a reward of one each, and no habit at all."""

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"], "render_fps": 12}

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self.observation_space = spaces.Box(-1, 1, (3,), np.float32)
        self.action_space: spaces.Space[Any] = spaces.Discrete(2)
        self.steps = 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.steps = 0
        return np.zeros(3, np.float32), {}

    def step(self, action: Any) -> Any:
        self.steps += 1
        return np.full(3, self.steps / 10, np.float32), 1.0, self.steps >= 10, False, {}

    def render(self) -> Any:
        return np.full((6, 8, 3), 9, np.uint8)


@pytest.fixture
def register() -> Iterator[Callable[..., str]]:
    names: list[str] = []

    def add(game: type[Plain], **further: Any) -> str:
        name = f"Habit/{game.__name__}-v0"
        gymnasium.register(name, game, **{"max_episode_steps": 50, **further})
        names.append(name)
        return name

    outside_the_catalogue.cache_clear()
    yield add
    for name in names:
        del gymnasium.registry[name]
    outside_the_catalogue.cache_clear()


def score(name: str, episodes: int = 3) -> tuple[float, ...]:
    game = make(name, PLAIN)
    game.close()
    network = NetworkSettings(hidden=(4,))
    policy = Policy(
        network, game.observation_shape, game.n_actions, initial_weights(network, game.observation_shape, 2, 1)
    )
    return evaluate(policy, game.info, PLAIN, episodes=episodes, seed=1).returns


# --- drawing ---


class NoRenderArgument(Plain):
    def __init__(self) -> None:
        super().__init__()


class DrawsNothing(Plain):
    def render(self) -> Any:
        return None


class Rgba(Plain):
    def render(self) -> Any:
        return np.full((6, 8, 4), (1, 2, 3, 0), np.uint8)


class Grey(Plain):
    def render(self) -> Any:
        return np.full((6, 8), 7, np.uint8)


class Floats(Plain):
    def render(self) -> Any:
        return np.full((6, 8, 3), 0.2)


class First(Plain):
    def render(self) -> Any:
        return np.full((3, 6, 8), 5, np.int64)


class Several(Plain):
    def render(self) -> Any:
        return [np.zeros((6, 8, 3), np.uint8), np.full((6, 8, 3), 4, np.uint8)]


class Text(Plain):
    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["human", "ansi"]}

    def render(self) -> Any:
        return "+---+\n|\x1b[41mT\x1b[0m  |\n+---+" if self.render_mode == "ansi" else None


@pytest.mark.parametrize("game", [NoRenderArgument, DrawsNothing])
def test_a_game_that_draws_nothing_plays_and_says_so(register: Any, game: type[Plain]) -> None:
    name = register(game)
    assert score(name) == (10, 10, 10)
    drawn = make(name, PLAIN, render=True)
    drawn.reset(seed=1)
    picture = drawn.render()
    assert (picture.shape, picture.dtype) == ((HEIGHT, WIDTH, 3), np.uint8)
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) == 2  # words on a background


@pytest.mark.parametrize(
    ("game", "colour"),
    [
        (Plain, (9, 9, 9)),
        (Rgba, (1, 2, 3)),
        (Grey, (7, 7, 7)),
        (Floats, (51,) * 3),
        (First, (5,) * 3),
        (Several, (4,) * 3),
    ],
)
def test_every_kind_of_picture_is_shown(register: Any, game: type[Plain], colour: tuple[int, ...]) -> None:
    drawn = make(register(game), PLAIN, render=True)
    drawn.reset(seed=1)
    picture = drawn.render()
    assert (picture.shape, picture.dtype) == ((6, 8, 3), np.uint8)
    assert picture.flags.c_contiguous
    assert np.unique(picture.reshape(-1, 3), axis=0).tolist() == [list(colour)]
    picture[:] = 0  # it is free to keep
    assert drawn.render().any() or not any(colour)


def test_text_is_drawn_as_text(register: Any) -> None:
    drawn = make(register(Text), PLAIN, render=True)
    drawn.reset(seed=1)
    picture = drawn.render()
    assert picture.shape == (HEIGHT, WIDTH, 3)
    red = (picture == (224, 82, 82)).all(axis=2)
    assert red.any()
    assert red.mean() < 0.1
    assert np.argwhere(red)[:, 1].max() < WIDTH / 2  # the second cell of five


@pytest.mark.parametrize(
    ("told", "fps"),
    [(12, 12), (None, 30), (0, 30), (-4, 30), (float("nan"), 30), (10**9, 30), ("fast", 30), (0.5, 0.5)],
)
def test_a_missing_or_absurd_speed_is_thirty(register: Any, told: Any, fps: float) -> None:
    game = type("Speed", (Plain,), {"metadata": {"render_modes": ["rgb_array"], "render_fps": told}})
    assert find(register(game)).fps == fps


# --- what a step gives and takes ---


class RewardArray(Plain):
    def step(self, action: Any) -> Any:
        observation, reward, terminated, truncated, info = super().step(action)
        return observation, np.array([reward]), np.array([terminated]), truncated, info


class TwoRewards(Plain):
    def step(self, action: Any) -> Any:
        observation, reward, terminated, truncated, info = super().step(action)
        return observation, np.array([reward, reward]), terminated, truncated, info


class Strict(Plain):
    def step(self, action: Any) -> Any:
        assert type(action) is np.int64
        assert self.action_space.contains(action)
        return super().step(action)


def test_a_reward_of_one_number_in_an_array(register: Any) -> None:
    name = register(RewardArray)
    assert score(name) == (10, 10, 10)
    game = make(name, PLAIN)
    game.reset(seed=1)
    assert type(game.step(0).reward) is float


def test_a_reward_of_two_numbers_is_named(register: Any) -> None:
    game = make(register(TwoRewards), PLAIN)
    game.reset(seed=1)
    with pytest.raises(EnvironmentFault, match=r"Habit/TwoRewards-v0 returned the reward \[1. 1.\], which is not one"):
        game.step(0)


def test_actions_are_of_the_spaces_own_type(register: Any) -> None:
    assert score(register(Strict)) == (10, 10, 10)


# --- before Gymnasium ---


class FourValues(Plain):
    def step(self, action: Any) -> Any:
        observation, reward, terminated, _, info = super().step(action)
        return observation, reward, terminated, info


class NoSeed(Plain):
    def reset(self) -> Any:  # type: ignore[override]  # that is the habit
        return np.zeros(3, np.float32), {}


class Alone(Plain):
    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        return super().reset(seed=seed)[0]


class ResetFails(Plain):
    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        raise OSError("no level\n file")


class StepFails(Plain):
    def step(self, action: Any) -> Any:
        raise OSError("no physics")


class MaskedAtFirst(Plain):
    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        return super().reset(seed=seed)[0], {"action_mask": np.array([0, 1], np.int8)}

    def step(self, action: Any) -> Any:
        assert self.steps or action == 1
        return super().step(action)


@pytest.mark.parametrize(
    ("game", "sentence"),
    [
        (FourValues, r"its step returns four values, as in gym before 0.26; return five: observation, reward, term"),
        (NoSeed, r"its reset takes no seed, as in gym before 0.26; write reset\(self, \*, seed=None, options=None\)"),
        (Alone, r"its reset returns the observation alone, as in gym before 0.26; return the observation and a dict"),
        (ResetFails, r"cannot be started: its reset failed: no level file"),
        (StepFails, r"cannot be started: its first step failed: no physics"),
    ],
)
@pytest.mark.parametrize("limit", [50, None])
def test_old_habits_are_named_before_a_run_is_made(
    register: Any, game: type[Plain], sentence: str, limit: int | None, tmp_path: Path, capsys: Any
) -> None:
    name = register(game, max_episode_steps=limit)
    with pytest.raises(UnplayableGame, match=sentence):
        find(name)
    assert main(["train", name, "--runs-dir", str(tmp_path / "runs")]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert told.startswith(f"arcade-dqn: {name} cannot be ")
    assert not (tmp_path / "runs").exists()


class StepsWithinReset(Plain):
    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        return self.step(None)[0], {}


def test_a_reset_that_takes_a_step_is_no_old_habit(register: Any) -> None:
    assert score(register(StepsWithinReset)) == (9, 9, 9)


def test_a_first_step_is_legal_where_the_game_says_which_are(register: Any) -> None:
    assert find(register(MaskedAtFirst)).actions == ("action 0", "action 1")


# --- around the play ---


class BadClose(Plain):
    def close(self) -> None:
        raise RuntimeError("already closed")


class Talks(Plain):
    def __init__(self, render_mode: str | None = None) -> None:
        print("I am built")
        super().__init__(render_mode)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        print("I begin", file=sys.stderr)
        return super().reset(seed=seed)

    def step(self, action: Any) -> Any:
        print("I step", end="")
        print(" on")
        return super().step(action)

    def render(self) -> Any:
        print("I draw")
        return super().render()

    def close(self) -> None:
        print("I close")


class Single(Plain):
    alive = 0

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        if Single.alive:
            raise RuntimeError("port 5005 is in use")
        Single.alive = 1

    def close(self) -> None:
        Single.alive = 0


def test_a_game_that_cannot_be_closed_is_a_warning_in_the_log(register: Any, caplog: Any) -> None:
    assert score(register(BadClose)) == (10, 10, 10)
    assert "Habit/BadClose-v0: closing it failed: RuntimeError: already closed" in caplog.text


def test_what_a_game_prints_goes_into_the_log(register: Any, capsys: Any, caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    name = register(Talks)
    before = sys.stdout, sys.stderr
    assert score(name, 1) == (10,)
    drawn = make(name, PLAIN, render=True)
    drawn.reset(seed=1)
    drawn.step(0)
    drawn.render()
    drawn.close()
    assert (sys.stdout, sys.stderr) == before
    assert capsys.readouterr() == ("", "")
    for words in ("I am built", "I begin", "I step on", "I draw", "I close"):
        assert f"the game says: {words}" in caplog.text


TINY = [
    "--steps", "120", "--set", "network.hidden=4", "--set", "replay.learning_start=20", "--set", "evaluation.every=50",
    "--set", "evaluation.episodes=2", "--set", "evaluation.final_episodes=3", "--json",
]  # fmt: skip


@pytest.mark.parametrize("game", [Talks, Single, BadClose, NoRenderArgument, RewardArray])
def test_it_trains_to_its_end_and_is_scored(register: Any, game: type[Plain], tmp_path: Path, capsys: Any) -> None:
    name = register(game)
    assert main(["train", name, *TINY, "--runs-dir", str(tmp_path)]) == 0
    shown = capsys.readouterr().out.strip().splitlines()
    told = json.loads(shown[-1])
    assert told["evaluation"]["returns"] == [10, 10, 10]
    assert not any("I step" in line for line in shown)
    assert sum("no second copy of Habit/Single-v0 starts" in line for line in shown) == (game is Single)
    assert main(["eval", told["model"], "--episodes", "4", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.strip().splitlines()[-1])["evaluation"]["returns"] == [10] * 4


def test_of_a_game_that_exists_once_one_copy_plays_all_the_episodes(register: Any) -> None:
    name = register(Single)
    assert score(name, 5) == (10,) * 5
    held = make(name, PLAIN)
    with pytest.raises(CannotStart, match="port 5005 is in use"):
        score(name)
    held.close()


def test_a_game_without_a_time_limit_says_which_cut_is_in_force(register: Any) -> None:
    endless = make(register(Plain, max_episode_steps=None), PLAIN)
    assert endless.notes == (
        "Habit/Plain-v0 has no time limit: an episode lasts until the game ends it, and in an evaluation 27,000 steps "
        "at most; environment.max_episode_steps sets a limit for both",
    )
    assert make("Habit/Plain-v0", EnvironmentSettings(max_episode_steps=9)).notes == ()
    assert make("CartPole-v1", PLAIN).notes == ()
