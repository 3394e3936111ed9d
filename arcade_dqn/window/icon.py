"""The window's icon, drawn: a cabinet's screen with a cart and a pole on it."""

from __future__ import annotations

import pygame

from arcade_dqn.stage.palette import ACCENT, BACKGROUND, EXPLORE, SURFACE, TEXT


def icon(size: int) -> pygame.Surface:
    """The icon, `size` x `size` pixels with alpha; drawn four times as large and averaged down."""
    side = size * 4
    unit = side / 64

    def px(length: float) -> int:
        return round(length * unit)

    surface = pygame.Surface((side, side), pygame.SRCALPHA)
    pygame.draw.rect(surface, SURFACE, (px(2), px(2), px(60), px(60)), border_radius=px(14))
    pygame.draw.rect(surface, ACCENT, (px(2), px(2), px(60), px(60)), width=px(3), border_radius=px(14))
    pygame.draw.rect(surface, BACKGROUND, (px(9), px(9), px(46), px(46)), border_radius=px(8))
    pygame.draw.line(surface, EXPLORE, (px(32), px(41)), (px(42), px(16)), px(5))
    pygame.draw.circle(surface, EXPLORE, (px(42), px(16)), px(2.4))
    pygame.draw.rect(surface, TEXT, (px(20), px(37), px(24), px(9)), border_radius=px(3))
    pygame.draw.circle(surface, ACCENT, (px(32), px(41.5)), px(2.6))
    pygame.draw.line(surface, ACCENT, (px(13), px(49)), (px(51), px(49)), px(2))
    return pygame.transform.smoothscale(surface, (size, size))
