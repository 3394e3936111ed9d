"""What the HUD shows, as plain values: two equal views look the same, so an unchanged one is not drawn again."""

from __future__ import annotations

import math
from dataclasses import dataclass

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
    tick_label: str = ""
    colour: Colour = ACCENT
    tag: str = ""
    """A word beside the label, such as `greedy`."""
    strong: bool = False
    """Whether the tag shall be noticed."""


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
    history: tuple[tuple[float, bool], ...]
    """Of this episode's steps, oldest first: the highest Q-value, and whether chance chose the action."""
    hints: tuple[Hint, ...]
    show_q_values: bool = True
    recording: str = ""
    """Length of the film so far, such as `0:12`; "" when none is recorded."""
    message: str = ""
    """One line over the picture."""
    waiting: str = ""
    """Stands in the picture's place while there is none."""
    help: tuple[tuple[str, tuple[Hint, ...]], ...] = ()
    """Titled groups of keys; not empty while the help is open."""


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
