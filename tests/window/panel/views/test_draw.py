"""The views drawn: pixels where they have to tell a number, and every size and shape without a fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pygame
import pytest

from arcade_dqn.stage import palette
from arcade_dqn.window.panel.game_picture import GamePicture
from arcade_dqn.window.panel.hud import Hud
from arcade_dqn.window.panel.painter import Painter
from arcade_dqn.window.panel.state import Bar, Histograms, HudState, SaliencyMap, StepValues, Tile, View
from arcade_dqn.window.panel.views.draw import draw_view, wrapped
from arcade_dqn.window.panel.views.saliency import LOWERS, RAISES, opacity, saliency_layer

Views = Callable[..., HudState]


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
    size: tuple[int, int], actions: int, picture: tuple[int, int], hud_state: Views
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


def test_a_view_stays_in_its_room(hud_state: Views) -> None:
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


# --- histograms ---


def test_the_columns_of_a_histogram_have_the_exact_heights(hud_state: Views) -> None:
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


def test_where_histograms_have_no_room_the_chosen_ones_is_drawn_alone(hud_state: Views) -> None:
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


# --- saliency ---


def test_opacity_grows_with_the_effect_and_ends_at_the_most() -> None:
    strengths = opacity(np.array([0.0, 0.1, -0.5, 1.0, 7.0], np.float32), 1.0)
    assert strengths[0] == 0
    assert (np.diff(strengths[:4]) > 0).all()
    assert strengths[3] == strengths[4] < 1


def test_saliency_lies_on_the_cells_it_belongs_to() -> None:
    painter = Painter(1.0)
    surface = pygame.Surface((200, 200))
    placed = pygame.Rect(20, 40, 100, 100)
    effects = np.zeros((10, 10), np.float32)
    effects[2, 7], effects[5, 1] = 1.0, -0.2
    surface.blit(saliency_layer(painter, placed.size, SaliencyMap(effects, 1.0, (1.0, 1.0), True)), placed)
    pixels = pygame.surfarray.array3d(surface)
    # The veil over the rest is nearly black.
    lit = np.argwhere(pixels.max(axis=2) > 20)
    x = lit[:, 0]
    weak = lit[x < 60]
    assert (weak.min(axis=0).tolist(), weak.max(axis=0).tolist()) == ([30, 90], [39, 99])
    corner = pixels[31, 91].astype(float)
    # Black under a translucent colour: the colour's own proportions, at its opacity.
    assert corner / 255 == pytest.approx(np.array(LOWERS) / 255 * opacity(np.array(0.2), 1.0), abs=0.03)
    strong = lit[x >= 60]
    # The sign's disc may stand out of a small cell.
    assert abs(strong.mean(axis=0) - [95, 65]).max() < 1
    assert tuple(pixels[95, 65]) == palette.TEXT, "a plus in the middle of what raises Q most"
    assert RAISES != LOWERS


def test_saliency_never_leaves_the_picture() -> None:
    """A row of places that is cut off at the picture's edge is cut off there too."""
    painter = Painter(2.0)
    surface = pygame.Surface((200, 200))
    placed = pygame.Rect(50, 50, 84, 84)
    effects = np.full((13, 13), 1.0, np.float32)
    picture = np.zeros((42, 42, 3), np.uint8)
    GamePicture().draw(surface, painter, placed, picture, SaliencyMap(effects, 1.0, (1.04, 1.04), False))
    lit = np.argwhere(pygame.surfarray.array3d(surface).max(axis=2) > 20)
    # The picture is there twice as large; its corners are rounded off.
    assert (lit.min(axis=0).tolist(), lit.max(axis=0).tolist()) == ([50, 50], [133, 133])


def test_words_are_broken_between_words() -> None:
    painter = Painter(1.0)
    text = "How far Q falls when a cell is emptied: what stands there raised it."
    lines = wrapped(painter, text, 150)
    assert " ".join(lines) == text
    assert len(lines) > 1
    assert all(painter.width(line, "small") <= 150 for line in lines)
    assert wrapped(painter, "unbreakable", 5) == ["unbreakable"]
