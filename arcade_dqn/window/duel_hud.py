"""The window with two at play: a score board above, and for each a picture with what its agent thinks below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np
import pygame

from arcade_dqn.stage import palette
from arcade_dqn.stage.palette import (
    ACCENT,
    BACKGROUND,
    BORDER,
    CALM,
    FAINT,
    MUTED,
    PERSON,
    SCREEN,
    SURFACE,
    TEXT,
    Colour,
)
from arcade_dqn.window.charts import draw_sparkline
from arcade_dqn.window.duel_layout import HIGH_STRIP, STRIP, WHOLE, lay_out_duel
from arcade_dqn.window.ink import Ink
from arcade_dqn.window.looks import draw_look
from arcade_dqn.window.overlay import draw_help, draw_hints, draw_over_picture, draw_waiting
from arcade_dqn.window.screen import Screen
from arcade_dqn.window.view import Contender, DuelView, Heat, number

_HIGH = ("returns", "inputs", "sees")
"""Views that want more height."""

_Shape = tuple[tuple[int, int], tuple[int, int] | None, int]


class DuelHud:
    """Draws duels, and of each only what has changed since the last time on the same surface."""

    def __init__(self) -> None:
        self.layout = lay_out_duel((1, 1), None, strip=0)
        self._ink = Ink(self.layout.scale)
        self._drawn: tuple[DuelView, tuple[np.ndarray | None, np.ndarray | None]] | None = None
        self._shape: _Shape | None = None
        self._screens = Screen(WHOLE), Screen(WHOLE)

    def draw(
        self, surface: pygame.Surface, view: DuelView, pictures: tuple[np.ndarray | None, np.ndarray | None]
    ) -> list[pygame.Rect]:
        """Bring `surface` up to date with `view` and both pictures (uint8 [height, width, 3]).

        Returns the parts that changed. Always hand it the same surface, or call `forget` in between.
        """
        first = next((picture for picture in pictures if picture is not None), None)
        size = (first.shape[1], first.shape[0]) if first is not None else None
        look = view.sides[0].view.look.name
        shape = surface.get_size(), size, HIGH_STRIP if look in _HIGH else STRIP if look else 0
        if shape != self._shape:
            self.layout = lay_out_duel(shape[0], shape[1], strip=shape[2])
            if self._ink.scale != self.layout.scale:
                self._ink = Ink(self.layout.scale)
            self._shape = shape
            self.forget()
        if self._drawn is not None and (self._drawn[0].help or view.help) and self._drawn[0] != view:
            # The help lies over everything.
            self.forget()
        changed: list[pygame.Rect] = []
        old, old_pictures = self._drawn or (None, (None, None))
        if old is None:
            surface.fill(BACKGROUND)

        def renew(part: Callable[[DuelView], object], rect: pygame.Rect, draw: Callable[[], None]) -> None:
            if old is None or part(view) != part(old):
                draw()
                changed.append(rect)

        renew(lambda v: v.hints, self.layout.footer, lambda: self._footer(surface, view))
        renew(_board_part, self.layout.board, lambda: self._board(surface, view))
        for side in (0, 1):
            if self.layout.strips is not None:
                strip = self.layout.strips[side]
                renew(lambda v, s=side: _strip_part(v.sides[s]), strip, lambda s=side: self._strip(surface, view, s))  # type: ignore[misc]
            if old is None or pictures[side] is not old_pictures[side] or _over(view, side) != _over(old, side):
                self._picture(surface, view, pictures[side], side)
                changed.append(self.layout.screens[side])
        if view.help and (old is None or changed):
            draw_help(surface, self._ink, view.help)
        if old is None:
            changed = [surface.get_rect()]
        self._drawn = (view, pictures)
        return changed

    def forget(self) -> None:
        """Draw everything again next time."""
        self._drawn = None

    def _footer(self, surface: pygame.Surface, view: DuelView) -> None:
        surface.fill(BACKGROUND, self.layout.footer)
        draw_hints(surface, self._ink, self.layout.footer, view.hints)

    # --- the score board ---

    def _board(self, surface: pygame.Surface, view: DuelView) -> None:
        ink, board = self._ink, self.layout.board
        ink.card(surface, board, SURFACE)
        inside = board.inflate(-2 * ink.px(20), -2 * ink.px(12))
        middle = min(ink.px(240), inside.width // 4)
        centre = pygame.Rect(inside.centerx - middle // 2, inside.top, middle, inside.height)
        self._centre(surface, view, centre)
        for side in range(len(view.sides)):
            room = pygame.Rect(inside.left, inside.top, centre.left - inside.left - ink.px(12), inside.height)
            if side == 1:
                room.right = inside.right
            self._contender(surface, view, room, side)

    def _centre(self, surface: pygame.Surface, view: DuelView, room: pygame.Rect) -> None:
        """The rounds that each has won, and what the newest ones were."""
        ink = self._ink
        colour = palette.STATES[view.state]
        label = f"{view.state}   ROUND {view.round:,}   {view.speed}   {view.frame_rate} fps"
        width = ink.width(label, "small") + ink.px(14)
        left = room.centerx - width // 2
        ink.dot(surface, (left + ink.px(4), room.top + ink.px(7)), ink.px(4), colour)
        ink.write(surface, label, (left + ink.px(14), room.top + ink.px(7)), MUTED)
        won = view.sides[0].won, view.sides[1].won
        y = room.top + ink.px(35)
        ink.write(surface, ":", (room.centerx, y), MUTED, "large", "mono", align="centre")
        space = ink.px(18)
        for text, at, align, leads in (
            (str(won[0]), room.centerx - space, "right", won[0] > won[1]),
            (str(won[1]), room.centerx + space, "left", won[1] > won[0]),
        ):
            side: Literal["left", "right"] = "right" if align == "right" else "left"
            ink.write(surface, text, (at, y), ACCENT if leads else TEXT, "large", "mono", align=side)
        drawn = f", {view.drawn} drawn" if view.drawn else ""
        words = f"rounds won{drawn}"
        if view.rounds:
            newest = [f"{number(mine)} : {number(other)}" for mine, other in reversed(view.rounds[-4:])]
            # As many as there is room for: half a score says something else.
            lines = [f"last {'   '.join(newest[:count])}{drawn}" for count in range(len(newest), 0, -1)]
            words = next((line for line in lines if ink.width(line, "small") <= room.width), lines[-1])
        words = ink.fitted(words, room.width)
        ink.write(surface, words, (room.centerx, room.bottom - ink.px(6)), FAINT, align="centre")

    def _contender(self, surface: pygame.Surface, view: DuelView, room: pygame.Rect, side: int) -> None:
        """Name and kind outside, the two scores towards the middle."""
        ink, contender = self._ink, view.sides[side]
        tile = min(ink.px(102), room.width // 4)
        align: Literal["left", "right"] = "left" if side == 0 else "right"
        edge = room.left if side == 0 else room.right
        width = room.width - 2 * tile - ink.px(10)
        colour = _colour(contender, side)
        bar = pygame.Rect(edge if side == 0 else edge - ink.px(3), room.top + ink.px(6), ink.px(3), ink.px(44))
        surface.fill(colour, bar)
        text = edge + ink.px(14) * (1 if side == 0 else -1)
        # Both names in one size, the longer one's.
        longer = max((one.name for one in view.sides), key=lambda name: ink.width(name, "large"))
        name_size = ink.largest(longer, width - ink.px(14))
        name = ink.fitted(contender.name, width - ink.px(14), name_size)
        ink.write(surface, name, (text, room.top + ink.px(18)), TEXT, name_size, align=align)
        kind = "waits for the other" if contender.waits else contender.kind
        kind = ink.fitted(kind, width - ink.px(14))
        ink.write(surface, kind, (text, room.top + ink.px(43)), MUTED, align=align)
        scores = ("THIS ROUND", contender.view.episode_return), ("MEAN", contender.mean)
        inner = room.right if side == 0 else room.left
        for index, (label, value) in enumerate(scores):
            # This round's score stands at the middle on both sides.
            x = inner - (index + 1) * tile if side == 0 else inner + index * tile
            at = x + tile // 2
            label = label if ink.width(label, "small") <= tile else label.removeprefix("THIS ")
            ink.write(surface, ink.fitted(label, tile), (at, room.top + ink.px(7)), MUTED, align="centre")
            shown = number(value)
            size = ink.largest(shown, tile - ink.px(4), "mono")
            ink.write(surface, shown, (at, room.top + ink.px(35)), TEXT, size, "mono", align="centre")

    # --- each side ---

    def _strip(self, surface: pygame.Surface, view: DuelView, side: int) -> None:
        assert self.layout.strips is not None
        ink, strip = self._ink, self.layout.strips[side]
        shown = view.sides[side].view
        ink.card(surface, strip, SURFACE)
        room = strip.inflate(-2 * ink.px(16), -2 * ink.px(11))
        if shown.look.name in ("q_values", "chances") and room.width >= ink.px(420):
            beside = room.width * 2 // 5
            sparkline = pygame.Rect(room.right - beside, room.top, beside, min(room.height, ink.px(110)))
            draw_sparkline(surface, ink, sparkline, [pair[side] for pair in view.rounds])
            room.width -= beside + ink.px(20)
        draw_look(surface, ink, room, shown)

    def _picture(self, surface: pygame.Surface, view: DuelView, picture: np.ndarray | None, side: int) -> None:
        ink, screen = self._ink, self.layout.screens[side]
        contender = view.sides[side]
        ink.card(surface, screen, SCREEN)
        if picture is None:
            draw_waiting(surface, ink, self.layout.pictures[side], contender.view.waiting)
        else:
            heat = contender.view.look.heat
            placed = self._screens[side].draw(surface, ink, self.layout.pictures[side], picture, heat)
            if contender.waits:
                self._waits(surface, placed, contender)
        draw_over_picture(surface, ink, screen, view.recording if side == 0 else "", view.message if side == 0 else "")

    def _waits(self, surface: pygame.Surface, placed: pygame.Rect, contender: Contender) -> None:
        """Dim the picture of the one who is through, and say with what score."""
        ink = self._ink
        veil = pygame.Surface(placed.size)
        veil.fill(SCREEN)
        veil.set_alpha(120)
        surface.blit(veil, placed)
        text = f"ended with {number(contender.view.episode_return)}"
        pill = pygame.Rect(0, 0, ink.width(text, "body") + ink.px(36), ink.px(34))
        pill.center = placed.center
        ink.framed(surface, pill, pill.height // 2, SURFACE, BORDER)
        ink.write(surface, text, pill.center, TEXT, "body", align="centre")


def _colour(contender: Contender, side: int) -> Colour:
    if contender.view.state == "HUMAN":
        return PERSON
    return ACCENT if side == 0 else CALM


def _board_part(view: DuelView) -> tuple[object, ...]:
    def of(contender: Contender) -> tuple[object, ...]:
        facts = replace(contender, view=None)  # type: ignore[arg-type]
        return facts, contender.view.episode_return, contender.view.state

    return (
        view.state,
        view.round,
        view.drawn,
        view.rounds,
        view.speed,
        view.frame_rate,
        of(view.sides[0]),
        of(view.sides[1]),
    )


def _strip_part(contender: Contender) -> tuple[object, ...]:
    view = contender.view
    history = view.history if view.look.name == "over_time" else ()
    return view.q_values, view.q_range, view.action, view.chosen_by, view.look, history, contender.mean


def _over(view: DuelView, side: int) -> tuple[Heat | None, object, bool, str, str]:
    contender = view.sides[side]
    return (
        contender.view.look.heat,
        contender.view.waiting,
        contender.waits,
        view.recording if side == 0 else "",
        view.message if side == 0 else "",
    )
