"""Every character that is drawn, in ASCII, for terminals that have no more.

Everything is drawn as ever, and each finished line is translated: so no widget, Textual's own included, needs to know
of it. A translation keeps the width of what it translates. Pictures alone are drawn another way (drawing.py).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

KEY_WORDS = {
    "↑": "up",
    "↓": "down",
    "←": "left",
    "→": "right",
    "↵": "enter",
    "⏎": "enter",
    "⌫": "backspace",
    "ε": "eps",
}
"""What stands for these in the names and the words of keys, where one letter would not be understood."""


def in_words(text: str) -> str:
    """A key's name or its word in ASCII: `↵/t` as `enter/t`, `↑↓` as `up/down`."""
    if text.isascii():
        return text
    if len(text) > 1 and all(letter in KEY_WORDS for letter in text):
        return "/".join(KEY_WORDS[letter] for letter in text)
    return to_ascii("".join(KEY_WORDS.get(letter, letter) for letter in text))


class Ascii(LineFilter):
    """Translates every character of a line to ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(to_ascii(text), style, control) for text, style, control in segments]


@lru_cache(maxsize=4096)
def to_ascii(text: str) -> str:
    """`text` in ASCII, as many cells wide."""
    return text if text.isascii() else "".join(map(_letter, text))


@lru_cache(maxsize=1024)
def _letter(letter: str) -> str:
    if letter.isascii():
        return letter
    if letter in _LETTERS:
        return _LETTERS[letter]
    if "⠀" <= letter <= "⣿":
        return _braille(ord(letter) - 0x2800)
    # An accent is taken off its letter; whatever else there may be is a question mark, or two in a wide cell.
    width = cell_len(letter)
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return plain if len(plain) == width else "?" * width


def _table(*pairs: tuple[str, str]) -> dict[str, str]:
    return {letter: other for letters, other in pairs for letter in letters}


_LETTERS = _table(
    ("─━┄┅┈┉╍═╴╶╸╺▔▀", "-"),
    ("╌", "="),
    ("│┃┆┇┊┋╎╏║╵╷╹╻▌▐▊▋▉▍▎▏▕", "|"),
    ("┌┐└┘├┤┬┴┼╭╮╰╯┏┓┗┛┣┫┳┻╋╔╗╚╝╠╣╦╩╬┢┡┠┨┯┷┝┥", "+"),
    ("▁▂▃▄", "_"),
    ("█▅▆▇▓▒▚▞▙▛▜▟", "#"),
    ("░", "."),
    ("▖▗", "_"),
    ("▘▝", "'"),
    ("◆★●◉■✓✔", "*"),
    ("○◇☆□", "o"),
    ("·…∙", "."),
    ("•", "*"),
    ("▸▶►❯→", ">"),
    ("◂◀◄←", "<"),
    ("▲▴↑⌃", "^"),
    ("▼▾↓⌄", "v"),
    ("±", "~"),
    ("×✕✖", "x"),
    ("–—−", "-"),
    ("‘’", "'"),
    ("“”", '"'),
    ("ε", "e"),
    ("µμ", "u"),
    ("⏎↵", "/"),
    ("\N{NO-BREAK SPACE}", " "),
    ("\N{LEFT-POINTING MAGNIFYING GLASS}\N{RIGHT-POINTING MAGNIFYING GLASS}", "> "),
)


def _rows(bits: int, masks: Iterable[int]) -> list[int]:
    return [row for row, mask in enumerate(masks) if bits & mask]


def _braille(bits: int) -> str:
    """The character that lies about where the dots of a braille cell lie, four rows of two."""
    left, right = _rows(bits, (0x01, 0x02, 0x04, 0x40)), _rows(bits, (0x08, 0x10, 0x20, 0x80))
    rows = left + right
    if not rows:
        return " "
    if len(rows) >= 7:
        return "#"
    if max(rows) - min(rows) >= 2:
        slope = sum(right) / len(right) - sum(left) / len(left) if left and right else 0.0
        return "\\" if slope > 0.75 else "/" if slope < -0.75 else "|"
    middle = sum(rows) / len(rows)
    wide = bool(left and right)
    if middle < 0.75:
        return '"' if wide else "'"
    if middle > 2.25:
        return "_" if wide else "."
    return "-" if wide else ":"
