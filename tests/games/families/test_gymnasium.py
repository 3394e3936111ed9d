"""Games that others have registered in Gymnasium: described, built, refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import Autoreset

from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.games.find import find, outside_the_catalogue
from arcade_dqn.games.game import GameStateError
from arcade_dqn.games.info import UnplayableGame
from arcade_dqn.games.make import make

LINE = spaces.Box(-np.inf, np.inf, (2, 3), np.float64)
COLOUR = spaces.Box(0, 255, (40, 60, 3), np.uint8)


class Foreign(gymnasium.Env[Any, Any]):
    """A counter with the spaces it is told to have; hands out one array that it keeps writing to."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 7}

    def __init__(self, actions: spaces.Space[Any], observations: spaces.Space[Any], render_mode: str | None = None):
        self.action_space, self.observation_space, self.render_mode = actions, observations, render_mode
        if isinstance(observations, spaces.Graph):
            raise RuntimeError("the cabinet\n  is unplugged")
        if isinstance(observations, spaces.Box):
            self.numbers = np.zeros(observations.shape, observations.dtype)
        self.taken: list[Any] = []

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.numbers[:] = 0
        return self.numbers, {}

    def step(self, action: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        self.taken.append(action)
        self.numbers += np.asarray(1, self.numbers.dtype)
        return self.numbers, np.float32(0.5), np.bool_(self.numbers.flat[0] >= 4), np.bool_(False), {}

    def render(self) -> Any:
        return np.full((4, 5, 3), int(self.numbers.flat[0]), np.uint8)


@pytest.fixture
def register() -> Iterator[Any]:
    names: list[str] = []

    def add(actions: spaces.Space[Any], observations: spaces.Space[Any], **further: Any) -> str:
        name = f"ArcadeTest/Foreign{len(names)}-v0"
        gymnasium.register(
            name,
            lambda **kwargs: Foreign(**kwargs),
            kwargs={"actions": actions, "observations": observations},
            max_episode_steps=3,
            **further,
        )
        names.append(name)
        return name

    yield add
    for name in names:
        del gymnasium.registry[name]
    outside_the_catalogue.cache_clear()


def test_a_vector_game(register: Any) -> None:
    name = register(spaces.Discrete(3, start=5), LINE, reward_threshold=9.0)
    info = find(name)
    assert (info.title, info.family, info.preset, info.extra) == ("Foreign0", "gymnasium", "vector", None)
    assert (info.observation, info.solved_at, info.fps) == ("6 numbers", 9.0, 7.0)
    game = make(info, EnvironmentSettings(), render=True)
    assert (game.frame_shape, game.frame_dtype, game.stack, game.n_actions) == ((6,), np.dtype(np.float32), 1, 3)
    first = game.reset(seed=1)
    outcomes = [game.step(action) for action in (0, 1, 2)]
    assert first.tolist() == [0.0] * 6  # not overwritten by the array that the game goes on using
    assert [outcome.frame.tolist() for outcome in outcomes] == [[1.0] * 6, [2.0] * 6, [3.0] * 6]
    assert [outcome[1:] for outcome in outcomes] == [(0.5, False, False, False)] * 2 + [(0.5, False, True, False)]
    assert game._env.unwrapped.taken == [5, 6, 7]  # type: ignore[attr-defined]
    assert (game.render() == 3).all()
    assert game.get_state() is None
    with pytest.raises(GameStateError):
        game.set_state({})


def test_a_picture_game(register: Any) -> None:
    info = find(register(spaces.Discrete(2), COLOUR))
    assert (info.preset, info.extra) == ("image", "atari")
    game = make(info, EnvironmentSettings(stack=2, frame_size=32))
    assert (game.frame_shape, game.frame_dtype, game.observation_shape) == ((32, 32), np.dtype(np.uint8), (2, 32, 32))
    game.reset(seed=1)
    frame = game.step(0).frame
    assert frame.dtype == np.uint8
    assert frame.tolist() == np.ones((32, 32), int).tolist()
    game.close()
    game.close()


def test_grey_pictures(register: Any) -> None:
    for shape in ((40, 60), (40, 60, 1)):
        game = make(register(spaces.Discrete(2), spaces.Box(0, 255, shape, np.uint8)), EnvironmentSettings())
        assert game.reset(seed=1).shape == (84, 84)


def test_one_bounded_continuous_number_is_cut_into_values(register: Any) -> None:
    name = register(spaces.Box(0.0, 4.0, (1,), np.float32), LINE)
    assert find(name).actions == ()
    game = make(name, EnvironmentSettings(action_bins=2))
    assert game.action_names == ("value +1.00", "value +3.00")
    assert (game.info.keys, game.info.idle_action) == ({"left": 0, "right": 1}, 1)
    game.reset(seed=1)
    game.step(1)
    assert game._env.unwrapped.taken[0].tolist() == [3.0]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("actions", "observations", "reason"),
    [
        (spaces.Tuple([spaces.Discrete(2)]), LINE, "its action space is Tuple"),
        (spaces.MultiDiscrete([20, 20]), LINE, r"its actions \(MultiDiscrete\) have 400 combinations"),
        (spaces.Box(-np.inf, np.inf, (1,)), LINE, "an action is a continuous number without bounds"),
        (spaces.Discrete(2), spaces.Text(9), "its observation space is Text"),
        (
            spaces.Discrete(2),
            spaces.Box(-np.inf, np.inf, (64, 64, 3)),
            r"its observation is float32 \(64, 64, 3\), which is neither",
        ),
    ],
)
def test_spaces_that_cannot_be_played(register: Any, actions: Any, observations: Any, reason: str) -> None:
    name = register(actions, observations)
    with pytest.raises(UnplayableGame, match=f"{name} cannot be played: {reason}"):
        find(name)


def test_a_game_that_fails_to_start_is_named_with_its_reason(register: Any) -> None:
    name = register(spaces.Discrete(2), spaces.Graph(LINE, None))
    with pytest.raises(UnplayableGame, match=f"{name} cannot be started: the cabinet is unplugged"):
        find(name)


def test_what_a_setting_can_cure_is_refused_once_the_game_is_made(register_made: Any) -> None:
    several = register_made(lambda: Several())
    info = find(several)
    assert (info.preset, info.extra) == ("grid", None)
    assert info.observation == "several things, of which environment.observation chooses one"
    with pytest.raises(
        UnplayableGame, match=r"choose it with environment.observation = view \(uint8 7 x 7 x 1\) or le"
    ):
        make(info, EnvironmentSettings())
    game = make(info, EnvironmentSettings(observation="left"))
    assert (game.frame_shape, game.info.inputs) == ((3,), ("left = 0", "left = 1", "left = 2"))
    assert game.reset(seed=1).tolist() == [0, 1, 0]
    with pytest.raises(UnplayableGame, match=r"729 combinations.*environment.action_bins = 6 or less"):
        make(register_made(lambda: Several(spaces.Box(-1, 1, (3,)))), EnvironmentSettings(observation="left"))


class Several(gymnasium.Env[Any, Any]):
    def __init__(self, actions: spaces.Space[Any] | None = None) -> None:
        self.action_space = actions or spaces.Discrete(2)
        self.observation_space = spaces.Dict(view=spaces.Box(0, 255, (7, 7, 1), np.uint8), left=spaces.Discrete(3))

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        return {"view": np.zeros((7, 7, 1), np.uint8), "left": 1}, {}

    def step(self, action: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        return {"view": np.zeros((7, 7, 1), np.uint8), "left": 2}, 0, False, False, {}


def test_a_setting_that_a_game_has_no_use_for_is_refused() -> None:
    settings = EnvironmentSettings(observation="image")
    with pytest.raises(
        UnplayableGame, match=r"environment.observation = image is of no use for CartPole, which shows 4"
    ):
        make("CartPole-v1", settings)
    with pytest.raises(UnplayableGame, match=r"cannot be used: FrozenLake-v1 shows one thing alone \(Discrete\)"):
        make("FrozenLake-v1", settings)


@pytest.mark.parametrize(
    ("name", "size", "actions", "first", "words"),
    [
        ("FrozenLake-v1", 16, 4, "state = 0", "one of 16 states"),
        ("Taxi-v4", 500, 6, "state = 0", "one of 500 states"),
        ("CliffWalking-v1", 48, 4, "state = 0", "one of 48 states"),
        ("Blackjack-v1", 45, 2, "part 1 = 0", "45 numbers"),
    ],
)
def test_gymnasiums_toy_texts(name: str, size: int, actions: int, first: str, words: str) -> None:
    game = make(name, EnvironmentSettings())
    assert (game.frame_shape, game.n_actions, game.info.inputs[0]) == ((size,), actions, first)
    assert (game.info.observation, game.info.preset) == (words, "vector")
    reference = gymnasium.make(name)
    shown, _ = reference.reset(seed=5)
    np.testing.assert_array_equal(game.reset(seed=5), spaces.flatten(reference.observation_space, shown))
    for step in range(60):
        shown, reward, terminated, truncated, _ = reference.step(step % actions)
        outcome = game.step(step % actions)
        np.testing.assert_array_equal(outcome.frame, spaces.flatten(reference.observation_space, shown))
        assert outcome[1:4] == (reward, terminated, truncated)
        if terminated or truncated:
            shown, _ = reference.reset()
            np.testing.assert_array_equal(game.reset(), spaces.flatten(reference.observation_space, shown))
    game.close()


def test_other_versions_of_known_games_point_to_them() -> None:
    import ale_py  # noqa: F401  registers them

    with pytest.raises(UnplayableGame, match=r"another version of a game that is played here as ALE/...-v5"):
        find("PongNoFrameskip-v4")


@pytest.fixture
def register_made() -> Iterator[Any]:
    names: list[str] = []

    def add(make_env: Any) -> str:
        name = f"ArcadeTest/Made{len(names)}-v0"
        gymnasium.register(name, lambda **_: make_env())
        names.append(name)
        return name

    yield add
    for name in names:
        del gymnasium.registry[name]


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_a_vector_environment_is_refused_in_every_autoreset_mode(register_made: Any, mode: AutoresetMode) -> None:
    def two() -> Any:
        return SyncVectorEnv([lambda: gymnasium.make("CartPole-v1")] * 2, autoreset_mode=mode)

    with pytest.raises(UnplayableGame, match=r"cannot be started: The environment must inherit from the gymnasium.Env"):
        make(register_made(two), EnvironmentSettings())


def test_a_game_that_resets_itself_is_refused(register_made: Any) -> None:
    name = register_made(lambda: Autoreset(gymnasium.make("CartPole-v1")))
    with pytest.raises(UnplayableGame, match=r"it resets itself .*; register it without that wrapper"):
        make(name, EnvironmentSettings())
