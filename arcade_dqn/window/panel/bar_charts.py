"""Rows of a name, a bar from zero and a number: Q-values, chances, inputs."""

from __future__ import annotations

import math

import pygame

from arcade_dqn.stage.palette import ACCENT, ACCENT_DIM, EXPLORE, MUTED, PERSON, RAISED, TEXT, Colour
from arcade_dqn.window.panel.layout import LABEL, columns_for, rows_in
from arcade_dqn.window.panel.numbers import number_q
from arcade_dqn.window.panel.painter import Painter
from arcade_dqn.window.panel.state import HudState

CHOSEN: dict[str, Colour] = {"greedy": ACCENT, "explored": EXPLORE, "you": PERSON, "": ACCENT}
"""The colour of the chosen action, by who chose it."""
CHOSEN_TEXT = {"greedy": "greedy", "explored": "explored at random", "you": "your choice", "": ""}

Span = tuple[float, float]


def draw_heading(
    surface: pygame.Surface, painter: Painter, room: pygame.Rect, text: str, note: str, colour: Colour
) -> None:
    """A section's label at the top left of `room`, and a few words at the right."""
    middle = room.top + painter.px(8)
    used = painter.write(surface, painter.fitted(text, room.width), (room.left, middle), MUTED)
    left = room.width - used - painter.px(10)
    if note and left > painter.px(30):
        painter.write(surface, painter.fitted(note, left), (room.right, middle), colour, align="right")


def draw_q_values(surface: pygame.Surface, painter: Painter, room: pygame.Rect, state: HudState) -> None:
    """The Q-values in any `room`: with their heading, in as many columns as it takes."""
    height = room.height - painter.px(LABEL)
    count = len(state.action_names)
    columns = columns_for(count, height, painter.scale)
    below = pygame.Rect(room.left, room.top + painter.px(LABEL), room.width, height)
    rows = rows_in(below, count, columns, painter.scale)
    draw_q_rows(surface, painter, room, rows, columns, state)


def draw_q_rows(
    surface: pygame.Surface,
    painter: Painter,
    label: pygame.Rect,
    rows: tuple[pygame.Rect, ...],
    columns: int,
    state: HudState,
) -> None:
    """The heading at the top of `label`, and one action in each of the rows; the chosen one is marked."""
    colour = CHOSEN[state.chosen_by]
    heading = "Q-VALUES" if state.q_values else "ACTIONS"
    draw_heading(surface, painter, label, heading, CHOSEN_TEXT[state.chosen_by], colour)
    names = name_width(painter, state.action_names, label.width) if columns == 1 else 0
    for index, (name, row) in enumerate(zip(state.action_names, rows, strict=True)):
        value = state.q_values[index] if state.q_values is not None else None
        chosen = colour if index == state.action else None
        text = number_q(value) if value is not None else ""
        if columns > 1:
            draw_compact_row(surface, painter, row, name, value, text, state.q_range, chosen)
        else:
            draw_row(surface, painter, row, name, value, text, state.q_range, chosen, names)


def name_width(painter: Painter, names: tuple[str, ...], width: int) -> int:
    """Room for the longest of the names, within reason, and for the marker before it."""
    widest = max((painter.width(name, "small") for name in names), default=0)
    return min(widest, round(width * 0.42)) + painter.px(24)


def draw_row(
    surface: pygame.Surface,
    painter: Painter,
    row: pygame.Rect,
    name: str,
    value: float | None,
    text: str,
    span: Span,
    chosen: Colour | None,
    names: int,
    tick: float | None = None,
) -> None:
    """Name, bar, number; the chosen one has a marker before its name. `tick`: another value, as a mark on the bar."""
    if chosen is not None:
        draw_marker(surface, painter, (row.left, row.centery), chosen)
    name = painter.fitted(name, names - painter.px(22))
    painter.write(surface, name, (row.left + painter.px(14), row.centery), TEXT if chosen else MUTED)
    values = painter.px(58)
    height = min(painter.px(10), row.height - 4)
    track = pygame.Rect(row.left + names, 0, max(1, row.width - names - values), max(1, height))
    track.centery = row.centery
    draw_bar_from_zero(surface, painter, track, value, span, chosen or ACCENT_DIM)
    if tick is not None and math.isfinite(tick):
        x = track.left + min(track.width - 1, round((tick - span[0]) / (span[1] - span[0]) * track.width))
        surface.fill(TEXT, (x, track.top - painter.px(3), max(1, painter.px(2)), track.height + 2 * painter.px(3)))
    if text:
        colour = TEXT if chosen else MUTED
        painter.write(surface, text, (row.right, row.centery), colour, "small", "mono", align="right")


def draw_compact_row(
    surface: pygame.Surface,
    painter: Painter,
    row: pygame.Rect,
    name: str,
    value: float | None,
    text: str,
    span: Span,
    chosen: Colour | None,
) -> None:
    """The same in half the width: the bar is a line under name and number."""
    if chosen is not None:
        draw_marker(surface, painter, (row.left, row.centery - 1), chosen)
    left = row.left + painter.px(12)
    right = row.right
    colour = TEXT if chosen else MUTED
    if text:
        right -= painter.write(surface, text, (row.right, row.centery - 1), colour, "small", "mono", align="right")
    painter.write(surface, painter.fitted(name, right - left - painter.px(4)), (left, row.centery - 1), colour)
    track = pygame.Rect(left, row.bottom - painter.px(3), max(1, row.right - left), max(2, painter.px(3)))
    # The number stands right above: zero's mark would go through it.
    draw_bar_from_zero(surface, painter, track, value, span, chosen or ACCENT_DIM, overhang=0)


def draw_bar_from_zero(
    surface: pygame.Surface,
    painter: Painter,
    track: pygame.Rect,
    value: float | None,
    span: Span,
    colour: Colour,
    overhang: int = 2,
) -> None:
    """A bar that goes left or right from where zero is in `span`; zero's mark stands out by `overhang` pixels."""
    if value is None or not math.isfinite(value):
        return
    surface.blit(painter.bar(track.size, min(3, track.height // 2), RAISED), track)
    low, high = span
    share = track.width / (high - low)
    zero = round(-low * share)
    end = round((max(low, min(high, value)) - low) * share)
    left, width = (zero, max(1, end - zero)) if value >= 0 else (end, max(1, zero - end))
    surface.blit(
        painter.bar(track.size, min(3, track.height // 2), colour),
        (track.left + left, track.top),
        (left, 0, width, track.height),
    )
    if low < 0:
        surface.fill(
            MUTED, (track.left + min(zero, track.width - 1), track.top - overhang, 1, track.height + 2 * overhang)
        )


def draw_marker(surface: pygame.Surface, painter: Painter, at: tuple[int, int], colour: Colour) -> None:
    """A small triangle that points right, its left side at `at`."""
    size = painter.px(4)
    points = [(at[0], at[1] - size), (at[0], at[1] + size), (at[0] + round(size * 1.5), at[1])]
    pygame.draw.polygon(surface, colour, points)
    pygame.draw.aalines(surface, colour, True, points)
