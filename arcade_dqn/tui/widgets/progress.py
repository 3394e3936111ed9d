"""A run's way: one line with the bar, the steps, the share, the rest of the time and the speed."""

from __future__ import annotations

import math
from typing import ClassVar

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from arcade_dqn.tui.widgets.gauge import bar_text


def duration(seconds: float) -> str:
    """12 -> '0:12', 3700 -> '1:01:40', 200000 -> '2 d 7 h'; unknown -> '-'."""
    if not math.isfinite(seconds) or seconds < 0:
        return "-"
    whole = round(seconds)
    if whole >= 100 * 3600:
        return f"{whole // 86_400} d {whole % 86_400 // 3600} h"
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class ProgressLine(Widget):
    """`TRAINING ████▌     34,210 / 100,000  34%  ETA 0:12  6,120 steps/s`, the bar taking what room is left."""

    DEFAULT_CSS = """
    ProgressLine { height: 1; width: 1fr; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "progress--fill",
        "progress--text",
        "progress--muted",
        "progress--pause",
        "progress--agent",
        "progress--calm",
        "progress--success",
        "progress--error",
    }

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._shown: tuple[str, str, int, int, float, float] = ("", "", 0, 0, math.nan, math.nan)

    def set(self, word: str, tone: str, step: int, total: int, eta: float, speed: float) -> None:
        """`word` in the style `progress--TONE`; `eta` in seconds and `speed` in steps/s may be nan."""
        # Repr, because nan is never equal to itself.
        if repr(shown := (word, tone, step, total, eta, speed)) != repr(self._shown):
            self._shown = shown
            self.refresh()

    @property
    def text(self) -> str:
        """The line without its bar."""
        word, _, step, total, eta, speed = self._shown
        share = f"{step / total:.0%}" if total else "-"
        pace = f"{speed:,.0f} steps/s" if math.isfinite(speed) else ""
        return f"{word}  {step:,} / {total:,}  {share}  ETA {duration(eta)}  {pace}".rstrip()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        base = self.rich_style
        word, tone, step, total, _, _ = self._shown
        if not word:
            return Strip.blank(width, base)
        rest = self.text.removeprefix(word).lstrip()
        room = width - len(word) - len(rest) - 6
        bar = bar_text(step / total if total else 0.0, room)
        return Strip(
            [
                Segment(" ", base),
                Segment(word, self.get_component_rich_style(f"progress--{tone}")),
                Segment("  ", base),
                Segment(bar, self.get_component_rich_style("progress--fill")),
                Segment("  ", base),
                Segment(rest, self.get_component_rich_style("progress--text")),
            ]
        ).adjust_cell_length(width, base)
