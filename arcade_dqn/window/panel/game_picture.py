"""The game's picture in its place, with what moves the agent's choice over it."""

from __future__ import annotations

import numpy as np
import pygame

from arcade_dqn.stage.palette import SCREEN
from arcade_dqn.window.panel.layout import place
from arcade_dqn.window.panel.painter import Painter
from arcade_dqn.window.panel.state import SaliencyMap
from arcade_dqn.window.panel.views.saliency import saliency_layer


class GamePicture:
    """The game's picture, scaled; it and what lies over it are made only once for as long as they stay."""

    def __init__(self, least: float = 0.0) -> None:
        self._least = least
        self._scaled: pygame.Surface | None = None
        self._scaled_from: object = None
        self._layer: pygame.Surface | None = None
        self._layer_of: tuple[SaliencyMap, tuple[int, int]] | None = None

    def draw(
        self,
        surface: pygame.Surface,
        painter: Painter,
        room: pygame.Rect,
        picture: np.ndarray,
        saliency: SaliencyMap | None,
    ) -> pygame.Rect:
        """Draw `picture`, uint8 [height, width, 3], with `saliency` over it, into the middle of `room`; where it is."""
        height, width = picture.shape[:2]
        placed = place((width, height), room, self._least)
        # Scaling costs more than all the rest, so it is done once a picture and not once a frame. At 15 steps a second:
        # frame 1 scales picture 1 and shows it, frames 2 to 4 show the same surface again, frame 5 scales picture 2.
        if picture is not self._scaled_from or self._scaled is None or self._scaled.get_size() != placed.size:
            image = pygame.image.frombuffer(np.ascontiguousarray(picture).data, (width, height), "RGB")
            whole = placed.width % width == 0 and placed.height % height == 0
            # Whole pixels stay sharp; others are averaged.
            scaling = pygame.transform.scale if whole else pygame.transform.smoothscale
            self._scaled = scaling(image, placed.size)
            self._scaled_from = picture
        surface.blit(self._scaled, placed)
        if saliency is not None and saliency.frame is None:
            if self._layer is None or self._layer_of != (saliency, placed.size):
                self._layer, self._layer_of = saliency_layer(painter, placed.size, saliency), (saliency, placed.size)
            surface.blit(self._layer, placed, (0, 0, *placed.size))
        painter.round_off(surface, placed, painter.px(6), SCREEN)
        return placed
