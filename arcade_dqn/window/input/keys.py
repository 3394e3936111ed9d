"""The window's keys, once: what the keyboard does, the hints and the help are all made from this table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pygame

from arcade_dqn.games.info import GameInfo

Hint = tuple[tuple[str, ...], str]
"""Names of keys, and what they do."""


@dataclass(frozen=True)
class Binding:
    """One command and the keys that give it."""

    command: str
    keys: tuple[str, ...]
    """As pygame names them (`pygame.key.key_code`), or the single character that is typed."""
    help: str
    hint: str = ""
    """The word in the footer; "" if it is only in the help."""


BINDINGS: tuple[Binding, ...] = (
    Binding("pause", ("space", "p"), "pause the play, and go on", "pause"),
    Binding("slower", ("-",), "slower, down to 1/8"),
    Binding("faster", ("+", "="), "faster, up to 8 times and then unlimited", "speed"),
    Binding("step", (".", "n"), "one step while paused"),
    Binding("restart", ("r",), "this episode from its start"),
    Binding("greedy", ("g",), "greedy: no random actions", "greedy"),
    Binding("controls", ("h",), "take the controls, and hand them back", "play"),
    Binding("teach", ("t",), "let the run learn from your play, too"),
    Binding("next_view", ("tab",), "the next view", "views"),
    Binding("q_values", ("q",), "Q-values, or nothing"),
    Binding("over_time", ("v",), "Q-values over time"),
    Binding("returns", ("d",), "distribution of returns"),
    Binding("chances", ("a",), "chance of each action"),
    Binding("inputs", ("i",), "inputs that move the choice"),
    Binding("sees", ("o",), "what the agent sees"),
    Binding("fullscreen", ("f", "f11"), "fullscreen, and back"),
    Binding("screenshot", ("s",), "screenshot (PNG)"),
    Binding("film", ("c",), "start and end a film (MP4)", "film"),
    Binding("gif", ("C",), "start and end a film (GIF)"),
    Binding("sounds", ("m",), "sounds on, and off"),
    Binding("help", ("?", "f1"), "these keys", "keys"),
    Binding("close", ("escape",), "close; training goes on"),
)

_SHOWN = {
    "escape": "Esc",
    "space": "Space",
    "f1": "F1",
    "f11": "F11",
    "tab": "Tab",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
}
_GROUPS = (
    ("The play", ("pause", "slower", "faster", "step", "restart")),
    ("The agent", ("greedy", "controls", "teach")),
    ("Views", ("next_view", "q_values", "over_time", "returns", "chances", "inputs", "sees")),
    ("The window", ("fullscreen", "screenshot", "film", "gif", "sounds", "help", "close")),
)
_GAMEPAD: tuple[Hint, ...] = (
    (("D-pad", "stick"), "the game's arrows"),
    (("A", "B", "X", "Y"), "the game's space"),
    (("Start",), "pause"),
    (("Back",), "take the controls"),
    (("LB", "RB"), "slower, faster"),
)
"""`gamepads.py` does what this says."""


def shown(key: str) -> str:
    """A key's name on a keycap."""
    if len(key) == 1 and key.isupper():
        return f"Shift {key}"
    return _SHOWN.get(key, key.upper() if len(key) == 1 else key.capitalize())


def command_for(key: int, typed: str, taken: Iterable[str] = ()) -> str:
    """The command of a key press (pygame's code, and the character that it typed), or "".

    Keys named in `taken` belong to the game while a person plays it.
    """
    name = pygame.key.name(key).lower()
    if name in taken:
        return ""
    for binding in BINDINGS:
        # Signs sit on different keys of different keyboards: the character counts. Letters count by their key too, so
        # that they work with Caps Lock and on other alphabets; a shifted letter only where it means something itself.
        if typed and typed in binding.keys:
            return binding.command
    for binding in BINDINGS:
        if name in binding.keys and len(name) > 1:
            return binding.command
    for binding in BINDINGS:
        if name in binding.keys and name.isalpha():
            return binding.command
    return ""


def game_keys(info: GameInfo) -> frozenset[str]:
    """The single keys that a person plays this game with."""
    return frozenset(part for combination in info.keys for part in combination.split("+"))


_WAITING = {"faster": "speed", "restart": "this round again", "help": "keys"}


def hints(info: GameInfo, person: bool, *, agent: bool = True, waits: bool = False) -> tuple[Hint, ...]:
    """The footer: the commands worth knowing, or a person's keys; `agent`: whether one could take over.

    A person who `waits` until another one is through may hurry that, or begin again.
    """
    if person and waits:
        found = (binding for binding in BINDINGS if binding.command in _WAITING)
        return tuple((_hint(binding)[0], _WAITING[binding.command]) for binding in found)
    if not person:
        return tuple(_hint(binding) for binding in BINDINGS if binding.hint)
    own = tuple(((shown(key),), info.actions[action]) for key, action in info.keys.items() if "+" not in key)
    # Where the game has the first key of a command, another one gives it.
    taken = game_keys(info)
    back = tuple(
        ((shown(free[0]),), "hand back" if binding.command == "controls" else binding.hint)
        for binding in BINDINGS
        if (binding.command in ("pause", "help") or (binding.command == "controls" and agent))
        and (free := [key for key in binding.keys if key not in taken])
    )
    return own + back


def help_groups(info: GameInfo, *, gamepad: bool = False) -> tuple[tuple[str, tuple[Hint, ...]], ...]:
    """Everything, for the help; `gamepad`: whether one is there."""
    by_command = {binding.command: binding for binding in BINDINGS}
    groups = [
        (
            name,
            tuple((tuple(map(shown, by_command[command].keys)), by_command[command].help) for command in commands),
        )
        for name, commands in _GROUPS
    ]
    own = tuple(((shown(key),), info.actions[action]) for key, action in info.keys.items() if "+" not in key)
    if own:
        groups.append(("You", own))
    if gamepad:
        groups.append(("Gamepad", _GAMEPAD))
    return tuple(groups)


def _hint(binding: Binding) -> Hint:
    if binding.command == "faster":
        return (("-", "+"), binding.hint)
    return ((shown(binding.keys[0]),), binding.hint)
