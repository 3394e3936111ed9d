"""Other keys than those of `keys.py`, as a person's preferences name them: checked, and shown."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping

from textual.binding import Binding
from textual.keys import KEY_NAME_REPLACEMENTS, REPLACED_KEYS, Keys, format_key, key_to_character

from arcade_dqn.preferences import did_you_mean, the_first
from arcade_dqn.tui import keys

Keymap = Mapping[str, str]
"""Binding id -> keys by Textual's names, with commas between them."""

_NAMED = frozenset(key.value for key in Keys if not key.value.startswith("<"))
_MODIFIERS = ("ctrl", "shift", "alt")
TAKEN = frozenset({"up", "down", "pageup", "pagedown", "home", "end", "enter", "tab", "shift+tab", "ctrl+c"})
"""Keys that lists, fields and the terminal answer themselves before a screen's binding could: they can only be given to
what has them already."""

_SENT_AS = {"ctrl+h": "backspace", "ctrl+i": "tab", "ctrl+m": "enter"}
"""Keys whose control character is another key's, so that a terminal cannot tell them apart."""


def bindings() -> Iterator[tuple[str, Binding]]:
    """(place, binding) of every key that can be changed."""
    for place, section in keys.SECTIONS.items():
        for binding in section:
            assert isinstance(binding, Binding)
            yield place, binding


def normal(key: str) -> str | None:
    """Textual's name of a key that a person wrote, such as `slash` for `/`; None if there is no such key."""
    key = key.strip()
    if len(key) == 1:
        return _name(key) if key.isprintable() else None
    *modifiers, base = key.lower().split("+")
    if len(base) == 1:
        if modifiers == ["shift"] and base.isalpha():
            return base.upper()  # what a terminal sends for it
        base = _name(base)
    if any(modifier not in _MODIFIERS for modifier in modifiers) or not base:
        return None
    # A list that is taken apart at its commas cannot hold one.
    whole = "+".join([*sorted(modifiers, key=_MODIFIERS.index), base])
    return whole if whole in _NAMED or base in _NAMED or base == "space" or _types(base) else None


def _types(key: str) -> bool:
    """Whether a key writes a character into a field."""
    return key_to_character(REPLACED_KEYS.get(key, key)) is not None


def _name(character: str) -> str:
    if character.isalnum():
        return character
    name = unicodedata.name(character, character).lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name)


def checked(wanted: Mapping[str, str], file: str) -> tuple[Keymap, list[str]]:
    """Those of the `wanted` keys (id -> keys) that can be had, and a sentence for each that cannot; `file` names where
    they stand. What cannot be had stays as it is.
    """
    defaults = {binding.id: binding for _, binding in bindings() if binding.id is not None}
    keymap: dict[str, str] = {}
    problems = []
    for id, words in wanted.items():
        if id not in defaults:
            problems.append(f"{file}: there is no key called {id}{did_you_mean(id, defaults)}")
            continue
        own = set(_normal_list(defaults[id].key))
        found = []
        for word in [","] if words == "," else words.split(","):
            key = normal(word)
            if key is None:
                problems.append(f'{file}: keys.{id} = "{words}": there is no key {word.strip()}; write t, ctrl+t or f5')
            elif defaults[id].priority and (_types(key) or key == "space"):
                problems.append(f'{file}: keys.{id} = "{words}": it must be a key that types nothing, such as ctrl+t')
            elif other := _SENT_AS.get(key):
                problems.append(f'{file}: keys.{id} = "{words}": terminals send {other} for {key}; choose another key')
            elif key in TAKEN and key not in own:
                problems.append(f'{file}: keys.{id} = "{words}": {key} has a use of its own; choose another key')
            else:
                found.append(key)
        if found:
            keymap[id] = ",".join(dict.fromkeys(found))
    while clash := _clash(keymap):
        id, other, key = clash
        problems.append(f'{file}: keys.{id} = "{wanted[id]}" clashes with {other}, which has {key}; it stays as it was')
        del keymap[id]
    return keymap, the_first(problems, file)


def _normal_list(words: str) -> list[str]:
    return [normal(word) or word for word in words.split(",")]


def _clash(keymap: Keymap) -> tuple[str, str, str] | None:
    """(changed id, other id, key) of two bindings of one place, or of one place and everywhere, with one key."""
    for place, section in keys.SECTIONS.items():
        users: dict[str, list[str]] = defaultdict(list)
        together = section if place == keys.EVERYWHERE_PLACE else [*keys.EVERYWHERE, *section]
        for binding in together:
            assert isinstance(binding, Binding)
            assert binding.id is not None
            for key in keymap[binding.id].split(",") if binding.id in keymap else _normal_list(binding.key):
                users[key].append(binding.id)
        for key, ids in users.items():
            changed = [id for id in ids if id in keymap]
            if len(ids) > 1 and changed:
                return changed[-1], next(id for id in ids if id != changed[-1]), key
    return None


def shown(binding: Binding, keymap: Keymap) -> str | None:
    """How the keys that a person gave a binding are written; None if it has its own."""
    words = keymap.get(binding.id or "")
    return "/".join(_shown(key) for key in words.split(",")) if words else None


def _shown(key: str) -> str:
    *modifiers, base = key.split("+")
    text = format_key(base)
    if "ctrl" in modifiers:
        modifiers.remove("ctrl")
        text = f"^{text}"
    return "+".join([*modifiers, text.upper() if len(base) > 1 and base[0] == "f" and base[1:].isdigit() else text])
