"""The top line of every screen."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget


class TitleBar(Widget):
    """`ARCADE DQN`, the name of the place, and at the right what the learner is doing."""

    DEFAULT_CSS = """
    TitleBar { dock: top; height: 1; width: 1fr; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "titlebar--brand",
        "titlebar--place",
        "titlebar--quiet",
        "titlebar--good",
        "titlebar--busy",
        "titlebar--bad",
    }

    def __init__(self, place: str) -> None:
        super().__init__()
        self._place = place
        self._right = ""
        self._tone = "quiet"

    def set_place(self, place: str) -> None:
        if place != self._place:
            self._place = place
            self.refresh()

    def set_right(self, text: str, tone: str = "quiet") -> None:
        """What stands at the right end; `tone` is quiet, good, busy or bad."""
        if (text, tone) != (self._right, self._tone):
            self._right, self._tone = text, tone
            self.refresh()

    @property
    def right(self) -> str:
        return self._right

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        base = self.rich_style
        brand, place = " ▚ ARCADE DQN ", self._place
        right = f"{self._right} "
        room = width - len(brand) - len(right) - 2
        game, dot, _ = place.partition(" · ")
        if dot and len(place) > room and right.startswith(game + dot):
            # Where there is little room, the game is named once.
            right = right.removeprefix(game + dot)
            room = width - len(brand) - len(right) - 2
        place = place[: max(room, 0)]
        gap = max(width - len(brand) - 1 - len(place) - len(right), 0)
        return Strip(
            [
                Segment(brand, self.get_component_rich_style("titlebar--brand")),
                Segment(" ", base),
                Segment(place, self.get_component_rich_style("titlebar--place")),
                Segment(" " * gap, base),
                Segment(right, self.get_component_rich_style(f"titlebar--{self._tone}")),
            ]
        ).adjust_cell_length(width, base)
