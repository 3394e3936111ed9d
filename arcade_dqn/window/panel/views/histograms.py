"""The distribution of each action's return, drawn as histograms over one axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pygame

from arcade_dqn.stage.palette import ACCENT_DIM, BORDER, FAINT, MUTED, SCREEN, TEXT, Colour
from arcade_dqn.window.panel.bar_charts import CHOSEN, draw_marker, name_width
from arcade_dqn.window.panel.layout import columns_for
from arcade_dqn.window.panel.numbers import number, number_q
from arcade_dqn.window.panel.painter import Painter
from arcade_dqn.window.panel.state import Histograms, HudState

_LEAST_HEIGHT, _MOST_HEIGHT = 26, 88
"""Height of one action's histogram, in the design's pixels."""
_NARROW = 260
"""Width under which a histogram has no room for words beside it."""
_NUMBER, _LEAST_WIDTH = 52, 60
"""Width of the number beside a histogram, and of the histogram itself, for it to be worth drawing."""
_AXIS = 18


@dataclass(frozen=True)
class _Grid:
    """Cells of one size for the histograms of some actions, in columns that are filled from the top.

    Where there is width enough, name and number stand beside a histogram, else over it:

        name  ▁▃█▅▁▁▁▁▁▁▁▁▁  1.23       name       1.23   name       1.23
        name  ▁▁▁▁▂█▃▁▁▁▁▁▁  2.34       ▁▃█▅▁▁▁▁▁▁▁▁▁▁▁   ▁▁▁▁▂█▃▁▁▁▁▁▁▁▁
              0           4             0             4   0             4
    """

    painter: Painter
    room: pygame.Rect
    actions: tuple[int, ...]
    """Whose histograms they are, one a cell."""
    columns: int
    width: int
    """Of a cell."""
    height: int
    names: int
    """Width of the names beside the histograms; 0 if names and numbers stand over them."""

    @property
    def gap(self) -> int:
        """Between two columns."""
        return self.painter.px(16)

    @property
    def lines(self) -> int:
        """Cells in a full column."""
        return -(-len(self.actions) // self.columns)

    def cell(self, index: int) -> pygame.Rect:
        """The cell of `actions[index]`."""
        column, line = divmod(index, self.lines)
        return self._cell_at(column, line)

    def plot(self, cell: pygame.Rect) -> pygame.Rect:
        """Where the histogram itself stands in its cell."""
        below = self.painter.px(4)
        if self.names == 0:
            top = self.painter.px(15)
            return pygame.Rect(cell.left, cell.top + top, cell.width, max(2, cell.height - top - below))
        wide = max(2, cell.width - self.names - self.painter.px(_NUMBER))
        return pygame.Rect(cell.left + self.names, cell.top, wide, cell.height - below)

    def axes(self) -> tuple[pygame.Rect, ...]:
        """The highest plot of every column; each column has an axis under its lowest one."""
        return tuple(self.plot(self._cell_at(column, 0)) for column in range(self.columns))

    @property
    def bottom(self) -> int:
        """Where the axes begin."""
        return self.room.top + self.lines * self.height

    def _cell_at(self, column: int, line: int) -> pygame.Rect:
        left = self.room.left + column * (self.width + self.gap)
        return pygame.Rect(left, self.room.top + line * self.height, self.width, self.height)


def _grid_for(painter: Painter, room: pygame.Rect, state: HudState, count: int) -> _Grid:
    """Cells for the histograms of `count` actions, or for one of them where all would have no room."""
    height = room.height - painter.px(_AXIS)
    grid = _grid_of(painter, room, height, tuple(range(count)))
    # Where the cells are narrow, names and numbers stand over the histograms instead of beside them.
    if grid.width < painter.px(_NARROW) and height // max(1, grid.lines) >= painter.px(_LEAST_HEIGHT):
        return grid
    names = name_width(painter, state.action_names, grid.width)
    if grid.width - names - painter.px(_NUMBER) < painter.px(_LEAST_WIDTH):
        # One that can be read says more than all of them in a few pixels.
        grid = _grid_of(painter, room, height, (_shown_alone(state),))
        names = name_width(painter, state.action_names, grid.width)
    return replace(grid, names=names)


def _grid_of(painter: Painter, room: pygame.Rect, height: int, actions: tuple[int, ...]) -> _Grid:
    """Cells for these actions in the upper `height` of the room, without names beside the histograms."""
    columns = columns_for(len(actions), height, painter.scale, least=(_LEAST_HEIGHT, _LEAST_HEIGHT))
    width = (room.width - painter.px(16) * (columns - 1)) // columns
    lines = -(-len(actions) // columns)
    return _Grid(
        painter, room, actions, columns, width, max(2, min(painter.px(_MOST_HEIGHT), height // max(1, lines))), 0
    )


def draw_histograms(
    surface: pygame.Surface, painter: Painter, room: pygame.Rect, state: HudState, shown: Histograms
) -> None:
    """A histogram for each action with its name and its mean, and under every column of them the axis."""
    grid = _grid_for(painter, room, state, len(shown.heights))
    for index, action in enumerate(grid.actions):
        cell = grid.cell(index)
        plot = grid.plot(cell)
        chosen = CHOSEN[state.chosen_by] if action == state.action else None
        mean = state.q_values[action] if state.q_values is not None else math.nan
        _draw_labels(surface, grid, cell, plot, state.action_names[action], number_q(mean), chosen)
        _draw_histogram(surface, painter, plot, shown.heights[action], mean, shown, chosen)
    for plot in grid.axes():
        _draw_axis(surface, painter, plot, grid.bottom, shown)


def _draw_labels(
    surface: pygame.Surface,
    grid: _Grid,
    cell: pygame.Rect,
    plot: pygame.Rect,
    name: str,
    mean: str,
    chosen: Colour | None,
) -> None:
    """The action's name at the left of the cell and its mean at the right; the chosen one has a marker."""
    painter = grid.painter
    over = grid.names == 0
    middle = cell.top + painter.px(8) if over else plot.bottom - min(plot.height // 2, painter.px(10))
    if chosen is not None:
        draw_marker(surface, painter, (cell.left, middle), chosen)
    colour = TEXT if chosen else MUTED
    room = (cell.width - painter.width(mean, "small", "mono") if over else grid.names) - painter.px(22)
    painter.write(surface, painter.fitted(name, room), (cell.left + painter.px(14), middle), colour)
    painter.write(surface, mean, (cell.right, middle), colour, "small", "mono", align="right")


def _shown_alone(state: HudState) -> int:
    """The action whose histogram stands for all: the one that was taken, or would be."""
    if state.action is not None:
        return state.action
    return max(range(len(state.q_values)), key=state.q_values.__getitem__) if state.q_values else 0


def _draw_histogram(
    surface: pygame.Surface,
    painter: Painter,
    plot: pygame.Rect,
    heights: Sequence[float],
    mean: float,
    shown: Histograms,
    chosen: Colour | None,
) -> None:
    """Columns on a line, with a mark at their mean."""
    surface.fill(BORDER, (plot.left, plot.bottom, plot.width, 1))
    for index, height in enumerate(heights):
        # From edge to edge: the columns share all the pixels, whatever their number.
        left = plot.left + round(index * plot.width / len(heights))
        right = plot.left + round((index + 1) * plot.width / len(heights))
        tall = round(height * (plot.height - painter.px(3)))
        if tall > 0:
            space = 1 if right - left > 3 else 0
            surface.fill(chosen or ACCENT_DIM, (left, plot.bottom - tall, max(1, right - left - space), tall))
    if math.isfinite(mean) and shown.low <= mean <= shown.high:
        x = plot.left + round((mean - shown.low) / (shown.high - shown.low) * (plot.width - 1))
        surface.fill(SCREEN, (x - 1, plot.top, max(3, painter.px(2) + 2), plot.height))
        surface.fill(TEXT if chosen else MUTED, (x, plot.top, max(1, painter.px(2)), plot.height))


def _draw_axis(surface: pygame.Surface, painter: Painter, plot: pygame.Rect, top: int, shown: Histograms) -> None:
    """The lowest and highest return, and zero if it lies between."""
    middle = top + painter.px(_AXIS) // 2 + painter.px(1)
    low, high = number(shown.low), number(shown.high)
    used_left = painter.write(surface, low, (plot.left, middle), FAINT, "small", "mono")
    used_right = painter.write(surface, high, (plot.right, middle), FAINT, "small", "mono", align="right")
    if shown.low < 0 < shown.high:
        x = plot.left + round(-shown.low / (shown.high - shown.low) * plot.width)
        surface.fill(FAINT, (x, top - painter.px(4), 1, painter.px(6)))
        space = painter.px(10)
        if plot.left + used_left + space < x < plot.right - used_right - space:
            painter.write(surface, "0", (x, middle), FAINT, "small", "mono", align="centre")
