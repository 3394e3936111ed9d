"""The games that the arcade shows, read from the table catalog.toml; no game library is imported for it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from arcade_dqn.errors import ArcadeError
from arcade_dqn.games.info import EXTRA_MODULES, KEY_ORDER, GameInfo


class CatalogError(ArcadeError):
    """The table has a mistake; the message says in which game and what would be right."""


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and value.strip() == value != "" and value.isprintable()


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?", value) is not None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_action(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(_is_line(name) for name in value) and len(set(value)) == len(value)


def _are_keys(value: Any) -> bool:
    return isinstance(value, dict) and all(
        set(keys.split("+")) <= set(KEY_ORDER) and keys == _in_order(keys) and _is_action(action)
        for keys, action in value.items()
    )


def _in_order(keys: str) -> str:
    """A combination of keys with each of them once, as `KEY_ORDER` has them."""
    return "+".join(key for key in KEY_ORDER if key in keys.split("+"))


_REQUIRED: Final = ("id", "title", "family", "summary", "observation", "preset", "fps")
_FIELDS: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "id": (_is_id, "a Gymnasium id such as CartPole-v1"),
    "title": (_is_line, "one line of text"),
    "family": (_is_line, "the name of a module in games/families"),
    "summary": (_is_line, "one line of text"),
    "observation": (_is_line, "one line of text"),
    "actions": (lambda value: _are_names(value) and len(value) >= 2, "a list of two or more different names"),
    "solved_at": (_is_number, "a number"),
    "preset": (_is_line, "the name of a preset"),
    "extra": (lambda value: value in EXTRA_MODULES, f"one of {', '.join(EXTRA_MODULES)}"),
    "fps": (lambda value: _is_number(value) and value > 0, "a number above 0"),
    "keys": (_are_keys, f"a table of {', '.join(KEY_ORDER)}, or several joined by + in this order, to action numbers"),
    "idle_action": (_is_action, "an action number"),
    "inputs": (_are_names, "a list of different names"),
}
"""What each field must be: a test, and the words for it."""


def read(text: str, name: str = "catalog.toml") -> tuple[GameInfo, ...]:
    """The games of a catalogue in their order. Raises CatalogError with one sentence; `name` says there what was read.

    Whether the preset and the family are there is not looked at, for that would take more than reading a table.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogError(f"{name} is no TOML: {error}") from error
    entries = tables.pop("game", [])
    if tables or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise CatalogError(f"{name} must hold [[game]] tables and nothing else")
    games: dict[str, GameInfo] = {}
    for number, entry in enumerate(entries, start=1):
        place = f"{name}, game {number} ({entry.get('id', 'without an id')})"
        info = _entry(entry, place)
        if any(info.slug == other.slug or info.title == other.title for other in games.values()):
            raise CatalogError(f"{place}: another game has this id or title already")
        games[info.id] = info
    return tuple(games.values())


def _entry(entry: Mapping[str, Any], place: str) -> GameInfo:
    for field in _REQUIRED:
        if field not in entry:
            raise CatalogError(f"{place}: {field} is missing; it must be {_FIELDS[field][1]}")
    for field, value in entry.items():
        if field not in _FIELDS:
            raise CatalogError(f"{place}: there is no field {field!r}; the fields are {', '.join(_FIELDS)}")
        right, words = _FIELDS[field]
        if not right(value):
            raise CatalogError(f"{place}: {field} must be {words}, not {value!r}")
    actions, keys = tuple(entry.get("actions", ())), entry.get("keys", {})
    idle_action = entry.get("idle_action", 0)
    for action in (*keys.values(), idle_action):
        if actions and action >= len(actions):
            raise CatalogError(f"{place}: there is no action {action}; its {len(actions)} actions are numbered from 0")
    return GameInfo(
        id=entry["id"],
        title=entry["title"],
        family=entry["family"],
        summary=entry["summary"],
        observation=entry["observation"],
        actions=actions,
        solved_at=float(entry["solved_at"]) if "solved_at" in entry else None,
        preset=entry["preset"],
        extra=entry.get("extra"),
        fps=float(entry["fps"]),
        # Single keys first, each size in the order of KEY_ORDER: of two that fit, the first counts.
        keys=dict(sorted(keys.items(), key=lambda item: _rank(item[0]))),
        idle_action=idle_action,
        inputs=tuple(entry.get("inputs", ())),
    )


def _rank(keys: str) -> tuple[int, list[int]]:
    parts = keys.split("+")
    return len(parts), [KEY_ORDER.index(key) for key in parts]


GAMES: Final = read(Path(__file__).with_name("catalog.toml").read_text("utf-8"))
