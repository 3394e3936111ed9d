"""Curves and columns: the Q-values over time, and the returns of the episodes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pygame

from arcade_dqn.stage import palette
from arcade_dqn.stage.palette import ACCENT, ACCENT_DIM, BORDER, EXPLORE, FAINT, MUTED, RAISED, SURFACE
from arcade_dqn.window.ink import Ink
from arcade_dqn.window.view import Thought, number, number_q

_NONE_YET = ("no episode finished yet", "none yet")
"""What stands beside the heading before there are any; the first that has room."""


def draw_sparkline(surface: pygame.Surface, ink: Ink, rect: pygame.Rect, all_returns: Sequence[float]) -> None:
    """The returns of the finished episodes as columns, the newest at the right and bright."""
    used = ink.write(surface, "RETURNS", (rect.left, rect.top + ink.px(8)), MUTED)
    beside = rect.width - used - ink.px(10)
    plot = pygame.Rect(rect.left, rect.top + ink.px(24), rect.width, max(2, rect.height - ink.px(24)))
    returns = [value for value in all_returns if math.isfinite(value)]
    if not returns:
        said = next((text for text in _NONE_YET if ink.width(text, "small") <= beside), "")
        ink.write(surface, said, (rect.right, rect.top + ink.px(8)), FAINT, align="right")
        surface.fill(RAISED, (plot.left, plot.bottom - 1, plot.width, 1))
        return
    low, high = min(returns), max(returns)
    said = number(low) if low == high else f"{number(low)} to {number(high)}"
    if ink.width(said, "small", "mono") <= beside:
        ink.write(surface, said, (rect.right, rect.top + ink.px(8)), MUTED, "small", "mono", align="right")
    pitch = max(3, ink.px(6))
    shown = returns[-max(1, plot.width // pitch) :]
    base = min(0.0, low)
    span = max(high, 0.0) - base or 1.0
    zero = plot.bottom - round(-base / span * plot.height)
    for index, value in enumerate(shown):
        top = plot.bottom - round((value - base) / span * plot.height)
        column = pygame.Rect(plot.left + index * pitch, min(top, zero), pitch - max(1, ink.px(2)), abs(zero - top))
        column.height = max(2, column.height)
        surface.fill(ACCENT if index == len(shown) - 1 else ACCENT_DIM, column)
    surface.fill(BORDER, (plot.left, min(zero, plot.bottom - 1), plot.width, 1))


def draw_history(
    surface: pygame.Surface, ink: Ink, room: pygame.Rect, history: Sequence[Thought], *, every_action: bool
) -> None:
    """The value of the state (the highest Q-value) over the episode's newest steps; random actions as ticks.

    With `every_action`, each action's Q-value is a thin line too, and a legend says which is what.
    """
    middle = room.top + ink.px(8)
    title = "Q-VALUES OVER TIME" if every_action else "VALUE OF THE STATE"
    used = ink.write(surface, title, (room.left, middle), MUTED)
    below = ink.px(26) if every_action else ink.px(8)
    plot = pygame.Rect(room.left, room.top + ink.px(24), room.width, max(4, room.height - ink.px(24) - below))
    pitch = max(1, ink.px(2))
    steps = [thought for thought in history[-max(1, plot.width // pitch) :] if _finite(thought.q_values)]
    if not steps:
        return
    shown = [value for thought in steps for value in (thought.q_values if every_action else (thought.value,))]
    low, high = min(shown), max(shown)
    said = f"{number_q(low)} to {number_q(high)}"
    if used + ink.width(said, "small", "mono") + ink.px(10) <= room.width:
        ink.write(surface, said, (room.right, middle), MUTED, "small", "mono", align="right")
    # A value that hardly moves shall look so.
    span = max(high - low, 0.05 * max(abs(low), abs(high)), 1e-6)
    surface.fill(BORDER, (plot.left, plot.bottom, plot.width, 1))

    def line(values: Sequence[float]) -> list[tuple[float, float]]:
        return [
            (plot.left + index * pitch, plot.bottom - 1 - (value - low) / span * (plot.height - 2))
            for index, value in enumerate(values)
        ]

    best = line([thought.value for thought in steps])
    if len(best) > 1:
        floor: list[tuple[float, float]] = [(best[-1][0], plot.bottom), (best[0][0], plot.bottom)]
        pygame.draw.polygon(surface, palette.blend(SURFACE, ACCENT, 0.12), best + floor)
        if every_action:
            for values in zip(*(thought.q_values for thought in steps), strict=True):
                pygame.draw.aalines(surface, palette.blend(SURFACE, MUTED, 0.6), False, line(values))
        pygame.draw.aalines(surface, ACCENT, False, best)
        if every_action:
            # Twice as thick as the others: it is told by more than its colour.
            pygame.draw.aalines(surface, ACCENT, False, [(x, y - 1) for x, y in best])
    ink.dot(surface, (round(best[-1][0]), round(best[-1][1])), ink.px(3), ACCENT)
    for index, thought in enumerate(steps):
        if thought.explored:
            surface.fill(EXPLORE, (plot.left + index * pitch, plot.bottom + 2, pitch, ink.px(5)))
    if every_action:
        _legend(surface, ink, (room.left, room.bottom - ink.px(7)), room.width)


def _legend(surface: pygame.Surface, ink: Ink, at: tuple[int, int], width: int) -> None:
    x, y = at
    for text, colour, thick in (
        ("value of the state", ACCENT, 3),
        ("each action", palette.blend(SURFACE, MUTED, 0.6), 1),
        ("random", EXPLORE, 5),
    ):
        needed = ink.px(20) + ink.width(text, "small") + ink.px(14)
        if x + needed - ink.px(14) > at[0] + width:
            return
        mark = ink.px(5) if thick == 5 else ink.px(14)
        surface.fill(colour, (x + ink.px(14) - mark, y - ink.px(thick) // 2, mark, max(1, ink.px(thick))))
        ink.write(surface, text, (x + ink.px(20), y), MUTED)
        x += needed


def _finite(values: Sequence[float]) -> bool:
    return all(map(math.isfinite, values))
