"""Which state of a run may follow which."""

from __future__ import annotations

import pytest

from arcade_dqn.link.board import ENDED, STATES
from arcade_dqn.training.state import FOLLOWS, RunState, State


def in_state(path: str) -> RunState:
    run = RunState()
    for name in path.split():
        run.enter(State(name))
    return run


def test_the_states_are_those_that_the_board_shows() -> None:
    assert tuple(State) == STATES
    assert {state for state, after in FOLLOWS.items() if not after} == set(ENDED)


@pytest.mark.parametrize(
    "path",
    [
        "warming training stopping evaluating stopping saving done",
        "warming training evaluating training paused evaluating paused saving paused training saving training",
        "warming failed",
        "warming training stopping saving done failed",
        "failed",
    ],
)
def test_a_run_goes_from_state_to_state(path: str) -> None:
    assert in_state(path).now == path.split()[-1]


@pytest.mark.parametrize(
    ("path", "state"),
    [
        ("", State.TRAINING),
        ("warming", State.STOPPING),
        ("warming training", State.DONE),
        ("warming training stopping", State.TRAINING),
        ("warming training evaluating", State.SAVING),
        ("warming training stopping saving done", State.TRAINING),
        ("failed", State.FAILED),
    ],
)
def test_no_other_way_is_open(path: str, state: State) -> None:
    run = in_state(path)
    before = run.now
    with pytest.raises(AssertionError, match=f"a run that is {before} cannot be {state} next"):
        run.enter(state)
    assert run.now is before
