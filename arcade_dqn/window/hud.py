"""The HUD: the game's picture on the left, on the right what the agent knows and thinks. Draws on any surface."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pygame

from arcade_dqn.stage.palette import BACKGROUND, SCREEN, SURFACE
from arcade_dqn.window.charts import draw_history
from arcade_dqn.window.ink import Ink
from arcade_dqn.window.layout import WHOLE, Layout, lay_out
from arcade_dqn.window.overlay import draw_help, draw_hints, draw_over_picture, draw_waiting
from arcade_dqn.window.panel import draw_panel
from arcade_dqn.window.screen import Screen
from arcade_dqn.window.view import Heat, View

_Shape = tuple[tuple[int, int], int, int, tuple[int, int] | None, bool]
"""What a layout depends on: the arguments of `lay_out`."""


class Hud:
    """Draws views, and of each only what has changed since the last one on the same surface."""

    def __init__(self) -> None:
        self.layout: Layout = lay_out((1, 1), 0, 0)
        self._ink = Ink(self.layout.scale)
        self._drawn: tuple[View, np.ndarray | None] | None = None
        self._shape: _Shape | None = None
        self._screen = Screen(WHOLE)

    def draw(self, surface: pygame.Surface, view: View, picture: np.ndarray | None) -> list[pygame.Rect]:
        """Bring `surface` up to date with `view` and `picture` (uint8 [height, width, 3]).

        Returns the parts that changed. Always hand it the same surface, or call `forget` in between.
        """
        # A chart wants Q-values; while nothing is to be shown of them, the picture has all the room.
        charted = view.look.name != "" and view.q_values is not None
        size = (picture.shape[1], picture.shape[0]) if picture is not None else None
        shape = (surface.get_size(), len(view.gauges), len(view.action_names), size, charted)
        if shape != self._shape:
            self._lay_out(shape)
        if self._drawn is not None:
            before, picture_before = self._drawn
            if before == view and picture_before is picture:
                return []
            if before.help or view.help:
                # The help lies over everything.
                self.forget()
        changed: list[pygame.Rect] = []
        old, old_picture = self._drawn or (None, None)
        if old is None:
            surface.fill(BACKGROUND)
        if old is None or view.hints != old.hints:
            self._footer(surface, view)
            changed.append(self.layout.footer)
        if old is None or _panel_part(view) != _panel_part(old):
            draw_panel(surface, self._ink, self.layout, view)
            changed.append(self.layout.panel)
        if self.layout.chart is not None and (old is None or view.history != old.history):
            self._chart(surface, view, self.layout.chart)
            changed.append(self.layout.chart)
        if old is None or picture is not old_picture or _over_picture(view) != _over_picture(old):
            self._picture(surface, view, picture)
            changed.append(self.layout.screen)
        if view.help:
            draw_help(surface, self._ink, view.help)
        if old is None:
            changed = [surface.get_rect()]
        self._drawn = (view, picture)
        return changed

    def forget(self) -> None:
        """Draw everything again next time."""
        self._drawn = None

    def _lay_out(self, shape: _Shape) -> None:
        size, gauges, actions, picture, charted = shape
        self.layout = lay_out(size, gauges, actions, picture, chart=charted)
        if self._ink.scale != self.layout.scale:
            self._ink = Ink(self.layout.scale)
        self._shape = shape
        self.forget()

    def _footer(self, surface: pygame.Surface, view: View) -> None:
        surface.fill(BACKGROUND, self.layout.footer)
        draw_hints(surface, self._ink, self.layout.footer, view.hints)

    def _chart(self, surface: pygame.Surface, view: View, card: pygame.Rect) -> None:
        ink = self._ink
        ink.card(surface, card, SURFACE)
        inside = card.inflate(-2 * ink.px(20), -2 * ink.px(16))
        draw_history(surface, ink, inside.move(0, -ink.px(2)), view.history, every_action=False)

    def _picture(self, surface: pygame.Surface, view: View, picture: np.ndarray | None) -> None:
        ink, layout = self._ink, self.layout
        ink.card(surface, layout.screen, SCREEN)
        if picture is None:
            draw_waiting(surface, ink, layout.picture, view.waiting)
        else:
            self._screen.draw(surface, ink, layout.picture, picture, view.look.heat)
        draw_over_picture(surface, ink, layout.screen, view.recording, view.message)


def _panel_part(view: View) -> View:
    """What of a view the panel shows."""
    history = view.history if view.look.name == "over_time" else ()
    return replace(view, history=history, hints=(), recording="", message="", waiting="")


def _over_picture(view: View) -> tuple[str, str, str, Heat | None]:
    return view.recording, view.message, view.waiting, view.look.heat
