"""A question with a few answers, each on a key."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from arcade_dqn.tui.services.navigation import Answer

YES = "yes"
"""The value of the answer that does it, where there are two."""


def yes_or_no(yes: str, no: str) -> list[Answer]:
    """The answers to a question about what cannot be undone by a key."""
    return [Answer("y", yes, YES, "warning"), Answer("n", no, "")]


class ConfirmScreen(ModalScreen[str]):
    """Asks; returns the chosen answer's value, or "" when the person escapes."""

    AUTO_FOCUS = "Button"

    def __init__(self, title: str, question: str, answers: Sequence[Answer]) -> None:
        super().__init__()
        self._title, self._question, self._answers = title, question, answers
        self._answered = False

    def compose(self) -> ComposeResult:
        with Vertical(id="confirm") as box:
            box.border_title = self._title
            yield Static(self._question, markup=False, id="question")
            with Horizontal(id="answers"):
                for index, answer in enumerate(self._answers):
                    yield Button(
                        f"{answer.label} ({answer.key})", variant=answer.variant, id=f"answer-{index}", compact=True
                    )

    @on(Button.Pressed)
    def _chosen(self, event: Button.Pressed) -> None:
        assert event.button.id is not None
        self._answer(self._answers[int(event.button.id.removeprefix("answer-"))].value)

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape":
            event.stop()
            self._answer("")
        elif event.key in ("left", "right"):
            event.stop()
            (self.focus_previous if event.key == "left" else self.focus_next)()
        for answer in self._answers:
            if event.key == answer.key:
                event.stop()
                self._answer(answer.value)
                return

    def _answer(self, value: str) -> None:
        """The first answer counts; a key that repeats comes to nothing, for the screen is on its way out."""
        if not self._answered:
            self._answered = True
            self.dismiss(value)


class QuitScreen(ConfirmScreen):
    """Asks before a training is ended with the program."""

    def __init__(self, question: str) -> None:
        super().__init__("Quit while training?", question, yes_or_no("Save and quit", "Stay"))
