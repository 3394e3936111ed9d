"""Soft-edged shapes on an array of pixels.

Each shape is a signed distance in pixels: negative inside, 0 on its edge. From that one number come the soft edge, a
lighter rim and the glow around it. Only the rectangle that a shape can touch is computed, so a picture costs a fraction
of a millisecond; what never moves is painted once and copied.

Coordinates are pixels, x to the right and y down; the centre of the first pixel is (0.5, 0.5).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

WIDTH: Final = 600
HEIGHT: Final = 400

Colour = tuple[int, int, int]
Point = tuple[float, float]
_Numbers = NDArray[np.float32]

# The colours of the MinAtar pictures and of the rooms around them: the ground is a little lighter than the window's.
SKY: Final[Colour] = (13, 16, 27)
GROUND: Final[Colour] = (27, 32, 52)
GROUND_DEEP: Final[Colour] = (18, 21, 35)
RIDGE: Final[Colour] = (74, 86, 128)
"""The edge of what is solid."""
MARK: Final[Colour] = (44, 51, 80)
"""Marks on the ground that may be overlooked."""
METAL: Final[Colour] = (147, 158, 180)
METAL_DARK: Final[Colour] = (40, 47, 70)
HERO: Final[Colour] = (61, 220, 192)
"""What is steered."""
HERO_LIGHT: Final[Colour] = (160, 246, 228)
HERO_DARK: Final[Colour] = (25, 104, 98)
CREAM: Final[Colour] = (250, 240, 214)
GOLD: Final[Colour] = (246, 200, 76)
"""What is to be reached."""
GOLD_LIGHT: Final[Colour] = (255, 232, 160)
FORCE: Final[Colour] = (255, 150, 64)
"""Thrust and torque: what the last action does."""
DANGER: Final[Colour] = (240, 92, 92)

_GLOW_REACH: Final = 18.0
_RIM: Final = 2.5


class Ink(NamedTuple):
    """How a shape is filled."""

    colour: Colour
    rim: Colour | None = None
    """The colour of its outermost 2.5 pixels, if another one."""
    glow: float = 0.0
    """Strength of the light around it, 0 to 1."""
    alpha: float = 1.0


def mixed(colour: Colour, other: Colour, share: float) -> Colour:
    """`colour` with a `share` (0 to 1) of `other` mixed in."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def gradient(stops: Sequence[tuple[float, Colour]]) -> NDArray[np.uint8]:
    """A background, uint8 [HEIGHT, WIDTH, 3], whose colour goes from stop to stop, each (y, colour), y ascending.

    Each row has one colour, and nothing is dithered: a terminal that shows the picture then has few colours to set.
    """
    rows = np.arange(HEIGHT) + 0.5
    places, colours = [y for y, _ in stops], np.array([colour for _, colour in stops], float)
    column = np.stack([np.interp(rows, places, colours[:, channel]) for channel in range(3)], axis=-1)
    return np.repeat(np.rint(column).astype(np.uint8)[:, np.newaxis], WIDTH, axis=1)


def stars(canvas: Canvas, count: int, lowest: float, seed: int) -> None:
    """Scatter stars above the height `lowest`: few, and large enough to outlive a shrunk picture."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        x, y = float(random.uniform(0, WIDTH)), float(random.uniform(0, lowest))
        bright = float(random.uniform(0.25, 0.8))
        canvas.disc((x, y), 0.8 + bright, Ink(mixed(SKY, CREAM, bright), glow=0.1 * bright))


class Canvas:
    """A picture in the making; `pixels` is uint8 [HEIGHT, WIDTH, 3] and belongs to this canvas alone."""

    def __init__(self, background: NDArray[np.uint8]) -> None:
        self.pixels = background.copy()

    def disc(self, centre: Point, radius: float, ink: Ink) -> None:
        """A filled circle."""
        patch = self._patch([centre], radius, ink)
        if patch is not None:
            view, x, y = patch
            _fill(view, np.hypot(x - centre[0], y - centre[1]) - radius, ink)

    def rod(self, start: Point, end: Point, radius: float, ink: Ink, end_radius: float | None = None) -> None:
        """A thick line with round ends. With `end_radius` it narrows or widens on its way."""
        last = radius if end_radius is None else end_radius
        patch = self._patch([start, end], max(radius, last), ink)
        if patch is None:
            return
        view, x, y = patch
        dx, dy = end[0] - start[0], end[1] - start[1]
        along = ((x - start[0]) * dx + (y - start[1]) * dy) / max(dx * dx + dy * dy, 1e-6)
        along = np.clip(along, 0, 1)
        away = np.hypot(x - start[0] - along * dx, y - start[1] - along * dy)
        _fill(view, away - (radius + along * (last - radius)), ink)

    def box(self, centre: Point, half: Point, ink: Ink, corner: float = 0.0, angle: float = 0.0) -> None:
        """A rectangle of half width and half height `half`, rounded corners, turned counter-clockwise (radians)."""
        patch = self._patch([centre], math.hypot(*half), ink)
        if patch is None:
            return
        view, x, y = patch
        x, y = x - centre[0], y - centre[1]
        if angle:
            cosine, sine = math.cos(angle), math.sin(angle)
            x, y = x * cosine - y * sine, x * sine + y * cosine
        dx, dy = np.abs(x) - (half[0] - corner), np.abs(y) - (half[1] - corner)
        outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
        _fill(view, outside + np.minimum(np.maximum(dx, dy), 0) - corner, ink)

    def convex(self, points: Sequence[Point], ink: Ink, corner: float = 0.0) -> None:
        """A convex polygon, widened by `corner` on all sides."""
        patch = self._patch(points, corner * 2, ink)
        if patch is None:
            return
        view, x, y = patch
        turn = sum(ax * by - ay * bx for (ax, ay), (bx, by) in _edges(points))
        inside = np.full((y.shape[0], x.shape[1]), True)
        distance = np.full(inside.shape, np.inf, np.float32)
        for (ax, ay), (bx, by) in _edges(points):
            dx, dy = bx - ax, by - ay
            along = np.clip(((x - ax) * dx + (y - ay) * dy) / max(dx * dx + dy * dy, 1e-6), 0, 1)
            np.minimum(distance, np.hypot(x - ax - along * dx, y - ay - along * dy), out=distance)
            inside &= ((x - ax) * dy - (y - ay) * dx) * turn <= 0
        _fill(view, np.where(inside, -distance, distance) - corner, ink)

    def arc(self, centre: Point, radius: float, thickness: float, start: float, sweep: float, ink: Ink) -> None:
        """Part of a ring with round ends: from `start` on by `sweep` (radians, counter-clockwise, 0: right)."""
        low, high = min(start, start + sweep), max(start, start + sweep)
        outermost = range(math.ceil(low / (math.pi / 2)), math.floor(high / (math.pi / 2)) + 1)
        angles = [low, high, *(quarter * math.pi / 2 for quarter in outermost)]
        patch = self._patch([polar(centre, radius, angle) for angle in angles], thickness / 2, ink)
        if patch is None:
            return
        view, x, y = patch
        x, y = x - centre[0], y - centre[1]
        # Turned so that the arc's middle lies to the right: then only its half length counts.
        middle, half = start + sweep / 2, min(abs(sweep) / 2, math.pi)
        cosine, sine = math.cos(middle), math.sin(middle)
        x, y = x * cosine - y * sine, np.abs(x * sine + y * cosine)
        ring = np.abs(np.hypot(x, y) - radius)
        end = np.hypot(x - radius * math.cos(half), y - radius * math.sin(half))
        _fill(view, np.where(np.arctan2(y, x) <= half, ring, end) - thickness / 2, ink)

    def arrow(self, centre: Point, radius: float, thickness: float, start: float, sweep: float, ink: Ink) -> None:
        """An arc with a head at its far end."""
        self.arc(centre, radius, thickness, start, sweep, ink)
        end, turn = start + sweep, math.copysign(1.0, sweep)
        size = thickness * 1.4
        ahead = turn * size * 1.5 / radius
        tip, base = end + ahead, end - turn * 0.2 * size / radius
        points = [polar(centre, radius - size, base), polar(centre, radius + size, base), polar(centre, radius, tip)]
        self.convex(points, ink._replace(glow=0.0))

    def below(self, edge: _Numbers, fall: _Numbers, ink: Ink, deep: Colour) -> None:
        """Fill all that lies under a line given by its y in each column, `edge` [WIDTH].

        `fall` [WIDTH] is the cosine of the line's slope: with it the edge is equally soft everywhere and the rim
        equally thick, thrice that of other shapes. The colour changes to `deep` from the highest point downwards.
        """
        _, y = _grid(0, 0, WIDTH, HEIGHT)
        if ink.rim is not None:
            _fill(self.pixels, (edge - y) * fall, Ink(ink.rim))
            edge = edge + 3 * _RIM / fall
        share = np.clip((y - edge.min()) / (HEIGHT - edge.min()), 0, 1)[..., np.newaxis]
        high = np.array(ink.colour, np.float32)
        _fill(self.pixels, (edge - y) * fall, Ink(ink.colour), high + share * (np.array(deep, np.float32) - high))

    def _patch(
        self, points: Sequence[Point], reach: float, ink: Ink
    ) -> tuple[NDArray[np.uint8], _Numbers, _Numbers] | None:
        """The rectangle that a shape around `points` can touch and its pixels' centres; None outside the picture."""
        reach += _GLOW_REACH if ink.glow else 1.0
        left = max(0, math.floor(min(x for x, _ in points) - reach))
        right = min(WIDTH, math.ceil(max(x for x, _ in points) + reach))
        top = max(0, math.floor(min(y for _, y in points) - reach))
        bottom = min(HEIGHT, math.ceil(max(y for _, y in points) + reach))
        if left >= right or top >= bottom:
            return None
        x, y = _grid(left, top, right, bottom)
        return self.pixels[top:bottom, left:right], x, y


def polar(centre: Point, radius: float, angle: float) -> Point:
    """The point at `radius` pixels from `centre` in the direction `angle` (radians, counter-clockwise, 0: right)."""
    return centre[0] + radius * math.cos(angle), centre[1] - radius * math.sin(angle)


def _edges(points: Sequence[Point]) -> list[tuple[Point, Point]]:
    return list(zip(points, [*points[1:], points[0]], strict=True))


def _grid(left: int, top: int, right: int, bottom: int) -> tuple[_Numbers, _Numbers]:
    """The centres of the pixels: x, float32 [1, W], and y, float32 [H, 1]."""
    x = np.arange(left, right, dtype=np.float32)[np.newaxis, :] + np.float32(0.5)
    y = np.arange(top, bottom, dtype=np.float32)[:, np.newaxis] + np.float32(0.5)
    return x, y


def _fill(view: NDArray[np.uint8], distance: NDArray[np.floating], ink: Ink, colour: _Numbers | None = None) -> None:
    """Blend the ink into `view`, uint8 [H, W, 3], wherever `distance`, [H, W], says that the shape or its glow is."""
    cover = np.clip(0.5 - distance, 0, 1)
    if ink.glow:
        light = np.clip(1 - distance / _GLOW_REACH, 0, 1)
        cover = np.maximum(cover, ink.glow * light * light)
    if ink.alpha < 1:
        cover = cover * ink.alpha
    filling = np.array(ink.colour, np.float32) if colour is None else colour
    if ink.rim is not None:
        edge = np.clip(distance + (_RIM + 0.5), 0, 1) * (distance < 1)
        filling = filling + edge[..., np.newaxis] * (np.array(ink.rim, np.float32) - filling)
    filling = filling - view
    filling *= cover[..., np.newaxis]
    filling += view
    filling += 0.5
    view[:] = filling  # cut to whole numbers
