"""Pictures as half-block cells: a terminal cell shows two square pixels, its upper and its lower half."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from arcade_dqn.stage.palette import SCREEN, Colour


def half_blocks(
    picture: NDArray[np.uint8], columns: int, rows: int, background: Colour = SCREEN
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Scale `picture` (uint8 [height, width, 3]) into `columns` x `rows` cells.

    Returns the colours of the cells' upper and lower halves, each uint8 [rows, columns, 3].
    Cells are taken to be twice as high as wide. The picture keeps its aspect ratio and is centred on `background`.
    Each half cell is the exact area average of what it covers, so that thin things fade rather than vanish.
    """
    canvas = np.empty((rows * 2, columns, 3), np.uint8)
    canvas[:] = background
    width, height = fitted(picture.shape[1], picture.shape[0], columns, rows * 2)
    if width and height:
        left, top = (columns - width) // 2, (rows * 2 - height) // 2
        canvas[top : top + height, left : left + width] = area_average(picture, width, height)
    return canvas[0::2], canvas[1::2]


def fitted(width: int, height: int, columns: int, lines: int) -> tuple[int, int]:
    """The largest size of the same aspect ratio within `columns` x `lines` pixels; (0, 0) if there is no room."""
    if min(columns, lines, width, height) <= 0:
        return 0, 0
    scale = min(columns / width, lines / height)
    return max(1, min(columns, round(width * scale))), max(1, min(lines, round(height * scale)))


def area_average(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """`picture` (uint8 [h, w, 3]) resampled to uint8 [height, width, 3]; a target pixel averages the area it covers."""
    h, w, channels = picture.shape
    if (h, w) == (height, width):
        return picture
    # Down first: the second product then works on few lines.
    lines = _coverage(h, height) @ picture.reshape(h, w * channels).astype(np.float32)
    averaged: NDArray[np.uint8] = np.rint(_coverage(w, width) @ lines.reshape(height, w, channels)).astype(np.uint8)
    return averaged


@lru_cache(maxsize=64)
def _coverage(source: int, target: int) -> NDArray[np.float32]:
    """float32 [target, source]: the share of each source pixel in each target pixel; every row sums to 1."""
    edges = np.linspace(0, source, target + 1)
    pixels = np.arange(source)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    shares: NDArray[np.float32] = np.clip(overlap, 0, None).astype(np.float32)
    shares /= shares.sum(axis=1, keepdims=True)
    return shares
