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
from arcade_dqn.window.input.keys import Hint
from arcade_dqn.window.panel.painter import Painter


def draw_keycap(surface: pygame.Surface, painter: Painter, name: str, left: int, middle: int) -> int:
    """A key with its name; returns its right edge."""
    height = painter.px(20)
    width = max(height, painter.width(name, "small") + painter.px(12))
    cap = pygame.Rect(left, middle - height // 2, width, height)
    painter.framed(surface, cap, painter.px(5), RAISED, BORDER)
    painter.write(surface, name, cap.center, TEXT, align="centre")
    return cap.right


def draw_hints(surface: pygame.Surface, painter: Painter, room: pygame.Rect, hints: tuple[Hint, ...]) -> None:
    """As many hints as fit in one line; the last one always does, because it tells where the others are."""
    widths = [_hint_width(painter, hint) for hint in hints]
    space = painter.px(18)
    shown = list(range(len(hints)))
    while len(shown) > 1 and sum(widths[index] + space for index in shown) - space > room.width:
        shown.pop(-2)
    x = room.left
    for index in shown:
        keys, text = hints[index]
        for key in keys:
            x = draw_keycap(surface, painter, key, x, room.centery) + painter.px(4)
        x += painter.write(surface, text, (x + painter.px(3), room.centery), MUTED) + painter.px(3) + space


def _hint_width(painter: Painter, hint: Hint) -> int:
    caps = sum(max(painter.px(20), painter.width(key, "small") + painter.px(12)) + painter.px(4) for key in hint[0])
    return caps + painter.width(hint[1], "small") + painter.px(6)


def draw_waiting(surface: pygame.Surface, painter: Painter, room: pygame.Rect, text: str) -> None:
    """A line in the middle of the empty screen, with three dots over it."""
    for index in range(3):
        painter.dot(
            surface, (room.centerx + (index - 1) * painter.px(20), room.centery - painter.px(24)), painter.px(4), FAINT
        )
    painter.write(surface, painter.fitted(text, room.width, "body"), room.center, MUTED, "body", align="centre")


def draw_over_picture(
    surface: pygame.Surface, painter: Painter, screen: pygame.Rect, recording: str, message: str
) -> None:
    """The film's mark in the upper left corner, a message at the upper edge.

    At the lower edge a message would lie on the paddle or the ship that a person has to see.
    """
    top = screen.top + painter.px(18)
    if recording:
        text = f"REC {recording}"
        width = painter.width(text, "small", "mono") + painter.px(34)
        pill = pygame.Rect(screen.left + painter.px(18), top, width, painter.px(26))
        painter.framed(surface, pill, pill.height // 2, SURFACE, BORDER)
        painter.dot(surface, (pill.left + painter.px(14), pill.centery), painter.px(5), ERROR)
        painter.write(surface, text, (pill.left + painter.px(24), pill.centery), TEXT, "small", "mono")
        top = pill.bottom + painter.px(8)
    if message:
        text = painter.fitted(message, screen.width - painter.px(80), "body")
        pill = pygame.Rect(0, 0, painter.width(text, "body") + painter.px(36), painter.px(34))
        pill.midtop = (screen.centerx, top)
        painter.framed(surface, pill, pill.height // 2, SURFACE, BORDER)
        painter.write(surface, text, pill.center, TEXT, "body", align="centre")


_HELP_LINES = 9
"""Lines that a column of the help may have: groups that fit together share one."""


def draw_help(surface: pygame.Surface, painter: Painter, groups: tuple[tuple[str, tuple[Hint, ...]], ...]) -> None:
    """All keys, in a card over the dimmed window: titled groups in columns."""
    veil = pygame.Surface(surface.get_size())
    veil.fill(BACKGROUND)
    veil.set_alpha(200)
    surface.blit(veil, (0, 0))
    line, space = painter.px(28), painter.px(32)
    columns: list[_HelpColumn] = []
    for group in groups:
        if columns and columns[-1].lines + 1 + len(group[1]) <= _HELP_LINES:
            columns[-1].add(painter, group)
        else:
            columns.append(_HelpColumn(painter, group))
    rows: list[list[_HelpColumn]] = [[]]
    for column in columns:
        if rows[-1] and sum(other.width + space for other in (*rows[-1], column)) + space > surface.get_width():
            rows.append([])
        rows[-1].append(column)
    heights = [max((column.lines for column in row), default=0) * line + painter.px(44) for row in rows]
    width = max(sum(column.width + space for column in row) for row in rows) + space
    card = pygame.Rect(0, 0, width, painter.px(64) + sum(heights))
    card.center = surface.get_rect().center
    painter.framed(surface, card, painter.px(14), SURFACE, BORDER)
    painter.write(surface, "Keys", (card.left + space, card.top + painter.px(36)), TEXT, "large")
    top = card.top + painter.px(76)
    for row, height in zip(rows, heights, strict=True):
        x = card.left + space
        for column in row:
            column.draw(surface, painter, x, top, line)
            x += column.width + space
        top += height


class _HelpColumn:
    """Titled lists of keys below one another, and how wide and high they are together."""

    def __init__(self, painter: Painter, group: tuple[str, tuple[Hint, ...]]) -> None:
        self.lines = -1
        self.width = 0
        self._groups: list[tuple[str, tuple[Hint, ...]]] = []
        self._caps = 0
        self.add(painter, group)

    def add(self, painter: Painter, group: tuple[str, tuple[Hint, ...]]) -> None:
        """Put one more group below."""
        self._groups.append(group)
        self.lines += 1 + len(group[1])
        hints = [hint for _, some in self._groups for hint in some]
        self._caps = max((_hint_width(painter, (keys, "")) for keys, _ in hints), default=0) + painter.px(8)
        texts = [self._caps + painter.width(text, "small") for _, text in hints]
        self.width = max([*texts, *(painter.width(name, "small") for name, _ in self._groups)])

    def draw(self, surface: pygame.Surface, painter: Painter, left: int, top: int, line: int) -> None:
        y = top
        for name, hints in self._groups:
            painter.write(surface, name, (left, y), FAINT)
            for keys, text in hints:
                y += line
                x = left
                for key in keys:
                    x = draw_keycap(surface, painter, key, x, y) + painter.px(4)
                painter.write(surface, text, (left + self._caps, y), MUTED)
            y += line + painter.px(6)
