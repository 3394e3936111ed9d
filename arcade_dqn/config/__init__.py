"""The settings of a run, and how they are made: *field defaults < preset < overrides*.

`definitions` says what there is, and is the one place where a setting is added; `presets` are tuned values, `names` are
settings and values as a person types them, `descriptions` what is said of them. `build` puts the layers together and
turns every mistake into one sentence. What the rest of the program needs is named here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from arcade_dqn.config.definitions import (
    SECTIONS,
    EnvironmentSettings,
    ExplorationSettings,
    NetworkSettings,
    ReplaySettings,
    Settings,
    setting_table,
)
from arcade_dqn.config.descriptions import SettingInfo, SettingsError, sentence
from arcade_dqn.config.names import as_typed, from_text, get_setting, known_name, parse_override
from arcade_dqn.config.presets import load_preset, merged, preset_about, preset_names

__all__ = [
    "SECTIONS",
    "EnvironmentSettings",
    "ExplorationSettings",
    "NetworkSettings",
    "ReplaySettings",
    "SettingInfo",
    "Settings",
    "SettingsError",
    "as_typed",
    "build",
    "get_setting",
    "preset_about",
    "preset_names",
    "setting_table",
]


def build(game: str, preset: str | Mapping[str, Any], overrides: Mapping[str, Any] | Iterable[str] = ()) -> Settings:
    """The settings for `game`: field defaults, then the preset, then the overrides.

    `preset` is a preset's name or its nested table. `overrides` maps dotted names to values (text is converted), or is
    a sequence of `section.name=value`. Raises SettingsError for the first mistake.
    """
    table = load_preset(preset) if isinstance(preset, str) else preset
    given = overrides.items() if isinstance(overrides, Mapping) else [parse_override(text) for text in overrides]
    for name, value in given:
        info = setting_table()[known_name(name)]
        section, key = name.split(".")
        table = merged(table, {section: {key: from_text(info, value) if isinstance(value, str) else value}})
    try:
        return Settings.model_validate({**table, "game": game, "preset": preset if isinstance(preset, str) else ""})
    except ValidationError as error:
        raise SettingsError(sentence(error, setting_table())) from error
