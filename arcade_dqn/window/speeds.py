"""The speeds that keys go through, as multiples of the game's own."""

from __future__ import annotations

import math

SPEEDS = (1 / 8, 1 / 4, 1 / 2, 1.0, 2.0, 4.0, 8.0, math.inf)
"""The last one is as fast as it goes."""


def next_speed(speed: float, by: int) -> float:
    """The speed that lies `by` places after this one; one that is in no place counts as the game's own."""
    index = SPEEDS.index(speed) if speed in SPEEDS else SPEEDS.index(1.0)
    return SPEEDS[max(0, min(len(SPEEDS) - 1, index + by))]


def end_speed(speed: float) -> float:
    """How fast the end of an episode goes by: never slowly, and never so fast that it cannot be seen."""
    return max(1.0, min(8.0, speed))


def speed_text(speed: float) -> str:
    """Such as `2x`, `1/8x` or `max`."""
    if math.isinf(speed):
        return "max"
    return f"{speed:g}x" if speed >= 1 else f"1/{round(1 / speed)}x"
