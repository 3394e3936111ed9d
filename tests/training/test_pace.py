"""When the next step may come: pauses, and a limit on a clock that the test moves."""

from __future__ import annotations

import pytest

from arcade_dqn.training import pace as module
from arcade_dqn.training.pace import Pace
from arcade_dqn.training.stop import StopRequest


class Clock:
    """Time that passes only where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def perf_counter(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_a_limit_is_kept_over_many_steps_and_looked_around_meanwhile(clock: Clock) -> None:
    pace, looks = Pace(10.0, StopRequest()), []
    pace.wait_for_limit(1, lambda: None)  # a tenth of a second is forgiven at first
    begun = clock.now
    for _ in range(20):
        pace.wait_for_limit(2, lambda: looks.append(clock.now))
    assert clock.now - begun == pytest.approx(20 * 2 / 10.0)
    assert max(clock.slept) <= module.LOOK_SECONDS and len(looks) >= 4.0 / module.LOOK_SECONDS - 1


def test_time_that_was_lost_is_not_made_up_for(clock: Clock) -> None:
    pace = Pace(10.0, StopRequest())
    pace.wait_for_limit(1, lambda: None)
    clock.now += 60  # a pause, or a slow game
    begun = clock.now
    for _ in range(11):
        pace.wait_for_limit(1, lambda: None)
    assert clock.now - begun == pytest.approx(1.0)


@pytest.mark.parametrize("ending", ["raised", "lifted", "paused", "stopped"])
def test_a_wait_ends_when_a_person_says_so(ending: str, clock: Clock) -> None:
    stop = StopRequest()
    pace = Pace(0.001, stop)

    def look() -> None:
        if ending == "raised":
            pace.limit = 1e6
        elif ending == "lifted":
            pace.limit = 0.0
        elif ending == "paused":
            pace.pause()
        else:
            stop.request("stopped")

    pace.wait_for_limit(1, look)
    assert clock.slept == [module.LOOK_SECONDS]


def test_without_a_limit_nothing_waits(clock: Clock) -> None:
    Pace(0.0, StopRequest()).wait_for_limit(1000, lambda: None)
    assert not clock.slept


def test_a_number_of_steps_is_taken_and_then_it_is_paused() -> None:
    pace = Pace(0.0, StopRequest())
    pace.pause()
    pace.go_to(103)
    seen = []
    for step in (101, 102, 104):  # copies in step: 103 itself is never shown
        pace.arrive(step)
        seen.append(pace.paused)
    assert seen == [False, False, True]
    pace.go_on()
    pace.arrive(105)
    assert not pace.paused, "it was told once"


@pytest.mark.parametrize("stopped", [True, False])
def test_a_pause_lasts_until_it_goes_on_or_is_stopped(stopped: bool, clock: Clock) -> None:
    stop = StopRequest()
    pace, looks = Pace(0.0, stop), 0
    pace.pause()

    def look() -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            stop.request("interrupted") if stopped else pace.go_on()

    pace.wait_while_paused(look)
    assert looks == 3


def test_the_first_reason_to_stop_stays_and_one_that_is_only_expected_is_none() -> None:
    stop = StopRequest()
    stop.expect()
    assert (stop.reason, stop.expected) == ("", True)
    stop.request("interrupted")
    stop.request("stopped")
    assert (stop.reason, stop.expected) == ("interrupted", True)
