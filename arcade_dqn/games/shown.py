"""Whatever a foreign environment's `render` gives, as a picture: arrays of many kinds, text, or nothing at all."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arcade_dqn.games.game import Picture

WIDTH, HEIGHT = 600, 400
"""Pixels of a picture of text, whatever the text: a film's pictures must all be alike."""
_BACK: Final = (18, 22, 32)
_INK: Final = (233, 237, 245)
_COLOURS: Final = (
    (18, 22, 32), (224, 82, 82), (88, 176, 96), (214, 178, 76), (86, 132, 224), (180, 100, 200), (80, 186, 196),
    (233, 237, 245),
)  # fmt: skip
"""The terminal's eight: black, red, green, yellow, blue, magenta, cyan, white."""
_ESCAPE: Final = re.compile(r"\x1b\[([0-9;]*)m")
_OTHER_ESCAPE: Final = re.compile(r"\x1b(\[[0-9;?]*[A-Za-ln-z]|[^\[])")
_CELL: Final = (6, 11)
"""Pixels of a character of Pillow's own font."""
_MOST_COLUMNS, _MOST_LINES = 200, 100


def as_picture(rendered: Any, title: str) -> Picture:
    """uint8 [H, W, 3], free to keep, of what `render` gave. `title` names the game where it gave nothing."""
    if isinstance(rendered, list):  # as render modes that end in _list give: the newest is the last
        rendered = rendered[-1] if rendered else None
    if rendered is None:
        return text_picture(f"{title} draws nothing.\n\nIt plays all the same.")
    if hasattr(rendered, "getvalue"):  # older environments print into a StringIO
        rendered = rendered.getvalue()
    if isinstance(rendered, str):
        return text_picture(rendered)
    picture = np.asarray(rendered)
    if picture.dtype.kind not in "buif" or not picture.size:
        return text_picture(f"{title} draws\n{type(rendered).__name__}, which is no picture.")
    if picture.ndim == 3 and picture.shape[2] not in (1, 3, 4) and picture.shape[0] in (1, 3, 4):
        picture = picture.transpose(1, 2, 0)
    if picture.ndim == 2:
        picture = picture[..., None]
    if picture.ndim != 3 or picture.shape[2] not in (1, 3, 4):
        return text_picture(f"{title} draws an array {np.shape(rendered)},\nwhich is no picture.")
    return _three_channels(_bytes(picture))


def _bytes(picture: NDArray[Any]) -> NDArray[np.uint8]:
    if picture.dtype == np.uint8:
        return picture
    numbers = np.nan_to_num(picture.astype(np.float32), nan=0.0, posinf=255.0, neginf=0.0)
    # Nobody says whether 1 or 255 is white: floats and truth values that stay within 0 to 1 mean 1.
    if picture.dtype.kind in "bf" and numbers.max() <= 1:
        numbers = numbers * 255
    levels: NDArray[np.uint8] = np.rint(np.clip(numbers, 0, 255)).astype(np.uint8)
    return levels


def _three_channels(picture: NDArray[np.uint8]) -> Picture:
    if picture.shape[2] == 1:
        return np.repeat(picture, 3, axis=2)
    # Opacity is as a rule full; what is not drawn would else depend on what lies behind it, and here nothing does.
    return np.array(picture[:, :, :3], order="C")


def text_picture(text: str) -> Picture:
    """Text as a terminal shows it, with its eight colours, as large as fits: uint8 [HEIGHT, WIDTH, 3]."""
    return _text_picture(text).copy()


@lru_cache(maxsize=8)
def _text_picture(text: str) -> Picture:
    from PIL import Image, ImageDraw, ImageFont

    lines = [_runs(line) for line in _OTHER_ESCAPE.sub("", text.expandtabs()).strip("\r\n").splitlines()[:_MOST_LINES]]
    columns = max([1, *(sum(len(words) for words, _, _ in runs) for runs in lines)])
    width, height = _CELL[0] * (columns + 2), _CELL[1] * (len(lines) + 2)
    image = Image.new("RGB", (width, height), _BACK)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default_imagefont()
    for row, runs in enumerate(lines, start=1):
        column = 1
        for words, ink, back in runs:
            left, top = column * _CELL[0], row * _CELL[1]
            if back is not None:
                pen.rectangle((left, top, left + len(words) * _CELL[0] - 1, top + _CELL[1] - 1), fill=back)
            pen.text((left, top), words, fill=ink, font=font)
            column += len(words)
    scale = min(WIDTH / width, HEIGHT / height)
    scale = int(scale) if scale >= 1 else scale
    resized = image.resize((max(1, int(width * scale)), max(1, int(height * scale))), _resampling(scale))
    canvas = Image.new("RGB", (WIDTH, HEIGHT), _BACK)
    canvas.paste(resized, ((WIDTH - resized.width) // 2, (HEIGHT - resized.height) // 2))
    return np.asarray(canvas, np.uint8)


def _resampling(scale: float) -> Any:
    from PIL import Image

    return Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.BOX


def _runs(line: str) -> list[tuple[str, tuple[int, int, int], tuple[int, int, int] | None]]:
    """A line in pieces of one colour each: the words, their ink, and what lies behind them."""
    ink, back = _INK, None
    runs: list[tuple[str, tuple[int, int, int], tuple[int, int, int] | None]] = []
    room = _MOST_COLUMNS
    for number, part in enumerate(_ESCAPE.split(line)):
        if number % 2:
            for code in (int(one or 0) for one in part.split(";")):
                if code == 0:
                    ink, back = _INK, None
                elif 30 <= code <= 37 or 90 <= code <= 97:
                    ink = _COLOURS[code % 10]
                elif 40 <= code <= 47 or 100 <= code <= 107:
                    back = _COLOURS[code % 10]
        elif words := "".join(_drawable(one) for one in part)[:room]:
            runs.append((words, ink, back))
            room -= len(words)
    return runs


def _drawable(character: str) -> str:
    """The font knows Latin-1; boxes and arrows have their nearest there."""
    if character in _NEAREST:
        return _NEAREST[character]
    return character if character.isprintable() and character.isascii() else "?"


_NEAREST: Final = {
    **dict.fromkeys("│┃║", "|"), **dict.fromkeys("─━═", "-"), **dict.fromkeys("┌┐└┘├┤┬┴┼╔╗╚╝╠╣╦╩╬", "+"),
    **dict.fromkeys("█■▓●", "#"), **dict.fromkeys("▒░□○·•", "."), "←": "<", "→": ">", "↑": "^", "↓": "v", "\xa0": " ",
}  # fmt: skip
