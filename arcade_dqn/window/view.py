"""What the HUD shows, as plain values: two equal views look the same, so an unchanged one is not drawn again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from arcade_dqn.stage.palette import ACCENT, Colour

Hint = tuple[tuple[str, ...], str]
"""Names of keys, and what they do."""


@dataclass(frozen=True)
class Gauge:
    """A labelled bar."""

    label: str
    value: str
    level: float | None
    """0 to 1; None draws an empty groove: the thing is not in use."""
    tick: float | None = None
    """0 to 1: a mark on the bar."""
    colour: Colour = ACCENT
    tag: str = ""
    """A word beside the label, such as `greedy`."""
    strong: bool = False
    """Whether the tag shall be noticed."""


class Thought(NamedTuple):
    """What the agent thought before one step."""

    q_values: tuple[float, ...]
    explored: bool
    """Whether chance chose the action."""

    @property
    def value(self) -> float:
        """The value of the state: the highest Q-value."""
        return max(self.q_values)


@dataclass(frozen=True)
class Histograms:
    """The distribution of each action's return, over one axis for all."""

    low: float
    high: float
    """The returns at the axis's ends."""
    heights: tuple[tuple[float, ...], ...]
    """The columns of each action, from the lowest return to the highest; 1 is the highest column of all."""


@dataclass(frozen=True)
class Bar:
    """A named number, such as one that the agent sees."""

    name: str
    value: float
    span: tuple[float, float]
    """The lowest and highest value that the bar has room for."""


@dataclass(frozen=True, eq=False)
class Tile:
    """A small picture with a name. Equal only to itself."""

    name: str
    picture: np.ndarray
    """uint8 [height, width], grey."""


@dataclass(frozen=True, eq=False)
class Heat:
    """How far each place of a picture moves a Q-value. Equal only to itself."""

    effects: np.ndarray
    """float32 [rows, columns], positive where what is seen there raises the Q-value."""
    most: float
    """The size of an effect that is drawn at full strength."""
    covers: tuple[float, float]
    """How far the columns and rows reach, in widths and heights of the picture: 1, or a little more."""
    sharp: bool
    """Whether the places are the game's own cells, rather than parts of a picture."""
    frame: np.ndarray | None = None
    """uint8 [height, width]: what the effects belong to, where the game's picture shows something else."""


@dataclass(frozen=True)
class Look:
    """One of the views of what the agent thinks and sees: the one that is open, with what it shows."""

    name: str = "q_values"
    """q_values, over_time, returns, chances, inputs, sees; "" while nothing is shown."""
    heading: str = ""
    note: str = ""
    """A few words beside the heading."""
    sentence: str = ""
    """Below, or in the place of everything else where there is nothing to show."""
    returns: Histograms | None = None
    chances: tuple[float, ...] = ()
    """The probability of each action."""
    soft: tuple[float, ...] = ()
    """The same in the policy that a Munchausen agent learns about; () for other agents."""
    bars: tuple[Bar, ...] = ()
    tiles: tuple[Tile, ...] = ()
    heat: Heat | None = None


@dataclass(frozen=True)
class View:
    """One state of the HUD."""

    state: str
    """TRAIN, PAUSED, DEMO or HUMAN: a key of `palette.STATES`."""
    note: str
    """A few words beside the state."""
    title: str
    subtitle: str
    speed: str
    frame_rate: int
    episode: int
    episode_return: float | None
    best: float | None
    gauges: tuple[Gauge, ...]
    action_names: tuple[str, ...]
    q_values: tuple[float, ...] | None
    q_range: tuple[float, float]
    """Lowest and highest value that the bars have room for; contains 0."""
    action: int | None
    chosen_by: str
    """greedy, explored, you, or "" before the first action."""
    returns: tuple[float, ...]
    """Of the finished episodes, oldest first."""
    history: tuple[Thought, ...]
    """Of this episode's steps, oldest first."""
    hints: tuple[Hint, ...]
    look: Look = Look()
    recording: str = ""
    """Length of the film so far, such as `0:12`; "" when none is recorded."""
    message: str = ""
    """One line over the picture."""
    waiting: str = ""
    """Stands in the picture's place while there is none."""
    help: tuple[tuple[str, tuple[Hint, ...]], ...] = ()
    """Titled groups of keys; not empty while the help is open."""


@dataclass(frozen=True)
class Contender:
    """One of two who play the same episodes."""

    name: str
    kind: str
    """Such as `model, scored 499.8`, or `you`."""
    view: View
    mean: float | None
    """Mean return over the rounds that are over."""
    won: int
    """Rounds with the higher return."""
    waits: bool
    """Whether its episode is over and the other one's is not."""


@dataclass(frozen=True)
class DuelView:
    """One state of the window with two contenders, left and right."""

    title: str
    state: str
    round: int
    drawn: int
    """Rounds in which both had the same return."""
    rounds: tuple[tuple[float, float], ...]
    """The returns of both in the newest rounds, oldest first."""
    speed: str
    frame_rate: int
    sides: tuple[Contender, Contender]
    hints: tuple[Hint, ...]
    recording: str = ""
    message: str = ""
    help: tuple[tuple[str, tuple[Hint, ...]], ...] = ()


def number(value: float | None) -> str:
    """A score or a Q-value in few characters: whole numbers without a point, large ones with separators."""
    if value is None or math.isnan(value):
        return "–"
    value = value or 0.0  # no minus zero
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if abs(value) >= 1_000_000:
        return f"{value / 1_000_000:.3g}M" if abs(value) < 1e9 else f"{value:.1e}"
    if abs(value) >= 100_000:
        return f"{value / 1_000:.0f}k"
    if abs(value) >= 1_000 or value == round(value):
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def number_q(value: float) -> str:
    """A Q-value: always with a fraction where there is room, so that the column does not jump."""
    if not math.isfinite(value):
        return number(value)
    value = value if abs(value) >= 0.005 else 0.0
    return f"{value:.2f}" if abs(value) < 100 else f"{value:,.1f}" if abs(value) < 10_000 else f"{value:.2e}"
