"""The table of games: what is in it, and what a person is told who adds a wrong line."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path

import pytest

from arcade_dqn.config import EnvironmentSettings, build
from arcade_dqn.games import catalog
from arcade_dqn.games.catalog import GAMES, CatalogError, read
from arcade_dqn.games.families import family_of
from arcade_dqn.games.info import GameInfo
from arcade_dqn.games.make import make

TABLE = Path(catalog.__file__).with_name("catalog.toml").read_text("utf-8")
LINE = """
[[game]]
id = "CartPole-v0"
title = "Short CartPole"
family = "gymnasium"
summary = "The same pole on the same cart, for up to 200 steps."
observation = "4 numbers: cart position and speed, pole angle and angular speed"
preset = "vector"
fps = 30
"""


def test_the_catalogue_is_complete_and_in_order() -> None:
    assert [info.id for info in GAMES] == [
        "CartPole-v1",
        "Acrobot-v1",
        "MountainCar-v0",
        "LunarLander-v3",
        "Pendulum-v1",
        "MinAtar/Asterix-v1",
        "MinAtar/Breakout-v1",
        "MinAtar/Freeway-v1",
        "MinAtar/Seaquest-v1",
        "MinAtar/SpaceInvaders-v1",
        "ALE/Pong-v5",
        "ALE/Breakout-v5",
        "ALE/Freeway-v5",
    ]
    assert len({info.title for info in GAMES}) == len(GAMES) == len({info.slug for info in GAMES})


def test_entries_are_values() -> None:
    for info in GAMES:
        assert hash(info) == hash(dataclasses.replace(info))
        assert pickle.loads(pickle.dumps(info)) == info
        assert dataclasses.asdict(info)["id"] == info.id


@pytest.mark.parametrize("info", GAMES, ids=lambda info: info.slug)
def test_an_entry_names_a_family_and_a_preset_that_exist(info: GameInfo) -> None:
    assert family_of(info).title
    assert build(info.id, info.preset).environment


def test_a_game_is_added_by_a_line() -> None:
    *known, info = read(TABLE + LINE)
    assert tuple(known) == GAMES
    assert (info.id, info.fps, info.solved_at, info.keys, info.extra) == (
        "CartPole-v0", 30.0, None, {}, None,
    )  # fmt: skip
    game = make(info, EnvironmentSettings())
    assert game.reset(seed=1).shape == (4,)
    assert game.info.title == "Short CartPole"
    assert game.action_names == ("action 0", "action 1")


def test_keys_are_put_in_their_order() -> None:
    line = LINE + 'keys = { space = 1, "up+space" = 4, right = 2, up = 3 }'
    (info,) = read(line)
    assert list(info.keys) == ["up", "right", "space", "up+space"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (LINE.replace("fps = 30\n", ""), "fps is missing; it must be a number above 0"),
        (LINE.replace("fps = 30", "fps = 0"), "fps must be a number above 0, not 0"),
        (LINE.replace("fps = 30", "fps = true"), "fps must be a number above 0, not True"),
        (LINE.replace('"vector"', '""'), "preset must be the name of a preset, not ''"),
        (LINE.replace("The same", "The\\nsame"), "summary must be one line of text, not "),
        (LINE + "colour = true", "there is no field 'colour'; the fields are id, title, family, "),
        (LINE + 'extra = "sega"', "extra must be one of atari, minatar, box2d, not 'sega'"),
        (LINE + 'actions = ["push"]', "actions must be a list of two or more different names, not ['push']"),
        (LINE + 'actions = ["a", "b"]\nkeys = { up = 2 }', "there is no action 2; its 2 actions are numbered from 0"),
        (LINE + 'actions = ["a", "b"]\nidle_action = 3', "there is no action 3; its 2 actions are numbered from 0"),
        (LINE + "keys = { jump = 1 }", "keys must be a table of up, down, left, right, space, or several joined by +"),
        (LINE + 'keys = { "space+up" = 1 }', "keys must be a table of up, down"),
    ],
)
def test_a_wrong_line_is_told_in_one_sentence(line: str, sentence: str) -> None:
    with pytest.raises(CatalogError) as caught:
        read(TABLE + line)
    assert str(caught.value).startswith(f"catalog.toml, game {len(GAMES) + 1} (CartPole-v0): {sentence}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            LINE.replace('"CartPole-v0"', '"a game"'),
            r"game 1 \(a game\): id must be a Gymnasium id such as",
        ),
        (
            LINE.replace('id = "CartPole-v0"\n', ""),
            r"game 1 \(without an id\): id is missing; it must be a",
        ),
        (LINE + LINE, r"game 2 \(CartPole-v0\): another game has this id or title already"),
        (LINE + LINE.replace("-v0", "-v7"), r"game 2 \(CartPole-v7\): another game has this id or title"),
        ("[[game]\nid = 1", "catalog.toml is no TOML: "),
        ("[game]\nid = 1", r"catalog.toml must hold \[\[game\]\] tables and nothing else"),
        (LINE + "[[games]]\nid = 1", r"catalog.toml must hold \[\[game\]\] tables and nothing else"),
    ],
)
def test_a_wrong_table_is_told_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(CatalogError, match=sentence):
        read(text)
