"""A question that is answered by typing."""

from __future__ import annotations

from collections.abc import Callable

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static


class AskScreen(ModalScreen[str | None]):
    """Asks for a text; returns it, or None when the person escapes.

    `check` gets what is typed, at every key, and returns what is wrong with it in a sentence, or "".
    """

    AUTO_FOCUS = "Input"

    def __init__(self, title: str, question: str, value: str, check: Callable[[str], str]) -> None:
        super().__init__()
        self._title, self._question, self._value, self._check = title, question, value, check
        self._answered = False

    def compose(self) -> ComposeResult:
        with Vertical(id="ask") as box:
            box.border_title = self._title
            box.border_subtitle = "enter: do it   esc: leave it"
            yield Static(self._question, markup=False, id="ask-question")
            yield Input(self._value, id="ask-answer", compact=True, select_on_focus=True)
            yield Static(id="ask-verdict", markup=False)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self.query_one("#ask-verdict", Static).update(self._check(event.value.strip()))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        answer = event.value.strip()
        if not self._check(answer):
            self._answer(answer)

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape":
            event.stop()
            self._answer(None)

    def _answer(self, answer: str | None) -> None:
        """The first answer counts; a key that repeats comes to nothing, for the screen is on its way out."""
        if not self._answered:
            self._answered = True
            self.dismiss(answer)
