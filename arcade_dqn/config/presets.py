"""Presets: settings tuned for a game, in `arcade_dqn/presets/*.toml`."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from arcade_dqn.config.descriptions import SettingsError


def preset_names() -> list[str]:
    """The names of the presets in the package, sorted."""
    folder = resources.files("arcade_dqn") / "presets"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


@cache
def load_preset(name: str) -> Mapping[str, Any]:
    """The nested settings of a preset; `extends = "other"` in a preset starts from another one."""
    names = preset_names()
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise SettingsError(f"there is no preset named {name!r}; {hint}the presets are {', '.join(names)}")
    text = (resources.files("arcade_dqn") / "presets" / f"{name}.toml").read_text("utf-8")
    table = tomllib.loads(text)
    base = table.pop("extends", None)
    table.pop("about", None)
    return merged(load_preset(base), table) if base else table


def preset_about(name: str) -> str:
    """One line on what the preset is for."""
    load_preset(name)
    text = (resources.files("arcade_dqn") / "presets" / f"{name}.toml").read_text("utf-8")
    return str(tomllib.loads(text).get("about", ""))


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """The nested settings of `base`, with those of `over` in their place."""
    both = dict(base)
    for key, value in over.items():
        known = both.get(key)
        both[key] = merged(known, value) if isinstance(known, Mapping) and isinstance(value, Mapping) else value
    return both
