"""What lies over and under the picture: key hints, messages, the film's mark, the help."""

from __future__ import annotations

import pygame

from arcade_dqn.stage.palette import (
    BACKGROUND,
    BORDER,
    ERROR,
    FAINT,
    MUTED,
    RAISED,
    SURFACE,
    TEXT,
)
from arcade_dqn.window.ink import Ink
from arcade_dqn.window.view import Hint


def draw_keycap(surface: pygame.Surface, ink: Ink, name: str, left: int, middle: int) -> int:
    """A key with its name; returns its right edge."""
    height = ink.px(20)
    width = max(height, ink.width(name, "small") + ink.px(12))
    cap = pygame.Rect(left, middle - height // 2, width, height)
    ink.framed(surface, cap, ink.px(5), RAISED, BORDER)
    ink.write(surface, name, cap.center, TEXT, align="centre")
    return cap.right


def draw_hints(surface: pygame.Surface, ink: Ink, room: pygame.Rect, hints: tuple[Hint, ...]) -> None:
    """As many hints as fit in one line; the last one always does, because it tells where the others are."""
    widths = [_hint_width(ink, hint) for hint in hints]
    space = ink.px(18)
    shown = list(range(len(hints)))
    while len(shown) > 1 and sum(widths[index] + space for index in shown) - space > room.width:
        shown.pop(-2)
    x = room.left
    for index in shown:
        keys, text = hints[index]
        for key in keys:
            x = draw_keycap(surface, ink, key, x, room.centery) + ink.px(4)
        x += ink.write(surface, text, (x + ink.px(3), room.centery), MUTED) + ink.px(3) + space


def _hint_width(ink: Ink, hint: Hint) -> int:
    caps = sum(max(ink.px(20), ink.width(key, "small") + ink.px(12)) + ink.px(4) for key in hint[0])
    return caps + ink.width(hint[1], "small") + ink.px(6)


def draw_waiting(surface: pygame.Surface, ink: Ink, room: pygame.Rect, text: str) -> None:
    """A line in the middle of the empty screen, with three dots over it."""
    for index in range(3):
        ink.dot(surface, (room.centerx + (index - 1) * ink.px(20), room.centery - ink.px(24)), ink.px(4), FAINT)
    ink.write(surface, ink.fitted(text, room.width, "body"), room.center, MUTED, "body", align="centre")


def draw_over_picture(surface: pygame.Surface, ink: Ink, screen: pygame.Rect, recording: str, message: str) -> None:
    """The film's mark in the upper left corner, a message at the upper edge.

    At the lower edge a message would lie on the paddle or the ship that a person has to see.
    """
    top = screen.top + ink.px(18)
    if recording:
        text = f"REC {recording}"
        width = ink.width(text, "small", "mono") + ink.px(34)
        pill = pygame.Rect(screen.left + ink.px(18), top, width, ink.px(26))
        ink.framed(surface, pill, pill.height // 2, SURFACE, BORDER)
        ink.dot(surface, (pill.left + ink.px(14), pill.centery), ink.px(5), ERROR)
        ink.write(surface, text, (pill.left + ink.px(24), pill.centery), TEXT, "small", "mono")
        top = pill.bottom + ink.px(8)
    if message:
        text = ink.fitted(message, screen.width - ink.px(80), "body")
        pill = pygame.Rect(0, 0, ink.width(text, "body") + ink.px(36), ink.px(34))
        pill.midtop = (screen.centerx, top)
        ink.framed(surface, pill, pill.height // 2, SURFACE, BORDER)
        ink.write(surface, text, pill.center, TEXT, "body", align="centre")


_HELP_LINES = 9
"""Lines that a column of the help may have: groups that fit together share one."""


def draw_help(surface: pygame.Surface, ink: Ink, groups: tuple[tuple[str, tuple[Hint, ...]], ...]) -> None:
    """All keys, in a card over the dimmed window: titled groups in columns."""
    veil = pygame.Surface(surface.get_size())
    veil.fill(BACKGROUND)
    veil.set_alpha(200)
    surface.blit(veil, (0, 0))
    line, space = ink.px(28), ink.px(32)
    columns: list[_HelpColumn] = []
    for group in groups:
        if columns and columns[-1].lines + 1 + len(group[1]) <= _HELP_LINES:
            columns[-1].add(ink, group)
        else:
            columns.append(_HelpColumn(ink, group))
    rows: list[list[_HelpColumn]] = [[]]
    for column in columns:
        if rows[-1] and sum(other.width + space for other in (*rows[-1], column)) + space > surface.get_width():
            rows.append([])
        rows[-1].append(column)
    heights = [max((column.lines for column in row), default=0) * line + ink.px(44) for row in rows]
    width = max(sum(column.width + space for column in row) for row in rows) + space
    card = pygame.Rect(0, 0, width, ink.px(64) + sum(heights))
    card.center = surface.get_rect().center
    ink.framed(surface, card, ink.px(14), SURFACE, BORDER)
    ink.write(surface, "Keys", (card.left + space, card.top + ink.px(36)), TEXT, "large")
    top = card.top + ink.px(76)
    for row, height in zip(rows, heights, strict=True):
        x = card.left + space
        for column in row:
            column.draw(surface, ink, x, top, line)
            x += column.width + space
        top += height


class _HelpColumn:
    """Titled lists of keys below one another, and how wide and high they are together."""

    def __init__(self, ink: Ink, group: tuple[str, tuple[Hint, ...]]) -> None:
        self.lines = -1
        self.width = 0
        self._groups: list[tuple[str, tuple[Hint, ...]]] = []
        self._caps = 0
        self.add(ink, group)

    def add(self, ink: Ink, group: tuple[str, tuple[Hint, ...]]) -> None:
        """Put one more group below."""
        self._groups.append(group)
        self.lines += 1 + len(group[1])
        hints = [hint for _, some in self._groups for hint in some]
        self._caps = max((_hint_width(ink, (keys, "")) for keys, _ in hints), default=0) + ink.px(8)
        texts = [self._caps + ink.width(text, "small") for _, text in hints]
        self.width = max([*texts, *(ink.width(name, "small") for name, _ in self._groups)])

    def draw(self, surface: pygame.Surface, ink: Ink, left: int, top: int, line: int) -> None:
        y = top
        for name, hints in self._groups:
            ink.write(surface, name, (left, y), FAINT)
            for keys, text in hints:
                y += line
                x = left
                for key in keys:
                    x = draw_keycap(surface, ink, key, x, y) + ink.px(4)
                ink.write(surface, text, (left + self._caps, y), MUTED)
            y += line + ink.px(6)
