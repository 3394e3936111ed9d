"""What came from a file or from another program: text made safe to show, and what is a number there."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import TypeGuard

# CSI (colours, cursor), OSC (titles, links; ended by BEL or ST) and the two-character escapes.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]?"
)
_UNDECODED = re.compile("[\udc80-\udcff]")
_BREAKS = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")


def plain(text: str, limit: int = 200) -> str:
    """`text` as one line without terminal escapes, control and invisible characters, of at most `limit` characters.

    Removed are whole ANSI sequences, then everything of Unicode's categories C* (controls, direction overrides, lone
    surrogates, unassigned). A byte of a file's name that is no text is shown as `\\xff`. Brackets stay: they are
    harmless as text, and whoever draws with a markup language has to escape them there.
    """
    text = _ESCAPES.sub("", text[: 8 * limit + 1024])
    text = _UNDECODED.sub(lambda found: f"\\x{ord(found.group()) - 0xDC00:02x}", text)
    text = _BREAKS.sub(" ", text)
    text = "".join(character for character in text if not unicodedata.category(character).startswith("C"))
    text = text.strip()
    return text if len(text) <= limit else text[: limit - 3].rstrip() + "..."


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a value of a record or an event is a finite number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
