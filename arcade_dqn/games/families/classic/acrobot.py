"""Acrobot: two links that hang from a fixed joint, and the line that the free end must rise above."""

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
    GOLD_LIGHT,
    GROUND,
    HEIGHT,
    HERO,
    HERO_LIGHT,
    METAL_DARK,
    RIDGE,
    SKY,
    WIDTH,
    Canvas,
    Ink,
    gradient,
    mixed,
)

SCALE: Final = 90.0
"""Pixels per unit of length; each link is 1 long."""
PIVOT: Final = (WIDTH / 2, 204.0)
LINE: Final = PIVOT[1] - SCALE
"""Height of the line, 1 above the joint, in pixels from the top."""
_FOREARM: Final = (112, 176, 255)
_FOREARM_LIGHT: Final = (190, 220, 255)


def draw(first: float, second: float, torque: int) -> NDArray[np.uint8]:
    """The picture for the upper link at `first`, 0 hanging, and the lower one turned by `second` against it (radians).

    `torque` is what the last action applied to the joint between them: -1, 0 or 1.
    """
    canvas = Canvas(_background())
    elbow = (PIVOT[0] + SCALE * math.sin(first), PIVOT[1] + SCALE * math.cos(first))
    tip = (elbow[0] + SCALE * math.sin(first + second), elbow[1] + SCALE * math.cos(first + second))
    there = tip[1] < LINE
    canvas.rod(PIVOT, elbow, 10, Ink(HERO, HERO_LIGHT, glow=0.25))
    canvas.rod(elbow, tip, 9, Ink(_FOREARM, _FOREARM_LIGHT, glow=0.25))
    canvas.disc(PIVOT, 12, Ink(METAL_DARK, CREAM))
    canvas.disc(elbow, 11, Ink(METAL_DARK, CREAM))
    canvas.disc(tip, 11, Ink(GOLD if there else CREAM, GOLD_LIGHT, glow=0.6 if there else 0.2))
    if torque:
        # Beside the elbow, on the side that the two links leave free. Angles grow counter-clockwise here as there.
        free = first + second / 2 - math.pi / 2 - math.copysign(math.pi / 2, second)
        canvas.arrow(elbow, 30, 8, free - torque * 0.8, torque * 1.6, Ink(FORCE, glow=0.2))
    return canvas.pixels


@cache
def _background() -> NDArray[np.uint8]:
    canvas = Canvas(gradient([(0, SKY), (LINE, mixed(SKY, GOLD, 0.16)), (LINE + 1, SKY), (HEIGHT, GROUND)]))
    for left in range(-6, WIDTH, 36):
        canvas.rod((left + 3, LINE), (left + 21, LINE), 3, Ink(GOLD, glow=0.15))
    canvas.box(PIVOT, (44, 5), Ink(RIDGE), corner=5)
    canvas.pixels.flags.writeable = False
    return canvas.pixels
