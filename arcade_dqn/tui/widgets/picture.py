"""A picture in the terminal: two pixels a cell, as half blocks in 24-bit colour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


@lru_cache(maxsize=16_384)
def _style(top: int, bottom: int) -> Style:
    return Style(color=_colour(top), bgcolor=_colour(bottom))


@lru_cache(maxsize=16_384)
def _colour(packed: int) -> Color:
    return Color.from_rgb(packed >> 16, packed >> 8 & 0xFF, packed & 0xFF)


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


def to_strips(top: NDArray[np.uint8], bottom: NDArray[np.uint8]) -> tuple[Strip, ...]:
    """Strips of half blocks from the upper and lower colours of each cell, both uint8 [rows, columns, 3].

    Neighbours of the same two colours become one segment. The two lowest bits of each colour channel are dropped:
    nobody sees them, and runs become longer. Safe to call from a thread.
    """
    upper, lower = _packed(top), _packed(bottom)
    rows, columns = upper.shape
    strips = []
    for row in range(rows):
        above, below = upper[row], lower[row]
        starts = np.flatnonzero((above[1:] != above[:-1]) | (below[1:] != below[:-1])) + 1
        bounds = [0, *starts.tolist(), columns]
        segments = []
        for start, stop in pairwise(bounds):
            first, second = int(above[start]), int(below[start])
            segments.append(Segment(("▀" if first != second else " ") * (stop - start), _style(first, second)))
        strips.append(Strip(segments, columns))
    return tuple(strips)


def _packed(colours: NDArray[np.uint8]) -> NDArray[np.int32]:
    # Keeping the six high bits and repeating the two highest of them below keeps black black and white white.
    kept = ((colours & 0xFC) | (colours >> 6)).astype(np.int32)
    return np.asarray(kept[..., 0] << 16 | kept[..., 1] << 8 | kept[..., 2], np.int32)


class Picture(Widget):
    """Shows strips made elsewhere (`to_strips`), in the middle of its space; redraws only the lines that changed."""

    DEFAULT_CSS = """
    Picture { width: 1fr; height: 1fr; }
    """

    def __init__(self, message: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._strips: tuple[Strip, ...] = ()
        self._message = message

    @property
    def message(self) -> str:
        return self._message

    @property
    def has_picture(self) -> bool:
        return bool(self._strips)

    def show(self, strips: Sequence[Strip]) -> None:
        """Show a new picture."""
        new, old = tuple(strips), self._strips
        self._strips, self._message = new, ""
        if not self.is_mounted:
            return
        if len(new) != len(old) or (new and new[0].cell_length != old[0].cell_length):
            self.refresh()
            return
        top = self._top()
        changed = [
            Region(0, top + row, self.size.width, 1)
            for row, (now, before) in enumerate(zip(new, old, strict=True))
            if now != before
        ]
        if changed:
            self.refresh(*changed)

    def say(self, message: str) -> None:
        """Show a sentence instead of a picture."""
        if self._strips or message != self._message:
            self._strips, self._message = (), message
            self.refresh()

    def _top(self) -> int:
        return max((self.size.height - len(self._strips)) // 2, 0)

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        base = self.rich_style
        if not self._strips:
            lines = _wrapped(self._message, max(width - 4, 1))
            row = y - (height - len(lines)) // 2
            text = lines[row] if 0 <= row < len(lines) else ""
            return Strip([Segment(text.center(width)[:width], base + Style(dim=True))], width)
        row = y - self._top()
        if not 0 <= row < len(self._strips):
            return Strip.blank(width, base)
        strip = self._strips[row]
        left = max((width - strip.cell_length) // 2, 0)
        return Strip([Segment(" " * left, base), *strip], left + strip.cell_length).adjust_cell_length(width, base)


def _wrapped(text: str, width: int) -> list[str]:
    import textwrap

    return [line for part in text.splitlines() for line in (textwrap.wrap(part, width) or [""])]
