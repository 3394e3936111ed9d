"""LunarLander: the lander with its legs and flames, the ground, and the pad between two flags."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arcade_dqn.games.paint import (
    CREAM,
    FORCE,
    GOLD,
    GOLD_LIGHT,
    GROUND,
    GROUND_DEEP,
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

SCALE: Final = 30.0
"""Pixels per metre of Gymnasium's world."""
_LEG_HALF: Final = 8.0
"""Half the length of a leg, in pixels."""


class Pose(NamedTuple):
    """Where a body is: metres to the right and up, and radians counter-clockwise."""

    x: float
    y: float
    angle: float

    def at(self, right: float, up: float) -> Point:
        """The pixel of a point of the body, given in pixels from its centre."""
        cosine, sine = math.cos(self.angle), math.sin(self.angle)
        return (
            self.x * SCALE + right * cosine - up * sine,
            HEIGHT - self.y * SCALE - right * sine - up * cosine,
        )


class Ground(NamedTuple):
    """The moon of one episode, in metres."""

    heights: tuple[float, ...]
    """At equal distances from the left edge to the right one."""
    pad: tuple[float, float]
    """Left and right end of the landing pad."""
    pad_height: float


def draw(
    ground: Ground, body: Pose, legs: Sequence[tuple[Pose, bool]], engine: int, flicker: float = 0.5
) -> NDArray[np.uint8]:
    """The picture. `legs` come with whether they touch the ground.

    `engine` is the last action: 0 none, 1 the left one, 2 the main one, 3 the right one. `flicker`, 0 to 1, varies the
    length of the flame.
    """
    canvas = Canvas(_background(ground))
    if engine == 2:
        _flame(canvas, body, (0, -12), (0, -34 - 12 * flicker), 7.5)
    elif engine:
        # Gymnasium's left engine drives to the left: its flame leaves on the right.
        side = 1 if engine == 1 else -1
        _flame(canvas, body, (side * 17, 10), (side * (31 + 5 * flicker), 10), 4.5)
    for leg, touching in legs:
        ink = Ink(GOLD if touching else METAL, glow=0.4 if touching else 0.0)
        knee = leg.at(0, _LEG_HALF)
        foot = leg.at(0, -_LEG_HALF)
        across = (leg.x - body.x) * math.cos(body.angle) + (leg.y - body.y) * math.sin(body.angle)
        canvas.rod(body.at(math.copysign(10, across), -6), knee, 2, Ink(METAL))
        canvas.rod(knee, foot, 3, ink)
        canvas.rod(leg.at(-5, -_LEG_HALF), leg.at(5, -_LEG_HALF), 2.5, ink)
    hull = [body.at(*point) for point in ((-12, 15), (-15, 0), (-15, -8), (15, -8), (15, 0), (12, 15))]
    canvas.convex(hull, Ink(HERO, HERO_LIGHT, glow=0.35), corner=2)
    canvas.box(body.at(0, -5.5), (16, 3), Ink(HERO_DARK), angle=body.angle)
    canvas.disc(body.at(0, 6), 6, Ink(METAL_DARK, CREAM))
    if body.at(0, 0)[1] < -14:
        x = min(max(body.x * SCALE, 16.0), WIDTH - 16.0)
        canvas.convex([(x - 9, 18), (x + 9, 18), (x, 5)], Ink(HERO, glow=0.3), corner=1)
    return canvas.pixels


def _flame(canvas: Canvas, body: Pose, start: Point, end: Point, radius: float) -> None:
    middle = (start[0] + 0.55 * (end[0] - start[0]), start[1] + 0.55 * (end[1] - start[1]))
    canvas.rod(body.at(*start), body.at(*end), radius, Ink(FORCE, glow=0.35), 1.5)
    canvas.rod(body.at(*start), body.at(*middle), radius * 0.55, Ink(GOLD_LIGHT), 1.0)


@cache
def _space() -> NDArray[np.uint8]:
    canvas = Canvas(gradient([(0, SKY), (HEIGHT, GROUND)]))
    stars(canvas, 20, 260, 8)
    planet, radius = (498.0, 74.0), 34.0
    canvas.disc(planet, radius, Ink((50, 66, 118), glow=0.2))
    for right, down, size in ((-9, -8, 13), (12, 10, 10), (15, -14, 6), (-13, 17, 5)):
        canvas.disc((planet[0] + right, planet[1] + down), size, Ink((72, 94, 152)))
    canvas.pixels.flags.writeable = False
    return canvas.pixels


@lru_cache(maxsize=8)
def _background(ground: Ground) -> NDArray[np.uint8]:
    """The same for a whole episode."""
    canvas = Canvas(_space())
    left, right = (x * SCALE for x in ground.pad)
    level = HEIGHT - ground.pad_height * SCALE
    for x in (left, right):
        canvas.convex([(x + 2, level - 47), (x + 2, level - 27), (x + 28, level - 37)], Ink(GOLD, GOLD_LIGHT, glow=0.3))
        canvas.rod((x, level), (x, level - 46), 2.5, Ink(CREAM))
    places = np.linspace(0, WIDTH, len(ground.heights))
    columns = np.arange(WIDTH) + 0.5
    edge = HEIGHT - np.interp(columns, places, ground.heights) * SCALE
    fall = np.cos(np.arctan(np.gradient(edge)))
    hill = Ink(mixed(GROUND, RIDGE, 0.5), RIDGE)
    canvas.below(edge.astype(np.float32), fall.astype(np.float32), hill, GROUND_DEEP)
    canvas.box(((left + right) / 2, level + 3), ((right - left) / 2, 4), Ink(GOLD, glow=0.2), corner=3)
    canvas.pixels.flags.writeable = False
    return canvas.pixels
