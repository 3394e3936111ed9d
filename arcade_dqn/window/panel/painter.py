"""Type and smooth shapes on a pygame surface. Everything that is drawn twice is kept."""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal

import pygame

from arcade_dqn.stage.palette import BACKGROUND, BORDER, Colour
from arcade_dqn.storage.paths import assets_dir

Face = Literal["sans", "mono"]
Size = Literal["small", "body", "large"]

_FILES: dict[Face, str] = {"sans": "Inter-Medium.otf", "mono": "JetBrainsMono-Medium.ttf"}
_PIXELS: dict[Size, int] = {"small": 12, "body": 15, "large": 26}
_KEPT = 600


class Painter:
    """Three type sizes, two faces and rounded shapes, at one scale."""

    def __init__(self, scale: float) -> None:
        pygame.font.init()
        folder = assets_dir() / "fonts"
        self.scale = scale
        self._fonts: dict[tuple[Face, Size], pygame.font.Font] = {
            (face, size): pygame.font.Font(str(folder / file), max(9, round(pixels * scale)))
            for face, file in _FILES.items()
            for size, pixels in _PIXELS.items()
        }
        self._texts: OrderedDict[tuple[str, Colour, Size, Face], pygame.Surface] = OrderedDict()
        self._discs: dict[tuple[int, Colour], pygame.Surface] = {}
        self._bars: OrderedDict[tuple[int, int, int, Colour], pygame.Surface] = OrderedDict()

    def px(self, length: float) -> int:
        """A length of the design (at 1280 x 720) in pixels."""
        return round(length * self.scale)

    def height(self, size: Size, face: Face = "sans") -> int:
        """The height of a line."""
        return self._fonts[face, size].get_height()

    def width(self, text: str, size: Size, face: Face = "sans") -> int:
        return self._fonts[face, size].size(text)[0]

    def text(self, text: str, colour: Colour, size: Size = "small", face: Face = "sans") -> pygame.Surface:
        """A line of text as a surface with alpha. Do not draw on it."""
        key = (text, colour, size, face)
        surface = self._texts.get(key)
        if surface is None:
            surface = self._fonts[face, size].render(text, True, colour)
            self._texts[key] = surface
            if len(self._texts) > _KEPT:
                self._texts.popitem(last=False)
        else:
            self._texts.move_to_end(key)
        return surface

    def fitted(self, text: str, width: int, size: Size = "small", face: Face = "sans") -> str:
        """`text`, shortened with an ellipsis if it is wider than `width`."""
        if self.width(text, size, face) <= width:
            return text
        while text and self.width(text + "…", size, face) > width:
            text = text[:-1]
        return text.rstrip() + "…"

    def largest(self, text: str, width: int, face: Face = "sans") -> Size:
        """The largest size in which `text` is no wider than `width`; the smallest if it is in none."""
        sizes: tuple[Size, ...] = ("large", "body", "small")
        return next((size for size in sizes if self.width(text, size, face) <= width), "small")

    def write(
        self,
        surface: pygame.Surface,
        text: str,
        at: tuple[int, int],
        colour: Colour,
        size: Size = "small",
        face: Face = "sans",
        *,
        align: Literal["left", "right", "centre"] = "left",
    ) -> int:
        """Write a line with its left, right or centre at `at[0]` and its middle at the height `at[1]`; its width."""
        line = self.text(text, colour, size, face)
        width, height = line.get_size()
        x = at[0] - {"left": 0, "right": width, "centre": width // 2}[align]
        surface.blit(line, (x, at[1] - height // 2))
        return width

    def rounded(self, surface: pygame.Surface, rect: pygame.Rect, radius: int, colour: Colour) -> None:
        """A filled rectangle with smooth corners."""
        radius = max(0, min(radius, rect.width // 2, rect.height // 2))
        if radius < 1:
            surface.fill(colour, rect)
            return
        surface.fill(colour, rect.inflate(-2 * radius, 0))
        surface.fill(colour, rect.inflate(0, -2 * radius))
        disc = self._disc(radius, colour)
        right, bottom = rect.right - radius, rect.bottom - radius
        for x, column in ((rect.left, 0), (right, radius)):
            for y, row in ((rect.top, 0), (bottom, radius)):
                surface.blit(disc, (x, y), (column, row, radius, radius))

    def framed(self, surface: pygame.Surface, rect: pygame.Rect, radius: int, colour: Colour, border: Colour) -> None:
        """A filled rectangle with smooth corners and a border of one pixel."""
        self.rounded(surface, rect, radius, border)
        self.rounded(surface, rect.inflate(-2, -2), radius - 1, colour)

    def card(self, surface: pygame.Surface, rect: pygame.Rect, colour: Colour) -> None:
        """A large framed rectangle on the bare background, also over an older one of itself."""
        radius = self.px(14)
        for x in (rect.left, rect.right - radius):
            for y in (rect.top, rect.bottom - radius):
                surface.fill(BACKGROUND, (x, y, radius, radius))
        self.framed(surface, rect, radius, colour, BORDER)

    def bar(self, size: tuple[int, int], radius: int, colour: Colour) -> pygame.Surface:
        """A rounded bar with alpha, to be blitted whole or in part: a part keeps its straight edge.

        So a level of any length takes two bars that are made once: the groove whole, and of the filled one the left
        part, `surface.blit(bar((100, 8), 4, colour), at, (0, 0, 37, 8))` for 37 of 100 pixels.
        """
        key = (*size, radius, colour)
        surface = self._bars.get(key)
        if surface is None:
            surface = pygame.Surface(size, pygame.SRCALPHA)
            surface.fill((*colour, 0))
            self.rounded(surface, surface.get_rect(), radius, colour)
            self._bars[key] = surface
            if len(self._bars) > _KEPT:
                self._bars.popitem(last=False)
        return surface

    def dot(self, surface: pygame.Surface, centre: tuple[int, int], radius: int, colour: Colour) -> None:
        """A smooth disc."""
        surface.blit(self._disc(radius, colour), (centre[0] - radius, centre[1] - radius))

    def round_off(self, surface: pygame.Surface, rect: pygame.Rect, radius: int, outside: Colour) -> None:
        """Paint the corners outside a rounded rectangle over, as if what is in it had round corners."""
        piece = pygame.Surface((2 * radius, 2 * radius), pygame.SRCALPHA)
        piece.fill((*outside, 255))
        # What the disc covers becomes transparent, in proportion to how much of a pixel it covers.
        piece.blit(self._disc(radius, (0, 0, 0)), (0, 0), special_flags=pygame.BLEND_RGBA_SUB)
        colour = pygame.Surface(piece.get_size(), pygame.SRCALPHA)
        colour.fill((*outside, 0))
        piece.blit(colour, (0, 0), special_flags=pygame.BLEND_RGBA_MAX)
        for x, column in ((rect.left, 0), (rect.right - radius, radius)):
            for y, row in ((rect.top, 0), (rect.bottom - radius, radius)):
                surface.blit(piece, (x, y), (column, row, radius, radius))

    def _disc(self, radius: int, colour: Colour) -> pygame.Surface:
        key = (radius, colour)
        if key not in self._discs:
            # Drawn four times as large and averaged down: pygame's own circles are jagged.
            large = pygame.Surface((8 * radius, 8 * radius), pygame.SRCALPHA)
            large.fill((*colour, 0))
            pygame.draw.circle(large, (*colour, 255), (4 * radius, 4 * radius), 4 * radius)
            self._discs[key] = pygame.transform.smoothscale(large, (2 * radius, 2 * radius))
        return self._discs[key]
