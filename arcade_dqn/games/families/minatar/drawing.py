"""MinAtar's cells as a picture, with colours of our own.

MinAtar's own renderer gives floats and needs seaborn. Here every kind of object is a small rounded shape on a dark
grid: things that the player steers are bright, dangers are red, gains are gold or green, trails are faint.
"""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

CELL: Final = 16
"""Pixels along the side of a cell."""

_Colour = tuple[int, int, int]
_GROUND: Final[_Colour] = (16, 18, 32)
_LINE: Final[_Colour] = (27, 30, 50)


class _Sprite(NamedTuple):
    """A rounded rectangle; sizes are fractions of half a cell, so 1 reaches the cell's edge."""

    colour: _Colour
    width: float = 0.84
    height: float = 0.84
    corner: float = 0.3
    turned: bool = False
    """Turned by 45 degrees: a diamond."""


# In the order of drawing: where two objects share a cell, the later one shows. Some channels are not drawn, because
# others say the same (the aliens' direction). "guage" is MinAtar's own spelling.
_SPRITES: Final[dict[str, _Sprite]] = {
    "trail": _Sprite((74, 82, 120), 0.34, 0.34, 0.34),
    "speed5": _Sprite((58, 66, 104), 0.7, 0.16, 0.16),
    "speed4": _Sprite((70, 92, 132), 0.7, 0.2, 0.2),
    "speed3": _Sprite((96, 126, 132), 0.7, 0.24, 0.24),
    "speed2": _Sprite((150, 122, 84), 0.7, 0.28, 0.28),
    "speed1": _Sprite((186, 96, 76), 0.7, 0.32, 0.32),
    "oxygen_guage": _Sprite((78, 168, 222), 1.0, 0.4, 0.0),
    "diver_guage": _Sprite((238, 200, 92), 0.6, 0.6, 0.3),
    "brick": _Sprite((214, 110, 84), 0.94, 0.72, 0.2),
    "gold": _Sprite((246, 200, 76), 0.62, 0.62, 0.14, True),
    "diver": _Sprite((246, 200, 76), 0.5, 0.78, 0.4),
    "car": _Sprite((232, 92, 92), 0.9, 0.62, 0.3),
    "alien": _Sprite((150, 122, 236), 0.8, 0.66, 0.36),
    "enemy": _Sprite((232, 92, 92), 0.8, 0.8, 0.3),
    "enemy_fish": _Sprite((240, 132, 84), 0.84, 0.5, 0.5),
    "enemy_sub": _Sprite((232, 84, 110), 0.9, 0.62, 0.3),
    "enemy_bullet": _Sprite((255, 122, 122), 0.26, 0.5, 0.26),
    "friendly_bullet": _Sprite((182, 248, 190), 0.26, 0.5, 0.26),
    "sub_back": _Sprite((52, 160, 140), 0.94, 0.5, 0.3),
    "sub_front": _Sprite((96, 226, 190), 0.94, 0.66, 0.5),
    "paddle": _Sprite((96, 226, 190), 0.98, 0.42, 0.3),
    "cannon": _Sprite((96, 226, 190), 0.84, 0.6, 0.3),
    "chicken": _Sprite((250, 240, 214), 0.7, 0.7, 0.6),
    "player": _Sprite((96, 226, 190), 0.8, 0.8, 0.3),
    "ball": _Sprite((250, 246, 232), 0.62, 0.62, 0.62),
}


def draw(frame: NDArray[np.bool_], channels: tuple[str, ...]) -> NDArray[np.uint8]:
    """The picture, uint8 [H * CELL, W * CELL, 3], of a state, bool [H, W, C], whose channels have these names."""
    tiles, order = _tiles(channels)
    shown = np.zeros(frame.shape[:2], np.intp)
    for tile, channel in enumerate(order, start=1):
        shown[frame[:, :, channel]] = tile
    height, width, _ = frame.shape
    # [H, W, CELL, CELL, 3] to rows of pixels
    return tiles[shown].transpose(0, 2, 1, 3, 4).reshape(height * CELL, width * CELL, 3)


@cache
def _tiles(channels: tuple[str, ...]) -> tuple[NDArray[np.uint8], tuple[int, ...]]:
    """Tiles, uint8 [1 + drawn channels, CELL, CELL, 3], the empty cell first, and the channel of each further one."""
    empty = np.empty((CELL, CELL, 3), np.float32)
    empty[:] = _GROUND
    empty[0, :] = empty[:, 0] = _LINE
    drawn = [name for name in _SPRITES if name in channels]
    tiles = [empty, *(_paint(empty, _SPRITES[name]) for name in drawn)]
    return np.rint(np.stack(tiles)).astype(np.uint8), tuple(channels.index(name) for name in drawn)


def _paint(ground: NDArray[np.float32], sprite: _Sprite) -> NDArray[np.float32]:
    """`ground`, [CELL, CELL, 3], with the sprite on it: soft edges, a little lighter at the top."""
    centres = (np.arange(CELL, dtype=np.float32) + 0.5) / (CELL / 2) - 1
    y, x = np.meshgrid(centres, centres, indexing="ij")
    shade = (1.1 - 0.16 * y)[..., np.newaxis]
    if sprite.turned:
        x, y = (x + y) * np.float32(0.7071), (x - y) * np.float32(0.7071)
    # Signed distance to a rounded rectangle: negative inside.
    dx = np.abs(x) - (sprite.width - sprite.corner)
    dy = np.abs(y) - (sprite.height - sprite.corner)
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
    distance = outside + np.minimum(np.maximum(dx, dy), 0) - sprite.corner
    cover = np.clip(0.5 - distance * (CELL / 2), 0, 1)[..., np.newaxis]
    colour = np.clip(np.array(sprite.colour, np.float32) * shade, 0, 255)
    painted: NDArray[np.float32] = ground * (1 - cover) + colour * cover
    return painted
