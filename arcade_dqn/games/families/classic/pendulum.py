"""Pendulum: a rod on a motor, the torque of the last action, and the place at the top where it should be held."""

from __future__ import annotations

import math
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arcade_dqn.games.paint import (
    CREAM,
    FORCE,
    GOLD,
    GROUND,
    HEIGHT,
    HERO,
    HERO_LIGHT,
    MARK,
    METAL_DARK,
    RIDGE,
    SKY,
    WIDTH,
    Canvas,
    Ink,
    gradient,
    mixed,
    polar,
)

LENGTH: Final = 142.0
"""Pixels from the motor to the end of the rod, whose length is 1."""
DIAL: Final = LENGTH + 34
"""Radius of the ring around it all."""
PIVOT: Final = (WIDTH / 2, HEIGHT / 2)
STRONGEST: Final = 2.0
"""The torque of the longest arrow."""


def draw(angle: float, torque: float) -> NDArray[np.uint8]:
    """The picture for a rod at `angle` (radians, 0 upright, positive to the left) under the last action's `torque`."""
    canvas = Canvas(_background())
    up = angle + math.pi / 2
    end = polar(PIVOT, LENGTH, up)
    near = max(0.0, math.cos(angle)) ** 12
    place = Ink(mixed(RIDGE, GOLD, 0.5 + 0.5 * near), glow=0.5 * near)
    canvas.arc(PIVOT, DIAL, 8, math.pi / 2 - 0.16, 0.32, place)
    if abs(torque) > 1e-3 * STRONGEST:
        # Behind the motor, where the rod is not, and as long as the torque is strong.
        sweep = 2.4 * max(-1.0, min(1.0, torque / STRONGEST))
        canvas.arrow(PIVOT, 62, 12, up + math.pi - sweep / 2, sweep, Ink(FORCE, glow=0.2))
    canvas.rod(PIVOT, end, 13, Ink(HERO, HERO_LIGHT, glow=0.25))
    canvas.disc(end, 22, Ink(mixed(HERO, GOLD, near), mixed(HERO_LIGHT, CREAM, near), glow=0.3 + 0.3 * near))
    canvas.disc(PIVOT, 20, Ink(METAL_DARK, CREAM))
    canvas.disc(PIVOT, 6, Ink(CREAM))
    return canvas.pixels


@cache
def _background() -> NDArray[np.uint8]:
    canvas = Canvas(gradient([(0, SKY), (HEIGHT, GROUND)]))
    canvas.disc(PIVOT, DIAL, Ink(SKY))
    canvas.arc(PIVOT, DIAL, 8, 0, 2 * math.pi, Ink(MARK))
    canvas.pixels.flags.writeable = False
    return canvas.pixels
