"""The way of segments to the shards, for actors and for the learner, which sends what a person has played."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

import ray
from ray.exceptions import GetTimeoutError, ObjectLostError, RayActorError

from arcade_dqn.cluster.actor_process import Receipt
from arcade_dqn.cluster.segments import Segment

GONE = (RayActorError, ObjectLostError)
"""What Ray says of answers that will never come."""
_UNANSWERED = 2
"""Batches on their way to a shard that are not waited for."""
_PATIENCE = 60.0
"""Seconds that are waited for the answer to an older one; then it counts as lost."""


class _Waiting(NamedTuple):
    """Segments on their way to a shard."""

    answer: Any
    transitions: int


class Outbox:
    """Hands segments to the shards in turn, and hears what became of them."""

    def __init__(self, shards: Sequence[Any], turn: int) -> None:
        self._shards = shards
        self._turn = turn
        self._waiting: deque[_Waiting] = deque()

    def send(self, segments: list[Segment]) -> None:
        shard = self._shards[self._turn % len(self._shards)]
        self._turn += 1
        self._waiting.append(_Waiting(shard.add.remote(segments), sum(one.transitions for one in segments)))

    def receipts(self, *, wait: bool) -> list[Receipt]:
        """What came of them, in order; with `wait`, of all but the newest few: whoever is too fast is held up here."""
        found = []
        while self._waiting:
            patience = _PATIENCE if wait and len(self._waiting) > _UNANSWERED else 0
            answer, transitions = self._waiting[0]
            try:
                found.append(Receipt(ray.get(answer, timeout=patience), transitions))
            except GetTimeoutError:
                if not patience:
                    break
                found.append(Receipt(None, transitions))
            except GONE:
                found.append(Receipt(None, transitions))
            self._waiting.popleft()
        return found
