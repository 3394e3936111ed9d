"""The JSON lines between a trainer and whoever drives it.

Commands go to the trainer's standard input, one JSON object a line:

    {"id": 7, "name": "step", "arguments": {"count": 4}}

Each gets one answer on the trainer's standard output, where the other events come too (started, warm, state, progress,
set, evaluation, confirmation, replay, demonstration, checkpoint, saved, cluster, warning, ended):

    {"event": "ack", "id": 7}
    {"event": "error", "id": 7, "message": "step's count = 0 is not allowed; ..."}

What comes in is not trusted: lines are bounded, names and arguments are checked against a table, nothing is evaluated.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from arcade_dqn.config import setting_table
from arcade_dqn.errors import ArcadeError
from arcade_dqn.link.text import plain

MAX_COMMAND = 64 * 1024
"""Most bytes in the line of a command."""
MAX_EVENT = 1024 * 1024
"""Most bytes in the line of an event."""
MAX_STEPS = 1_000_000
"""Most steps that one `step` command may ask for."""

NAMES = ("pause", "resume", "step", "save", "evaluate", "stop", "set", "inspect", "open")
JUMPS = ("", "end", "reward", "surprise")
"""Where `inspect` may go on to from the transition that it names."""
SETTABLE: Mapping[str, str] = {
    "learning_rate": "learning.learning_rate",
    "target_period": "learning.target_period",
    "updates_per_train": "learning.updates_per_train",
    "speed_limit": "run.speed_limit",
}
"""What `set` may change besides epsilon, with the setting whose type and bounds hold for it."""


Event = dict[str, Any]
"""What the trainer tells: the key `event` has its name, the others are its own."""


class CommandError(ArcadeError):
    """A line that is not a command. `id` is the command's id if the line had a usable one."""

    def __init__(self, message: str, id: str | int | None = None) -> None:
        super().__init__(message)
        self.id = id


@dataclass(frozen=True)
class Command:
    """A checked command. `arguments` holds exactly the arguments of its name, defaults filled in."""

    id: str | int
    name: str
    arguments: dict[str, Any] = field(default_factory=dict)


# --- lines ---------------------------------------------------------------------------------------------------------


def encode(message: Mapping[str, Any]) -> bytes:
    """One JSON line. NumPy scalars become numbers, paths become text, numbers that are not finite become null."""
    try:
        text = json.dumps(message, separators=(",", ":"), allow_nan=False, default=_plain_value)
    except ValueError:
        text = json.dumps(_finite(message), separators=(",", ":"), allow_nan=False)
    return text.encode("ascii") + b"\n"


def _plain_value(value: Any) -> Any:
    if hasattr(value, "__fspath__"):
        return str(value)
    if getattr(value, "shape", None) == ():
        return value.item()
    raise TypeError(f"{type(value).__name__} does not go into a JSON line")


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    return _finite(_plain_value(value))


def read_lines(stream: BinaryIO, limit: int = MAX_COMMAND) -> Iterator[bytes]:
    """The lines of `stream` until it ends, never holding more than `limit` bytes and a little of one.

    Of a longer line, `limit + 1` bytes come (which `parse_command` refuses) and the rest is thrown away.
    """
    while line := stream.readline(limit + 1):
        end = line
        while len(end) > limit and not end.endswith(b"\n"):
            end = stream.readline(limit + 1)
        if line.strip():
            yield line


def parse_object(text: bytes | str, limit: int) -> dict[str, Any]:
    """The JSON object in at most `limit` bytes, stricter than `json.loads`: no NaN, no key twice, no endless numbers.

    Raises ValueError with the rest of a sentence that begins with whatever the caller calls the text.
    """
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(data) > limit:
        raise ValueError(f"is longer than {limit} bytes")
    try:
        found = json.loads(
            data.decode("utf-8"),
            parse_constant=_no_constant,
            parse_int=_int,
            parse_float=_float,
            object_pairs_hook=_no_twins,
        )
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON ({error.msg} at character {error.pos + 1})") from error
    except UnicodeDecodeError as error:
        raise ValueError("is not UTF-8") from error
    if not isinstance(found, dict):
        raise ValueError("is not a JSON object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"holds {name}, which is not a JSON number")


def _int(digits: str) -> int:
    if len(digits) > 40:
        raise ValueError("holds a number with too many digits")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("holds a number that is too large")
    return number


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("names the same key twice")
    return table


# --- commands ------------------------------------------------------------------------------------------------------


def parse_command(line: bytes | str) -> Command:
    """The command on a line. Raises CommandError with a sentence that says what would be right."""
    try:
        found = parse_object(line, MAX_COMMAND)
    except ValueError as error:
        raise CommandError(f"not a command: the line {error}") from error
    id = found.get("id")
    if isinstance(id, bool) or not isinstance(id, str | int) or len(str(id)) > 64:
        raise CommandError('a command needs an "id": a whole number, or text of at most 64 characters')
    if unknown := found.keys() - {"id", "name", "arguments"}:
        raise CommandError(f'a command has "id", "name" and "arguments", but no {_quoted(min(unknown))}', id)
    name, arguments = found.get("name"), found.get("arguments", {})
    if name not in NAMES:
        raise CommandError(f"there is no command {_quoted(name)}; the commands are {', '.join(NAMES)}", id)
    if not isinstance(arguments, dict):
        raise CommandError(f'the "arguments" of {name} must be a JSON object', id)
    try:
        return Command(id, name, _checked_arguments(name, arguments))
    except ValueError as error:
        raise CommandError(str(error), id) from error


def _checked_arguments(name: str, given: dict[str, Any]) -> dict[str, Any]:
    allowed = {"step": {"count"}, "set": {"name", "value"}, "open": {"run"}, "inspect": {"number", "jump"}}.get(
        name, set()
    )
    if unknown := given.keys() - allowed:
        takes = " and ".join(sorted(allowed)) or "no arguments"
        raise ValueError(f"{name} takes {takes}, not {_quoted(min(unknown))}")
    match name:
        case "step":
            return {"count": _number("step's count", given.get("count", 1), 1, MAX_STEPS, whole=True)}
        case "inspect":
            number, jump = given.get("number"), given.get("jump", "")
            if jump not in JUMPS:
                raise ValueError(f"inspect's jump = {_quoted(jump)} is not allowed; it must be {_words(JUMPS)}")
            if number is not None:
                number = _number("inspect's number", number, 0, 2**53, whole=True)
            return {"number": number, "jump": jump}
        case "open":
            run = given.get("run")
            if not isinstance(run, str) or not 0 < len(run) <= 4096 or "\0" in run:
                raise ValueError("open needs a run: the path of its folder")
            return {"run": run}
        case "set":
            if "name" not in given or "value" not in given:
                raise ValueError("set needs a name and a value")
            return {"name": given["name"], "value": checked_value(given["name"], given["value"])}
        case _:
            return {}


def checked_value(name: Any, value: Any) -> float | int | None:
    """What `set` would give to `name`. Raises ValueError with a sentence for a name or a value that is not allowed."""
    if name == "epsilon":
        if value is None:
            return None
        return _number("epsilon", value, 0.0, 1.0, also=", or null to hand it back to its schedule")
    if not isinstance(name, str) or name not in SETTABLE:
        raise ValueError(f"set cannot change {_quoted(name)}; it can change epsilon, {', '.join(SETTABLE)}")
    info = setting_table()[SETTABLE[name]]
    assert info.low is not None
    assert info.high is not None
    return _number(name, value, info.low, info.high, whole=info.type == "int")


def _number(name: str, value: Any, low: float, high: float, *, whole: bool = False, also: str = "") -> float | int:
    fits = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    if not fits or not low <= value <= high:
        bounds = f"a whole number from {int(low):,} to {int(high):,}" if whole else f"a number from {low:g} to {high:g}"
        raise ValueError(f"{name} = {_quoted(value)} is not allowed; it must be {bounds}{also}")
    return int(value) if whole else float(value)


def _words(names: tuple[str, ...]) -> str:
    return " or ".join(name or "empty" for name in names)


def _quoted(value: Any) -> str:
    return plain(json.dumps(value), 60)


# --- events --------------------------------------------------------------------------------------------------------


def ack(id: str | int) -> dict[str, Any]:
    """The answer to a command that was carried out or begun."""
    return {"event": "ack", "id": id}


def failure(id: str | int | None, message: str) -> dict[str, Any]:
    """The answer to a command that was refused; `id` is None for a line that had none."""
    return {"event": "error", "id": id, "message": message}


def parse_event(line: bytes | str) -> dict[str, Any]:
    """The event on a line that a child program printed.

    A line that is no event (a library printed it) becomes {"event": "output", "text": ...}, so that nothing is lost.
    """
    try:
        found = parse_object(line, MAX_EVENT)
        if isinstance(found.get("event"), str):
            return found
    except ValueError:
        pass  # told as output, below
    text = line if isinstance(line, str) else line[:4096].decode("utf-8", "replace")
    return {"event": "output", "text": plain(text, 500)}
