"""Settings by their dotted names, and their values as a person types them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from arcade_dqn.config.definitions import Settings, setting_table
from arcade_dqn.config.descriptions import SettingInfo, SettingsError

_CALLED_ELSEWHERE: Mapping[str, str] = {
    "gamma": "learning.discount",
    "lr": "learning.learning_rate",
    "tau": "learning.target_tau",
    "train_freq": "learning.train_every",
    "gradient_steps": "learning.updates_per_train",
    "target_update_interval": "learning.target_period",
    "max_grad_norm": "learning.gradient_clip",
    "buffer_size": "replay.capacity",
    "learning_starts": "replay.learning_start",
    "alpha": "replay.priority_exponent",
    "beta": "replay.importance_exponent",
    "total_timesteps": "run.steps",
    "epsilon": "exploration.epsilon_end",
}
"""What textbooks and other libraries call a setting."""


def known_name(name: str) -> str:
    """`name` itself if such a setting exists, otherwise a SettingsError with the nearest names."""
    if name in setting_table():
        return name
    near = difflib.get_close_matches(name, setting_table(), n=3, cutoff=0.4)
    same_key = [known for known in setting_table() if known.split(".")[1] == name]
    elsewhere = _CALLED_ELSEWHERE.get(name.rpartition(".")[2].lower())
    known_names = elsewhere or " or ".join(same_key or near)
    hint = f"did you mean {known_names}?" if known_names else "`arcade-dqn train --help-settings` lists them"
    raise SettingsError(f"there is no setting named {name!r}; {hint}")


def get_setting(settings: Settings, name: str) -> Any:
    """The value of the setting with this dotted name."""
    section, key = known_name(name).split(".")
    return getattr(getattr(settings, section), key)


def parse_override(text: str) -> tuple[str, str]:
    """Split `section.name=value`, as given to --set."""
    name, equals, value = text.partition("=")
    if not equals:
        raise SettingsError(f"--set {text!r} has no value; write it as section.name=value")
    return known_name(name.strip()), value.strip()


def from_text(info: SettingInfo, text: str) -> Any:
    """A value from text as typed. Text that does not fit stays text, so that validation names it."""
    if info.optional and text.lower() == "none":
        return None
    if info.type == "text":
        return "" if text.lower() == "none" else text
    if info.type == "ints":
        try:
            return [int(part) for part in text.strip("[]()").split(",") if part.strip()]
        except ValueError:
            return text
    if info.type == "int":
        try:
            number = float(text.replace("_", ""))
        except ValueError:
            return text
        return int(number) if number.is_integer() else text
    if info.type == "bool":
        return {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}.get(
            text.lower(), text
        )
    return text


def as_typed(value: object) -> str:
    """The value as `--set` takes it."""
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ",".join(str(part) for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
