"""The actors and shards of a run that is spread over many processes, in one line."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

from textual.content import Content

from arcade_dqn.link.text import is_number

_LEVELS = "▁▂▃▄▅▆▇█"
MOST_BARS = 16
"""Actors or shards that a line shows one by one; of more, neighbours share a bar."""


def bars(values: list[float], highest: float) -> str:
    """A bar for each value, of `highest` at most; neighbours are averaged where there are more than MOST_BARS."""
    if not values or highest <= 0:
        return ""
    width = min(len(values), MOST_BARS)
    edges = [len(values) * i // width for i in range(width + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in itertools.pairwise(edges)]
    return "".join(_LEVELS[min(max(math.ceil(mean / highest * len(_LEVELS)), 1), len(_LEVELS)) - 1] for mean in means)


def status_line(told: Mapping[str, Any], width: int) -> Content:
    """What the event `cluster` told: actors alive and their speeds, fill of the shards, lag of the weights, losses.

    What does not fit into `width` cells is left out from the end.
    """
    rates = _numbers(told.get("steps_per_second"))
    shards = [pair for pair in told.get("shards") or () if isinstance(pair, list) and len(_numbers(pair)) == 2]
    fills = [size / capacity if capacity else 0.0 for size, capacity in shards]
    alive, actors = _count(told, "alive"), _count(told, "actors")
    lost = _count(told, "lost_steps") + _count(told, "lost_transitions")
    facts = [
        ("actors ", f"{alive:,} of {actors:,}", "$text-warning" if alive < actors else "$foreground"),
        ("each ", f"{bars(rates, max(rates, default=0))} {sum(rates) / max(len(rates), 1):,.0f}/s", "$foreground"),
        ("shards ", f"{bars(fills, 1.0)} {sum(fills) / max(len(fills), 1):.0%}", "$foreground"),
        ("lag ", f"{_count(told, 'lag'):,}", "$foreground"),
        ("lost ", f"{lost:,}", "$text-warning" if lost else "$foreground"),
        ("late ", f"{_count(told, 'too_old'):,}", "$foreground"),
    ]
    line = Content(" ")
    for name, text, tone in facts:
        more = Content.assemble((name, "$muted"), (text, tone))
        between = Content("   " if len(line) > 1 else "")
        if len(line) + len(between) + len(more) > width:
            break
        line = line + between + more
    return line


def _numbers(value: Any) -> list[float]:
    found = value if isinstance(value, list) else []
    return [float(one) for one in found if is_number(one)]


def _count(told: Mapping[str, Any], name: str) -> int:
    value = told.get(name)
    return value if isinstance(value, int) else 0
