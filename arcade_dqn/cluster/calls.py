"""What the actors owe: the batches that they were asked for and have not answered. Knows nothing of Ray."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple


class Call(NamedTuple):
    """A batch that an actor was asked for."""

    actor: int
    steps: int
    version: int
    """Of the weights that it is played with."""
    began: float
    """When it was asked for, by `time.monotonic`."""


class Calls:
    """The open calls, each by the reference to its answer."""

    def __init__(self) -> None:
        self._calls: dict[Any, Call] = {}
        self._of: Counter[int] = Counter()
        self.steps = 0
        """Steps of all open calls."""

    def open(self, answer: Any, call: Call) -> None:
        """An actor was asked, and will answer here."""
        self._calls[answer] = call
        self._of[call.actor] += 1
        self.steps += call.steps

    def close(self, answer: Any) -> Call:
        """The call whose answer is here, or lost; it is owed no longer."""
        call = self._calls.pop(answer)
        self._of[call.actor] -= 1
        self.steps -= call.steps
        return call

    def __iter__(self) -> Iterator[Any]:
        """The references to the answers, in the order of the calls."""
        return iter(self._calls)

    def __len__(self) -> int:
        return len(self._calls)

    def __contains__(self, answer: Any) -> bool:
        return answer in self._calls

    def of(self, actor: int) -> int:
        """How many an actor owes."""
        return self._of[actor]

    def actors(self, answers: set[Any]) -> set[int]:
        """The actors who owe these answers."""
        return {self._calls[answer].actor for answer in answers}

    def oldest_version(self, newest: int) -> int:
        """Of the weights that are played with; `newest` if nobody plays."""
        return min((call.version for call in self._calls.values()), default=newest)

    def oldest(self) -> dict[int, float]:
        """Since when each actor who owes something owes it.

        Where the learner is behind, nobody is asked, and nobody answers for good reason.
        """
        began: dict[int, float] = {}
        for call in self._calls.values():
            began[call.actor] = min(began.get(call.actor, call.began), call.began)
        return began
