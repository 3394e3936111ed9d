from __future__ import annotations

import math

import pytest

from arcade_dqn.window.speeds import SPEEDS, end_speed, next_speed, speed_text


def test_speeds_go_up_and_down_and_stop_at_the_ends() -> None:
    assert [next_speed(speed, 1) for speed in SPEEDS] == [*SPEEDS[1:], math.inf]
    assert [next_speed(speed, -1) for speed in SPEEDS] == [SPEEDS[0], *SPEEDS[:-1]]
    assert (next_speed(3.0, 1), next_speed(3.0, -1)) == (2.0, 0.5), "from the command line, and in no place"


@pytest.mark.parametrize(
    ("speed", "end", "text"), [(0.125, 1.0, "1/8x"), (1.0, 1.0, "1x"), (2.5, 2.5, "2.5x"), (math.inf, 8.0, "max")]
)
def test_an_end_is_seen_at_every_speed(speed: float, end: float, text: str) -> None:
    assert (end_speed(speed), speed_text(speed)) == (end, text)
