"""The states that a run goes through, and which may follow which."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """What a run is doing: `link.board.STATES`, and what the event `state` tells."""

    STARTING = "starting"
    """Its parts are made."""
    WARMING = "warming"
    """It has gone on from its checkpoint, if it has one, and the gradient step is compiled."""
    TRAINING = "training"
    PAUSED = "paused"
    EVALUATING = "evaluating"
    SAVING = "saving"
    """Because a person asked for it, or at the end; checkpoints that are due are part of training."""
    STOPPING = "stopping"
    """No step of training comes any more; the final evaluation may."""
    DONE = "done"
    """All is saved, whether the run was trained to its end or stopped."""
    FAILED = "failed"


FOLLOWS: Mapping[State, frozenset[State]] = {
    State.STARTING: frozenset({State.WARMING}),
    State.WARMING: frozenset({State.TRAINING}),
    State.TRAINING: frozenset({State.PAUSED, State.EVALUATING, State.SAVING, State.STOPPING}),
    State.PAUSED: frozenset({State.EVALUATING, State.SAVING, State.TRAINING}),
    State.EVALUATING: frozenset({State.TRAINING, State.PAUSED, State.STOPPING}),
    State.SAVING: frozenset({State.TRAINING, State.PAUSED, State.DONE}),
    State.STOPPING: frozenset({State.EVALUATING, State.SAVING}),
    State.DONE: frozenset(),
    State.FAILED: frozenset(),
}
"""What may follow each state. `FAILED` may follow every other one: even when all is saved, telling it may fail."""


class RunState:
    """The state that a run is in, kept here and nowhere else. The run's own thread enters states, others may look."""

    def __init__(self) -> None:
        self._now = State.STARTING

    @property
    def now(self) -> State:
        return self._now

    def enter(self, state: State) -> None:
        """Go on to `state`, which must be among those that may follow."""
        fails = state is State.FAILED and self._now is not State.FAILED
        assert fails or state in FOLLOWS[self._now], f"a run that is {self._now} cannot be {state} next"
        self._now = state
