"""CartPole: a cart on a rail, its pole, and the range of angles in which the pole counts as held up."""

from __future__ import annotations

import math
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arcade_dqn.games.paint import (
    CREAM,
    DANGER,
    GROUND,
    GROUND_DEEP,
    HEIGHT,
    HERO,
    HERO_DARK,
    HERO_LIGHT,
    MARK,
    METAL,
    METAL_DARK,
    RIDGE,
    SKY,
    WIDTH,
    Canvas,
    Ink,
    gradient,
    mixed,
)

SCALE: Final = 125.0
"""Pixels per unit of length: the track, from -2.4 to 2.4, is as wide as the picture, as in Gymnasium's."""
AXLE: Final = 284.0
"""Height of the pole's joint, in pixels from the top."""
POLE: Final = 125.0
"""Gymnasium's pole is 1 long from joint to tip."""
FALLEN: Final = math.radians(12)
"""The angle at which the episode ends."""
_RAIL: Final = 322.0


def draw(x: float, angle: float, push: int | None) -> NDArray[np.uint8]:
    """The picture for a cart at `x` with its pole at `angle` (radians, positive to the right).

    `push` is the last action: 0 to the left, 1 to the right, None for none.
    """
    canvas = Canvas(_background())
    cart = WIDTH / 2 + x * SCALE
    joint = (cart, AXLE)
    reach = POLE + 24
    corners = [(cart + side * reach * math.sin(FALLEN), AXLE - reach * math.cos(FALLEN)) for side in (-1, 1)]
    canvas.convex([joint, *corners], Ink(METAL, alpha=0.08))
    canvas.arc(joint, reach, 6, math.pi / 2 - FALLEN, 2 * FALLEN, Ink(RIDGE))
    danger = min(1.0, abs(angle) / FALLEN) ** 2
    tip = (cart + POLE * math.sin(angle), AXLE - POLE * math.cos(angle))

    for side in (-18, 18):
        canvas.disc((cart + side, _RAIL - 11), 11, Ink(METAL_DARK, METAL))
    canvas.box((cart, AXLE + 9), (34, 17), Ink(HERO, HERO_LIGHT, glow=0.3), corner=7)
    if push is not None:
        way = 1 if push else -1
        for place in (8, 18):
            head = cart + way * (place + 4)
            tail = head - way * 8
            canvas.rod((tail, AXLE + 5), (head, AXLE + 11), 2, Ink(HERO_DARK))
            canvas.rod((tail, AXLE + 17), (head, AXLE + 11), 2, Ink(HERO_DARK))
    canvas.rod(joint, tip, 6.5, Ink(mixed(CREAM, DANGER, danger), glow=0.25))
    canvas.disc(joint, 9, Ink(METAL_DARK, CREAM))
    return canvas.pixels


@cache
def _background() -> NDArray[np.uint8]:
    canvas = Canvas(gradient([(0, SKY), (_RAIL, GROUND), (_RAIL + 1, GROUND_DEEP), (HEIGHT, SKY)]))
    for half_units in range(-4, 5):
        middle = WIDTH / 2 + half_units * SCALE / 2
        length, colour = (8, MARK) if half_units else (18, RIDGE)
        canvas.rod((middle, _RAIL + 16), (middle, _RAIL + 16 + length), 2.5, Ink(colour))
    canvas.box((WIDTH / 2, _RAIL + 3), (WIDTH, 4), Ink(RIDGE))
    for end in (0, WIDTH):
        canvas.box((end, _RAIL - 14), (8, 22), Ink(DANGER, glow=0.3), corner=4)
    canvas.pixels.flags.writeable = False
    return canvas.pixels
