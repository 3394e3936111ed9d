"""The values of the running training, moved by a person."""

from __future__ import annotations

import math

from arcade_dqn.config import get_setting
from arcade_dqn.errors import ArcadeError
from arcade_dqn.link.commands import SETTABLE
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.tui.controls import Control, Value
from arcade_dqn.tui.record import RunRecord
from arcade_dqn.tui.services.notices import Notices
from arcade_dqn.tui.services.training import Training


class TrainingControls:
    """The values as the trainer told them, those asked for and not yet confirmed included."""

    def __init__(self, training: Training, notices: Notices) -> None:
        self._training = training
        self._notices = notices
        self._asked_of: RunRecord | None = None
        self._asked: dict[str, tuple[Value, int]] = {}
        """What was asked of the run with that record, until so many changes of it have been told."""

    @property
    def _record(self) -> RunRecord:
        record = self._training.record
        if record is not self._asked_of:  # another run
            self._asked_of = record
            self._asked.clear()
        return record

    def value(self, control: Control) -> Value:
        """The value that was asked for last, or else the one that the trainer told last."""
        record = self._record
        if control.name in self._asked:
            value, answer = self._asked[control.name]
            if record.answers[control.name] < answer:
                return value
            del self._asked[control.name]
        return record.controls.get(control.name)

    def shown(self, control: Control) -> str:
        """The value in words; "-" while it is not known."""
        value = self.value(control)
        if control.name not in self._asked and control.name not in self._record.controls:
            return "-"
        status = self._training.snapshot.status
        if control.name == "epsilon" and value is None and status is not None and math.isfinite(status.epsilon):
            return f"{status.epsilon:.3f}, on its schedule"
        if control.name == "learning_rate" and value is not None and status is not None and status.learning_share < 1:
            return f"{control.shown(value)}, fallen to {control.shown(value * status.learning_share)}"
        return control.shown(value)

    def move(self, control: Control, up: bool) -> None:
        """One step up or down, from the value asked for last: keys may come faster than answers."""
        value, status = self.value(control), self._training.snapshot.status
        if value is None and control.name == "epsilon" and status is not None and math.isfinite(status.epsilon):
            value = status.epsilon
        if value is None:  # the trainer is not that far yet: it begins with what the run's settings say
            value = self._own(control)
        if value is not None:
            self.set(control, control.step(value, up, now=status.steps_per_second if status else math.nan))

    def give_back(self, control: Control) -> None:
        """Epsilon back to its schedule, everything else to what the run's settings say."""
        value = None if control.name == "epsilon" else self._own(control)
        if value is not None or control.name == "epsilon":
            self.set(control, value)

    def _own(self, control: Control) -> float | int | None:
        """What the run's settings say; None, with the reason shown, if they cannot be read."""
        run = self._training.snapshot.run
        if run is None:
            return None
        try:
            found = get_setting(RunDir.open(run).settings(), SETTABLE.get(control.name, "exploration.epsilon_start"))
        except ArcadeError as error:
            self._notices.complain(error)
            return None
        assert isinstance(found, int | float)
        return found

    def set(self, control: Control, value: Value) -> None:
        """Ask the trainer for this value."""
        if self._training.command("set", name=control.name, value=value):
            told = self._record.answers[control.name]
            _, before = self._asked.get(control.name, (None, told))
            self._asked[control.name] = value, max(before, told) + 1
