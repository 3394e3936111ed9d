"""What moves the choice, as light over the picture."""

from __future__ import annotations

import numpy as np
import pygame
import pytest

from arcade_dqn.stage import palette
from arcade_dqn.window.panel.game_picture import GamePicture
from arcade_dqn.window.panel.painter import Painter
from arcade_dqn.window.panel.state import SaliencyMap
from arcade_dqn.window.panel.views.saliency import LOWERS, RAISES, opacity, saliency_layer


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
