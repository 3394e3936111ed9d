"""Preset and settings of a run, checked while they are typed."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Select, Static

from arcade_dqn.config import (
    Settings,
    SettingsError,
    as_typed,
    build,
    get_setting,
    preset_about,
    preset_names,
    setting_table,
)
from arcade_dqn.tui import keys
from arcade_dqn.tui.screens.base import ArcadeScreen
from arcade_dqn.tui.services.bundle import Services

if TYPE_CHECKING:
    from arcade_dqn.config import SettingInfo
    from arcade_dqn.games.info import GameInfo


class SettingsScreen(ArcadeScreen):
    """A form of every setting: the preset's values stand in the fields, and only what is changed is an override."""

    PLACE = "settings"
    BINDINGS = keys.SETTINGS
    AUTO_FOCUS = "Input"

    def __init__(self, services: Services, info: GameInfo) -> None:
        super().__init__(services)
        self._info = info
        self._preset = info.preset
        self._settings: Settings | None = None
        """What would be trained with; None while it may not be."""
        self._plain: dict[str, str] = {}
        """The preset's own settings as one would type them. Building them takes a while, so it is done once."""
        self._typed: dict[str, str] = {}
        self._by_id = {_id(name): setting for name, setting in setting_table().items()}

    def body(self) -> ComposeResult:
        with Horizontal(id="preset-line"):
            yield Static("preset", classes="name")
            yield Select[str](
                [(name, name) for name in preset_names()],
                value=self._info.preset,
                allow_blank=False,
                id="preset",
                compact=True,
            )
            yield Static(preset_about(self._info.preset), id="preset-about", markup=False)
        with VerticalScroll(id="form", can_focus=False) as form:
            form.border_title = f"Settings for {self._info.title}"
            section = ""
            for name, setting in setting_table().items():
                head, key = name.split(".")
                if head != section:
                    section = head
                    yield Static(Content.styled(head, "bold $primary"), classes="section")
                with Horizontal(classes="setting"):
                    yield Static(key, classes="name")
                    yield Input(id=_id(name), compact=True, select_on_focus=False)
                    yield Static(_about(setting), classes="help", markup=False)
        yield Static(id="setting-about", markup=False)
        yield Static(id="verdict", markup=False)

    def completed(self) -> None:
        self._fill()

    def _fill(self) -> None:
        """Put the preset's values into the fields."""
        settings = build(self._info.id, self._preset)
        self._plain = {name: as_typed(get_setting(settings, name)) for name in setting_table()}
        self._typed = dict(self._plain)
        with self.prevent(Input.Changed):  # one of them for each field; they are checked together below
            for name, text in self._plain.items():
                field = self.query_one(f"#{_id(name)}", Input)
                field.value = text
                field.remove_class("-changed")
        self._check()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Beside the fields of a narrow form the help is cut off: the chosen one's stands below, whole."""
        setting = self._by_id.get(event.widget.id or "")
        text = _about(setting) if setting else preset_about(self._preset)
        self.query_one("#setting-about", Static).update(text)

    @on(Select.Changed, "#preset")
    def _preset_chosen(self, event: Select.Changed) -> None:
        if not self._complete:
            return
        self._preset = str(event.value)
        for about in ("#preset-about", "#setting-about"):
            self.query_one(about, Static).update(preset_about(self._preset))
        self._fill()

    def overrides(self) -> dict[str, str]:
        """The settings that differ from the preset's, as typed."""
        return {name: text for name, text in self._typed.items() if text != self._plain[name]}

    @on(Input.Changed)
    def _field_changed(self, event: Input.Changed) -> None:
        """Take over the field that changed, mark it if it is not the preset's, and check the whole once."""
        if not self._plain:
            return
        name = self._by_id[event.input.id or ""].name
        self._typed[name] = event.input.value.strip()  # the newest, if several changes are waiting
        event.input.set_class(self._typed[name] != self._plain[name], "-changed")
        self._check()

    def _check(self) -> None:
        """Show whether the settings may be trained with."""
        verdict = self.query_one("#verdict", Static)
        try:
            self._settings = build(self._info.id, self._preset, self.overrides())
        except SettingsError as error:
            self._settings = None
            verdict.update(str(error))
        else:
            verdict.update(self.command_line())
        verdict.set_class(self._settings is None, "-wrong")

    def command_line(self) -> str:
        """The command that trains with the same settings."""
        words = ["arcade-dqn", "train", self._info.id]
        if self._preset != self._info.preset:
            words += ["--preset", self._preset]
        for name, text in self.overrides().items():
            words += ["--set", f"{name}={text}"]
        return shlex.join(words)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.focus_next()

    def action_train(self) -> None:
        if self._settings is None:
            self.notify(str(self.query_one("#verdict", Static).content), severity="error", markup=False)
            return
        self.services.training.train(self._info, self._settings)

    def action_copy(self) -> None:
        if self._settings is not None:
            self.app.copy_to_clipboard(self.command_line())
            self.notify(self.command_line(), title="Copied", markup=False)


def _id(name: str) -> str:
    return name.replace(".", "--")


def _about(setting: SettingInfo) -> str:
    unit = f" ({setting.unit})" if setting.unit else ""
    return f"{setting.help}{unit}; {setting.allowed}"
