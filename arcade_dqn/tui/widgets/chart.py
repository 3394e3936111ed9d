"""A line chart in braille with axes, a reference level, vertical rules and markers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar, Literal

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from arcade_dqn.tui.widgets import braille
from arcade_dqn.tui.widgets.braille import Floats

_GUTTER = 6
_BLANK = 0x20


@dataclass(frozen=True)
class Trace:
    """One curve. `x` ascends; `tone` names one of the chart's styles: `chart--TONE`."""

    x: Floats
    y: Floats
    draw: Literal["line", "dots", "marks"]
    tone: str
    glyph: str = "◆"
    """What a mark looks like."""


@dataclass(frozen=True)
class Plot:
    """Everything on a chart: curves (later ones on top), a level with its name, and the x of vertical rules."""

    traces: tuple[Trace, ...] = ()
    level: float | None = None
    rules: tuple[float, ...] = ()
    x_high: float | None = None
    """The right edge; by default the largest x."""

    def x_range(self) -> tuple[float, float]:
        highest = max((float(trace.x[-1]) for trace in self.traces if len(trace.x)), default=0.0)
        return 0.0, max(highest, self.x_high or 0.0, 1.0)

    def y_range(self) -> tuple[float, float]:
        """The range of all finite values and the level, widened to have some air."""
        known = [ends for trace in self.traces if (ends := _ends(trace.y)) is not None]
        if self.level is not None:
            known.append((self.level, self.level))
        if not known:
            return 0.0, 1.0
        low, high = min(ends[0] for ends in known), max(ends[1] for ends in known)
        if low == high:
            return (low - abs(low) * 0.5 - 0.5, high + abs(high) * 0.5 + 0.5) if low else (0.0, 1.0)
        if 0 < low < 0.4 * high:
            low = 0.0
        step = braille.nice_step(high - low, 4) / 2
        return math.floor(low / step) * step, math.ceil(high / step) * step


def _ends(y: Floats) -> tuple[float, float] | None:
    """The smallest and the largest finite value; None if there is none. Copies nothing in the usual case."""
    if not len(y):
        return None
    low, high = float(np.fmin.reduce(y)), float(np.fmax.reduce(y))  # these pass nan over
    if math.isfinite(low) and math.isfinite(high):
        return low, high
    finite = y[np.isfinite(y)]
    return (float(finite.min()), float(finite.max())) if len(finite) else None


class Canvas:
    """A grid of characters with a tone each, on which a plot is drawn. Rows count from the top."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.codes = np.full((height, width), _BLANK, np.int32)
        self.tones = np.full((height, width), "", dtype="<U8")

    def put(self, row: int, column: int, text: str, tone: str) -> None:
        """Write text, cut off at the right edge."""
        for offset, letter in enumerate(text[: max(self.width - column, 0)]):
            self.codes[row, column + offset] = ord(letter)
            self.tones[row, column + offset] = tone

    def rows(self) -> list[list[tuple[str, str]]]:
        """Each row as runs of (text, tone)."""
        result = []
        for codes, tones in zip(self.codes.tolist(), self.tones.tolist(), strict=True):
            letters = zip(map(chr, codes), tones, strict=True)
            result.append(
                [("".join(pair[0] for pair in run), tone) for tone, run in groupby(letters, lambda pair: pair[1])]
            )
        return result


def draw_plot(plot: Plot, width: int, height: int, *, axes: bool = True) -> Canvas:
    """Draw `plot` on a canvas of `width` x `height` cells; without `axes` the curves fill all of it."""
    canvas = Canvas(width, height)
    left, bottom = (_GUTTER, 1) if axes else (0, 0)
    inner_width, inner_height = width - left, height - bottom
    if inner_width < 2 or inner_height < 1:
        return canvas
    (x_low, x_high), (y_low, y_high) = plot.x_range(), plot.y_range()
    codes = canvas.codes[:inner_height, left:]
    tones = canvas.tones[:inner_height, left:]

    def column(x: float) -> int:
        return min(max(int((x - x_low) / (x_high - x_low) * inner_width), 0), inner_width - 1)

    def row(y: float) -> int:
        dot = braille.to_rows(np.array([y], np.float64), y_low, y_high, inner_height * 4)[0]
        return int(dot) // 4

    for rule in plot.rules:
        codes[:, column(rule)], tones[:, column(rule)] = ord("┊"), "rule"
    if plot.level is not None:
        codes[row(plot.level), :], tones[row(plot.level), :] = ord("╌"), "level"
    for trace in plot.traces:
        if trace.draw == "marks":
            inside = np.flatnonzero(np.isfinite(trace.y))
            for x, y in zip(trace.x[inside].tolist(), trace.y[inside].tolist(), strict=True):
                codes[row(y), column(x)], tones[row(y), column(x)] = ord(trace.glyph), trace.tone
            continue
        low, high = braille.extents(trace.x, trace.y, x_low, x_high, inner_width * 2)
        paint = braille.line if trace.draw == "line" else braille.scatter
        bits = braille.cells(paint(low, high, y_low, y_high, inner_height * 4))
        codes[bits > 0] = 0x2800 + bits[bits > 0].astype(np.int32)
        tones[bits > 0] = trace.tone
    if axes:
        _draw_axes(canvas, x_high, (y_low, y_high), inner_height)
    return canvas


def _draw_axes(canvas: Canvas, x_high: float, y_range: tuple[float, float], inner_height: int) -> None:
    y_low, y_high = y_range
    for row in range(inner_height):
        canvas.put(row, _GUTTER - 1, "│", "axis")
    used: set[int] = set()
    for value in reversed(_y_ticks(y_low, y_high, inner_height)):
        dot = braille.to_rows(np.array([value], np.float64), y_low, y_high, inner_height * 4)[0]
        row = int(dot) // 4
        if row not in used:
            used.add(row)
            text = braille.short(value)[: _GUTTER - 1]
            canvas.put(row, _GUTTER - 1 - len(text), text, "label")
            canvas.put(row, _GUTTER - 1, "┤", "axis")
    inner_width = canvas.width - _GUTTER
    canvas.put(inner_height, _GUTTER - 1, "└" + "─" * inner_width, "axis")
    free_from = 0
    for value in braille.ticks(0.0, x_high, max(inner_width // 14, 1)):
        text = braille.short(value)
        at = _GUTTER + min(int(value / x_high * inner_width), inner_width - 1)
        start = min(max(at - len(text) // 2, _GUTTER), canvas.width - len(text))
        if start >= free_from:
            canvas.put(inner_height, start, text, "label")
            free_from = start + len(text) + 2


def _y_ticks(low: float, high: float, rows: int) -> list[float]:
    """Round values for an axis of so many rows: about one in three has one, and where there is room, two at least.

    One alone is no scale: it tells where a curve is, and not how far from there.
    """
    ticks: list[float] = []
    for parts in range(max(rows // 3, 1), max(rows - 1, 1) + 1):
        ticks = braille.ticks(low, high, parts)
        if len(ticks) > 1:
            break
    return ticks


class Chart(Widget):
    """Shows a `Plot`, scaled to the widget's size."""

    DEFAULT_CSS = """
    Chart { width: 1fr; height: 1fr; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chart--axis",
        "chart--label",
        "chart--level",
        "chart--rule",
        "chart--raw",
        "chart--line",
        "chart--second",
        "chart--mark",
        "chart--empty",
        "chart--tone-a",
        "chart--tone-b",
        "chart--tone-c",
        "chart--tone-d",
        "chart--tone-e",
    }

    def __init__(self, *, empty: str = "", axes: bool = True, id: str | None = None) -> None:
        super().__init__(id=id)
        self._plot = Plot()
        self._axes = axes
        self._empty = empty
        self._drawn: tuple[int, int] | None = None
        self._rows: list[list[tuple[str, str]]] = []

    @property
    def plot(self) -> Plot:
        return self._plot

    def show(self, plot: Plot, *, empty: str | None = None) -> None:
        """Draw another plot; `empty` is what to say from now on where there is nothing to draw."""
        self._plot, self._drawn = plot, None
        self._empty = self._empty if empty is None else empty
        self.refresh()

    def _is_empty(self) -> bool:
        return not any(len(trace.x) for trace in self._plot.traces)

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        base = self.rich_style
        if self._is_empty():
            text = self._empty if y == height // 2 else ""
            style = self.get_component_rich_style("chart--empty") if text else base
            return Strip([Segment(text.center(width)[:width], style)], width)
        if self._drawn != (width, height):
            self._rows = draw_plot(self._plot, width, height, axes=self._axes).rows()
            self._drawn = (width, height)
        if y >= len(self._rows):
            return Strip.blank(width, base)
        return Strip([Segment(text, self._style(tone, base)) for text, tone in self._rows[y]], width)

    def _style(self, tone: str, base: Style) -> Style:
        return self.get_component_rich_style(f"chart--{tone}") if tone else base
