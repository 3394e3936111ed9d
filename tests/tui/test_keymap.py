from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App

from arcade_dqn.preferences import Preferences
from arcade_dqn.tui import keys
from arcade_dqn.tui.app import ArcadeApp
from arcade_dqn.tui.keymap import bindings, checked, normal, shown
from arcade_dqn.tui.screens.help import HelpScreen
from arcade_dqn.tui.screens.models import ModelsScreen
from arcade_dqn.tui.screens.training import TrainingScreen


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("t", "t"),
        ("T", "T"),
        ("7", "7"),
        (" g ", "g"),
        ("/", "slash"),
        ("[", "left_square_bracket"),
        ("+", "plus"),
        ("-", "minus"),
        ("?", "question_mark"),
        ("ctrl+T", "ctrl+t"),
        ("Ctrl+Left", "ctrl+left"),
        ("shift+ctrl+f5", "ctrl+shift+f5"),
        ("f5", "f5"),
        ("Escape", "escape"),
        ("space", "space"),
        ("left_square_bracket", "left_square_bracket"),
        ("é", "é"),
        ("shift+g", "G"),
        ("shift+left", "shift+left"),
        ("", None),
        ("fnord", None),
        ("hyper+t", None),
        ("ctrl+", None),
        ("\t", None),
    ],
)
def test_names_of_keys(written: str, name: str | None) -> None:
    assert normal(written) == name
    if name is not None and len(written) == 1:
        assert App._normalize_keymap({"id": written}) == {"id": name}


def test_the_keys_of_the_program_are_keys() -> None:
    for _, binding in bindings():
        for key in binding.key.split(","):
            assert normal(key) == key


def test_an_unknown_id_gets_the_nearest_one() -> None:
    assert checked({"home.trian": "g"}, "file") == (
        {},
        ["file: there is no key called home.trian; did you mean home.train?"],
    )


def test_a_key_that_there_is_not() -> None:
    keymap, (problem,) = checked({"home.train": "g,fnord"}, "file")
    assert keymap == {"home.train": "g"}
    assert problem == 'file: keys.home.train = "g,fnord": there is no key fnord; write t, ctrl+t or f5'


def test_a_key_that_lists_and_fields_need() -> None:
    assert checked({"home.demo": "enter"}, "file")[1] == [
        'file: keys.home.demo = "enter": enter has a use of its own; choose another key'
    ]
    # What has the key already may keep it among others.
    assert checked({"home.train": "enter,g"}, "file") == ({"home.train": "enter,g"}, [])


@pytest.mark.parametrize(("key", "sent"), [("ctrl+i", "tab"), ("ctrl+m", "enter"), ("ctrl+h", "backspace")])
def test_a_key_that_arrives_as_another_one(key: str, sent: str) -> None:
    assert checked({"home.demo": key}, "file") == (
        {},
        [f'file: keys.home.demo = "{key}": terminals send {sent} for {key}; choose another key'],
    )


def test_a_key_that_works_within_fields_must_type_nothing() -> None:
    assert checked({"settings.train": "g"}, "file") == (
        {},
        ['file: keys.settings.train = "g": it must be a key that types nothing, such as ctrl+t'],
    )


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        # Both are of one place.
        ({"home.demo": "p"}, {}),
        # One works everywhere.
        ({"home.demo": "question_mark"}, {}),
        ({"app.help": "r"}, {}),
        # The same key in two places is no clash.
        ({"home.demo": "s"}, {"home.demo": "s"}),
        # Two that change places are none, either.
        ({"home.demo": "p", "home.play": "d"}, {"home.demo": "p", "home.play": "d"}),
        ({"home.demo": "g", "home.play": "g"}, {"home.demo": "g"}),
    ],
)
def test_clashes_are_told_and_not_made(wanted: dict[str, str], kept: dict[str, str]) -> None:
    keymap, problems = checked(wanted, "file")
    assert keymap == kept
    assert len(problems) == len(wanted) - len(kept)
    assert all("clashes with" in problem for problem in problems)


@pytest.mark.parametrize(
    ("written", "text"), [("g", "g"), ("ctrl+g,f2", "^g/F2"), ("left,space", "←/space"), ("slash", "/")]
)
def test_how_keys_are_written(written: str, text: str) -> None:
    binding = keys.BY_ID["home.train"]
    assert shown(binding, {"home.train": written}) == text
    assert shown(binding, {}) is None


async def test_changed_keys_work_and_are_shown(make_app: Callable[..., ArcadeApp], programs: Any, texts: Any) -> None:
    app = make_app(preferences=Preferences(keys={"home.train": "g", "home.models": "t", "app.help": "f1"}))
    async with app.run_test(size=(120, 100)) as pilot:
        await pilot.pause()
        assert app.problems == []
        bar = texts(app)
        # Each in its own place.
        assert bar.index("g train") < bar.index("d demo") < bar.index("t models") < bar.index("r runs")
        assert "F1 help" in bar
        await pilot.press("f1")
        assert isinstance(app.screen, HelpScreen)
        await pilot.pause()
        assert "Press g and a new agent" in " ".join(texts(app).replace("│", " ").split())
        lines = texts(app).splitlines()
        assert any("F1 " in line and keys.BY_ID["app.help"].tooltip in line for line in lines)
        assert any("g " in line and keys.BY_ID["home.train"].tooltip in line for line in lines)
        await pilot.press("escape", "question_mark")
        assert not isinstance(app.screen, HelpScreen)
        await pilot.press("t")
        assert isinstance(app.screen, ModelsScreen)
        await pilot.press("escape", "g")
        assert isinstance(app.screen, TrainingScreen)


async def test_two_keys_that_change_places(make_app: Callable[..., ArcadeApp]) -> None:
    app = make_app(preferences=Preferences(keys={"home.runs": "m", "home.models": "r"}))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("r")
        assert isinstance(app.screen, ModelsScreen)


async def test_what_is_wrong_is_told_and_the_rest_works(make_app: Callable[..., ArcadeApp]) -> None:
    app = make_app(preferences=Preferences(keys={"home.demo": "p", "home.models": "f9"}), problems=["a problem"])
    async with app.run_test(size=(100, 30)) as pilot:
        while not app._notifications:
            await pilot.pause(0.02)
        told = [notice.message for notice in app._notifications]
        assert told[0] == "a problem"
        assert "home.demo" in told[1]
        await pilot.press("f9")
        assert isinstance(app.screen, ModelsScreen)
