"""The line of keys at the foot of a screen: every binding that is shown, wrapped to the width, and clickable."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from arcade_dqn.tui import keys
from arcade_dqn.tui.ascii_text import in_words

if TYPE_CHECKING:
    from textual.screen import Screen

_PLACES = {id: place + (1_000 if id.startswith("app.") else 0) for place, id in enumerate(keys.BY_ID)}
"""The order of the keys in the bar; what works everywhere comes last."""


class KeyBar(Widget):
    """Like Textual's Footer, but on as many lines as it needs, so that no key is cut off in a narrow terminal.

    In `ascii`, what keys do is written without other characters; their names are the app's (`get_key_display`).
    """

    DEFAULT_CSS = """
    KeyBar { dock: bottom; width: 1fr; height: auto; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"keybar--key", "keybar--text", "keybar--off"}
    ALLOW_SELECT = False

    def __init__(self, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ascii = ascii
        self._items: list[tuple[str, str, str, bool]] = []
        """(key as shown, what it does, key to press, enabled)"""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._rebuild)
        self._rebuild(self.screen)

    def _rebuild(self, screen: Screen[object]) -> None:
        items, seen = [], set()
        # Keys that a person has changed come last in Textual's order; here each stays in its place.
        for active in sorted(screen.active_bindings.values(), key=lambda one: _PLACES.get(one.binding.id or "", -1)):
            binding = active.binding
            if binding.show and binding.action not in seen:
                seen.add(binding.action)
                key, text = self.app.get_key_display(binding), binding.description
                if self._ascii:
                    text = in_words(text)
                # In parentheses, so that colour is not all that tells which keys do nothing at present.
                items.append((key if active.enabled else f"({key})", text, binding.key, active.enabled))
        if items != self._items:
            self._items = items
            self.refresh(layout=True)

    def _lines(self, width: int) -> list[list[tuple[int, tuple[str, str, str, bool]]]]:
        """The items of each line with the column at which each begins."""
        lines: list[list[tuple[int, tuple[str, str, str, bool]]]] = [[]]
        column = 1
        for item in self._items:
            size = len(item[0]) + 1 + len(item[1])
            if column + size > width - 1 and lines[-1]:
                lines.append([])
                column = 1
            lines[-1].append((column, item))
            column += size + 2
        return lines

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines(width))

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        base = self.rich_style
        lines = self._lines(width)
        segments, at = [], 0
        for column, (key, text, _, enabled) in lines[y] if y < len(lines) else []:
            tone = "keybar--key" if enabled else "keybar--off"
            segments += [
                Segment(" " * (column - at), base),
                Segment(key, self.get_component_rich_style(tone)),
                Segment(" ", base),
                Segment(text, self.get_component_rich_style("keybar--text" if enabled else "keybar--off")),
            ]
            at = column + len(key) + 1 + len(text)
        return Strip(segments).adjust_cell_length(width, base)

    def on_click(self, event: events.Click) -> None:
        lines = self._lines(self.size.width)
        if event.y >= len(lines):
            return
        for column, (key, text, press, enabled) in lines[event.y]:
            if enabled and column <= event.x < column + len(key) + 1 + len(text):
                self.app.simulate_key(press)
