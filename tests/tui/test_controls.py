"""The live controls: their steps and their words."""

from __future__ import annotations

import pytest

from arcade_dqn.tui.controls import BY_NAME


def steps(name: str, start: float, ups: int, downs: int = 0, now: float = 900.0) -> list[float]:
    values, value = [], start
    for up in [True] * ups + [False] * downs:
        value = BY_NAME[name].step(value, up, now=now)
        values.append(value)
    return values


def test_each_control_has_its_own_steps() -> None:
    assert steps("epsilon", 0.93, 3, 2) == [0.98, 1.0, 1.0, 0.95, 0.9]
    assert steps("epsilon", 0.03, 0, 2) == [0.0, 0.0]
    assert steps("learning_rate", 2.5e-4, 2, 3) == [5e-4, 1e-3, 5e-4, 2e-4, 1e-4]
    # As the trainer tells it: in single precision, a little above or below.
    assert steps("learning_rate", 0.0005000000237487257, 0, 1) == [2e-4]
    assert steps("learning_rate", 0.00019999999494757503, 1) == [5e-4]
    assert steps("target_period", 250, 1, 3) == [500, 200, 100, 50]
    assert steps("target_period", 1, 0, 2) == [1, 1]
    assert all(isinstance(value, int) for value in steps("updates_per_train", 8, 2, 5))
    # No limit lies above all limits, and going down from it begins below the present speed.
    assert steps("speed_limit", 0.0, 1, 3) == [0.0, 500.0, 200.0, 100.0]
    assert steps("speed_limit", 50_000.0, 2) == [100_000.0, 0.0]
    assert steps("speed_limit", 2.0, 0, 3) == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("epsilon", "0.3", 0.3),
        ("epsilon", "", None),
        ("epsilon", "auto", None),
        ("learning_rate", " 1e-4 ", 1e-4),
        ("target_period", "1,000", 1000),
        ("target_period", "1e3", 1000),
        ("speed_limit", "unlimited", 0.0),
        ("speed_limit", "60", 60.0),
    ],
)
def test_what_is_typed_is_understood(name: str, text: str, value: float | None) -> None:
    parsed = BY_NAME[name].parse(text)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("epsilon", "1.5", r"epsilon = 1.5 is not allowed; it must be a number from 0 to 1"),
        ("learning_rate", "fast", r"learning rate: 'fast' is not a number; it must be a number from 1e-07 to 1"),
        ("target_period", "2.5", r"target_period = 2.5 is not allowed; it must be a whole number from 1"),
        ("updates_per_train", "nan", r"updates_per_train = NaN is not allowed"),
    ],
)
def test_what_cannot_be_is_refused_with_its_bounds(name: str, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BY_NAME[name].parse(text)


def test_values_are_written_for_people() -> None:
    assert BY_NAME["epsilon"].sentence(None) == "epsilon back on its schedule"
    assert BY_NAME["learning_rate"].sentence(5e-4) == "learning rate set to 0.0005"
    assert BY_NAME["target_period"].sentence(1000) == "target period set to 1,000"
    assert BY_NAME["speed_limit"].sentence(0.0) == "speed limit set to unlimited"
