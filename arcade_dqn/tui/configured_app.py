"""An app as a person's preferences set it up: theme, keys, characters, motion. What it does stands in app.py."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import events
from textual.app import App
from textual.filter import LineFilter, Monochrome, NoColor

from arcade_dqn.tui import keys
from arcade_dqn.tui.ascii_text import Ascii, in_words
from arcade_dqn.tui.capabilities import Capabilities, heed_no_color
from arcade_dqn.tui.theme import THEMES

if TYPE_CHECKING:
    from textual.binding import Binding

    from arcade_dqn.preferences import Preferences

_NO_COLOUR = NoColor()


class ConfiguredApp(App[int]):
    """`file` is where the preferences stand, if anywhere; `problems` are sentences on what is wrong there."""

    def __init__(self, preferences: Preferences, file: Path | None, problems: Sequence[str]) -> None:
        heed_no_color(os.environ)
        super().__init__()
        self.preferences = preferences
        self.file = file
        self.problems = list(problems)
        self._ascii: list[LineFilter] = [Ascii()] if preferences.ascii is True else []
        self.keymap: Mapping[str, str] = self._checked_keys()
        if self.keymap:
            self.set_keymap(dict(self.keymap))
        if not preferences.animations:
            self.animation_level = "none"
        others = set(self.available_themes) - set(THEMES)
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = preferences.theme
        for name in others:
            self.unregister_theme(name)  # they lack colours that the style sheet names

    # --- looks ---

    @property
    def capabilities(self) -> Capabilities:
        """What the terminal can show."""
        ascii = bool(self._ascii)
        if self.native_ansi_color:
            return Capabilities(ascii, "none" if self.no_color else "sixteen")
        # Without colours Textual makes everything grey, half blocks, too; a grey character would tell the same twice.
        return Capabilities(ascii, "none" if self.no_color and ascii else "all")

    def get_line_filters(self) -> Sequence[LineFilter]:
        filters = super().get_line_filters()
        if self.no_color and self.native_ansi_color:
            # Greys can be made of known colours. The terminal's own are not known: they are left out.
            filters = [_NO_COLOUR if isinstance(one, Monochrome) else one for one in filters]
        return [*filters, *self._ascii] if self._ascii else filters

    def get_css_variables(self) -> dict[str, str]:
        variables = super().get_css_variables()
        if self.no_color:
            variables["bold"] = "bold reverse"  # so that the focus is seen
        return variables

    def watch_theme(self, before: str, theme: str) -> None:
        """A theme that a person chooses is kept."""
        if self.is_running and before != theme:
            self.capabilities_changed()
            self.save_preference("theme", theme)

    def capabilities_changed(self) -> None:
        """With another theme, other colours: for what is not drawn by the style sheet."""

    def save_preference(self, name: str, value: str) -> None:
        """A preference was chosen: write it down."""

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        field: Any = event.widget
        if self.animation_level == "none" and hasattr(field, "cursor_blink"):
            field.cursor_blink = False

    # --- keys ---

    def _checked_keys(self) -> Mapping[str, str]:
        if not self.preferences.keys:
            return {}
        from arcade_dqn.tui.keymap import checked

        keymap, problems = checked(self.preferences.keys, str(self.file or "preferences"))
        self.problems += problems
        return keymap

    def get_key_display(self, binding: Binding) -> str:
        """The keys of a binding, as a person has set them."""
        text = None
        if self.keymap:
            from arcade_dqn.tui.keymap import shown

            text = shown(binding, self.keymap)
        if text is None:
            text = super().get_key_display(binding)
        return in_words(text) if self._ascii else text

    def key(self, id: str) -> str:
        """The key of the binding `id`, to be named in a sentence."""
        return self.get_key_display(keys.BY_ID[id])
