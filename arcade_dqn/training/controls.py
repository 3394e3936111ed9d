"""What can be changed while a run trains, by a person or as an earlier run had it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from arcade_dqn.link.commands import Event
from arcade_dqn.storage.interventions import Intervention
from arcade_dqn.training.loop_interface import TrainingLoop
from arcade_dqn.training.pace import Pace
from arcade_dqn.training.recorder import Recorder


class Controls:
    """Sets them, and writes down and tells that it did; they are kept by whoever goes by them."""

    def __init__(
        self,
        loop: TrainingLoop,
        recorder: Recorder,
        pace: Pace,
        planned: Sequence[Intervention],
        emit: Callable[[Event], None],
    ) -> None:
        self._loop = loop
        self._recorder = recorder
        self._pace = pace
        self._emit = emit
        self._planned = deque(planned)
        """Interventions of an earlier run that this one repeats, those to come."""

    def set(self, name: str, value: Any) -> None:
        """Change `name`, one of `link.commands.SETTABLE` or epsilon, to a checked value; None gives epsilon back."""
        match name:
            case "epsilon":
                self._loop.epsilon_override = value
            case "learning_rate":
                self._loop.learner.learning_rate = value
            case "target_period":
                self._loop.learner.target_period = value
            case "updates_per_train":
                self._loop.updates_per_train = value
            case "speed_limit":
                self._pace.limit = value
        self._recorder.intervention(self._loop.step, name, value)
        self._emit({"event": "set", "step": self._loop.step, "name": name, "value": value})

    def intervene(self, step: int) -> None:
        """Make the planned interventions that are due at `step`."""
        while self._planned and self._planned[0].step <= step:
            _, name, value = self._planned.popleft()
            self.set(name, value)

    def go_on_from(self, step: int) -> None:
        """Leave out those that were made before the checkpoint at `step`, which holds what they changed."""
        while self._planned and self._planned[0].step <= step > 0:
            self._planned.popleft()

    def values(self) -> dict[str, float | int | None]:
        """What `set` can change, as it is now; epsilon is None while it follows its schedule."""
        return {
            "epsilon": self._loop.epsilon_override,
            "learning_rate": self._loop.learner.learning_rate,
            "target_period": self._loop.learner.target_period,
            "updates_per_train": self._loop.updates_per_train,
            "speed_limit": self._pace.limit,
        }
