"""What the HUD shows, as plain values: two equal states look the same, so an unchanged one is not drawn again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from arcade_dqn.stage.palette import ACCENT, Colour
from arcade_dqn.window.input.keys import Hint


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


class StepValues(NamedTuple):
    """The Q-values before one step, and who chose."""

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
class SaliencyMap:
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
class View:
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
    saliency: SaliencyMap | None = None


@dataclass(frozen=True)
class HudState:
    """One state of the HUD."""

    mode: str
    """TRAIN, PAUSED, DEMO or HUMAN: a key of `palette.STATES`."""
    note: str
    """A few words beside the mode."""
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
    history: tuple[StepValues, ...]
    """Of this episode's steps, oldest first."""
    hints: tuple[Hint, ...]
    view: View = View()
    recording: str = ""
    """Length of the film so far, such as `0:12`; "" when none is recorded."""
    message: str = ""
    """One line over the picture."""
    waiting: str = ""
    """Stands in the picture's place while there is none."""
    help: tuple[tuple[str, tuple[Hint, ...]], ...] = ()
    """Titled groups of keys; not empty while the help is open."""
