"""Arguments of an environment (`--env NAME=VALUE`): as typed, as recorded, and which of a file's are taken.

They go to the environment's own code. What a person types may therefore be any JSON; of what a file says, only what can
do no harm is taken, and the rest has to be typed again.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import shlex
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from arcade_dqn.errors import UsageError
from arcade_dqn.link.text import plain

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.+-]{0,39}")
"""A short text that can be no path, no address and no code."""
_MOST, _LONGEST = 32, 4000
_OURS: Final[Mapping[str, str]] = {
    "render_mode": "the arcade chooses it",
    "max_episode_steps": "--set environment.max_episode_steps=N sets it",
    "frameskip": "--set environment.frame_skip=N sets it",
    "repeat_action_probability": "--set environment.sticky_actions=X sets it",
    "full_action_space": "an agent has the actions that the game uses",
    "obs_type": "an agent sees grey pictures",
    "id": "it is the game itself",
    "autoreset": "the arcade resets a game itself",
    "disable_env_checker": "the arcade chooses it",
    "vectorization_mode": "environment.copies plays several",
}
"""Arguments that are settled otherwise."""

VARIABLE: Final = "ARCADE_DQN_ARGUMENTS"
"""The environment's variable that holds what was typed, as JSON: for the programs that this one starts."""


class ArgumentError(UsageError):
    """An argument that cannot be read, that the game does not take, or that has to be typed again."""


def parse(texts: Iterable[str]) -> dict[str, Any]:
    """The arguments of `NAME=VALUE`, where VALUE is JSON, or a word. Raises ArgumentError."""
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not _NAME.fullmatch(name):
            raise ArgumentError(f"--env {plain(repr(text), 100)} is not NAME=VALUE, such as is_slippery=false")
        if name in _OURS:
            raise ArgumentError(f"--env {name} is not allowed: {_OURS[name]}")
        found[name] = _value(name, value.strip())
    if len(found) > _MOST:
        raise ArgumentError(f"--env names {len(found)} arguments, and at most {_MOST} are passed on")
    return found


def _value(name: str, text: str) -> Any:
    if len(text) > _LONGEST:
        raise ArgumentError(f"--env {name} has {len(text):,} characters, and at most {_LONGEST:,} are passed on")
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        if text and text[0] not in "[{\"'" and text.isprintable() and text not in ("NaN", "Infinity", "-Infinity"):
            return {"True": True, "False": False, "None": None}.get(text, text)
    raise ArgumentError(
        f'--env {name}={plain(text, 80)} is no JSON; a value is such as 3, 0.5, true, a word, or \'["SF", "HG"]\''
    )


def _no_constant(text: str) -> Any:
    raise ValueError(text)


def type_in(arguments: Mapping[str, Any]) -> None:
    """A person has typed these, for the games of this process and of those that it starts."""
    if arguments:
        os.environ[VARIABLE] = json.dumps(arguments)
    else:
        os.environ.pop(VARIABLE, None)


def typed() -> Mapping[str, Any]:
    """What was typed, by name."""
    text = os.environ.get(VARIABLE)
    if not text:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ArgumentError(f"${VARIABLE} must be a JSON object of arguments, and --env NAME=VALUE is what sets it")
    return found


def of_model(game: str, recorded: Mapping[str, Any], trusted: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The arguments with which a model's game is made: what was typed, and what is taken of those that its file says.

    `trusted` are those of the run in whose folder it lies. Raises ArgumentError with what is to be typed.
    """
    harmless, given = _harmless(game), typed()
    known = trusted or {}
    refused = {
        name: value
        for name, value in recorded.items()
        if name not in given
        and not (_is_plain(value) and (name in harmless or (name in known and known[name] == value)))
    }
    _require_none(refused, f"a model for {game} was trained with")
    return {**recorded, **given}


def of_run(recorded: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with which a run's game is shown: what was typed, and the plain values of its settings.

    Raises ArgumentError with what is to be typed.
    """
    given = typed()
    refused = {name: value for name, value in recorded.items() if name not in given and not _is_plain(value)}
    _require_none(refused, "the run was trained with")
    return {**recorded, **given}


def require_same(recorded: Mapping[str, Any]) -> None:
    """Raise ArgumentError unless a run can go on with its recorded arguments: none typed differs, none is refused."""
    for name, value in typed().items():
        if name not in recorded or recorded[name] != value:
            had = f"{name}={_shown(recorded[name])}" if name in recorded else f"no {name}"
            raise ArgumentError(f"--env {name}={_shown(value)} does not fit: the run was trained with {had}")
    of_run(recorded)


def _require_none(refused: Mapping[str, Any], what: str) -> None:
    if refused:
        options = " ".join(f"--env {shlex.quote(f'{name}={_shown(value)}')}" for name, value in refused.items())
        raise ArgumentError(
            f"{what} arguments that are not taken from a file, because they go to the game's own code; if you trust "
            f"them, add {plain(options, 1000)}"
        )


def _shown(value: Any) -> str:
    return plain(value if isinstance(value, str) and _WORD.fullmatch(value) else json.dumps(value), 500)


def _is_plain(value: Any) -> bool:
    """A number, true, false, or a short word that can be no path."""
    if isinstance(value, str):
        return _WORD.fullmatch(value) is not None and ".." not in value
    return isinstance(value, bool | int | float) and abs(value) < 1e12


@cache
def _table() -> Mapping[str, frozenset[str]]:
    text = Path(__file__).with_name("harmless.toml").read_text("utf-8")
    return {game: frozenset(names) for game, names in tomllib.loads(text).items()}


def _harmless(game: str) -> frozenset[str]:
    family = game.partition("/")[0] + "/" if "/" in game else game
    return _table().get(game, frozenset()) | _table().get(family, frozenset())


def require_taken(id: str, arguments: Mapping[str, Any]) -> None:
    """Raise ArgumentError for the first argument that the environment `id` does not take.

    One that takes any (`**kwargs`) says so only when it is made.
    """
    if not arguments:
        return
    import gymnasium

    spec = gymnasium.registry.get(id)
    if spec is None or spec.entry_point is None:
        raise ArgumentError(f"{id} takes no arguments; leave --env {next(iter(arguments))} out")
    try:
        maker = (
            spec.entry_point
            if callable(spec.entry_point)
            else gymnasium.envs.registration.load_env_creator(spec.entry_point)
        )
        parameters = inspect.signature(maker).parameters
    except (ImportError, AttributeError, TypeError, ValueError):
        return  # made, it says what is wrong
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values()):
        return
    taken = [name for name in parameters if name not in _OURS]
    for name in arguments:
        if name not in taken:
            others = f"; it takes {', '.join(taken)}" if taken else ""
            raise ArgumentError(f"{id} takes no argument {name}{others}")
