"""The ways from one screen to another, as the services and the screens see them; the app goes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from arcade_dqn.games.info import GameInfo
    from arcade_dqn.tui.services.demo_player import Demo


@dataclass(frozen=True)
class Answer:
    """One answer to a question: `value` is what comes back when `key` or the button is pressed."""

    key: str
    label: str
    value: str
    variant: Literal["default", "primary", "warning", "error"] = "default"


class Navigation(Protocol):
    """For the event loop. What asks waits for a person, so it is for workers."""

    def go_home(self) -> None:
        """Leave every screen but the first."""

    def go_to_training(self) -> None:
        """The newest run."""

    def go_to_models(self) -> None: ...

    def go_to_runs(self) -> None: ...

    def go_to_experiments(self) -> None: ...

    def go_to_settings(self, info: GameInfo) -> None:
        """The settings with which this game would be trained."""

    def show_stages(self, run: Path, game: str) -> None:
        """The saved steps of a run, over the screen that asks for them."""

    def show_demo(self, demo: Demo, title: str) -> None:
        """An agent at play in the terminal, over the screen that asks for it."""

    async def ask(self, title: str, question: str, answers: Sequence[Answer]) -> str:
        """The value of the answer that a person chooses; "" if they escape."""
        ...

    async def confirm(self, title: str, question: str, *, yes: str, no: str) -> bool:
        """Whether a person says `yes` to something that cannot be undone by a key."""
        ...
