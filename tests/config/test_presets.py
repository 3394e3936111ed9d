"""The presets in the package."""

from __future__ import annotations

import pytest

from arcade_dqn.config import SettingsError, build, preset_about, preset_names
from arcade_dqn.config.presets import load_preset


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


def test_presets_are_not_changed_by_overrides() -> None:
    before = str(load_preset("cartpole"))
    build("x", "cartpole", {"learning.learning_rate": 0.25})
    assert str(load_preset("cartpole")) == before
