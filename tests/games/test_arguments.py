"""Arguments of an environment: as typed, and which of a file's are taken."""

from __future__ import annotations

import os
from typing import Any

import pytest

from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.games import arguments
from arcade_dqn.games.arguments import ArgumentError, of_model, of_run, parse, require_same, require_taken, type_in
from arcade_dqn.games.find import find
from arcade_dqn.games.info import UnplayableGame
from arcade_dqn.games.make import make


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a=3", 3),
        ("a=-0.5", -0.5),
        ("a=true", True),
        ("a=False", False),
        ("a=null", None),
        ("a=8x8", "8x8"),
        ('a="8x8"', "8x8"),
        ('a=["SF", "HG"]', ["SF", "HG"]),
        ("a=b=c", "b=c"),
        ("a=/some/path", "/some/path"),
        ("a=", ""),
    ],
)
def test_a_value_is_json_or_a_word(text: str, value: Any) -> None:
    if value == "":
        with pytest.raises(ArgumentError, match="--env a= is no JSON"):
            parse([text])
    else:
        assert parse([text]) == {"a": value}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("size", "'size' is not NAME=VALUE"),
        ("=3", "is not NAME=VALUE"),
        ("a-b=3", "is not NAME=VALUE"),
        ("a=[1", "--env a=[1 is no JSON"),
        ("a=NaN", "--env a=NaN is no JSON"),
        ("a=" + "[" * 100_000, "has 100,000 characters, and at most 4,000"),
        ("render_mode=human", "--env render_mode is not allowed: the arcade chooses it"),
        ("max_episode_steps=3", "--set environment.max_episode_steps=N sets it"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, sentence: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        parse([text])
    assert sentence in str(caught.value)
    assert str(caught.value).isprintable()


def test_what_is_typed_goes_to_the_programs_that_are_started() -> None:
    type_in({"length": 9})
    assert arguments.typed() == {"length": 9}
    assert os.environ[arguments.VARIABLE] == '{"length": 9}'
    type_in({})
    assert arguments.typed() == {}


def test_a_stranger_gives_harmless_arguments_alone() -> None:
    assert of_model("LunarLander-v3", {"enable_wind": True, "wind_power": 5.0}) == {
        "enable_wind": True,
        "wind_power": 5.0,
    }
    assert of_model("ALE/Pong-v5", {"mode": 1}) == {"mode": 1}
    for game, recorded in (
        ("LunarLander-v3", {"continuous": True}),  # not listed
        ("Unheard-v0", {"length": 3}),  # no game that is known
        ("FrozenLake-v1", {"map_name": "../../etc/passwd"}),
        ("FrozenLake-v1", {"map_name": "https://a.b"}),
        ("FrozenLake-v1", {"map_name": ["SF"]}),
        ("FrozenLake-v1", {"map_name": "a" * 41}),
        ("FrozenLake-v1", {"success_rate": 10**30}),
        ("FrozenLake-v1", {"is_slippery": None}),
    ):
        with pytest.raises(ArgumentError, match="if you trust them, add --env"):
            of_model(game, recorded)


def test_the_sentence_says_what_to_type_and_then_it_is_taken() -> None:
    recorded = {"desc": ["SF", "HG"], "is_slippery": True}
    with pytest.raises(ArgumentError) as caught:
        of_model("FrozenLake-v1", recorded)
    assert str(caught.value).endswith("""add --env 'desc=["SF", "HG"]'""")
    type_in(parse(['desc=["SF", "HG"]']))
    assert of_model("FrozenLake-v1", recorded) == recorded
    type_in({**recorded, "is_slippery": False})
    assert of_model("FrozenLake-v1", recorded)["is_slippery"] is False, "another one may be tried"


def test_a_run_gives_plain_values_and_goes_on_with_no_others() -> None:
    assert of_run({"length": 3, "name": "short"}) == {"length": 3, "name": "short"}
    require_same({"length": 3})
    for value in ([1], {"a": 1}, "/tmp/x", "a/b", "..", None):
        with pytest.raises(ArgumentError, match="the run was trained with arguments that are not taken from a file"):
            of_run({"length": value})
    type_in({"length": 4})
    assert of_run({"length": 3}) == {"length": 4}
    with pytest.raises(ArgumentError, match="--env length=4 does not fit: the run was trained with length=3"):
        require_same({"length": 3})
    with pytest.raises(ArgumentError, match="does not fit: the run was trained with no length"):
        require_same({})


def test_a_model_in_a_runs_folder_is_that_runs() -> None:
    assert of_model("Mine-v0", {"length": 3}, {"length": 3}) == {"length": 3}
    with pytest.raises(ArgumentError):
        of_model("Mine-v0", {"length": 3}, {"length": 4})
    with pytest.raises(ArgumentError):
        of_model("Mine-v0", {"length": "/tmp/x"}, {"length": "/tmp/x"})


def test_an_argument_that_is_not_taken_is_told_with_those_that_are() -> None:
    find("MountainCarContinuous-v0")
    with pytest.raises(ArgumentError, match="CartPole-v1 takes no argument size; it takes sutton_barto_reward"):
        require_taken("CartPole-v1", {"size": 3})
    with pytest.raises(ArgumentError, match="MountainCarContinuous-v0 takes no argument size; it takes goal_velocity"):
        find("MountainCarContinuous-v0", arguments={"size": 3})


def test_a_game_is_made_with_its_arguments() -> None:
    game = make("CartPole-v1", EnvironmentSettings(arguments={"sutton_barto_reward": True}))
    game.reset(1)
    assert game.step(0).reward == 0.0, "by Sutton and Barto a step is worth nothing until the pole falls"
    game.close()
    with pytest.raises(UnplayableGame, match="cannot be played with these arguments"):
        make("LunarLander-v3", EnvironmentSettings(arguments={"continuous": True}))
    with pytest.raises(UnplayableGame, match=r"LunarLander-v3 cannot be started with --env gravity: "):
        make("LunarLander-v3", EnvironmentSettings(arguments={"gravity": 3}))


def test_what_a_game_is_may_depend_on_them() -> None:
    assert len(find("CarRacing-v3", arguments={"continuous": False}).actions) == 5
    assert len(find("CarRacing-v3").actions) != 5, "three numbers, and no list of actions"
