"""MountainCar: a car in a valley, and the flag on the hill to the right."""

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
    HERO_DARK,
    HERO_LIGHT,
    METAL,
    METAL_DARK,
    RIDGE,
    SKY,
    WIDTH,
    Canvas,
    Ink,
    Point,
    gradient,
    mixed,
    stars,
)

LEFT, RIGHT = -1.2, 0.6
"""The car's world, as wide as the picture."""
SCALE: Final = WIDTH / (RIGHT - LEFT)
_WHEEL: Final = 9.5
_GAP: Final = 17.0
"""From the middle of the car to a wheel."""


def column(position: float) -> float:
    """The x of a position, in pixels."""
    return (position - LEFT) * SCALE


def surface(position: float) -> float:
    """The y of the hill at a position, in pixels from the top: Gymnasium's curve."""
    return HEIGHT - (math.sin(3 * position) * 0.45 + 0.55) * SCALE


def slope(position: float) -> float:
    """The hill's angle at a position in radians, positive where it rises to the right."""
    return math.atan(1.35 * math.cos(3 * position))


def draw(position: float, push: int) -> NDArray[np.uint8]:
    """The picture for a car at `position`; `push` is the direction of the last action: -1, 0 or 1."""
    canvas = Canvas(_background())
    angle = slope(position)
    cosine, sine = math.cos(angle), math.sin(angle)
    foot = (column(position), surface(position))

    def at(along: float, up: float) -> Point:
        return foot[0] + along * cosine - up * sine, foot[1] - along * sine - up * cosine

    if push:
        for length, radius, colour in ((34, 7.0, FORCE), (18, 4.0, GOLD_LIGHT)):
            canvas.rod(at(-push * 28, 18), at(-push * (28 + length), 18), radius, Ink(colour, glow=0.2), 1.0)
    canvas.convex([at(-20, 24), at(20, 24), at(11, 39), at(-11, 39)], Ink(HERO_DARK, HERO_LIGHT), corner=2)
    canvas.box(at(0, 18), (31, 10), Ink(HERO, HERO_LIGHT, glow=0.3), corner=6, angle=angle)
    for side in (-1, 1):
        wheel = at(side * _GAP, _WHEEL)
        canvas.disc(wheel, _WHEEL, Ink(METAL_DARK, METAL))
        canvas.disc(wheel, 3, Ink(CREAM))
    return canvas.pixels


def _hills(canvas: Canvas, height: float, seed: int, ink: Ink) -> None:
    """A far mountain range: something to see depth by, and nothing more."""
    random = np.random.default_rng(seed)
    peaks = np.linspace(-40, WIDTH + 40, 12)
    edge = np.interp(np.arange(WIDTH) + 0.5, peaks, height + random.uniform(-42, 42, peaks.size)).astype(np.float32)
    canvas.below(edge, np.full(WIDTH, 0.8, np.float32), ink, SKY)


@cache
def _background() -> NDArray[np.uint8]:
    canvas = Canvas(gradient([(0, SKY), (HEIGHT, GROUND)]))
    stars(canvas, 16, 150, 5)
    _hills(canvas, 190, 3, Ink(mixed(SKY, GROUND, 0.9)))
    flag = column(0.5)
    top = surface(0.5) - 58
    canvas.convex([(flag + 3, top), (flag + 3, top + 26), (flag + 29, top + 13)], Ink(GOLD, GOLD_LIGHT, glow=0.4))
    canvas.rod((flag, surface(0.5) + 8), (flag, top), 3, Ink(CREAM))
    positions = LEFT + (np.arange(WIDTH, dtype=np.float32) + 0.5) / SCALE
    edge = HEIGHT - (np.sin(3 * positions) * 0.45 + 0.55) * SCALE
    fall = np.cos(np.arctan(1.35 * np.cos(3 * positions)))
    hill = Ink(mixed(GROUND, RIDGE, 0.5), RIDGE)
    canvas.below(edge.astype(np.float32), fall.astype(np.float32), hill, GROUND)
    canvas.pixels.flags.writeable = False
    return canvas.pixels
