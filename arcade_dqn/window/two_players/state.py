"""What the window shows of two players, as plain values: `panel/state.py` for both, and the count of their rounds."""

from __future__ import annotations

from dataclasses import dataclass

from arcade_dqn.window.input.keys import Hint
from arcade_dqn.window.panel.state import HudState


@dataclass(frozen=True)
class Side:
    """One of two who play the same episodes."""

    name: str
    kind: str
    """Such as `model, scored 499.8`, or `you`."""
    hud: HudState
    mean: float | None
    """Mean return over the rounds that are over."""
    won: int
    """Rounds with the higher return."""
    waits: bool
    """Whether its episode is over and the other one's is not."""


@dataclass(frozen=True)
class TwoPlayersState:
    """One state of the window with two players, left and right."""

    title: str
    mode: str
    """Of the one on the left, unless that is DEMO: as `HudState.mode`."""
    round: int
    drawn: int
    """Rounds in which both had the same return."""
    rounds: tuple[tuple[float, float], ...]
    """The returns of both in the newest rounds, oldest first."""
    speed: str
    frame_rate: int
    sides: tuple[Side, Side]
    hints: tuple[Hint, ...]
    recording: str = ""
    message: str = ""
    help: tuple[tuple[str, tuple[Hint, ...]], ...] = ()
