"""A picture among the other widgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class Picture(Widget):
    """Shows strips made elsewhere (`drawing.draw`), in the middle of its space; redraws only the lines that changed.

    All within its border is glass, whatever the theme has behind its frames: the pictures' colours are made for it.
    """

    DEFAULT_CSS = """
    Picture { width: 1fr; height: 1fr; }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"picture--glass"}

    def __init__(self, message: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._strips: tuple[Strip, ...] = ()
        self._message = message

    @property
    def message(self) -> str:
        return self._message

    @property
    def has_picture(self) -> bool:
        return bool(self._strips)

    def show(self, strips: Sequence[Strip]) -> None:
        """Show a new picture."""
        new, old = tuple(strips), self._strips
        self._strips, self._message = new, ""
        if not self.is_mounted:
            return
        if len(new) != len(old) or (new and new[0].cell_length != old[0].cell_length):
            self.refresh()
            return
        top = self._top()
        changed = [
            Region(0, top + row, self.size.width, 1)
            for row, (now, before) in enumerate(zip(new, old, strict=True))
            if now != before
        ]
        if changed:
            self.refresh(*changed)

    def say(self, message: str) -> None:
        """Show a sentence instead of a picture."""
        if self._strips or message != self._message:
            self._strips, self._message = (), message
            self.refresh()

    def _top(self) -> int:
        return max((self.size.height - len(self._strips)) // 2, 0)

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        base = self.get_component_rich_style("picture--glass")
        if not self._strips:
            lines = _wrapped(self._message, max(width - 4, 1))
            row = y - (height - len(lines)) // 2
            text = lines[row] if 0 <= row < len(lines) else ""
            return Strip([Segment(text.center(width)[:width], base)], width)
        row = y - self._top()
        if not 0 <= row < len(self._strips):
            return Strip.blank(width, base)
        strip = self._strips[row]
        if (style := next(iter(strip)).style) is None or style.bgcolor is None:
            strip = strip.apply_style(base)  # characters lie on the glass
        left = max((width - strip.cell_length) // 2, 0)
        return Strip([Segment(" " * left, base), *strip], left + strip.cell_length).adjust_cell_length(width, base)


def _wrapped(text: str, width: int) -> list[str]:
    import textwrap

    return [line for part in text.splitlines() for line in (textwrap.wrap(part, width) or [""])]
