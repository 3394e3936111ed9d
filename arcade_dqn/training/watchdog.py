"""Notice that nothing comes: who hangs cannot tell it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from arcade_dqn.training.loop_interface import TrainingLoop
from arcade_dqn.training.state import RunState, State
from arcade_dqn.training.stop import StopRequest

PATIENCE = 20.0
"""Seconds without a sign of life after which a run is said to hang; the gradient steps of every preset take less."""

_WATCHED = frozenset({State.TRAINING, State.EVALUATING, State.STOPPING})
"""The states in which a game is played, and may hang."""


class Watchdog:
    """During a `with` block, a thread that tells when nobody has called `beat` for `PATIENCE` seconds.

    It tells by `warn`, once for each step that the run hangs after. A run that is to stop, and hangs for twice as long,
    is ended with its whole program by `give_up`, which gets a sentence and the step.
    """

    def __init__(
        self,
        loop: TrainingLoop,
        state: RunState,
        stop: StopRequest,
        warn: Callable[[str], None],
        give_up: Callable[[str, int], None] | None,
    ) -> None:
        self._loop = loop
        self._state = state
        self._stop = stop
        self._warn = warn
        self._give_up = give_up
        self._patience = PATIENCE
        self._last = time.monotonic()
        self._waiting_for_disk = False
        self._told_at: int | None = None
        """The step for which it was told that nothing comes after it."""
        self._over = threading.Event()

    def beat(self) -> None:
        """A sign of life. Cheap: for every step."""
        self._last = time.monotonic()

    @contextmanager
    def waiting_for_disk(self) -> Iterator[None]:
        """A block that may take long without anything being wrong with the game."""
        self._waiting_for_disk = True
        try:
            yield
        finally:
            self._waiting_for_disk = False
            self.beat()

    def __enter__(self) -> Self:
        self.beat()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(min(1.0, self._patience / 2)):
            seconds = time.monotonic() - self._last
            if seconds >= self._patience:
                self._tell(seconds)

    def _tell(self, seconds: float) -> None:
        """Nothing has come for so long."""
        state, step = self._state.now, self._loop.step
        if state not in _WATCHED or self._waiting_for_disk:
            return
        what = (
            f"nothing has come from {self._loop.settings.game} for {seconds:.0f} seconds while {state} at step "
            f"{step:,}: the game hangs, or its gradient steps take this long"
        )
        if self._stop.expected and self._give_up is not None and seconds >= 2 * self._patience:
            self._give_up(f"{what}; it was to stop, so it was ended, and can be resumed from its last checkpoint", step)
        if self._told_at != step:
            self._told_at = step
            self._warn(f"{what}; a stop takes effect when it comes back, and the last checkpoint is safe")
