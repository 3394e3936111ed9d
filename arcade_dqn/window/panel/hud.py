"""The HUD: the game's picture on the left, on the right what the agent knows and thinks. Draws on any surface."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pygame

from arcade_dqn.stage.palette import BACKGROUND, SCREEN, SURFACE
from arcade_dqn.window.panel.charts import draw_history
from arcade_dqn.window.panel.game_picture import GamePicture
from arcade_dqn.window.panel.layout import WHOLE, Layout, lay_out
from arcade_dqn.window.panel.overlay import draw_help, draw_hints, draw_over_picture, draw_waiting
from arcade_dqn.window.panel.painter import Painter
from arcade_dqn.window.panel.panel import draw_panel
from arcade_dqn.window.panel.state import HudState, SaliencyMap

_Shape = tuple[tuple[int, int], int, int, tuple[int, int] | None, bool]
"""What a layout depends on: the arguments of `lay_out`."""


class Hud:
    """Draws states, and of each only what has changed since the last one on the same surface."""

    def __init__(self) -> None:
        self.layout: Layout = lay_out((1, 1), 0, 0)
        self._painter = Painter(self.layout.scale)
        self._drawn: tuple[HudState, np.ndarray | None] | None = None
        self._shape: _Shape | None = None
        self._game_picture = GamePicture(WHOLE)

    def draw(self, surface: pygame.Surface, state: HudState, picture: np.ndarray | None) -> list[pygame.Rect]:
        """Bring `surface` up to date with `state` and `picture` (uint8 [height, width, 3]).

        Returns the parts that changed. Always hand it the same surface, or call `forget` in between.
        """
        # A chart wants Q-values; while nothing is to be shown of them, the picture has all the room.
        charted = state.view.name != "" and state.q_values is not None
        size = (picture.shape[1], picture.shape[0]) if picture is not None else None
        shape = (surface.get_size(), len(state.gauges), len(state.action_names), size, charted)
        if shape != self._shape:
            self._lay_out(shape)
        if self._drawn is not None:
            before, picture_before = self._drawn
            if before == state and picture_before is picture:
                return []
            if before.help or state.help:
                # The help lies over everything.
                self.forget()
        # A part is drawn only if what it shows differs from the last time:
        # after a step the panel, the chart and the picture, with the footer left alone; after a message the picture.
        changed: list[pygame.Rect] = []
        old, old_picture = self._drawn or (None, None)
        if old is None:
            surface.fill(BACKGROUND)
        if old is None or state.hints != old.hints:
            self._footer(surface, state)
            changed.append(self.layout.footer)
        if old is None or _panel_part(state) != _panel_part(old):
            draw_panel(surface, self._painter, self.layout, state)
            changed.append(self.layout.panel)
        if self.layout.chart is not None and (old is None or state.history != old.history):
            self._chart(surface, state, self.layout.chart)
            changed.append(self.layout.chart)
        if old is None or picture is not old_picture or _over_picture(state) != _over_picture(old):
            self._picture(surface, state, picture)
            changed.append(self.layout.screen)
        if state.help:
            draw_help(surface, self._painter, state.help)
        if old is None:
            changed = [surface.get_rect()]
        self._drawn = (state, picture)
        return changed

    def forget(self) -> None:
        """Draw everything again next time."""
        self._drawn = None

    def _lay_out(self, shape: _Shape) -> None:
        size, gauges, actions, picture, charted = shape
        self.layout = lay_out(size, gauges, actions, picture, chart=charted)
        if self._painter.scale != self.layout.scale:
            self._painter = Painter(self.layout.scale)
        self._shape = shape
        self.forget()

    def _footer(self, surface: pygame.Surface, state: HudState) -> None:
        surface.fill(BACKGROUND, self.layout.footer)
        draw_hints(surface, self._painter, self.layout.footer, state.hints)

    def _chart(self, surface: pygame.Surface, state: HudState, card: pygame.Rect) -> None:
        painter = self._painter
        painter.card(surface, card, SURFACE)
        inside = card.inflate(-2 * painter.px(20), -2 * painter.px(16))
        draw_history(surface, painter, inside.move(0, -painter.px(2)), state.history, every_action=False)

    def _picture(self, surface: pygame.Surface, state: HudState, picture: np.ndarray | None) -> None:
        painter, layout = self._painter, self.layout
        painter.card(surface, layout.screen, SCREEN)
        if picture is None:
            draw_waiting(surface, painter, layout.picture, state.waiting)
        else:
            self._game_picture.draw(surface, painter, layout.picture, picture, state.view.saliency)
        draw_over_picture(surface, painter, layout.screen, state.recording, state.message)


def _panel_part(state: HudState) -> HudState:
    """What of a state the panel shows."""
    history = state.history if state.view.name == "over_time" else ()
    return replace(state, history=history, hints=(), recording="", message="", waiting="")


def _over_picture(state: HudState) -> tuple[str, str, str, SaliencyMap | None]:
    return state.recording, state.message, state.waiting, state.view.saliency
