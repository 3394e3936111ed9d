"""Curves and columns: the Q-values over time, and the returns of the episodes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pygame

from arcade_dqn.stage import palette
from arcade_dqn.stage.palette import ACCENT, ACCENT_DIM, BORDER, EXPLORE, FAINT, MUTED, RAISED, SURFACE
from arcade_dqn.window.panel.numbers import number, number_q
from arcade_dqn.window.panel.painter import Painter
from arcade_dqn.window.panel.state import StepValues

_NONE_YET = ("no episode finished yet", "none yet")
"""What stands beside the heading before there are any; the first that has room."""


def draw_sparkline(surface: pygame.Surface, painter: Painter, rect: pygame.Rect, all_returns: Sequence[float]) -> None:
    """The returns of the finished episodes as columns, the newest at the right and bright."""
    used = painter.write(surface, "RETURNS", (rect.left, rect.top + painter.px(8)), MUTED)
    beside = rect.width - used - painter.px(10)
    plot = pygame.Rect(rect.left, rect.top + painter.px(24), rect.width, max(2, rect.height - painter.px(24)))
    returns = [value for value in all_returns if math.isfinite(value)]
    if not returns:
        said = next((text for text in _NONE_YET if painter.width(text, "small") <= beside), "")
        painter.write(surface, said, (rect.right, rect.top + painter.px(8)), FAINT, align="right")
        surface.fill(RAISED, (plot.left, plot.bottom - 1, plot.width, 1))
        return
    low, high = min(returns), max(returns)
    said = number(low) if low == high else f"{number(low)} to {number(high)}"
    if painter.width(said, "small", "mono") <= beside:
        painter.write(surface, said, (rect.right, rect.top + painter.px(8)), MUTED, "small", "mono", align="right")
    pitch = max(3, painter.px(6))
    shown = returns[-max(1, plot.width // pitch) :]
    base = min(0.0, low)
    span = max(high, 0.0) - base or 1.0
    zero = plot.bottom - round(-base / span * plot.height)
    for index, value in enumerate(shown):
        top = plot.bottom - round((value - base) / span * plot.height)
        column = pygame.Rect(plot.left + index * pitch, min(top, zero), pitch - max(1, painter.px(2)), abs(zero - top))
        column.height = max(2, column.height)
        surface.fill(ACCENT if index == len(shown) - 1 else ACCENT_DIM, column)
    surface.fill(BORDER, (plot.left, min(zero, plot.bottom - 1), plot.width, 1))


def draw_history(
    surface: pygame.Surface, painter: Painter, room: pygame.Rect, history: Sequence[StepValues], *, every_action: bool
) -> None:
    """The value of the state (the highest Q-value) over the episode's newest steps; random actions as ticks.

    With `every_action`, each action's Q-value is a thin line too, and a legend says which is what.
    """
    middle = room.top + painter.px(8)
    title = "Q-VALUES OVER TIME" if every_action else "VALUE OF THE STATE"
    used = painter.write(surface, title, (room.left, middle), MUTED)
    below = painter.px(26) if every_action else painter.px(8)
    plot = pygame.Rect(room.left, room.top + painter.px(24), room.width, max(4, room.height - painter.px(24) - below))
    pitch = max(1, painter.px(2))
    steps = [step for step in history[-max(1, plot.width // pitch) :] if _finite(step.q_values)]
    if not steps:
        return
    shown = [value for step in steps for value in (step.q_values if every_action else (step.value,))]
    low, high = min(shown), max(shown)
    said = f"{number_q(low)} to {number_q(high)}"
    if used + painter.width(said, "small", "mono") + painter.px(10) <= room.width:
        painter.write(surface, said, (room.right, middle), MUTED, "small", "mono", align="right")
    # A value that hardly moves shall look so.
    span = max(high - low, 0.05 * max(abs(low), abs(high)), 1e-6)
    surface.fill(BORDER, (plot.left, plot.bottom, plot.width, 1))

    def line(values: Sequence[float]) -> list[tuple[float, float]]:
        return [
            (plot.left + index * pitch, plot.bottom - 1 - (value - low) / span * (plot.height - 2))
            for index, value in enumerate(values)
        ]

    best = line([step.value for step in steps])
    if len(best) > 1:
        floor: list[tuple[float, float]] = [(best[-1][0], plot.bottom), (best[0][0], plot.bottom)]
        pygame.draw.polygon(surface, palette.blend(SURFACE, ACCENT, 0.12), best + floor)
        if every_action:
            for values in zip(*(step.q_values for step in steps), strict=True):
                pygame.draw.aalines(surface, palette.blend(SURFACE, MUTED, 0.6), False, line(values))
        pygame.draw.aalines(surface, ACCENT, False, best)
        if every_action:
            # Twice as thick as the others: it is told by more than its colour.
            pygame.draw.aalines(surface, ACCENT, False, [(x, y - 1) for x, y in best])
    painter.dot(surface, (round(best[-1][0]), round(best[-1][1])), painter.px(3), ACCENT)
    for index, step in enumerate(steps):
        if step.explored:
            surface.fill(EXPLORE, (plot.left + index * pitch, plot.bottom + 2, pitch, painter.px(5)))
    if every_action:
        _legend(surface, painter, (room.left, room.bottom - painter.px(7)), room.width)


def _legend(surface: pygame.Surface, painter: Painter, at: tuple[int, int], width: int) -> None:
    x, y = at
    for text, colour, thick in (
        ("value of the state", ACCENT, 3),
        ("each action", palette.blend(SURFACE, MUTED, 0.6), 1),
        ("random", EXPLORE, 5),
    ):
        needed = painter.px(20) + painter.width(text, "small") + painter.px(14)
        if x + needed - painter.px(14) > at[0] + width:
            return
        mark = painter.px(5) if thick == 5 else painter.px(14)
        surface.fill(colour, (x + painter.px(14) - mark, y - painter.px(thick) // 2, mark, max(1, painter.px(thick))))
        painter.write(surface, text, (x + painter.px(20), y), MUTED)
        x += needed


def _finite(values: Sequence[float]) -> bool:
    return all(map(math.isfinite, values))
