"""What moves the agent's choice, as light over the picture.

Two colours tell whether a thing raises or lowers the Q-value; so do a plus and a minus on the strongest places.
"""

from __future__ import annotations

import numpy as np
import pygame

from arcade_dqn.stage.palette import ACCENT, BORDER, FAINT, MUTED, PERSON, SCREEN, TEXT, Colour
from arcade_dqn.window.ink import Ink
from arcade_dqn.window.view import Heat, number_q

RAISES, LOWERS = ACCENT, PERSON
_STRONGEST = 0.78
"""Opacity of the largest effect."""
_VEIL = 120
"""Opacity, of 255, of what dims the picture below."""
_MARKED = 3
"""Places that get a sign, if they are worth it."""
_SWATCHES = (-1.0, -0.5, -0.15, 0.15, 0.5, 1.0)


def opacity(effects: np.ndarray, most: float) -> np.ndarray:
    """How opaque each effect [...] is drawn, 0 to 1: its share of `most`, small ones a little emphasised."""
    shares = np.clip(np.abs(effects) / most, 0.0, 1.0)
    strength: np.ndarray = _STRONGEST * shares**0.6
    return strength


def draw_heat(surface: pygame.Surface, ink: Ink, placed: pygame.Rect, heat: Heat) -> None:
    """Lay the effects over the picture that lies at `placed`."""
    rows, columns = heat.effects.shape
    covered = round(placed.width * heat.covers[0]), round(placed.height * heat.covers[1])
    before = surface.get_clip()
    surface.set_clip(placed.clip(before))
    # Under a veil the picture's own colours do not pass for the effects.
    veil = pygame.Surface(placed.size)
    veil.fill(SCREEN)
    veil.set_alpha(_VEIL)
    surface.blit(veil, placed)
    for sign, colour in ((1, RAISES), (-1, LOWERS)):
        effects = np.maximum(sign * heat.effects, 0)
        if effects.any():
            surface.blit(_layer(effects, heat, colour, covered), placed)
    place_width, place_height = covered[0] / columns, covered[1] / rows
    strongest = np.argsort(-np.abs(heat.effects), axis=None, kind="stable")[:_MARKED]
    for row, column in zip(*np.unravel_index(strongest, heat.effects.shape), strict=True):
        effect = float(heat.effects[row, column])
        if abs(effect) < 0.25 * heat.most:
            continue
        area = pygame.Rect(
            placed.left + round(column * place_width),
            placed.top + round(row * place_height),
            round(place_width),
            round(place_height),
        )
        if heat.sharp:
            pygame.draw.rect(surface, RAISES if effect > 0 else LOWERS, area, max(1, ink.px(2)), ink.px(3))
        draw_sign(surface, ink, area.center, effect)
    surface.set_clip(before)


def _layer(effects: np.ndarray, heat: Heat, colour: Colour, size: tuple[int, int]) -> pygame.Surface:
    """One colour, as opaque as the effects are large."""
    rows, columns = effects.shape
    pixels = np.empty((rows, columns, 4), np.uint8)
    pixels[:, :, :3] = colour
    pixels[:, :, 3] = np.rint(255 * opacity(effects, heat.most))
    small = pygame.image.frombuffer(pixels.tobytes(), (columns, rows), "RGBA")
    return (pygame.transform.scale if heat.sharp else pygame.transform.smoothscale)(small, size)


def draw_sign(surface: pygame.Surface, ink: Ink, centre: tuple[int, int], effect: float) -> None:
    """A plus or a minus on a dark disc."""
    radius, arm, thick = ink.px(7), ink.px(4), max(1, ink.px(2))
    ink.dot(surface, centre, radius, SCREEN)
    surface.fill(TEXT, (centre[0] - arm, centre[1] - thick // 2, 2 * arm, thick))
    if effect > 0:
        surface.fill(TEXT, (centre[0] - thick // 2, centre[1] - arm, thick, 2 * arm))


def draw_heat_legend(surface: pygame.Surface, ink: Ink, room: pygame.Rect, heat: Heat) -> int:
    """Swatches from what lowers the Q-value to what raises it, with numbers and signs; the height that it takes."""
    width, height = room.width // len(_SWATCHES), ink.px(20)
    top = room.top + ink.px(4)
    for index, share in enumerate(_SWATCHES):
        swatch = pygame.Rect(room.left + index * width, top, width - ink.px(4), height)
        surface.fill(SCREEN, swatch)
        layer = pygame.Surface(swatch.size)
        layer.fill(RAISES if share > 0 else LOWERS)
        layer.set_alpha(round(255 * float(opacity(np.array(share), 1.0))))
        surface.blit(layer, swatch)
        pygame.draw.rect(surface, BORDER, swatch, 1)
        if abs(share) == 1.0:
            draw_sign(surface, ink, swatch.center, share)
        text = f"{'+' if share > 0 else '-'}{number_q(abs(share) * heat.most)}"
        ink.write(surface, text, (swatch.centerx, swatch.bottom + ink.px(9)), MUTED, "small", "mono", align="centre")
    line = top + height + ink.px(27)
    ink.write(surface, "lowers Q", (room.left, line), FAINT)
    ink.write(surface, "raises Q", (room.left + width * len(_SWATCHES) - ink.px(4), line), FAINT, align="right")
    return line + ink.px(18) - room.top
