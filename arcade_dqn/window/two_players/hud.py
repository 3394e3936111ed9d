"""The window with two players: a score board above, and for each a picture with what its agent thinks below."""

from __future__ import annotations

from collections.abc import Callable
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
from arcade_dqn.window.panel.charts import draw_sparkline
from arcade_dqn.window.panel.game_picture import GamePicture
from arcade_dqn.window.panel.numbers import number
from arcade_dqn.window.panel.overlay import draw_help, draw_hints, draw_over_picture, draw_waiting
from arcade_dqn.window.panel.painter import Painter
from arcade_dqn.window.panel.state import SaliencyMap
from arcade_dqn.window.panel.views.draw import draw_view
from arcade_dqn.window.two_players.layout import HIGH_STRIP, STRIP, WHOLE, lay_out_two_players
from arcade_dqn.window.two_players.state import Side, TwoPlayersState

_HIGH = ("returns", "inputs", "sees")
"""Views that want more height."""

_Shape = tuple[tuple[int, int], tuple[int, int] | None, int]


class TwoPlayersHud:
    """Draws two players, and of their state only what has changed since the last time on the same surface."""

    def __init__(self) -> None:
        self.layout = lay_out_two_players((1, 1), None, strip=0)
        self._painter = Painter(self.layout.scale)
        self._drawn: tuple[TwoPlayersState, tuple[np.ndarray | None, np.ndarray | None]] | None = None
        self._shape: _Shape | None = None
        self._game_pictures = GamePicture(WHOLE), GamePicture(WHOLE)

    def draw(
        self, surface: pygame.Surface, state: TwoPlayersState, pictures: tuple[np.ndarray | None, np.ndarray | None]
    ) -> list[pygame.Rect]:
        """Bring `surface` up to date with `state` and both pictures (uint8 [height, width, 3]).

        Returns the parts that changed. Always hand it the same surface, or call `forget` in between.
        """
        first = next((picture for picture in pictures if picture is not None), None)
        size = (first.shape[1], first.shape[0]) if first is not None else None
        view = state.sides[0].hud.view.name
        shape = surface.get_size(), size, HIGH_STRIP if view in _HIGH else STRIP if view else 0
        if shape != self._shape:
            self.layout = lay_out_two_players(shape[0], shape[1], strip=shape[2])
            if self._painter.scale != self.layout.scale:
                self._painter = Painter(self.layout.scale)
            self._shape = shape
            self.forget()
        if self._drawn is not None and (self._drawn[0].help or state.help) and self._drawn[0] != state:
            # The help lies over everything.
            self.forget()
        changed: list[pygame.Rect] = []
        old, old_pictures = self._drawn or (None, (None, None))
        if old is None:
            surface.fill(BACKGROUND)

        def renew(part: Callable[[TwoPlayersState], object], rect: pygame.Rect, draw: Callable[[], None]) -> None:
            if old is None or part(state) != part(old):
                draw()
                changed.append(rect)

        renew(lambda of: of.hints, self.layout.footer, lambda: self._footer(surface, state))
        renew(_board_part, self.layout.board, lambda: self._board(surface, state))
        for side in (0, 1):
            if self.layout.strips is not None:
                strip = self.layout.strips[side]
                renew(lambda of, s=side: _strip_part(of.sides[s]), strip, lambda s=side: self._strip(surface, state, s))  # type: ignore[misc]
            if old is None or pictures[side] is not old_pictures[side] or _over(state, side) != _over(old, side):
                self._picture(surface, state, pictures[side], side)
                changed.append(self.layout.screens[side])
        if state.help and (old is None or changed):
            draw_help(surface, self._painter, state.help)
        if old is None:
            changed = [surface.get_rect()]
        self._drawn = (state, pictures)
        return changed

    def forget(self) -> None:
        """Draw everything again next time."""
        self._drawn = None

    def _footer(self, surface: pygame.Surface, state: TwoPlayersState) -> None:
        surface.fill(BACKGROUND, self.layout.footer)
        draw_hints(surface, self._painter, self.layout.footer, state.hints)

    # --- the score board ---

    def _board(self, surface: pygame.Surface, state: TwoPlayersState) -> None:
        painter, board = self._painter, self.layout.board
        painter.card(surface, board, SURFACE)
        inside = board.inflate(-2 * painter.px(20), -2 * painter.px(12))
        middle = min(painter.px(240), inside.width // 4)
        centre = pygame.Rect(inside.centerx - middle // 2, inside.top, middle, inside.height)
        self._centre(surface, state, centre)
        for side in range(len(state.sides)):
            room = pygame.Rect(inside.left, inside.top, centre.left - inside.left - painter.px(12), inside.height)
            if side == 1:
                room.right = inside.right
            self._side(surface, state, room, side)

    def _centre(self, surface: pygame.Surface, state: TwoPlayersState, room: pygame.Rect) -> None:
        """The rounds that each has won, and what the newest ones were."""
        painter = self._painter
        colour = palette.STATES[state.mode]
        label = f"{state.mode}   ROUND {state.round:,}   {state.speed}   {state.frame_rate} fps"
        width = painter.width(label, "small") + painter.px(14)
        left = room.centerx - width // 2
        painter.dot(surface, (left + painter.px(4), room.top + painter.px(7)), painter.px(4), colour)
        painter.write(surface, label, (left + painter.px(14), room.top + painter.px(7)), MUTED)
        won = state.sides[0].won, state.sides[1].won
        y = room.top + painter.px(35)
        painter.write(surface, ":", (room.centerx, y), MUTED, "large", "mono", align="centre")
        space = painter.px(18)
        for text, at, align, leads in (
            (str(won[0]), room.centerx - space, "right", won[0] > won[1]),
            (str(won[1]), room.centerx + space, "left", won[1] > won[0]),
        ):
            side: Literal["left", "right"] = "right" if align == "right" else "left"
            painter.write(surface, text, (at, y), ACCENT if leads else TEXT, "large", "mono", align=side)
        drawn = f", {state.drawn} drawn" if state.drawn else ""
        words = f"rounds won{drawn}"
        if state.rounds:
            newest = [f"{number(mine)} : {number(other)}" for mine, other in reversed(state.rounds[-4:])]
            # As many as there is room for: half a score says something else.
            lines = [f"last {'   '.join(newest[:count])}{drawn}" for count in range(len(newest), 0, -1)]
            words = next((line for line in lines if painter.width(line, "small") <= room.width), lines[-1])
        words = painter.fitted(words, room.width)
        painter.write(surface, words, (room.centerx, room.bottom - painter.px(6)), FAINT, align="centre")

    def _side(self, surface: pygame.Surface, state: TwoPlayersState, room: pygame.Rect, side: int) -> None:
        """Name and kind outside, the two scores towards the middle."""
        painter, player = self._painter, state.sides[side]
        tile = min(painter.px(102), room.width // 4)
        align: Literal["left", "right"] = "left" if side == 0 else "right"
        edge = room.left if side == 0 else room.right
        width = room.width - 2 * tile - painter.px(10)
        colour = _colour(player, side)
        bar = pygame.Rect(
            edge if side == 0 else edge - painter.px(3), room.top + painter.px(6), painter.px(3), painter.px(44)
        )
        surface.fill(colour, bar)
        text = edge + painter.px(14) * (1 if side == 0 else -1)
        # Both names in one size, the longer one's.
        longer = max((one.name for one in state.sides), key=lambda name: painter.width(name, "large"))
        name_size = painter.largest(longer, width - painter.px(14))
        name = painter.fitted(player.name, width - painter.px(14), name_size)
        painter.write(surface, name, (text, room.top + painter.px(18)), TEXT, name_size, align=align)
        kind = "waits for the other" if player.waits else player.kind
        kind = painter.fitted(kind, width - painter.px(14))
        painter.write(surface, kind, (text, room.top + painter.px(43)), MUTED, align=align)
        scores = ("THIS ROUND", player.hud.episode_return), ("MEAN", player.mean)
        inner = room.right if side == 0 else room.left
        for index, (label, value) in enumerate(scores):
            # This round's score stands at the middle on both sides.
            x = inner - (index + 1) * tile if side == 0 else inner + index * tile
            at = x + tile // 2
            label = label if painter.width(label, "small") <= tile else label.removeprefix("THIS ")
            painter.write(surface, painter.fitted(label, tile), (at, room.top + painter.px(7)), MUTED, align="centre")
            shown = number(value)
            size = painter.largest(shown, tile - painter.px(4), "mono")
            painter.write(surface, shown, (at, room.top + painter.px(35)), TEXT, size, "mono", align="centre")

    # --- each side ---

    def _strip(self, surface: pygame.Surface, state: TwoPlayersState, side: int) -> None:
        assert self.layout.strips is not None
        painter, strip = self._painter, self.layout.strips[side]
        shown = state.sides[side].hud
        painter.card(surface, strip, SURFACE)
        room = strip.inflate(-2 * painter.px(16), -2 * painter.px(11))
        if shown.view.name in ("q_values", "chances") and room.width >= painter.px(420):
            beside = room.width * 2 // 5
            sparkline = pygame.Rect(room.right - beside, room.top, beside, min(room.height, painter.px(110)))
            draw_sparkline(surface, painter, sparkline, [pair[side] for pair in state.rounds])
            room.width -= beside + painter.px(20)
        draw_view(surface, painter, room, shown)

    def _picture(self, surface: pygame.Surface, state: TwoPlayersState, picture: np.ndarray | None, side: int) -> None:
        painter, screen = self._painter, self.layout.screens[side]
        player = state.sides[side]
        painter.card(surface, screen, SCREEN)
        if picture is None:
            draw_waiting(surface, painter, self.layout.pictures[side], player.hud.waiting)
        else:
            saliency = player.hud.view.saliency
            placed = self._game_pictures[side].draw(surface, painter, self.layout.pictures[side], picture, saliency)
            if player.waits:
                self._waits(surface, placed, player)
        draw_over_picture(
            surface, painter, screen, state.recording if side == 0 else "", state.message if side == 0 else ""
        )

    def _waits(self, surface: pygame.Surface, placed: pygame.Rect, player: Side) -> None:
        """Dim the picture of the one who is through, and say with what score."""
        painter = self._painter
        veil = pygame.Surface(placed.size)
        veil.fill(SCREEN)
        veil.set_alpha(120)
        surface.blit(veil, placed)
        text = f"ended with {number(player.hud.episode_return)}"
        pill = pygame.Rect(0, 0, painter.width(text, "body") + painter.px(36), painter.px(34))
        pill.center = placed.center
        painter.framed(surface, pill, pill.height // 2, SURFACE, BORDER)
        painter.write(surface, text, pill.center, TEXT, "body", align="centre")


def _colour(player: Side, side: int) -> Colour:
    if player.hud.mode == "HUMAN":
        return PERSON
    return ACCENT if side == 0 else CALM


def _board_part(state: TwoPlayersState) -> tuple[object, ...]:
    def of(player: Side) -> tuple[object, ...]:
        count = player.name, player.kind, player.mean, player.won, player.waits
        return count, player.hud.episode_return, player.hud.mode

    return (
        state.mode,
        state.round,
        state.drawn,
        state.rounds,
        state.speed,
        state.frame_rate,
        of(state.sides[0]),
        of(state.sides[1]),
    )


def _strip_part(player: Side) -> tuple[object, ...]:
    state = player.hud
    history = state.history if state.view.name == "over_time" else ()
    return state.q_values, state.q_range, state.action, state.chosen_by, state.view, history, player.mean


def _over(state: TwoPlayersState, side: int) -> tuple[SaliencyMap | None, object, bool, str, str]:
    player = state.sides[side]
    return (
        player.hud.view.saliency,
        player.hud.waiting,
        player.waits,
        state.recording if side == 0 else "",
        state.message if side == 0 else "",
    )
