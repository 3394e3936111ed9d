"""What a form, a help page or a refusal says of a setting: all of it is read off its definition."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from arcade_dqn.errors import UsageError


class SettingsError(UsageError):
    """A setting, a value or a preset that does not exist or is not allowed."""


@dataclass(frozen=True)
class SettingInfo:
    """What a form or a help page needs to know about one setting."""

    name: str
    """Dotted: `learning.learning_rate`."""
    type: Literal["bool", "int", "float", "choice", "ints", "text"]
    optional: bool
    """Whether `none` is a value."""
    default: Any
    low: float | None
    high: float | None
    choices: tuple[str, ...]
    unit: str
    help: str

    @property
    def allowed(self) -> str:
        """The allowed values, in words."""
        match self.type:
            case "choice":
                return " or ".join(self.choices)
            case "bool":
                return "true or false"
            case "text":
                return "up to 120 printable characters, or none"
            case "ints":
                return "whole numbers from 1 to 4096 separated by commas, such as 120,84"
            case _:
                assert self.low is not None
                assert self.high is not None
                if self.type == "int":
                    words = f"a whole number from {int(self.low):,} to {int(self.high):,}"
                else:
                    words = f"a number from {self.low:,.10g} to {self.high:,.10g}"
                return f"{words}, or none" if self.optional else words


def describe(name: str, field: FieldInfo) -> SettingInfo:
    """What is to be known of the setting `name`, which is defined by `field`."""
    bounds: dict[str, float] = {}
    for constraint in field.metadata:
        for side in ("ge", "le"):
            if hasattr(constraint, side):
                bounds[side] = getattr(constraint, side)
    annotation = field.annotation
    choices: tuple[str, ...] = ()
    optional = get_origin(annotation) is UnionType
    if optional:
        annotation = next(member for member in get_args(annotation) if member is not NoneType)
    kind: Literal["bool", "int", "float", "choice", "ints", "text"]
    if get_origin(annotation) is Literal:
        kind, choices = "choice", tuple(get_args(annotation))
    elif get_origin(annotation) is tuple:
        kind = "ints"
    elif annotation is str:
        kind = "text"
    else:
        assert annotation in (bool, int, float)
        kind = annotation.__name__  # type: ignore[assignment]
    extra = field.json_schema_extra
    unit = str(extra["unit"]) if isinstance(extra, dict) else ""
    low, high = bounds.get("ge"), bounds.get("le")
    return SettingInfo(name, kind, optional, field.default, low, high, choices, unit, field.description or "")


def sentence(error: ValidationError, table: Mapping[str, SettingInfo]) -> str:
    """The first thing wrong, as one sentence naming the setting, its value and what is allowed."""
    first = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"][:2])
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    if first["type"] == "extra_forbidden":
        return f"there is no setting named {name!r}"
    value = first.get("input")
    if name in table:
        return f"{name} = {_shown(value)} is not allowed; it must be {table[name].allowed}"
    if first["type"] == "missing":
        return f"{name or 'a value'} is missing"
    if first["type"] == "string_pattern_mismatch":
        return f"{name} = {_shown(value)} is not allowed; it must be letters, digits, dots, dashes and underscores"
    return f"{name or 'the text'} = {_shown(value)}: {first['msg'].lower()}"


def _shown(value: Any) -> str:
    """The value as one would type it; text that is no number in quotation marks, so that odd characters show."""
    if not isinstance(value, str):
        return json.dumps(value, default=str)[:60]
    try:
        float(value)
    except ValueError:
        return repr(value[:60])
    return value[:60] if value.isprintable() else repr(value[:60])
