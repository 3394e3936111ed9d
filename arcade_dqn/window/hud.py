"""The HUD: the game's picture on the left, on the right what the agent knows and thinks. Draws on any surface."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pygame

from arcade_dqn.stage import palette
from arcade_dqn.stage.palette import (
    ACCENT,
    ACCENT_DIM,
    BACKGROUND,
    BORDER,
    EXPLORE,
    FAINT,
    MUTED,
    PERSON,
    RAISED,
    SCREEN,
    SURFACE,
    TEXT,
    Colour,
)
from arcade_dqn.window.ink import Face, Ink
from arcade_dqn.window.layout import Layout, lay_out, place
from arcade_dqn.window.overlay import draw_help, draw_hints, draw_over_picture, draw_waiting
from arcade_dqn.window.view import Gauge, View, number

_CHOSEN: dict[str, Colour] = {"greedy": ACCENT, "explored": EXPLORE, "you": PERSON, "": ACCENT}
_CHOSEN_TEXT = {"greedy": "greedy", "explored": "explored at random", "you": "your choice", "": ""}


_Shape = tuple[tuple[int, int], int, int, tuple[int, int] | None, bool]
"""What a layout depends on: the arguments of `lay_out`."""


class Hud:
    """Draws views, and of each only what has changed since the last one on the same surface."""

    def __init__(self) -> None:
        self.layout: Layout = lay_out((1, 1), 0, 0)
        self._ink = Ink(self.layout.scale)
        self._drawn: tuple[View, np.ndarray | None] | None = None
        self._shape: _Shape | None = None
        self._scaled: pygame.Surface | None = None
        self._scaled_from: object = None

    def draw(self, surface: pygame.Surface, view: View, picture: np.ndarray | None) -> list[pygame.Rect]:
        """Bring `surface` up to date with `view` and `picture` (uint8 [height, width, 3]).

        Returns the parts that changed. Always hand it the same surface, or call `forget` in between.
        """
        # A chart wants Q-values; while they are hidden, the picture has all the room.
        charted = view.show_q_values and view.q_values is not None
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
            self._panel(surface, view)
            changed.append(self.layout.panel)
        if self.layout.chart is not None and (old is None or view.history != old.history):
            self._chart(surface, view, self.layout.chart)
            changed.append(self.layout.chart)
        if old is None or picture is not old_picture or _over_picture(view) != _over_picture(old):
            self._screen(surface, view, picture)
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
        self._scaled_from = None
        self.forget()

    def _footer(self, surface: pygame.Surface, view: View) -> None:
        surface.fill(BACKGROUND, self.layout.footer)
        draw_hints(surface, self._ink, self.layout.footer, view.hints)

    def _screen(self, surface: pygame.Surface, view: View, picture: np.ndarray | None) -> None:
        ink, layout = self._ink, self.layout
        ink.card(surface, layout.screen, SCREEN)
        if picture is None:
            draw_waiting(surface, ink, layout.picture, view.waiting)
        else:
            self._picture(surface, picture)
        draw_over_picture(surface, ink, layout.screen, view)

    def _picture(self, surface: pygame.Surface, picture: np.ndarray) -> None:
        height, width = picture.shape[:2]
        placed = place((width, height), self.layout.picture)
        if picture is not self._scaled_from or self._scaled is None:
            image = pygame.image.frombuffer(np.ascontiguousarray(picture).data, (width, height), "RGB")
            whole = placed.width % width == 0 and placed.height % height == 0
            # Whole pixels stay sharp; only a picture larger than its room is averaged down.
            scaling = pygame.transform.scale if whole else pygame.transform.smoothscale
            self._scaled = scaling(image, placed.size)
            self._scaled_from = picture
        surface.blit(self._scaled, placed)
        self._ink.round_off(surface, placed, self._ink.px(6), SCREEN)

    def _panel(self, surface: pygame.Surface, view: View) -> None:
        ink, layout = self._ink, self.layout
        ink.card(surface, layout.panel, SURFACE)
        self._badge(surface, view)
        title = ink.fitted(view.title, layout.title.width, "large")
        ink.write(surface, title, (layout.title.left, layout.title.centery), TEXT, "large")
        subtitle = ink.fitted(view.subtitle, layout.subtitle.width)
        ink.write(surface, subtitle, (layout.subtitle.left, layout.subtitle.centery), MUTED)
        values = (number(view.episode_return), number(view.best), f"{view.episode:,}")
        for tile, label, value in zip(layout.tiles, ("RETURN", "BEST", "EPISODE"), values, strict=True):
            ink.write(surface, label, (tile.left, tile.top + ink.px(7)), MUTED)
            shown = ink.fitted(value, tile.width - ink.px(6), "large", "mono")
            colour = TEXT if label != "BEST" else ACCENT
            ink.write(surface, shown, (tile.left, tile.bottom - ink.px(14)), colour, "large", "mono")
        for index, gauge in enumerate(view.gauges):
            self._gauge(surface, gauge, index)
        if view.show_q_values:
            self._q_values(surface, view)
        if layout.sparkline is not None:
            self._sparkline(surface, view, layout.sparkline)

    def _badge(self, surface: pygame.Surface, view: View) -> None:
        ink, rect = self._ink, self.layout.badge
        colour = palette.STATES[view.state]
        width = ink.width(view.state, "body") + ink.px(38)
        pill = pygame.Rect(rect.left, rect.top, width, rect.height)
        ink.rounded(surface, pill, rect.height // 2, palette.blend(SURFACE, colour, 0.2))
        ink.dot(surface, (pill.left + ink.px(14), pill.centery), ink.px(4), colour)
        ink.write(surface, view.state, (pill.left + ink.px(25), pill.centery), colour, "body")
        rate = f"{view.speed}   {view.frame_rate} fps"
        used = ink.write(surface, rate, (rect.right, rect.centery), MUTED, "small", "mono", align="right")
        note = ink.fitted(view.note, rect.right - used - pill.right - ink.px(20))
        ink.write(surface, note, (pill.right + ink.px(10), pill.centery), MUTED)

    def _gauge(self, surface: pygame.Surface, gauge: Gauge, index: int) -> None:
        ink, rect, bar = self._ink, self.layout.gauges[index], self.layout.bar(index)
        middle = rect.top + ink.px(8)
        used = ink.write(surface, gauge.label, (rect.left, middle), MUTED)
        if gauge.tag:
            ink.write(
                surface, gauge.tag, (rect.left + used + ink.px(8), middle), gauge.colour if gauge.strong else FAINT
            )
        face: Face = "sans" if gauge.level is None else "mono"
        colour = FAINT if gauge.level is None else TEXT
        ink.write(surface, gauge.value, (rect.right, middle), colour, "small", face, align="right")
        if gauge.level is None:
            surface.fill(BORDER, (bar.left, bar.centery, bar.width, 1))
        else:
            surface.blit(ink.bar(bar.size, bar.height // 2, RAISED), bar)
            filled = round(max(0.0, min(1.0, gauge.level)) * bar.width)
            surface.blit(ink.bar(bar.size, bar.height // 2, gauge.colour), bar, (0, 0, filled, bar.height))
        if gauge.tick is not None:
            x = bar.left + min(bar.width - 1, round(gauge.tick * bar.width))
            overhang = ink.px(3)
            width = max(1, ink.px(2))
            surface.fill(SURFACE, (x - ink.px(2), bar.top, width + 2 * ink.px(2), bar.height))
            surface.fill(TEXT, (x, bar.top - overhang, width, bar.height + 2 * overhang))

    def _q_values(self, surface: pygame.Surface, view: View) -> None:
        ink, layout = self._ink, self.layout
        label = layout.q_label
        used = ink.write(
            surface, "Q-VALUES" if view.q_values else "ACTIONS", (label.left, label.top + ink.px(8)), MUTED
        )
        colour = _CHOSEN[view.chosen_by]
        said = _CHOSEN_TEXT[view.chosen_by]
        said = ink.fitted(said, label.width - used - ink.px(10))
        ink.write(surface, said, (label.right, label.top + ink.px(8)), colour, align="right")
        compact = layout.q_columns > 1
        names = 0
        if not compact:
            widest = max((ink.width(name, "small") for name in view.action_names), default=0)
            names = min(widest, round(label.width * 0.42)) + ink.px(24)
        for index, (name, row) in enumerate(zip(view.action_names, layout.q_rows, strict=True)):
            value = view.q_values[index] if view.q_values is not None else None
            chosen = index == view.action
            if compact:
                self._compact_row(surface, row, name, value, view.q_range, colour if chosen else None)
            else:
                self._row(surface, row, name, value, view.q_range, colour if chosen else None, names)

    def _row(
        self,
        surface: pygame.Surface,
        row: pygame.Rect,
        name: str,
        value: float | None,
        span: tuple[float, float],
        chosen: Colour | None,
        names: int,
    ) -> None:
        """Name, bar, number; the chosen action has a marker before its name."""
        ink = self._ink
        if chosen is not None:
            self._marker(surface, (row.left, row.centery), chosen)
        name = ink.fitted(name, names - ink.px(22))
        ink.write(surface, name, (row.left + ink.px(14), row.centery), TEXT if chosen else MUTED)
        values = ink.px(58)
        height = min(ink.px(10), row.height - 4)
        track = pygame.Rect(row.left + names, 0, row.width - names - values, height)
        track.centery = row.centery
        self._bar_from_zero(surface, track, value, span, chosen or ACCENT_DIM)
        if value is not None:
            colour = TEXT if chosen else MUTED
            ink.write(surface, number_q(value), (row.right, row.centery), colour, "small", "mono", align="right")

    def _compact_row(
        self,
        surface: pygame.Surface,
        row: pygame.Rect,
        name: str,
        value: float | None,
        span: tuple[float, float],
        chosen: Colour | None,
    ) -> None:
        """The same in half the width: the bar is a line under name and number."""
        ink = self._ink
        if chosen is not None:
            self._marker(surface, (row.left, row.centery - 1), chosen)
        left = row.left + ink.px(12)
        right = row.right
        colour = TEXT if chosen else MUTED
        if value is not None:
            text = number_q(value)
            right -= ink.write(surface, text, (row.right, row.centery - 1), colour, "small", "mono", align="right")
        ink.write(surface, ink.fitted(name, right - left - ink.px(4)), (left, row.centery - 1), colour)
        track = pygame.Rect(left, row.bottom - ink.px(3), row.right - left, max(2, ink.px(3)))
        self._bar_from_zero(surface, track, value, span, chosen or ACCENT_DIM)

    def _bar_from_zero(
        self,
        surface: pygame.Surface,
        track: pygame.Rect,
        value: float | None,
        span: tuple[float, float],
        colour: Colour,
    ) -> None:
        if value is None or not math.isfinite(value):
            return
        surface.blit(self._ink.bar(track.size, min(3, track.height // 2), RAISED), track)
        low, high = span
        share = track.width / (high - low)
        zero = round(-low * share)
        end = round((max(low, min(high, value)) - low) * share)
        left, width = (zero, max(1, end - zero)) if value >= 0 else (end, max(1, zero - end))
        surface.blit(
            self._ink.bar(track.size, min(3, track.height // 2), colour),
            (track.left + left, track.top),
            (left, 0, width, track.height),
        )
        if low < 0:
            surface.fill(MUTED, (track.left + min(zero, track.width - 1), track.top - 2, 1, track.height + 4))

    def _marker(self, surface: pygame.Surface, at: tuple[int, int], colour: Colour) -> None:
        """A small triangle that points right, its left side at `at`."""
        size = self._ink.px(4)
        points = [(at[0], at[1] - size), (at[0], at[1] + size), (at[0] + round(size * 1.5), at[1])]
        pygame.draw.polygon(surface, colour, points)
        pygame.draw.aalines(surface, colour, True, points)

    def _sparkline(self, surface: pygame.Surface, view: View, rect: pygame.Rect) -> None:
        ink = self._ink
        ink.write(surface, "RETURNS", (rect.left, rect.top + ink.px(8)), MUTED)
        plot = pygame.Rect(rect.left, rect.top + ink.px(24), rect.width, rect.height - ink.px(24))
        returns = [value for value in view.returns if math.isfinite(value)]
        if not returns:
            ink.write(surface, "no episode finished yet", (rect.right, rect.top + ink.px(8)), FAINT, align="right")
            surface.fill(RAISED, (plot.left, plot.bottom - 1, plot.width, 1))
            return
        low, high = min(returns), max(returns)
        said = number(low) if low == high else f"{number(low)} to {number(high)}"
        ink.write(surface, said, (rect.right, rect.top + ink.px(8)), MUTED, "small", "mono", align="right")
        pitch = max(3, ink.px(6))
        shown = returns[-(plot.width // pitch) :]
        base = min(0.0, low)
        span = max(high, 0.0) - base or 1.0
        zero = plot.bottom - round(-base / span * plot.height)
        for index, value in enumerate(shown):
            top = plot.bottom - round((value - base) / span * plot.height)
            column = pygame.Rect(plot.left + index * pitch, min(top, zero), pitch - max(1, ink.px(2)), abs(zero - top))
            column.height = max(2, column.height)
            surface.fill(ACCENT if index == len(shown) - 1 else ACCENT_DIM, column)
        surface.fill(BORDER, (plot.left, min(zero, plot.bottom - 1), plot.width, 1))

    def _chart(self, surface: pygame.Surface, view: View, card: pygame.Rect) -> None:
        """The value of the state (the highest Q-value) over the episode's newest steps; random actions as ticks."""
        ink = self._ink
        ink.card(surface, card, SURFACE)
        inside = card.inflate(-2 * ink.px(20), -2 * ink.px(16))
        middle = inside.top + ink.px(6)
        ink.write(surface, "VALUE OF THE STATE", (inside.left, middle), MUTED)
        plot = pygame.Rect(inside.left, inside.top + ink.px(24), inside.width, inside.height - ink.px(24) - ink.px(8))
        pitch = max(1, ink.px(2))
        steps = [step for step in view.history[-(plot.width // pitch) :] if math.isfinite(step[0])]
        if not steps:
            return
        values = [value for value, _ in steps]
        low, high = min(values), max(values)
        said = f"{number_q(low)} to {number_q(high)}"
        ink.write(surface, said, (inside.right, middle), MUTED, "small", "mono", align="right")
        # A value that hardly moves shall look so.
        span = max(high - low, 0.05 * max(abs(low), abs(high)), 1e-6)
        points: list[tuple[float, float]] = [
            (plot.left + index * pitch, plot.bottom - 1 - (value - low) / span * (plot.height - 2))
            for index, value in enumerate(values)
        ]
        if len(points) > 1:
            floor: list[tuple[float, float]] = [(points[-1][0], plot.bottom), (points[0][0], plot.bottom)]
            pygame.draw.polygon(surface, palette.blend(SURFACE, ACCENT, 0.12), points + floor)
            pygame.draw.aalines(surface, ACCENT, False, points)
        ink.dot(surface, (round(points[-1][0]), round(points[-1][1])), ink.px(3), ACCENT)
        surface.fill(BORDER, (plot.left, plot.bottom, plot.width, 1))
        for index, (_, explored) in enumerate(steps):
            if explored:
                surface.fill(EXPLORE, (plot.left + index * pitch, plot.bottom + 2, pitch, ink.px(5)))


def number_q(value: float) -> str:
    """A Q-value: always with a fraction where there is room, so that the column does not jump."""
    if not math.isfinite(value):
        return number(value)
    value = value if abs(value) >= 0.005 else 0.0
    return f"{value:.2f}" if abs(value) < 100 else f"{value:,.1f}" if abs(value) < 10_000 else f"{value:.2e}"


def _panel_part(view: View) -> View:
    """What of a view the panel shows."""
    return replace(view, history=(), hints=(), recording="", message="", waiting="")


def _over_picture(view: View) -> tuple[str, str, str]:
    return view.recording, view.message, view.waiting
