"""What the definitions allow, and how settings go through a file."""

from __future__ import annotations

import json

import pytest

from arcade_dqn.config import Settings, SettingsError, build, setting_table


@pytest.mark.parametrize("game", ["", "module:Env", "../../x", "a/b/c", "x\n", "\x1b[31mred", "x" * 121, "Pöng-v5"])
def test_a_game_is_named_by_a_plain_id(game: str) -> None:
    with pytest.raises(SettingsError, match="^game = ") as caught:
        build(game, "cartpole")
    assert str(caught.value).isprintable()
    text = json.dumps({"game": "CartPole-v1", "preset": game or "two words"})
    with pytest.raises(SettingsError, match="preset = "):
        Settings.from_json(text)


def test_exponential_epsilon_needs_an_end_above_zero() -> None:
    with pytest.raises(SettingsError, match="cannot be reached exponentially"):
        build("x", {}, {"exploration.schedule": "exponential", "exploration.epsilon_end": "0"})


def test_settings_survive_json_and_a_damaged_text_is_named() -> None:
    settings = build("CartPole-v1", "cartpole", {"network.hidden": "3,2"})
    assert Settings.from_json(settings.to_json()) == settings
    with pytest.raises(SettingsError, match="config.json: .*learning.batch_size = 0 is not allowed"):
        Settings.from_json('{"game": "x", "learning": {"batch_size": 0}}', "config.json")
    with pytest.raises(SettingsError, match="config.json: there is no setting named 'learning.evil'"):
        Settings.from_json('{"game": "x", "learning": {"evil": 0}}', "config.json")
    for text in ("{", "", b"", b'{"game": "LunarLander-v3", "prese'):
        with pytest.raises(
            SettingsError, match=r"^config.json is damaged: EOF while parsing an? \w+ at line 1 column \d+$"
        ):
            Settings.from_json(text, "config.json")
    with pytest.raises(SettingsError, match="game is missing"):
        Settings.from_json("{}")


def test_every_setting_has_bounds_and_one_line_of_help() -> None:
    for name, info in setting_table().items():
        assert info.help, name
        assert "\n" not in info.help
        if info.type in ("int", "float"):
            assert info.low is not None, name
            assert info.high is not None, name
            assert info.default is None or info.low <= info.default <= info.high, name
        assert info.allowed
