"""Which actors and shards live, by what is heard of them, and what was lost with those that do not.

Knows nothing of Ray, which starts again whatever ends: here it is noticed that it did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from arcade_dqn.cluster.actor_process import Receipt
from arcade_dqn.cluster.shard import ShardState

_REST = 0.2
"""Seconds before an actor that failed is asked again: Ray needs them to restart it."""
_SILENCE = 10.0
"""Seconds without an answer after which an actor does not count as alive."""


@dataclass
class Lost:
    """What faults have cost so far."""

    batches: int = 0
    """Calls to actors that died under them."""
    steps: int = 0
    """Steps that these calls were for; they are played anew."""
    transitions: int = 0
    """Transitions that were in a shard when it died, or on their way to one."""
    too_old: int = 0
    """Transitions that came too late, and were dropped."""
    restarts: int = 0
    """Of actors and shards."""

    def restore(self, counts: Mapping[str, int]) -> None:
        """Go on counting from what a checkpoint holds; raises TypeError for what is not counted here."""
        vars(self).update(vars(Lost(**{name: int(value) for name, value in counts.items()})))


# --- actors ----------------------------------------------------------------------------------------------------------


class ActorState(Enum):
    """What is known of an actor."""

    STARTING = "starting"
    """None of its processes has answered yet."""
    PLAYING = "playing"
    """The process that answered last lives, as far as is known."""
    LOST = "lost"
    """A call was lost with the process that answered last, and no later one has answered."""


class Sign(Enum):
    """What is heard of an actor."""

    CALL_LOST = "a call was lost with its process"
    SAME_PROCESS = "an answer from the process that answered last"
    OTHER_PROCESS = "an answer from another process, or the first one"


TRANSITIONS: dict[tuple[ActorState, Sign], tuple[ActorState, bool]] = {
    # in this state, at this sign: the next state, and whether a restart is counted
    (ActorState.STARTING, Sign.CALL_LOST): (ActorState.LOST, True),
    (ActorState.STARTING, Sign.OTHER_PROCESS): (ActorState.PLAYING, False),
    (ActorState.PLAYING, Sign.CALL_LOST): (ActorState.LOST, True),
    (ActorState.PLAYING, Sign.SAME_PROCESS): (ActorState.PLAYING, False),
    (ActorState.PLAYING, Sign.OTHER_PROCESS): (ActorState.PLAYING, True),  # it ended between two calls
    (ActorState.LOST, Sign.CALL_LOST): (ActorState.LOST, False),  # one more call to the process that is gone
    (ActorState.LOST, Sign.SAME_PROCESS): (ActorState.LOST, False),  # what it had answered before its end
    (ActorState.LOST, Sign.OTHER_PROCESS): (ActorState.PLAYING, False),  # its restart is counted already
}
"""Without a row: whoever has not answered cannot answer from the same process again."""


@dataclass
class ActorLife:
    """What is known of one actor. Times are those of `time.monotonic`, in seconds."""

    heard: float
    """When it answered last; later, where nobody listened meanwhile."""
    state: ActorState = ActorState.STARTING
    pid: int = 0
    """Of the process that answered last; 0 if none ever has."""
    rests_until: float = 0.0
    steps_per_second: float = 0.0
    """A moving mean."""

    def call_lost(self, now: float) -> bool:
        """A call was lost with its process. Whether that is a restart which was not known."""
        self.steps_per_second, self.rests_until = 0.0, now + _REST
        return self._note(Sign.CALL_LOST)

    def answered(self, now: float, pid: int, steps: int, began: float) -> bool:
        """It has played so many steps, asked for at `began`, in this process. Whether a restart was not known."""
        rate = steps / max(now - max(self.heard, began), 1e-6)
        calm = self.steps_per_second
        self.steps_per_second = rate if not calm else calm + 0.2 * (rate - calm)
        self.heard = now
        restarted = self._note(Sign.SAME_PROCESS if pid == self.pid else Sign.OTHER_PROCESS)
        self.pid = pid
        return restarted

    def silence(self, now: float, asked: float) -> float:
        """Seconds for which it has not answered, where its oldest open call was made at `asked`."""
        return now - max(asked, self.heard)

    def alive(self, silence: float) -> bool:
        """Whether it counts as alive, after so many seconds of silence."""
        return self.state is ActorState.PLAYING and silence < _SILENCE

    def _note(self, sign: Sign) -> bool:
        self.state, restarted = TRANSITIONS[self.state, sign]
        return restarted


# --- shards ----------------------------------------------------------------------------------------------------------


class ShardLives:
    """The newest state of each shard that is known to live, by its number.

    Each start of a shard is a life (`ShardState.life`), and ends with all that the shard held:

        known           a state of this life    a state of another life          the end of this life
        nothing         kept                    kept                             nothing
        a life          kept if it is newer     this life ends, the other kept   nothing; its contents count as lost

    What was said in a life that has ended may come late, by way of an actor, and changes nothing.
    """

    def __init__(self, lost: Lost) -> None:
        """What ends and what comes too late is counted in `lost`."""
        self._lost = lost
        self.known: dict[int, ShardState] = {}
        self._ended: set[int] = set()

    def note(self, state: ShardState) -> None:
        """A shard has said how it is."""
        if state.life in self._ended:
            return
        before = self.known.get(state.number)
        if before is not None and before.life != state.life:
            self.end(state.number, before.life)
            before = None
        if before is None or (state.added, state.dropped) >= (before.added, before.dropped):
            self.known[state.number] = state
            self._lost.too_old += state.dropped - (0 if before is None else before.dropped)

    def end(self, number: int, life: int) -> None:
        """A shard is gone; by now a later life of it may be known."""
        self._ended.add(life)
        if number in self.known and self.known[number].life == life:
            state = self.known.pop(number)
            self._lost.transitions += state.size
            self._lost.restarts += 1

    def note_receipts(self, receipts: Iterable[Receipt]) -> None:
        """What came of segments that were sent to shards."""
        for one in receipts:
            if one.state is None:
                self._lost.transitions += one.transitions
            else:
                self.note(one.state)
