"""What every row of the comparison is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.report import median
from benchmarks.worker import MeasurementFailed, Patience, Worker

T = TypeVar("T")


@dataclass(frozen=True)
class Plan:
    """How long to measure, whom to ask, and where to tell."""

    short: bool
    patience: Patience
    peer_python: str | MeasurementFailed
    """The Python of the peers' environment, or why there is none."""
    say: Callable[[dict[str, Any]], None]
    """Prints one raw measurement as a JSON line."""
    keep: Path | None = None
    """Where the long runs stay; None removes them."""

    def pick(self, *, short: T, full: T) -> T:
        """What this run's length asks for."""
        return short if self.short else full

    def worker(self, command: Sequence[str]) -> Worker:
        """A child program that shares this run's patience."""
        return Worker(command, self.patience)

    def peer(self, module: str, *arguments: object) -> Worker:
        """The same, in the peers' environment."""
        if isinstance(self.peer_python, MeasurementFailed):
            raise self.peer_python
        return self.worker([self.peer_python, "-P", "-m", module, *map(str, arguments)])


def fastest(rates: Mapping[int, Sequence[float]]) -> int:
    """The number of threads on which a peer did most, by the median of its turns."""
    return max(rates, key=lambda number: median(rates[number]))
