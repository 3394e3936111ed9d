"""Histograms of returns: pixels that have to tell a number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pygame
import pytest

from arcade_dqn.stage import palette
from arcade_dqn.window.panel.painter import Painter
from arcade_dqn.window.panel.state import Histograms, HudState, View
from arcade_dqn.window.panel.views.draw import draw_view

States = Callable[..., HudState]


def test_the_columns_of_a_histogram_have_the_exact_heights(hud_state: States) -> None:
    painter = Painter(1.0)
    surface = pygame.Surface((400, 260))
    heights = ((1.0, 0.5, 0.0, 0.25), (0.0, 0.0, 0.0, 1.0))
    view = View("returns", "RETURNS", returns=Histograms(0.0, 4.0, heights))
    draw_view(surface, painter, pygame.Rect(10, 10, 332, 226), hud_state(view=view, q_values=(0.9, 3.9), action=1))
    pixels = pygame.surfarray.array3d(surface)
    for colour, row in ((palette.ACCENT_DIM, heights[0]), (palette.ACCENT, heights[1])):
        columns = np.flatnonzero((pixels == colour).all(axis=2).sum(axis=1) > 12)
        # The marker before a chosen name is not a column.
        columns = columns[columns > 60]
        tall = (pixels == colour).all(axis=2).sum(axis=1)
        highest = tall[columns].max()
        left = columns.min()
        width = 0
        if row[0]:
            # Four columns share the plot: look into the middle of each.
            width = (columns.max() - left + 1) // 4
            found = [tall[left + width * index + width // 2] / highest for index in range(4)]
            assert found == pytest.approx(row, abs=0.03)
        else:
            assert len(columns) < 100


def test_where_histograms_have_no_room_the_chosen_ones_is_drawn_alone(hud_state: States) -> None:
    painter = Painter(1.0)
    surface = pygame.Surface((240, 110))
    heights = ((1.0,) * 10,) * 6
    view = View("returns", "RETURNS", returns=Histograms(0.0, 4.0, heights))
    names = tuple(f"action {n}" for n in range(6))
    draw_view(
        surface,
        painter,
        pygame.Rect(5, 5, 230, 80),
        hud_state(view=view, action_names=names, q_values=(2.0,) * 6, action=3),
    )
    pixels = pygame.surfarray.array3d(surface)
    tall = (pixels == palette.ACCENT).all(axis=2).sum(axis=1)
    assert (tall > 15).sum() > 60, "it has a width that can be read"
    assert not (pixels == palette.ACCENT_DIM).all(axis=2).any(), "and no other is squeezed beside it"
