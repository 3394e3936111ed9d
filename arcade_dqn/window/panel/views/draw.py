"""The views of what the agent thinks and sees, drawn into whatever room there is: a part of the panel, or a strip."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pygame

from arcade_dqn.stage.palette import (
    ACCENT_DIM,
    BORDER,
    FAINT,
    MUTED,
    RAISED,
    SCREEN,
    TEXT,
    Colour,
)
from arcade_dqn.window.panel.bar_charts import (
    CHOSEN,
    CHOSEN_TEXT,
    draw_compact_row,
    draw_heading,
    draw_marker,
    draw_q_values,
    draw_row,
    name_width,
)
from arcade_dqn.window.panel.charts import draw_history
from arcade_dqn.window.panel.layout import COMPACT_ROW, LABEL, ROW, place, rows_in
from arcade_dqn.window.panel.numbers import number, number_q
from arcade_dqn.window.panel.painter import Painter
from arcade_dqn.window.panel.state import Bar, Histograms, HudState, Tile, View
from arcade_dqn.window.panel.views.saliency import draw_saliency_legend, saliency_layer

_LEAST_HISTOGRAM, _MOST_HISTOGRAM = 26, 88
"""Height of one action's histogram, in the design's pixels."""
_NARROW = 260
"""Width under which a histogram has no room for words beside it."""
_NUMBER, _LEAST_WIDTH = 52, 60
"""Width of the number beside a histogram, and of the histogram itself, for it to be worth drawing."""
_AXIS = 18
SHARP = 16
"""Pictures that are no wider are cells of a game, and stay sharp."""


def draw_view(surface: pygame.Surface, painter: Painter, room: pygame.Rect, state: HudState) -> None:
    """Draw the open view of `state` into `room`."""
    view = state.view
    match view.name:
        case "":
            return
        case "q_values":
            draw_q_values(surface, painter, room, state)
            return
        case "over_time" if not view.sentence:
            draw_history(surface, painter, room, state.history, every_action=True)
            return
    chooser = CHOSEN_TEXT[state.chosen_by] if view.returns is not None or view.chances else ""
    colour = CHOSEN[state.chosen_by] if chooser else MUTED
    draw_heading(surface, painter, room, view.heading, chooser or view.note, colour)
    below = pygame.Rect(room.left, room.top + painter.px(LABEL), room.width, max(1, room.height - painter.px(LABEL)))
    below.height -= _sentence_below(surface, painter, below, view)
    if view.returns is not None:
        _draw_histograms(surface, painter, below, state, view.returns)
    elif view.chances:
        _draw_chances(surface, painter, below, state)
    elif view.bars:
        _draw_bars(surface, painter, below, view.bars)
    elif view.tiles:
        _draw_tiles(surface, painter, below, view.tiles)
    elif view.saliency is not None:
        _draw_saliency_key(surface, painter, below, state)


def _sentence_below(surface: pygame.Surface, painter: Painter, room: pygame.Rect, view: View) -> int:
    """The sentence at the bottom of `room`, or at its top if there is nothing else; the height that it takes."""
    if not view.sentence:
        return 0
    alone = not (view.chances or view.bars or view.saliency)
    line = painter.height("small") + painter.px(3)
    lines = wrapped(painter, view.sentence, room.width)
    if alone:
        y = room.top + painter.px(12)
    else:
        # A strip that is hardly high enough for the thing itself has no room for words about it.
        lines = lines[: max(0, (room.height - painter.px(72)) // line)]
        y = room.bottom - line * len(lines) + line // 2
    for index, text in enumerate(lines):
        painter.write(surface, text, (room.left, y + index * line), MUTED if alone else FAINT)
    return line * len(lines) + (painter.px(6) if lines else 0)


def wrapped(painter: Painter, text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` pixels, broken between words."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and painter.width(longer, "small") <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


# --- the distribution of returns ---


def _draw_histograms(
    surface: pygame.Surface, painter: Painter, room: pygame.Rect, state: HudState, shown: Histograms
) -> None:
    height = room.height - painter.px(_AXIS)
    gap = painter.px(16)

    def fitting(count: int) -> tuple[int, int]:
        """In how many columns so many histograms fit, and how wide each then is."""
        columns = next((n for n in (1, 2, 3) if -(-count // n) * painter.px(_LEAST_HISTOGRAM) <= height), 3)
        return columns, (room.width - gap * (columns - 1)) // columns

    actions: Sequence[int] = range(len(shown.heights))
    columns, width = fitting(len(actions))
    lines = -(-len(actions) // columns)
    # Where they are narrow, names and numbers stand over the columns instead of beside them.
    over = width < painter.px(_NARROW) and height // max(1, lines) >= painter.px(_LEAST_HISTOGRAM)
    names = name_width(painter, state.action_names, width)
    if not over and width - names - painter.px(_NUMBER) < painter.px(_LEAST_WIDTH):
        # One that can be read says more than all of them in a few pixels.
        actions = (_shown_alone(state),)
        columns, width = fitting(1)
        lines, over = 1, False
        names = name_width(painter, state.action_names, width)
    row_height = max(2, min(painter.px(_MOST_HISTOGRAM), height // max(1, lines)))

    def plot_in(row: pygame.Rect) -> pygame.Rect:
        """Where the columns of a histogram stand in its row."""
        if over:
            top = painter.px(15)
            return pygame.Rect(row.left, row.top + top, row.width, max(2, row.height - top - painter.px(4)))
        wide = max(2, row.width - names - painter.px(_NUMBER))
        return pygame.Rect(row.left + names, row.top, wide, row.height - painter.px(4))

    for place_of, index in enumerate(actions):
        heights = shown.heights[index]
        left = room.left + (place_of // lines) * (width + gap)
        row = pygame.Rect(left, room.top + (place_of % lines) * row_height, width, row_height)
        plot = plot_in(row)
        chosen = CHOSEN[state.chosen_by] if index == state.action else None
        value = state.q_values[index] if state.q_values is not None else math.nan
        middle = row.top + painter.px(8) if over else plot.bottom - min(plot.height // 2, painter.px(10))
        if chosen is not None:
            draw_marker(surface, painter, (row.left, middle), chosen)
        colour = TEXT if chosen else MUTED
        said = number_q(value)
        room_for_name = (width - painter.width(said, "small", "mono") if over else names) - painter.px(22)
        name = painter.fitted(state.action_names[index], room_for_name)
        painter.write(surface, name, (row.left + painter.px(14), middle), colour)
        painter.write(surface, said, (row.right, middle), colour, "small", "mono", align="right")
        _draw_histogram(surface, painter, plot, heights, value, shown, chosen)
    for column in range(columns):
        plot = plot_in(pygame.Rect(room.left + column * (width + gap), room.top, width, row_height))
        _draw_axis(surface, painter, plot, room.top + lines * row_height, shown)


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


# --- chances ---


def _draw_chances(surface: pygame.Surface, painter: Painter, room: pygame.Rect, state: HudState) -> None:
    count = len(state.view.chances)
    fitting = (n for n in (1, 2, 3) if -(-count // n) * painter.px(ROW if n == 1 else COMPACT_ROW) <= room.height)
    columns = next(fitting, 3)
    names = name_width(painter, state.action_names, room.width)
    for index, row in enumerate(rows_in(room, count, columns, painter.scale)):
        chance = state.view.chances[index]
        chosen = CHOSEN[state.chosen_by] if index == state.action else None
        name, text = state.action_names[index], _percent(chance)
        if columns > 1:
            draw_compact_row(surface, painter, row, name, chance, text, (0.0, 1.0), chosen)
        else:
            tick = state.view.soft[index] if state.view.soft else None
            draw_row(surface, painter, row, name, chance, text, (0.0, 1.0), chosen, names, tick)


def _percent(chance: float) -> str:
    return f"{chance:.1%}" if 0 < chance < 0.9995 else f"{chance:.0%}"


# --- numbers ---


def _draw_bars(surface: pygame.Surface, painter: Painter, room: pygame.Rect, bars: tuple[Bar, ...]) -> None:
    count = len(bars)
    fitting = (n for n in (1, 2, 3) if -(-count // n) * painter.px(ROW if n == 1 else COMPACT_ROW) <= room.height)
    columns = next(fitting, 3)
    names = name_width(painter, tuple(bar.name for bar in bars), room.width)
    for bar, row in zip(bars, rows_in(room, count, columns, painter.scale), strict=True):
        text = f"{bar.value:+.3f}" if abs(bar.value) < 10 else number(bar.value)
        if columns > 1:
            draw_compact_row(surface, painter, row, bar.name, bar.value, text, bar.span, None)
        else:
            draw_row(surface, painter, row, bar.name, bar.value, text, bar.span, None, names)


# --- pictures ---


def _draw_tiles(surface: pygame.Surface, painter: Painter, room: pygame.Rect, tiles: tuple[Tile, ...]) -> None:
    label, gap = painter.px(16), painter.px(8)
    height, width = tiles[0].picture.shape[:2]
    wide = width / height

    def side(columns: int) -> float:
        """The width of a tile in so many columns."""
        lines = -(-len(tiles) // columns)
        across = (room.width - gap * (columns - 1)) / columns
        down = (room.height - lines * label - gap * (lines - 1)) / lines
        return float(min(across, down * wide))

    columns = max(range(1, len(tiles) + 1), key=side)
    across = max(1, int(side(columns)))
    if width <= SHARP and across > width:
        across -= across % width
    down = max(1, round(across * height / width))
    left = room.left + (room.width - columns * across - (columns - 1) * gap) // 2
    for index, tile in enumerate(tiles):
        line, column = divmod(index, columns)
        frame = pygame.Rect(left + column * (across + gap), room.top + line * (down + label + gap), across, down)
        painter.write(
            surface,
            painter.fitted(tile.name, across),
            (frame.centerx, frame.bottom + label // 2),
            MUTED,
            align="centre",
        )
        surface.fill(SCREEN, frame)
        surface.blit(grey(tile.picture, frame.size), frame)
        pygame.draw.rect(surface, RAISED, frame, 1)


def grey(picture: np.ndarray, size: tuple[int, int]) -> pygame.Surface:
    """A grey picture, uint8 [height, width], as a surface of `size`."""
    height, width = picture.shape
    image = pygame.image.frombuffer(np.repeat(picture[:, :, None], 3, axis=2).tobytes(), (width, height), "RGB")
    scaling = pygame.transform.scale if width <= SHARP else pygame.transform.smoothscale
    return scaling(image, size)


def _draw_saliency_key(surface: pygame.Surface, painter: Painter, room: pygame.Rect, state: HudState) -> None:
    """What the colours over the picture mean, and the Q-values if there is room for them."""
    saliency = state.view.saliency
    assert saliency is not None
    used = draw_saliency_legend(surface, painter, room, saliency)
    rest = pygame.Rect(room.left, room.top + used, room.width, room.height - used)
    if saliency.frame is not None:
        height, width = saliency.frame.shape[:2]
        placed = place((width, height), rest, least=1.0)
        surface.blit(grey(saliency.frame, placed.size), placed)
        surface.blit(saliency_layer(painter, placed.size, saliency), placed, (0, 0, *placed.size))
    elif rest.height >= painter.px(LABEL) + -(-len(state.action_names) // 3) * painter.px(COMPACT_ROW):
        draw_q_values(surface, painter, rest, state)
