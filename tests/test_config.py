from __future__ import annotations

import json

import pytest

from arcade_dqn.config import (
    _CALLED_ELSEWHERE,
    Settings,
    SettingsError,
    build,
    get_setting,
    load_preset,
    preset_about,
    preset_names,
    setting_table,
)


def test_layers_of_settings() -> None:
    settings = build("CartPole-v1", "cartpole", ["learning.learning_rate=0.5", "network.hidden=8,4"])
    assert settings.preset == "cartpole"
    assert settings.learning.learning_rate == 0.5  # the override
    assert settings.network.hidden == (8, 4)
    assert settings.evaluation.stop_score == 500  # the preset
    assert settings.learning.double is True  # the preset that it extends
    assert settings.learning.discount == 0.99  # the field's default


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "learning.learning_rate=5",
            "learning.learning_rate = 5 is not allowed; it must be a number from 1e-07 to 1",
        ),
        ("run.seed=1.5", "run.seed = 1.5 is not allowed; it must be a whole number from 0 to 2,147,483,647"),
        ("learning.loss=l1", "learning.loss = 'l1' is not allowed; it must be huber or mse"),
        ("learning.double=perhaps", "it must be true or false"),
        ("network.hidden=64,many", "it must be whole numbers from 1 to 4096 separated by commas, such as 120,84"),
        ("network.hidden=64,0", "it must be whole numbers from 1 to 4096"),
        ("evaluation.stop_score=high", "it must be a number from -1,000,000,000 to 1,000,000,000, or none"),
        ("learning.discount=nan", "learning.discount = "),
        ("batch_size=32", "there is no setting named 'batch_size'; did you mean learning.batch_size?"),
        ("learning.gamma=0.99", "did you mean learning.discount?"),
        ("buffer_size=1000", "did you mean replay.capacity?"),
        ("learning.learnin_rate=1", "did you mean learning.learning_rate"),
        ("learning.learning_rate", "has no value; write it as section.name=value"),
        ("replay.capacity=10", "replay.learning_start = 1000 is more than replay.capacity = 10"),
    ],
)
def test_every_mistake_is_one_clear_sentence(override: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        build("CartPole-v1", "cartpole", [override])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


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


def test_text_becomes_what_it_means() -> None:
    settings = build(
        "x",
        {},
        {
            "run.steps": "2_000_000",
            "replay.capacity": "1e5",
            "learning.double": "Yes",
            "evaluation.stop_score": "none",
            "network.hidden": "[16, 8]",
        },
    )
    assert settings.run.steps == 2_000_000
    assert settings.replay.capacity == 100_000
    assert settings.learning.double is True
    assert settings.evaluation.stop_score is None
    assert settings.network.hidden == (16, 8)


def test_an_unknown_preset_names_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"no preset named 'cartpol'; did you mean 'cartpole'\? the presets are"):
        build("CartPole-v1", "cartpol")


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_is_valid_and_says_what_it_is_for(name: str) -> None:
    assert build("x", name).preset == name
    assert len(preset_about(name)) > 20


def test_the_tutorial_preset_is_the_classic_recipe_number_for_number() -> None:
    settings = build("CartPole-v1", "tutorial")
    assert (settings.network.kind, settings.network.hidden) == ("mlp", (24,))
    assert settings.learning.learning_rate == 0.001
    assert settings.learning.loss == "mse"
    assert settings.learning.discount == 0.95
    epsilon = settings.exploration
    assert (epsilon.schedule, epsilon.epsilon_start, epsilon.epsilon_end) == ("episode", 1.0, 0.01)
    assert epsilon.episode_decay == 0.995


def test_what_others_call_a_setting_leads_to_one_that_exists() -> None:
    assert set(_CALLED_ELSEWHERE.values()) <= set(setting_table())


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


def test_get_setting_by_its_dotted_name() -> None:
    assert get_setting(build("x", {}), "learning.batch_size") == 64
    with pytest.raises(SettingsError):
        get_setting(build("x", {}), "learning.size")


def test_presets_are_not_changed_by_overrides() -> None:
    before = str(load_preset("cartpole"))
    build("x", "cartpole", {"learning.learning_rate": 0.25})
    assert str(load_preset("cartpole")) == before
