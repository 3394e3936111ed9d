"""What is told of a run from which nothing comes; every wait is for a thread that will not be late for ever."""

from __future__ import annotations

import queue
from types import SimpleNamespace
from typing import Any

import pytest

from arcade_dqn.training import watchdog as module
from arcade_dqn.training.state import RunState, State
from arcade_dqn.training.stop import StopRequest
from arcade_dqn.training.watchdog import Watchdog

LONG = 60.0


class Scene:
    """A run that hangs at step 70 unless the test gives a sign of life for it."""

    def __init__(self) -> None:
        self.loop: Any = SimpleNamespace(step=70, settings=SimpleNamespace(game="Hanging-v0"))
        self.state, self.stop = RunState(), StopRequest()
        self.warnings: queue.Queue[str] = queue.Queue()
        self.given_up: queue.Queue[tuple[str, int]] = queue.Queue()
        self.watchdog = Watchdog(
            self.loop, self.state, self.stop, self.warnings.put, lambda what, step: self.given_up.put((what, step))
        )

    def enter(self, *states: State) -> None:
        for state in states:
            self.state.enter(state)


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setattr(module, "PATIENCE", 0.02)
    return Scene()


def test_a_step_that_does_not_come_is_told_once_and_the_next_one_too(scene: Scene) -> None:
    scene.enter(State.WARMING, State.TRAINING)
    with scene.watchdog:
        first = scene.warnings.get(timeout=LONG)
        scene.loop.step = 71
        second = scene.warnings.get(timeout=LONG)
    assert first.startswith("nothing has come from Hanging-v0 for 0 seconds while training at step 70: the game hangs")
    assert first.endswith("a stop takes effect when it comes back, and the last checkpoint is safe")
    assert "at step 71" in second and scene.given_up.empty()
    assert scene.warnings.empty(), "each step is told of once"


def test_one_that_was_to_stop_is_ended(scene: Scene) -> None:
    scene.enter(State.WARMING, State.TRAINING, State.EVALUATING)
    scene.stop.expect()
    with scene.watchdog:
        what, step = scene.given_up.get(timeout=LONG)
    assert step == 70 and "while evaluating at step 70" in what
    assert what.endswith("it was to stop, so it was ended, and can be resumed from its last checkpoint")


def test_where_a_wait_is_nothing_strange_nothing_is_told(scene: Scene) -> None:
    scene.stop.expect()
    with scene.watchdog:
        scene.watchdog._over.wait(0.2)  # starting: libraries are loaded
        scene.enter(State.WARMING, State.TRAINING)
        with scene.watchdog.waiting_for_disk():
            scene.watchdog._over.wait(0.2)
            told = scene.warnings.empty() and scene.given_up.empty()
        scene.warnings.get(timeout=LONG)  # now it is strange
    assert told
