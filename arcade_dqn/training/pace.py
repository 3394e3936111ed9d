"""When the next step of training may be taken."""

from __future__ import annotations

import time
from collections.abc import Callable

from arcade_dqn.training.stop import StopRequest

LOOK_SECONDS = 0.05
"""How often commands are read and the board is written: 20 times a second."""


class Pace:
    """Whether the training goes on at once, no faster than a limit, or not before a person says so.

    Paused it becomes by `pause`, or by `arrive` where `go_to` has said; `go_on` and `go_to` end that, and so does a
    stop.
    """

    def __init__(self, limit: float, stop: StopRequest) -> None:
        self.limit = limit
        """Most steps a second; 0 is without a limit."""
        self._stop = stop
        self._paused = False
        self._destination: int | None = None
        """The step at which it is to pause."""
        self._due = 0.0
        """When the step after the newest one may come, by the limit."""

    @property
    def paused(self) -> bool:
        return self._paused

    def pause(self) -> None:
        self._paused = True

    def go_on(self) -> None:
        self._paused, self._destination = False, None

    def go_to(self, step: int) -> None:
        """Go on, and pause when `step` is reached."""
        self._paused, self._destination = False, step

    def arrive(self, step: int) -> None:
        """The run has come to `step`."""
        if self._destination is not None and step >= self._destination:
            self._paused, self._destination = True, None

    def wait_for_limit(self, steps: int, look: Callable[[], None]) -> None:
        """Sleep until `steps` steps have taken as long as the limit wants; `look` is called after each short sleep."""
        begun = max(self._due, time.perf_counter() - 0.1)
        # The limit is looked at again each time: a person may raise it meanwhile.
        while not self._paused and (limit := self.limit):
            self._due = begun + steps / limit
            wait = self._due - time.perf_counter()
            if wait <= 0 or self._stop.reason or self._paused:
                break
            time.sleep(min(wait, LOOK_SECONDS))
            look()

    def wait_while_paused(self, look: Callable[[], None]) -> None:
        """Sleep until the training may go on, or is to stop; `look` is called before each short sleep."""
        while self._paused and not self._stop.reason:
            look()
            time.sleep(LOOK_SECONDS)
