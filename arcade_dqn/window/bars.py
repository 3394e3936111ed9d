"""Rows of a name, a bar from zero and a number: Q-values, chances, inputs."""

from __future__ import annotations

import math

import pygame

from arcade_dqn.stage.palette import ACCENT, ACCENT_DIM, EXPLORE, MUTED, PERSON, RAISED, TEXT, Colour
from arcade_dqn.window.ink import Ink
from arcade_dqn.window.layout import COMPACT_ROW, LABEL, ROW, rows_in
from arcade_dqn.window.view import View, number_q

CHOSEN: dict[str, Colour] = {"greedy": ACCENT, "explored": EXPLORE, "you": PERSON, "": ACCENT}
"""The colour of the chosen action, by who chose it."""
CHOSEN_TEXT = {"greedy": "greedy", "explored": "explored at random", "you": "your choice", "": ""}

Span = tuple[float, float]


def draw_heading(surface: pygame.Surface, ink: Ink, room: pygame.Rect, text: str, note: str, colour: Colour) -> None:
    """A section's label at the top left of `room`, and a few words at the right."""
    middle = room.top + ink.px(8)
    used = ink.write(surface, ink.fitted(text, room.width), (room.left, middle), MUTED)
    left = room.width - used - ink.px(10)
    if note and left > ink.px(30):
        ink.write(surface, ink.fitted(note, left), (room.right, middle), colour, align="right")


def draw_q_values(surface: pygame.Surface, ink: Ink, room: pygame.Rect, view: View) -> None:
    """The Q-values in any `room`: with their heading, in as many columns as it takes."""
    height = room.height - ink.px(LABEL)
    count = len(view.action_names)
    fitting = (n for n in (1, 2, 3) if -(-count // n) * ink.px(ROW if n == 1 else COMPACT_ROW) <= height)
    columns = next(fitting, 3)
    below = pygame.Rect(room.left, room.top + ink.px(LABEL), room.width, height)
    rows = rows_in(below, count, columns, ink.scale)
    draw_q_rows(surface, ink, room, rows, columns, view)


def draw_q_rows(
    surface: pygame.Surface, ink: Ink, label: pygame.Rect, rows: tuple[pygame.Rect, ...], columns: int, view: View
) -> None:
    """The heading at the top of `label`, and one action in each of the rows; the chosen one is marked."""
    colour = CHOSEN[view.chosen_by]
    heading = "Q-VALUES" if view.q_values else "ACTIONS"
    draw_heading(surface, ink, label, heading, CHOSEN_TEXT[view.chosen_by], colour)
    names = name_width(ink, view.action_names, label.width) if columns == 1 else 0
    for index, (name, row) in enumerate(zip(view.action_names, rows, strict=True)):
        value = view.q_values[index] if view.q_values is not None else None
        chosen = colour if index == view.action else None
        text = number_q(value) if value is not None else ""
        if columns > 1:
            draw_compact_row(surface, ink, row, name, value, text, view.q_range, chosen)
        else:
            draw_row(surface, ink, row, name, value, text, view.q_range, chosen, names)


def name_width(ink: Ink, names: tuple[str, ...], width: int) -> int:
    """Room for the longest of the names, within reason, and for the marker before it."""
    widest = max((ink.width(name, "small") for name in names), default=0)
    return min(widest, round(width * 0.42)) + ink.px(24)


def draw_row(
    surface: pygame.Surface,
    ink: Ink,
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
        draw_marker(surface, ink, (row.left, row.centery), chosen)
    name = ink.fitted(name, names - ink.px(22))
    ink.write(surface, name, (row.left + ink.px(14), row.centery), TEXT if chosen else MUTED)
    values = ink.px(58)
    height = min(ink.px(10), row.height - 4)
    track = pygame.Rect(row.left + names, 0, max(1, row.width - names - values), max(1, height))
    track.centery = row.centery
    draw_bar_from_zero(surface, ink, track, value, span, chosen or ACCENT_DIM)
    if tick is not None and math.isfinite(tick):
        x = track.left + min(track.width - 1, round((tick - span[0]) / (span[1] - span[0]) * track.width))
        surface.fill(TEXT, (x, track.top - ink.px(3), max(1, ink.px(2)), track.height + 2 * ink.px(3)))
    if text:
        colour = TEXT if chosen else MUTED
        ink.write(surface, text, (row.right, row.centery), colour, "small", "mono", align="right")


def draw_compact_row(
    surface: pygame.Surface,
    ink: Ink,
    row: pygame.Rect,
    name: str,
    value: float | None,
    text: str,
    span: Span,
    chosen: Colour | None,
) -> None:
    """The same in half the width: the bar is a line under name and number."""
    if chosen is not None:
        draw_marker(surface, ink, (row.left, row.centery - 1), chosen)
    left = row.left + ink.px(12)
    right = row.right
    colour = TEXT if chosen else MUTED
    if text:
        right -= ink.write(surface, text, (row.right, row.centery - 1), colour, "small", "mono", align="right")
    ink.write(surface, ink.fitted(name, right - left - ink.px(4)), (left, row.centery - 1), colour)
    track = pygame.Rect(left, row.bottom - ink.px(3), max(1, row.right - left), max(2, ink.px(3)))
    # The number stands right above: zero's mark would go through it.
    draw_bar_from_zero(surface, ink, track, value, span, chosen or ACCENT_DIM, overhang=0)


def draw_bar_from_zero(
    surface: pygame.Surface,
    ink: Ink,
    track: pygame.Rect,
    value: float | None,
    span: Span,
    colour: Colour,
    overhang: int = 2,
) -> None:
    """A bar that goes left or right from where zero is in `span`; zero's mark stands out by `overhang` pixels."""
    if value is None or not math.isfinite(value):
        return
    surface.blit(ink.bar(track.size, min(3, track.height // 2), RAISED), track)
    low, high = span
    share = track.width / (high - low)
    zero = round(-low * share)
    end = round((max(low, min(high, value)) - low) * share)
    left, width = (zero, max(1, end - zero)) if value >= 0 else (end, max(1, zero - end))
    surface.blit(
        ink.bar(track.size, min(3, track.height // 2), colour),
        (track.left + left, track.top),
        (left, 0, width, track.height),
    )
    if low < 0:
        surface.fill(
            MUTED, (track.left + min(zero, track.width - 1), track.top - overhang, 1, track.height + 2 * overhang)
        )


def draw_marker(surface: pygame.Surface, ink: Ink, at: tuple[int, int], colour: Colour) -> None:
    """A small triangle that points right, its left side at `at`."""
    size = ink.px(4)
    points = [(at[0], at[1] - size), (at[0], at[1] + size), (at[0] + round(size * 1.5), at[1])]
    pygame.draw.polygon(surface, colour, points)
    pygame.draw.aalines(surface, colour, True, points)
