"""What a person may change in a running training: names, steps up and down, and how a value is written."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcade_dqn.config import get_setting, setting_table
from arcade_dqn.errors import ArcadeError
from arcade_dqn.link.commands import SETTABLE, checked_value
from arcade_dqn.storage.run_dir import RunDir

if TYPE_CHECKING:
    from arcade_dqn.tui.app import ArcadeApp

Value = float | int | None
"""None is epsilon on its schedule."""


@dataclass(frozen=True)
class Control:
    """One of the values that the trainer's command `set` takes."""

    name: str
    label: str
    help: str
    allowed: str
    """The bounds, in words."""
    whole: bool
    low: float
    high: float

    def parse(self, text: str) -> Value:
        """The value that was typed. Raises ValueError with a sentence."""
        cleaned = text.strip().replace(",", "").replace("_", "")
        if self.name == "epsilon" and cleaned.lower() in ("", "auto", "schedule"):
            return None
        if self.name == "speed_limit" and cleaned.lower() in ("", "none", "unlimited"):
            return 0.0
        try:
            number = float(cleaned)
        except ValueError:
            raise ValueError(f"{self.label}: {text.strip()!r} is not a number; it must be {self.allowed}") from None
        return checked_value(self.name, int(number) if self.whole and number.is_integer() else number)

    def step(self, value: float, up: bool, *, now: float = math.nan) -> float | int:
        """The next value up or down: epsilon by 0.05, everything else to the next of 1, 2, 5, 10, ...

        No speed limit (0) lies above all limits; going down from it begins below the present speed `now`.
        """
        if self.name == "epsilon":
            return min(max(round(value + (0.05 if up else -0.05), 3), self.low), self.high)
        if self.name == "speed_limit":
            if value == 0.0:
                return 0.0 if up else _rung(now if math.isfinite(now) and now > 0 else 10_000.0, up=False)
            faster = _rung(value, up)
            return 0.0 if faster > _FASTEST else max(faster, 1.0)
        clamped = min(max(_rung(value, up), self.low), self.high)
        return int(clamped) if self.whole else clamped

    def shown(self, value: Value) -> str:
        """The value as a person reads it."""
        if value is None:
            return "on its schedule"
        if self.name == "speed_limit":
            return f"{value:,g} steps/s" if value else "unlimited"
        return f"{value:,}" if self.whole else f"{value:.3g}"

    def sentence(self, value: Value) -> str:
        """What was done, for the log."""
        if value is None:
            return f"{self.label} back on its schedule"
        return f"{self.label} set to {self.shown(value)}"


_FASTEST = 100_000.0
"""Steps a second above which a limit is none."""


def _rung(value: float, up: bool) -> float:
    """The nearest of ..., 0.1, 0.2, 0.5, 1, 2, 5, ... that is above, or below, `value`.

    Truly so: the learning rate comes back from the trainer in single precision, a little beside what was set.
    """
    power = math.floor(math.log10(value))
    rungs = [digit * 10.0**exponent for exponent in (power - 1, power, power + 1) for digit in (1, 2, 5)]
    if up:
        found = min(rung for rung in rungs if rung > value * (1 + 1e-6))
    else:
        found = max(rung for rung in rungs if rung < value * (1 - 1e-6))
    return float(f"{found:.6g}")


def _control(name: str, label: str, help: str) -> Control:
    if name == "epsilon":
        allowed = "a number from 0 to 1, or nothing for its schedule"
        return Control(name, label, help, allowed, whole=False, low=0.0, high=1.0)
    info = setting_table()[SETTABLE[name]]
    assert info.low is not None
    assert info.high is not None
    return Control(name, label, help, info.allowed, info.type == "int", info.low, info.high)


CONTROLS: tuple[Control, ...] = (
    _control("epsilon", "epsilon", "the probability of a random action"),
    _control("learning_rate", "learning rate", "Adam's step size"),
    _control("target_period", "target period", "updates between two copies to the target network"),
    _control("updates_per_train", "updates", "gradient updates in one training"),
    _control("speed_limit", "speed limit", "most steps a second, to watch it learn"),
)
BY_NAME = {control.name: control for control in CONTROLS}


class Levers:
    """The values of the running training, those asked for and not yet confirmed included."""

    def __init__(self, arcade: ArcadeApp) -> None:
        self._arcade = arcade
        self._wanted: dict[str, tuple[Value, int]] = {}
        """What was asked for, until so many changes of it have been told."""

    def value(self, control: Control) -> Value:
        """The value that was asked for last, or else the one that the trainer told last."""
        record = self._arcade.cabinet.record
        if control.name in self._wanted:
            value, answer = self._wanted[control.name]
            if record.answers[control.name] < answer:
                return value
            del self._wanted[control.name]
        return record.controls.get(control.name)

    def shown(self, control: Control) -> str:
        value = self.value(control)
        if control.name not in self._wanted and control.name not in self._arcade.cabinet.record.controls:
            return "-"
        status = self._arcade.snapshot.status
        if control.name == "epsilon" and value is None and status is not None and math.isfinite(status.epsilon):
            return f"{status.epsilon:.3f}, on its schedule"
        if control.name == "learning_rate" and value is not None and status is not None and status.learning_share < 1:
            return f"{control.shown(value)}, fallen to {control.shown(value * status.learning_share)}"
        return control.shown(value)

    def move(self, control: Control, up: bool) -> None:
        """One step up or down, from the value asked for last: keys may come faster than answers."""
        value, status = self.value(control), self._arcade.snapshot.status
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
        run = self._arcade.snapshot.run
        if run is None:
            return None
        try:
            found = get_setting(RunDir.open(run).settings(), SETTABLE.get(control.name, "exploration.epsilon_start"))
        except ArcadeError as error:
            self._arcade.complain(error)
            return None
        assert isinstance(found, int | float)
        return found

    def set(self, control: Control, value: Value) -> None:
        """Ask the trainer for this value."""
        if self._arcade.command("set", name=control.name, value=value):
            told = self._arcade.cabinet.record.answers[control.name]
            _, before = self._wanted.get(control.name, (None, told))
            self._wanted[control.name] = value, max(before, told) + 1

    def forget(self) -> None:
        """Another run begins."""
        self._wanted.clear()
