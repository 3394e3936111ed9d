"""Where everything lies while two play. Lengths are those of a 1280 x 720 design, scaled to the window."""

from __future__ import annotations

from dataclasses import dataclass

import pygame

from arcade_dqn.window.panel.layout import place, scale_for

MARGIN, GAP = 16, 12
BOARD = 96
STRIP, HIGH_STRIP, MOST_STRIP = 96, 156, 250
"""Least height of what stands below a picture, the same for views that want more, and the most."""
INSET = 4
"""Between a card's edge and the largest picture."""
FOOTER = 38
WHOLE = 0.8
"""Whole multiples of a picture's size that fill less of the room than this are given up."""


@dataclass(frozen=True)
class TwoPlayersLayout:
    """The rectangles of one window size, in pixels; those in pairs are the left one's and the right one's."""

    scale: float
    board: pygame.Rect
    screens: tuple[pygame.Rect, pygame.Rect]
    pictures: tuple[pygame.Rect, pygame.Rect]
    """Room for the pictures, within the screens."""
    strips: tuple[pygame.Rect, pygame.Rect] | None
    """Cards under the pictures; None while no view is open."""
    footer: pygame.Rect


def lay_out_two_players(size: tuple[int, int], picture: tuple[int, int] | None, *, strip: int) -> TwoPlayersLayout:
    """The layout of a window of `size` pixels for two pictures of (width, height).

    Under each is a strip at least `strip` high (in the design's pixels), or none if that is 0.
    """
    scale = scale_for(size)

    def px(length: float) -> int:
        return round(length * scale)

    width, height = max(size[0], 320), max(size[1], 300)
    board = pygame.Rect(px(MARGIN), px(MARGIN), width - 2 * px(MARGIN), px(BOARD))
    footer = pygame.Rect(board.left, height - px(FOOTER), board.width, px(30))
    top, bottom = board.bottom + px(GAP), footer.top - px(8)
    card_width = (board.width - px(GAP)) // 2
    lefts = board.left, board.right - card_width
    picture_height, strip_height = bottom - top, 0
    if strip:
        picture_height = max(1, bottom - top - px(GAP) - px(strip))
        if picture is not None:
            room = pygame.Rect(0, 0, card_width - 2 * px(INSET), max(1, picture_height - 2 * px(INSET)))
            picture_height = min(picture_height, place(picture, room, WHOLE).height + 2 * px(INSET))
        strip_height = min(px(MOST_STRIP), bottom - top - px(GAP) - picture_height)
        picture_height = bottom - top - px(GAP) - strip_height

    def pair(at: int, tall: int) -> tuple[pygame.Rect, pygame.Rect]:
        one, other = (pygame.Rect(left, at, card_width, max(1, tall)) for left in lefts)
        return one, other

    screens = pair(top, picture_height)
    one, other = (screen.inflate(-2 * px(INSET), -2 * px(INSET)) for screen in screens)
    return TwoPlayersLayout(
        scale,
        board,
        screens,
        (one, other),
        pair(bottom - strip_height, strip_height) if strip else None,
        footer,
    )
