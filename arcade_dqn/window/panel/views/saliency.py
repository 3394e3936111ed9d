"""The saliency map: what moves the agent's choice, as light over the picture.

Two colours tell whether a thing raises or lowers the Q-value; so do a plus and a minus on the strongest places.
"""

from __future__ import annotations

import numpy as np
import pygame

from arcade_dqn.stage.palette import ACCENT, BORDER, FAINT, MUTED, PERSON, SCREEN, TEXT
from arcade_dqn.window.panel.numbers import number_q
from arcade_dqn.window.panel.painter import Painter
from arcade_dqn.window.panel.state import SaliencyMap

RAISES, LOWERS = ACCENT, PERSON
_STRONGEST = 0.78
"""Opacity of the largest effect."""
_VEIL = 120
"""Opacity, of 255, of what dims the picture below."""
_MARKED, _WORTH_A_SIGN = 3, 0.25
"""So many places get a sign, if their effect is such a share of the most."""
_SWATCHES = (-1.0, -0.5, -0.15, 0.15, 0.5, 1.0)


def opacity(effects: np.ndarray, most: float) -> np.ndarray:
    """How opaque each effect [...] is drawn, 0 to 1: its share of `most`, small ones a little emphasised."""
    shares = np.clip(np.abs(effects) / most, 0.0, 1.0)
    strength: np.ndarray = _STRONGEST * shares**0.6
    return strength


def saliency_layer(painter: Painter, size: tuple[int, int], saliency: SaliencyMap) -> pygame.Surface:
    """What is to be laid over a picture of `size` and cut off at its edges: a veil, the effects as light, and signs."""
    rows, columns = saliency.effects.shape
    covered = round(size[0] * saliency.covers[0]), round(size[1] * saliency.covers[1])
    # All places are coloured as one small picture, a pixel each, and that is scaled once:
    # effects [10, 14] -> 14 x 10 pixels of red, green, blue and alpha -> 640 x 640 pixels over the game.
    small = pygame.Surface((columns, rows), pygame.SRCALPHA)
    # Not `frombuffer`: its order of colours is not a display's, and to blend it takes 50 times as long (3.8 ms).
    light = _light(saliency).swapaxes(0, 1)
    pygame.surfarray.pixels3d(small)[:] = light[:, :, :3]
    pygame.surfarray.pixels_alpha(small)[:] = light[:, :, 3]
    layer = (pygame.transform.scale if saliency.sharp else pygame.transform.smoothscale)(small, covered)
    place_width, place_height = covered[0] / columns, covered[1] / rows
    strongest = np.argsort(-np.abs(saliency.effects), axis=None, kind="stable")[:_MARKED]
    for row, column in zip(*np.unravel_index(strongest, saliency.effects.shape), strict=True):
        effect = float(saliency.effects[row, column])
        if abs(effect) < _WORTH_A_SIGN * saliency.most:
            continue
        left, top = round(column * place_width), round(row * place_height)
        area = pygame.Rect(left, top, round(place_width), round(place_height))
        if saliency.sharp:
            pygame.draw.rect(layer, RAISES if effect > 0 else LOWERS, area, max(1, painter.px(2)), painter.px(3))
        draw_sign(layer, painter, area.center, effect)
    return layer


def _light(saliency: SaliencyMap) -> np.ndarray:
    """The colours of the places, uint8 [rows, columns, 4]: the effect's own over the veil.

    Under a veil the picture's own colours do not pass for the effects.
    """
    strength = opacity(saliency.effects, saliency.most)[:, :, None]
    veil = _VEIL / 255 * (1 - strength)
    colours = np.where(saliency.effects[:, :, None] >= 0, np.array(RAISES, float), np.array(LOWERS, float))
    alpha = strength + veil
    mixed = (colours * strength + np.array(SCREEN, float) * veil) / alpha
    light: np.ndarray = np.rint(np.concatenate([mixed, 255 * alpha], axis=2)).astype(np.uint8)
    return light


def draw_sign(surface: pygame.Surface, painter: Painter, centre: tuple[int, int], effect: float) -> None:
    """A plus or a minus on a dark disc."""
    radius, arm, thick = painter.px(7), painter.px(4), max(1, painter.px(2))
    painter.dot(surface, centre, radius, SCREEN)
    surface.fill(TEXT, (centre[0] - arm, centre[1] - thick // 2, 2 * arm, thick))
    if effect > 0:
        surface.fill(TEXT, (centre[0] - thick // 2, centre[1] - arm, thick, 2 * arm))


def draw_saliency_legend(surface: pygame.Surface, painter: Painter, room: pygame.Rect, saliency: SaliencyMap) -> int:
    """Swatches from what lowers the Q-value to what raises it, with numbers and signs; the height that it takes."""
    width, height = room.width // len(_SWATCHES), painter.px(20)
    top = room.top + painter.px(4)
    for index, share in enumerate(_SWATCHES):
        swatch = pygame.Rect(room.left + index * width, top, width - painter.px(4), height)
        surface.fill(SCREEN, swatch)
        layer = pygame.Surface(swatch.size)
        layer.fill(RAISES if share > 0 else LOWERS)
        layer.set_alpha(round(255 * float(opacity(np.array(share), 1.0))))
        surface.blit(layer, swatch)
        pygame.draw.rect(surface, BORDER, swatch, 1)
        if abs(share) == 1.0:
            draw_sign(surface, painter, swatch.center, share)
        text = f"{'+' if share > 0 else '-'}{number_q(abs(share) * saliency.most)}"
        painter.write(
            surface, text, (swatch.centerx, swatch.bottom + painter.px(9)), MUTED, "small", "mono", align="centre"
        )
    line = top + height + painter.px(27)
    painter.write(surface, "lowers Q", (room.left, line), FAINT)
    painter.write(surface, "raises Q", (room.left + width * len(_SWATCHES) - painter.px(4), line), FAINT, align="right")
    return line + painter.px(18) - room.top
