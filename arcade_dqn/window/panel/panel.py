"""The panel at the right: who plays, how it goes, the gauges, and what the agent thinks."""

from __future__ import annotations

import pygame

from arcade_dqn.stage import palette
from arcade_dqn.stage.palette import ACCENT, BORDER, FAINT, MUTED, RAISED, SURFACE, TEXT
from arcade_dqn.window.panel.bar_charts import draw_q_rows
from arcade_dqn.window.panel.charts import draw_sparkline
from arcade_dqn.window.panel.layout import Layout
from arcade_dqn.window.panel.numbers import number
from arcade_dqn.window.panel.painter import Face, Painter
from arcade_dqn.window.panel.state import Gauge, HudState
from arcade_dqn.window.panel.views.draw import draw_view


def draw_panel(surface: pygame.Surface, painter: Painter, layout: Layout, state: HudState) -> None:
    """The whole panel, over an older one of itself."""
    painter.card(surface, layout.panel, SURFACE)
    _draw_badge(surface, painter, layout.badge, state)
    title = painter.fitted(state.title, layout.title.width, "large")
    painter.write(surface, title, (layout.title.left, layout.title.centery), TEXT, "large")
    subtitle = painter.fitted(state.subtitle, layout.subtitle.width)
    painter.write(surface, subtitle, (layout.subtitle.left, layout.subtitle.centery), MUTED)
    values = (number(state.episode_return), number(state.best), f"{state.episode:,}")
    for tile, label, value in zip(layout.tiles, ("RETURN", "BEST", "EPISODE"), values, strict=True):
        painter.write(surface, label, (tile.left, tile.top + painter.px(7)), MUTED)
        shown = painter.fitted(value, tile.width - painter.px(6), "large", "mono")
        colour = TEXT if label != "BEST" else ACCENT
        painter.write(surface, shown, (tile.left, tile.bottom - painter.px(14)), colour, "large", "mono")
    for index, gauge in enumerate(state.gauges):
        draw_gauge(surface, painter, layout.gauges[index], layout.bar(index), gauge)
    sparkline = layout.sparkline
    if state.view.name == "q_values":
        draw_q_rows(surface, painter, layout.q_label, layout.q_rows, layout.q_columns, state)
    elif state.view.tiles:
        # Small pictures can do with all the room there is.
        draw_view(surface, painter, layout.view.union(layout.view_sparkline or layout.view), state)
        sparkline = None
    elif state.view.name:
        draw_view(surface, painter, layout.view, state)
        sparkline = layout.view_sparkline
    if sparkline is not None:
        draw_sparkline(surface, painter, sparkline, state.returns)


def _draw_badge(surface: pygame.Surface, painter: Painter, rect: pygame.Rect, state: HudState) -> None:
    """The state as a pill, a few words on it, and the speed."""
    colour = palette.STATES[state.mode]
    width = painter.width(state.mode, "body") + painter.px(38)
    pill = pygame.Rect(rect.left, rect.top, width, rect.height)
    painter.rounded(surface, pill, rect.height // 2, palette.blend(SURFACE, colour, 0.2))
    painter.dot(surface, (pill.left + painter.px(14), pill.centery), painter.px(4), colour)
    painter.write(surface, state.mode, (pill.left + painter.px(25), pill.centery), colour, "body")
    rate = f"{state.speed}   {state.frame_rate} fps"
    used = painter.write(surface, rate, (rect.right, rect.centery), MUTED, "small", "mono", align="right")
    note = painter.fitted(state.note, rect.right - used - pill.right - painter.px(20))
    painter.write(surface, note, (pill.right + painter.px(10), pill.centery), MUTED)


def _forms(gauge: Gauge) -> tuple[str, ...]:
    """The gauge's value, and what of it may stand where there is less room."""
    shorter = gauge.value.rpartition("  ")[0]
    return (gauge.value, shorter) if shorter and gauge.value.endswith("%") else (gauge.value,)


def draw_gauge(surface: pygame.Surface, painter: Painter, rect: pygame.Rect, bar: pygame.Rect, gauge: Gauge) -> None:
    """A labelled bar with its tick."""
    middle = rect.top + painter.px(8)
    used = painter.write(surface, gauge.label, (rect.left, middle), MUTED)
    face: Face = "sans" if gauge.level is None else "mono"
    colour = FAINT if gauge.level is None else TEXT
    room = rect.width - used - 2 * painter.px(8) - painter.width(gauge.tag, "small")
    # The share, which the bar shows as well, makes room for the word first.
    value = next((text for text in _forms(gauge) if painter.width(text, "small", face) <= room), gauge.value)
    if gauge.tag and painter.width(value, "small", face) <= room:
        painter.write(
            surface, gauge.tag, (rect.left + used + painter.px(8), middle), gauge.colour if gauge.strong else FAINT
        )
    painter.write(surface, value, (rect.right, middle), colour, "small", face, align="right")
    if gauge.level is None:
        surface.fill(BORDER, (bar.left, bar.centery, bar.width, 1))
    else:
        surface.blit(painter.bar(bar.size, bar.height // 2, RAISED), bar)
        filled = round(max(0.0, min(1.0, gauge.level)) * bar.width)
        surface.blit(painter.bar(bar.size, bar.height // 2, gauge.colour), bar, (0, 0, filled, bar.height))
    if gauge.tick is not None:
        x = bar.left + min(bar.width - 1, round(gauge.tick * bar.width))
        overhang = painter.px(3)
        width = max(1, painter.px(2))
        surface.fill(SURFACE, (x - painter.px(2), bar.top, width + 2 * painter.px(2), bar.height))
        surface.fill(TEXT, (x, bar.top - overhang, width, bar.height + 2 * overhang))
