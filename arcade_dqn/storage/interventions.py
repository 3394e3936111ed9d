"""What a person changed in a running training, and when: read from one run's record, to be made again in another."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from arcade_dqn.link.commands import checked_value, parse_object

MAX_BYTES = 4 * 1024 * 1024
"""Most bytes of a list of interventions as text."""


class Intervention(NamedTuple):
    """One change, made after `step` steps. `name` and `value` are those of the trainer's command `set`."""

    step: int
    name: str
    value: float | int | None


def made_in(records: Iterable[Mapping[str, Any]]) -> list[Intervention]:
    """The interventions among the records of a metrics.jsonl, in order.

    Those of the speed limit are left out: they change how long a training takes, but not what it learns. Raises
    ValueError for a record that is no intervention.
    """
    return [
        _checked(record) for record in records if record.get("kind") == "set" and record.get("name") != "speed_limit"
    ]


def to_json(interventions: Iterable[Intervention]) -> str:
    return json.dumps({"interventions": [one._asdict() for one in interventions]}, indent=1)


def from_json(text: bytes | str) -> list[Intervention]:
    """What `to_json` wrote. Raises ValueError, with a sentence, for anything else."""
    found = parse_object(text, MAX_BYTES).get("interventions")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ValueError("holds no list of interventions")
    return [_checked(one) for one in found]


def _checked(table: Mapping[str, Any]) -> Intervention:
    step, name = table.get("step"), table.get("name")
    if isinstance(step, bool) or not isinstance(step, int) or step < 0:
        raise ValueError(f"holds an intervention at step {json.dumps(step)[:40]}; it must be a whole number from 0")
    return Intervention(step, str(name), checked_value(name, table.get("value")))
