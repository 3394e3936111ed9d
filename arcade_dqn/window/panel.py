"""The panel at the right: who plays, how it goes, the gauges, and what the agent thinks."""

from __future__ import annotations

import pygame

from arcade_dqn.stage import palette
from arcade_dqn.stage.palette import ACCENT, BORDER, FAINT, MUTED, RAISED, SURFACE, TEXT
from arcade_dqn.window.bars import draw_q_rows
from arcade_dqn.window.charts import draw_sparkline
from arcade_dqn.window.ink import Face, Ink
from arcade_dqn.window.layout import Layout
from arcade_dqn.window.looks import draw_look
from arcade_dqn.window.view import Gauge, View, number


def draw_panel(surface: pygame.Surface, ink: Ink, layout: Layout, view: View) -> None:
    """The whole panel, over an older one of itself."""
    ink.card(surface, layout.panel, SURFACE)
    _draw_badge(surface, ink, layout.badge, view)
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
        draw_gauge(surface, ink, layout.gauges[index], layout.bar(index), gauge)
    sparkline = layout.sparkline
    if view.look.name == "q_values":
        draw_q_rows(surface, ink, layout.q_label, layout.q_rows, layout.q_columns, view)
    elif view.look.tiles:
        # Small pictures can do with all the room there is.
        draw_look(surface, ink, layout.look.union(layout.look_sparkline or layout.look), view)
        sparkline = None
    elif view.look.name:
        draw_look(surface, ink, layout.look, view)
        sparkline = layout.look_sparkline
    if sparkline is not None:
        draw_sparkline(surface, ink, sparkline, view.returns)


def _draw_badge(surface: pygame.Surface, ink: Ink, rect: pygame.Rect, view: View) -> None:
    """The state as a pill, a few words on it, and the speed."""
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


def _forms(gauge: Gauge) -> tuple[str, ...]:
    """The gauge's value, and what of it may stand where there is less room."""
    shorter = gauge.value.rpartition("  ")[0]
    return (gauge.value, shorter) if shorter and gauge.value.endswith("%") else (gauge.value,)


def draw_gauge(surface: pygame.Surface, ink: Ink, rect: pygame.Rect, bar: pygame.Rect, gauge: Gauge) -> None:
    """A labelled bar with its tick."""
    middle = rect.top + ink.px(8)
    used = ink.write(surface, gauge.label, (rect.left, middle), MUTED)
    face: Face = "sans" if gauge.level is None else "mono"
    colour = FAINT if gauge.level is None else TEXT
    room = rect.width - used - 2 * ink.px(8) - ink.width(gauge.tag, "small")
    # The share, which the bar shows as well, makes room for the word first.
    value = next((text for text in _forms(gauge) if ink.width(text, "small", face) <= room), gauge.value)
    if gauge.tag and ink.width(value, "small", face) <= room:
        ink.write(surface, gauge.tag, (rect.left + used + ink.px(8), middle), gauge.colour if gauge.strong else FAINT)
    ink.write(surface, value, (rect.right, middle), colour, "small", face, align="right")
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
