"""A list to choose from."""

from __future__ import annotations

from textual.style import Style
from textual.widgets import OptionList


class Choices(OptionList):
    """An OptionList whose rows may be reversed, which is how the cursor is seen without colours.

    Textual 8.2 leaves `reverse` out of the styles that it makes for rows.
    """

    def get_visual_style(self, *component_classes: str, partial: bool = False) -> Style:
        style = super().get_visual_style(*component_classes, partial=partial)
        if any(self.get_component_styles(name).text_style.reverse for name in component_classes):
            style += Style(reverse=True)
        return style
