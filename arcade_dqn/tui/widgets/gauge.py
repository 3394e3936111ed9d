"""A bar that is filled to a share, with a mark."""

from __future__ import annotations

import math
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

_EIGHTHS = " ▏▎▍▌▋▊▉"


def bar_text(share: float, width: int) -> str:
    """`width` cells filled to `share` (0 to 1), to an eighth of a cell."""
    if width <= 0:
        return ""
    share = min(max(share, 0.0), 1.0) if math.isfinite(share) else 0.0
    full, part = divmod(round(share * width * 8), 8)
    return ("█" * full + (_EIGHTHS[part] if part else "")).ljust(width)[:width]


def mark_cell(mark: float, width: int) -> int:
    """The cell of a mark at share `mark`: the cell in which that share of the bar ends."""
    return min(max(math.ceil(mark * width) - 1, 0), width - 1)


class Gauge(Widget):
    """Two lines: a caption with a value at its right, and under it the bar. With a mark, its cell is drawn `┃`.

    Where the value has no room beside the caption, its shorter form is drawn, or none.
    """

    DEFAULT_CSS = """
    Gauge { height: 2; width: 1fr; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "gauge--caption",
        "gauge--value",
        "gauge--fill",
        "gauge--rest",
        "gauge--mark",
    }

    def __init__(self, caption: str, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.caption = caption
        self.share = 0.0
        self.value = ""
        self.shorter = ""
        self.mark: float | None = None

    def set(
        self, share: float, value: str, mark: float | None = None, caption: str | None = None, shorter: str = ""
    ) -> None:
        """Show another state; draws only if something changed."""
        caption = self.caption if caption is None else caption
        state = (share, value, mark, caption, shorter)
        if state != (self.share, self.value, self.mark, self.caption, self.shorter):
            self.share, self.value, self.mark, self.caption, self.shorter = state
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        base = self.rich_style
        if y == 0:
            room = width - len(self.caption) - 1
            # A number that is cut off is another number: rather none, the bar tells it, too.
            value = next((value for value in (self.value, self.shorter) if len(value) <= room), "")
            gap = max(room + 1 - len(value), 1)
            return Strip(
                [
                    Segment(self.caption, base + self._style("gauge--caption")),
                    Segment(" " * gap, base),
                    Segment(value, base + self._style("gauge--value")),
                ]
            ).adjust_cell_length(width, base)
        if y == 1:
            return self._bar(width, base)
        return Strip.blank(width, base)

    def _bar(self, width: int, base: Style) -> Strip:
        text = bar_text(self.share, width)
        filled = base + self._style("gauge--fill") + Style(bgcolor=self._style("gauge--rest").bgcolor)
        if self.mark is None or width == 0:
            return Strip([Segment(text, filled)], width)
        at = mark_cell(self.mark, width)
        under = filled.color if text[at] == "█" else filled.bgcolor
        mark = base + self._style("gauge--mark") + Style(bgcolor=under)
        return Strip([Segment(text[:at], filled), Segment("┃", mark), Segment(text[at + 1 :], filled)], width)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)
