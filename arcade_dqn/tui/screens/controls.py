"""The controls of a running training, over its screen: choose one, move it, or type a value."""

from __future__ import annotations

from typing import Any

from textual import on
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from arcade_dqn.tui import keys
from arcade_dqn.tui.controls import CONTROLS, Control, Value
from arcade_dqn.tui.screens.base import Overlay, key_name
from arcade_dqn.tui.services.bundle import Services


class ControlsScreen(Overlay):
    """Shows what the trainer says its values are, and asks it to change them."""

    BINDINGS = keys.CONTROLS
    AUTO_FOCUS = ""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._chosen = 0

    def compose(self) -> ComposeResult:
        with Vertical(id="controls") as box:
            box.border_title = "Controls"
            for control in CONTROLS:
                yield Static(id=f"control-{control.name}", classes="control", markup=False)
            yield Static(id="control-about", markup=False)
            yield Input(id="control-exact", compact=True, placeholder="a value, then enter")
            yield Static(id="control-keys", markup=False)

    def on_mount(self) -> None:
        self.query_one("#control-exact", Input).display = False
        self.query_one("#control-keys", Static).update(_keys_line(self.app))
        self._show()
        self.set_interval(0.1, self._show)

    @property
    def control(self) -> Control:
        """The chosen one."""
        return CONTROLS[self._chosen]

    def _show(self) -> None:
        controls = self.services.controls
        for number, control in enumerate(CONTROLS):
            chosen = number == self._chosen
            mark, name = ("▸ ", "bold $primary") if chosen else ("  ", "$muted")
            value = controls.shown(control)
            line = Content.assemble((f"{mark}{control.label:<16}", name), (value, "bold" if chosen else ""))
            self.query_one(f"#control-{control.name}", Static).update(line, layout=False)
        about = self.query_one("#control-about", Static)
        if not about.has_class("-wrong"):
            about.update(f"{self.control.help}; {self.control.allowed}")

    def _about(self, sentence: str, *, wrong: bool = False) -> None:
        about = self.query_one("#control-about", Static)
        about.set_class(wrong, "-wrong")
        about.update(sentence)

    def action_choose(self, change: int) -> None:
        self._chosen = (self._chosen + change) % len(CONTROLS)
        self._about("")
        self._show()

    def action_move(self, up: bool) -> None:
        self._about("")
        self.services.controls.move(self.control, up)
        self._show()

    def action_own(self) -> None:
        self._about("")
        self.services.controls.give_back(self.control)
        self._show()

    def action_type(self) -> None:
        exact = self.query_one("#control-exact", Input)
        exact.display = True
        exact.value = ""
        exact.focus()

    @on(Input.Submitted, "#control-exact")
    def _typed(self, event: Input.Submitted) -> None:
        try:
            value: Value = self.control.parse(event.value)
        except ValueError as error:
            self._about(str(error), wrong=True)
            return
        self._about("")
        self.services.controls.set(self.control, value)
        self._hide_input()
        self._show()

    def _hide_input(self) -> None:
        self.set_focus(None)
        self.query_one("#control-exact", Input).display = False

    def action_back(self) -> None:
        if self.query_one("#control-exact", Input).display:
            self._about("")
            self._hide_input()
        else:
            self.dismiss()


_KEYS = (
    (("controls.up", "controls.down"), "choose"),
    (("controls.lower", "controls.raise"), "change"),
    (("controls.type",), "type"),
    (("controls.own",), "own value"),
    (("controls.back",), "close"),
)


def _keys_line(app: App[Any]) -> Content:
    parts = []
    for ids, word in _KEYS:
        shown = [key_name(app, id) for id in ids]
        key = ("" if all(len(one) == 1 for one in shown) else "/").join(shown)
        parts.append(Content.assemble((key, "bold $accent"), (f" {word}", "$muted")))
    return Content("  ").join(parts)
