"""What a person may change in a running training: names, steps up and down, and how a value is written."""

from __future__ import annotations

import math
from dataclasses import dataclass

from arcade_dqn.config import setting_table
from arcade_dqn.link.commands import SETTABLE, checked_value

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
