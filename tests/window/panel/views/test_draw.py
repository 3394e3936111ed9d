"""The views drawn: pixels where they have to tell a number, and every size and shape without a fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pygame
import pytest

from arcade_dqn.window.panel.hud import Hud
from arcade_dqn.window.panel.painter import Painter
from arcade_dqn.window.panel.state import Bar, Histograms, HudState, SaliencyMap, StepValues, Tile, View
from arcade_dqn.window.panel.views.draw import draw_view, wrapped

States = Callable[..., HudState]


def all_views(actions: int) -> list[View]:
    """One of every kind, for so many actions."""
    rows = tuple(tuple(float(column == row % 28) for column in range(28)) for row in range(actions))
    effects = np.zeros((10, 10), np.float32)
    effects[2, 3], effects[9, 9] = 1.0, -0.5
    frame = np.full((84, 84), 90, np.uint8)
    words = "A sentence of some length that has to be broken into lines. " * 3
    return [
        View(""),
        View(),
        View("over_time", "Q-VALUES OVER TIME"),
        View("over_time", "Q-VALUES OVER TIME", sentence=words),
        View("returns", "RETURNS", "51 atoms", returns=Histograms(-3.0, 9.0, rows)),
        View("returns", "RETURNS", sentence=words),
        View("chances", "CHANCES", sentence=words, chances=(1 / actions,) * actions, soft=(0.5,) * actions),
        View("inputs", "INPUTS", "note", words, bars=tuple(Bar(f"number {n}", n - 5.0, (-9, 20)) for n in range(24))),
        View("inputs", "INPUTS", "note", words, saliency=SaliencyMap(effects, 1.0, (1.0, 1.0), True)),
        View("inputs", "INPUTS", "note", words, saliency=SaliencyMap(effects, 1.0, (1.04, 1.04), False, frame)),
        View("sees", "SEES", bars=(Bar("position", 0.5, (-1.0, 1.0)),)),
        View("sees", "SEES", "84 x 84", tiles=tuple(Tile(f"-{n}", frame) for n in range(4))),
        View("sees", "SEES", "10 x 10", tiles=tuple(Tile(f"kind {n}", frame[:10, :10]) for n in range(10))),
    ]


@pytest.mark.parametrize("picture", [(210, 160), (160, 160), (400, 600)])
@pytest.mark.parametrize("actions", [2, 6, 18])
@pytest.mark.parametrize("size", [(1280, 720), (760, 520), (320, 240), (1, 1), (3840, 2160)])
def test_every_view_fits_every_window(
    size: tuple[int, int], actions: int, picture: tuple[int, int], hud_state: States
) -> None:
    surface, hud = pygame.Surface(size), Hud()
    values = tuple(float(action) - 3 for action in range(actions))
    history = tuple(StepValues(tuple(v + step % 7 for v in values), step % 9 == 0) for step in range(60))
    shown = hud_state(
        action_names=tuple(f"action {n}" for n in range(actions)),
        q_values=values,
        q_range=(-3.0, 20.0),
        history=history,
    )
    pixels = np.full((*picture, 3), 70, np.uint8)
    for view in all_views(actions):
        hud.draw(surface, replace(shown, view=view), pixels)


def test_a_view_stays_in_its_room(hud_state: States) -> None:
    painter = Painter(1.0)
    for view in all_views(6):
        strip = (560, 74 if view.name in ("", "q_values", "over_time", "chances") else 134)
        for size in ((332, 226), (332, 180), (250, 250), strip):
            surface = pygame.Surface((700, 420))
            surface.fill((1, 2, 3))
            room = pygame.Rect((60, 60), size)
            values = tuple(float(action) for action in range(6))
            draw_view(
                surface, painter, room,
                hud_state(action_names=("left",) * 6, q_values=values, q_range=(0.0, 5.0), view=view,
                     history=tuple(StepValues(values, True) for _ in range(30))),
            )  # fmt: skip
            outside = pygame.surfarray.array3d(surface)
            # The end of a bar's zero line and of letters may stand out a little.
            outside[56:-1, 56 : 60 + size[1] + 8][: size[0] + 8] = (1, 2, 3)
            assert (outside == (1, 2, 3)).all(), (view.name, size)


def test_words_are_broken_between_words() -> None:
    painter = Painter(1.0)
    text = "How far Q falls when a cell is emptied: what stands there raised it."
    lines = wrapped(painter, text, 150)
    assert " ".join(lines) == text
    assert len(lines) > 1
    assert all(painter.width(line, "small") <= 150 for line in lines)
    assert wrapped(painter, "unbreakable", 5) == ["unbreakable"]
