"""What a comparison found: lines with their spread, as JSON and as a Markdown table."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    row: str
    measured: str
    unit: str
    ours: Sequence[float]
    peer: Sequence[float] = ()
    peer_name: str = ""
    score: Sequence[float] = ()
    """What the aim speaks of: the ratio of each pair, or the share or size in each turn."""
    percent: bool = False
    """The score is a share."""
    aim: str = ""
    met: bool | None = None
    """None where nothing is promised, or where a short run cannot tell."""
    notes: Sequence[str] = ()
    details: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As a JSON line."""
        return {
            "row": self.row,
            "measured": self.measured,
            "unit": self.unit,
            "ours": _spread(self.ours),
            "peer_name": self.peer_name,
            "peer": _spread(self.peer),
            "score": _spread(self.score),
            "aim": self.aim,
            "met": self.met,
            "notes": list(self.notes),
            **self.details,
        }


@dataclass(frozen=True)
class Failure:
    """A row that could not be measured."""

    row: str
    message: str

    def to_dict(self) -> dict[str, Any]:
        return {"row": self.row, "failed": self.message}


def table(results: Iterable[Line | Failure]) -> str:
    """The Markdown table, and the notes under it."""
    rows = [
        "| row | measured | this project | peer | ratio or share, median (min to max) | aim | met |",
        "|---|---|---|---|---|---|---|",
    ]
    notes = []
    seeds: dict[str, str] = {}
    for result in results:
        if isinstance(result, Failure):
            rows.append(f"| {result.row} | **failed**: {result.message.replace('|', '/')} | | | | | not measured |")
            continue
        peer = f"{result.peer_name}: {_text(result.peer)}" if result.peer else result.peer_name
        met = {True: "yes", False: "no", None: ""}[result.met]
        measured = f"{result.measured}, {result.unit}" if result.unit else result.measured
        score = _text(result.score, percent=result.percent)
        rows.append(f"| {result.row} | {measured} | {_text(result.ours)} | {peer} | {score} | {result.aim} | {met} |")
        used = result.details.get("seeds", [result.details["seed"]] if "seed" in result.details else [])
        if used:
            seeds[result.row] = " ".join(map(str, used))
        notes += [f"- {result.row}, {result.measured}: {note}" for note in result.notes]
    if seeds:
        notes.append("- seeds: " + "; ".join(f"{row} {used}" for row, used in seeds.items()))
    return "\n".join([*rows, *([""] if notes else []), *notes]) + "\n"


def median(values: Sequence[float]) -> float:
    return float(statistics.median(values))


def _spread(values: Sequence[float]) -> dict[str, Any] | None:
    if not values:
        return None
    rounded = [float(f"{value:.5g}") for value in values]
    return {"median": median(rounded), "min": min(rounded), "max": max(rounded), "values": rounded}


def _text(values: Sequence[float], *, percent: bool = False) -> str:
    if not values:
        return ""
    one = _percent if percent else _number
    middle = one(median(values))
    return middle if len(values) == 1 else f"{middle} ({one(min(values))} to {one(max(values))})"


def _percent(value: float) -> str:
    return f"{value:.1%}"


def _number(value: float) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
