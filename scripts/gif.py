"""GIFs for the README: one palette for all pictures, and only what changes is written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from arcade_dqn.stage import palette

COLOURS = 128
_MEANT = (palette.ACCENT, palette.EXPLORE, palette.PERSON, palette.CALM, palette.GOOD, palette.TEXT, palette.MUTED)
_SWATCH = 60
_SAMPLES = 12
"""Pictures that the palette is chosen from, spread over the film."""


def save(path: Path, pictures: Sequence[Image.Image], durations: Sequence[int]) -> None:
    """Write `pictures` (RGB, of one size), each shown so many milliseconds (multiples of 10), as an endless film."""
    colours = _colours(pictures)
    # Without dithering: noise would move where nothing moves, and cost most of the file.
    indexed = [picture.quantize(palette=colours, dither=Image.Dither.NONE) for picture in pictures]
    path.parent.mkdir(parents=True, exist_ok=True)
    # `optimize` leaves out what has not changed within the changed rectangle, too: a third of the size.
    indexed[0].save(path, save_all=True, append_images=indexed[1:], duration=list(durations), loop=0, optimize=True)


def _colours(pictures: Sequence[Image.Image]) -> Image.Image:
    chosen = pictures[:: max(1, len(pictures) // _SAMPLES)]
    width, height = chosen[0].size
    strip = Image.new("RGB", (width, (height + _SWATCH) * len(chosen)))
    for row, picture in enumerate(chosen):
        strip.paste(picture, (0, row * (height + _SWATCH)))
        # The colours that mean something are kept as they are, however few of their pixels there are.
        for number, colour in enumerate(_MEANT):
            strip.paste(
                colour,
                (
                    number * _SWATCH,
                    (row + 1) * (height + _SWATCH) - _SWATCH,
                    (number + 1) * _SWATCH,
                    (row + 1) * (height + _SWATCH),
                ),
            )
    return strip.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
