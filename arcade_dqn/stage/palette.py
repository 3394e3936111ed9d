"""The one palette, shared by the window and the TUI. Colours are (red, green, blue), 0 to 255.

Every meaning is also told by a word or a shape; the colours differ in lightness too, so that they stay apart without
red-green vision.
"""

from __future__ import annotations

from typing import Final

Colour = tuple[int, int, int]

BACKGROUND: Final[Colour] = (11, 13, 19)
"""The room: behind everything."""
SCREEN: Final[Colour] = (5, 6, 10)
"""The cabinet's glass: around a letterboxed picture."""
SURFACE: Final[Colour] = (18, 22, 32)
"""A card that lies on the background."""
RAISED: Final[Colour] = (28, 34, 48)
"""A thing on a card: a gauge's groove, a keycap, a table's selected row."""
BORDER: Final[Colour] = (40, 48, 66)

TEXT: Final[Colour] = (233, 237, 245)
MUTED: Final[Colour] = (147, 158, 180)
"""Labels and secondary text; 7:1 on SURFACE."""
FAINT: Final[Colour] = (92, 103, 127)
"""Hints, ticks and marks that may be overlooked."""

ACCENT: Final[Colour] = (61, 220, 192)
"""The agent: its progress, its chosen action, its best."""
ACCENT_DIM: Final[Colour] = (36, 106, 101)
"""The same thing, unchosen: other actions' bars, past returns."""
EXPLORE: Final[Colour] = (255, 186, 73)
"""Chance: epsilon and random actions."""
PERSON: Final[Colour] = (255, 122, 168)
"""A person: the controls in human hands."""
CALM: Final[Colour] = (112, 176, 255)
"""A demo: nothing is being learned."""
PAUSE: Final[Colour] = (190, 198, 214)
GOOD: Final[Colour] = (128, 226, 126)
WARNING: Final[Colour] = (255, 186, 73)
ERROR: Final[Colour] = (255, 99, 99)

STATES: Final[dict[str, Colour]] = {"TRAIN": ACCENT, "PAUSED": PAUSE, "DEMO": CALM, "HUMAN": PERSON}
"""The colour of each state that the window and the TUI show by name."""


def hex_colour(colour: Colour) -> str:
    """`#rrggbb`, as Textual and PNG tools write it."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def blend(colour: Colour, other: Colour, share: float) -> Colour:
    """`colour` with a `share` (0 to 1) of `other` mixed in."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue
