"""Pictures as the terminal's cells: two pixels a cell, as half blocks in 24-bit colour, or what comes nearest to that.

No widgets: what is drawn here is shown by `widgets/picture.py`, and may be drawn in a thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from arcade_dqn.tui.capabilities import Capabilities

Colours = NDArray[np.uint8]
"""uint8 [rows, columns, 3]"""
Keys = NDArray[np.int32]
"""int32 [rows, columns]: a colour as one number"""

_ALL = Capabilities()
_SHADES = " ░▒▓█"
_RAMP = " .:-=+*#%@"
"""From dark to light."""
# The terminal's sixteen colours as xterm has them; another terminal's own differ, which is what one chooses them for.
_SIXTEEN = np.array(
    [
        (0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229),
        (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255), (255, 0, 255), (0, 255, 255),
        (255, 255, 255),
    ],
    np.int32,
)  # fmt: skip


@lru_cache(maxsize=16_384)
def _style(top: int, bottom: int) -> Style:
    return Style(color=_colour(top), bgcolor=_colour(bottom))


@lru_cache(maxsize=16_384)
def _colour(packed: int) -> Color:
    return Color.from_rgb(packed >> 16, packed >> 8 & 0xFF, packed & 0xFF)


def draw(picture: NDArray[np.uint8], size: tuple[int, int], capabilities: Capabilities) -> tuple[Strip, ...]:
    """`picture` (uint8 [height, width, 3]) as large as it fits into `size` (columns, rows), in its own proportions."""
    from arcade_dqn.stage.draw import half_blocks

    columns, rows = size
    return to_strips(*half_blocks(shrunk(picture, columns, rows * 2), columns, rows), capabilities)


def shrunk(picture: NDArray[np.uint8], columns: int, lines: int) -> NDArray[np.uint8]:
    """`picture` (uint8 [height, width, 3]) averaged over square blocks: at least `columns` x `lines` pixels remain.

    An exact area average costs a matrix product of the whole picture; averaging whole blocks first makes it small:
    0.5 ms of processor time for a picture of 600 x 400, in place of 5 to 20.
    """
    height, width, channels = picture.shape
    most = min(height // max(lines, 1), width // max(columns, 1)) if columns and lines else 1
    common = math.gcd(height, width)
    block = next((size for size in range(most, 1, -1) if common % size == 0), 1)
    if block == 1:
        return picture
    rows = picture.reshape(height // block, block, width * channels).sum(axis=1, dtype=np.uint32)
    sums = rows.reshape(height // block, width // block, block, channels).sum(axis=2, dtype=np.uint32)
    return np.asarray((sums + block * block // 2) // (block * block), np.uint8)


def to_strips(top: Colours, bottom: Colours, capabilities: Capabilities = _ALL) -> tuple[Strip, ...]:
    """Strips of cells from the upper and lower colours of each cell, both uint8 [rows, columns, 3].

    Half blocks where the terminal has them and a colour; without colours shades of grey blocks, and in ASCII characters
    from thin to thick. Neighbours of the same two colours become one segment. Safe to call from a thread.
    """
    if capabilities.ascii:
        return _ramp(top, bottom, _RAMP, _bright_style(capabilities))
    match capabilities.colours:
        case "all":
            return _half_blocks(_packed(top), _packed(bottom), _style)
        case "sixteen":
            return _half_blocks(_nearest(top), _nearest(bottom), _system_style)
        case "none":
            return _ramp(top, bottom, _SHADES, None)


def _half_blocks(upper: Keys, lower: Keys, style: Callable[[int, int], Style]) -> tuple[Strip, ...]:
    rows, columns = upper.shape
    strips = []
    for row in range(rows):
        above, below = upper[row], lower[row]
        starts = np.flatnonzero((above[1:] != above[:-1]) | (below[1:] != below[:-1])) + 1
        bounds = [0, *starts.tolist(), columns]
        segments = []
        for start, stop in pairwise(bounds):
            first, second = int(above[start]), int(below[start])
            segments.append(Segment(("▀" if first != second else " ") * (stop - start), style(first, second)))
        strips.append(Strip(segments, columns))
    return tuple(strips)


def _ramp(
    top: Colours, bottom: Colours, letters: str, bright: Callable[[Colours], tuple[Keys, Callable[[int], Style]]] | None
) -> tuple[Strip, ...]:
    """Cells of `letters`, the later the lighter the cell; `bright` gives their colours, or None for none."""
    mean = ((top.astype(np.uint16) + bottom) // 2).astype(np.uint8)
    light = mean @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    letter = np.minimum((light * (len(letters) / 255)).astype(np.int32), len(letters) - 1).tolist()
    if bright is None:
        plain = Style.null()
        return tuple(Strip([Segment("".join(letters[index] for index in row), plain)], len(row)) for row in letter)
    keys, style = bright(mean)
    strips = []
    for row, colours in zip(letter, keys, strict=True):
        bounds = [0, *(np.flatnonzero(colours[1:] != colours[:-1]) + 1).tolist(), len(row)]
        strips.append(
            Strip(
                [
                    Segment("".join(letters[index] for index in row[start:stop]), style(int(colours[start])))
                    for start, stop in pairwise(bounds)
                ],
                len(row),
            )
        )
    return tuple(strips)


def _bright_style(capabilities: Capabilities) -> Callable[[Colours], tuple[Keys, Callable[[int], Style]]] | None:
    """How characters are coloured: as light as can be, for how light a cell is, its character tells."""
    if capabilities.colours == "none":
        return None

    def bright(colours: Colours) -> tuple[Keys, Callable[[int], Style]]:
        most = np.maximum(colours.max(axis=2, keepdims=True), 1)
        full = (colours.astype(np.uint16) * 255 // most).astype(np.uint8)
        if capabilities.colours == "sixteen":
            return _nearest(full), lambda key: _system_style(key, None)
        return _packed(full), _ink

    return bright


@lru_cache(maxsize=4096)
def _ink(key: int) -> Style:
    return Style(color=_colour(key))


def _packed(colours: Colours) -> Keys:
    # The two lowest bits of each channel are dropped: nobody sees them, and runs become longer. Keeping the six high
    # bits and repeating the two highest of them below keeps black black and white white.
    kept = ((colours & 0xFC) | (colours >> 6)).astype(np.int32)
    return np.asarray(kept[..., 0] << 16 | kept[..., 1] << 8 | kept[..., 2], np.int32)


def _nearest(colours: Colours) -> Keys:
    """The number of the system colour that is nearest to each."""
    away = colours[..., None, :].astype(np.int32) - _SIXTEEN
    return np.asarray((away * away).sum(axis=-1).argmin(axis=-1), np.int32)


@lru_cache(maxsize=512)
def _system_style(top: int, bottom: int | None) -> Style:
    return Style(color=Color.from_ansi(top), bgcolor=None if bottom is None else Color.from_ansi(bottom))
