"""Where everything lies. Lengths are those of a 1280 x 720 design, scaled to the window."""

from __future__ import annotations

from dataclasses import dataclass

import pygame

DESIGN = (1280, 720)
MINIMUM = (760, 520)
"""The smallest sane window."""

MARGIN = 20
"""Around and between the cards."""
PADDING = 20
"""Inside the panel."""
INSET = 6
"""Between the screen's edge and the largest picture."""
CHART = 96
"""Least height of the chart under the screen."""
GAP = 18
"""Between the panel's sections."""
WHOLE = 0.7
"""Whole multiples of a picture's size that fill less of the room than this are given up."""
PANEL = 372
FOOTER = 34
GAUGE = 38
"""Height of a gauge with its label."""
BAR = 8
TILES = 46
SPARKLINE = 44
LABEL = 22
"""Height of a section's label."""
VIEW = 190
"""Least height of a view of what the agent thinks, beside the sparkline."""
ROW, COMPACT_ROW = 20, 16
"""Least height of an action's row, in one column and in more."""


def scale_for(size: tuple[int, int]) -> float:
    """The scale of type and spacing in a window of `size`, in steps of 1/8."""
    fraction = min(size[0] / DESIGN[0], size[1] / DESIGN[1])
    return max(0.75, min(4.0, int(fraction * 8 + 1e-6) / 8))


@dataclass(frozen=True)
class Layout:
    """The rectangles of one window size, in pixels. The sparkline and the chart are None where there is no room."""

    scale: float
    screen: pygame.Rect
    """The card that the game's picture lies on."""
    picture: pygame.Rect
    """Room for the picture within it."""
    footer: pygame.Rect
    panel: pygame.Rect
    badge: pygame.Rect
    title: pygame.Rect
    subtitle: pygame.Rect
    tiles: tuple[pygame.Rect, ...]
    gauges: tuple[pygame.Rect, ...]
    """Label and bar of each."""
    q_label: pygame.Rect
    q_rows: tuple[pygame.Rect, ...]
    q_columns: int
    """1 or 2."""
    sparkline: pygame.Rect | None
    """With its label."""
    view: pygame.Rect
    """In the place of the Q-values, for the other views."""
    view_sparkline: pygame.Rect | None
    """The sparkline beside them: they want more room than the Q-values."""
    chart: pygame.Rect | None
    """A card under the screen, where the picture leaves room for one."""

    def bar(self, gauge: int) -> pygame.Rect:
        """The groove of a gauge."""
        rect = self.gauges[gauge]
        height = round(BAR * self.scale)
        return pygame.Rect(rect.left, rect.bottom - height, rect.width, height)


def lay_out(
    size: tuple[int, int], gauges: int, actions: int, picture: tuple[int, int] | None = None, *, chart: bool = False
) -> Layout:
    """The layout of a window of `size` pixels with so many gauges and actions, for a `picture` of (width, height).

    With `chart`, the room that a wide picture leaves under it becomes a card.
    """
    scale = scale_for(size)

    def px(length: float) -> int:
        return round(length * scale)

    width, height = max(size[0], 320), max(size[1], 240)
    panel_width = min(px(PANEL), width // 2)
    panel = pygame.Rect(width - px(MARGIN) - panel_width, px(MARGIN), panel_width, height - 2 * px(MARGIN))
    left_width = max(1, panel.left - 2 * px(MARGIN))
    screen = pygame.Rect(px(MARGIN), px(MARGIN), left_width, height - px(MARGIN) - px(FOOTER) - px(12))
    footer = pygame.Rect(screen.left, screen.bottom + px(8), screen.width, px(FOOTER) - px(4))
    chart_card = None
    if chart and picture is not None:
        needed = place(picture, screen.inflate(-2 * px(INSET), -2 * px(INSET)), WHOLE).height + 2 * px(PADDING)
        spare = screen.height - needed - px(MARGIN)
        if spare >= px(CHART):
            chart_height = min(spare, px(2 * CHART))
            chart_card = pygame.Rect(screen.left, screen.bottom - chart_height, screen.width, chart_height)
            screen.height -= chart_height + px(MARGIN)
    inside = panel.inflate(-2 * px(PADDING), -2 * px(PADDING))

    def band(top: int, band_height: int) -> pygame.Rect:
        return pygame.Rect(inside.left, top, inside.width, band_height)

    badge = band(inside.top, px(26))
    title = band(badge.bottom + px(12), px(34))
    subtitle = band(title.bottom, px(18))
    tiles_band = band(subtitle.bottom + px(16), px(TILES))
    tile_width = inside.width // 3
    tiles = tuple(
        pygame.Rect(tiles_band.left + index * tile_width, tiles_band.top, tile_width, tiles_band.height)
        for index in range(3)
    )
    top = tiles_band.bottom + px(GAP)
    gauge_rects = []
    for _ in range(gauges):
        gauge_rects.append(band(top, px(GAUGE)))
        top += px(GAUGE) + px(14)
    top += px(GAP) - px(14)

    spark_height = px(LABEL) + px(SPARKLINE)
    room = inside.bottom - top - px(LABEL)
    beside_sparkline = room - spark_height - px(GAP)
    columns = 1 if actions * px(ROW) <= max(beside_sparkline, room if actions <= 4 else 0) else 2
    rows = max(1, -(-actions // columns))
    # The sparkline gives way to the Q-values.
    sparkline = None
    if beside_sparkline >= rows * px(COMPACT_ROW):
        sparkline = band(inside.bottom - spark_height, spark_height)
        room -= spark_height + px(GAP)
    q_label = band(top, px(LABEL))
    q_rows = rows_in(pygame.Rect(inside.left, q_label.bottom, inside.width, room), actions, columns, scale)
    view = pygame.Rect(inside.left, top, inside.width, max(1, inside.bottom - top))
    view_sparkline = None
    if view.height - spark_height - px(GAP) >= px(VIEW):
        view_sparkline = band(inside.bottom - spark_height, spark_height)
        view.height -= spark_height + px(GAP)
    return Layout(
        scale,
        screen,
        screen.inflate(-2 * px(INSET), -2 * px(INSET)),
        footer,
        panel,
        badge,
        title,
        subtitle,
        tiles,
        tuple(gauge_rects),
        q_label,
        q_rows,
        columns,
        sparkline,
        view,
        view_sparkline,
        chart_card,
    )


def columns_for(count: int, height: int, scale: float, *, least: tuple[int, int] = (ROW, COMPACT_ROW)) -> int:
    """The fewest columns in which `count` rows are no higher than `height` together: 1, 2, or 3 at the most.

    `least` is the height of a row in one column and in more, in the design's pixels: 6 rows of 20 take 120 pixels in
    one column, and in two columns 3 rows of 16 take 48.
    """
    for columns in (1, 2):
        if -(-count // columns) * round(least[columns > 1] * scale) <= height:
            return columns
    return 3


def rows_in(room: pygame.Rect, count: int, columns: int, scale: float) -> tuple[pygame.Rect, ...]:
    """`count` rows in so many columns, from the top of `room`; never higher than a name and a bar look good in."""

    def px(length: float) -> int:
        return round(length * scale)

    lines = max(1, -(-count // columns))
    height = max(1, min(px(32 if columns == 1 and lines <= 4 else 28), room.height // lines))
    gap = px(14)
    width = (room.width - gap * (columns - 1)) // columns
    return tuple(
        pygame.Rect(room.left + (index // lines) * (width + gap), room.top + (index % lines) * height, width, height)
        for index in range(count)
    )


def place(picture: tuple[int, int], room: pygame.Rect, least: float = 0.0) -> pygame.Rect:
    """Where a picture of this size goes: as many whole times as fit, centred; shrunk if it does not fit once.

    Whole times that fill less than the share `least` of the room are given up for the largest size.
    """
    exact = min(room.width / picture[0], room.height / picture[1])
    factor: float = int(exact + 1e-9)
    if factor < 1 or factor < least * exact:
        factor = exact
    placed = pygame.Rect(0, 0, max(1, int(picture[0] * factor)), max(1, int(picture[1] * factor)))
    placed.center = room.center
    return placed
