"""The views of what the agent thinks and sees, drawn into whatever room there is: a part of the panel, or a strip."""

from __future__ import annotations

import numpy as np
import pygame

from arcade_dqn.stage.palette import FAINT, MUTED, RAISED, SCREEN
from arcade_dqn.window.panel.bar_charts import (
    CHOSEN,
    CHOSEN_TEXT,
    draw_compact_row,
    draw_heading,
    draw_q_values,
    draw_row,
    name_width,
)
from arcade_dqn.window.panel.charts import draw_history
from arcade_dqn.window.panel.layout import COMPACT_ROW, LABEL, columns_for, place, rows_in
from arcade_dqn.window.panel.numbers import number
from arcade_dqn.window.panel.painter import Painter
from arcade_dqn.window.panel.state import Bar, HudState, Tile, View
from arcade_dqn.window.panel.views.histograms import draw_histograms
from arcade_dqn.window.panel.views.saliency import draw_saliency_legend, saliency_layer

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
        draw_histograms(surface, painter, below, state, view.returns)
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


# --- chances ---


def _draw_chances(surface: pygame.Surface, painter: Painter, room: pygame.Rect, state: HudState) -> None:
    count = len(state.view.chances)
    columns = columns_for(count, room.height, painter.scale)
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
    columns = columns_for(count, room.height, painter.scale)
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
