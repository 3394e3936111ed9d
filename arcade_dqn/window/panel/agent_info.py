"""What the panel says about an agent: who it is, what its trainer does, and the three gauges."""

from __future__ import annotations

import math

from arcade_dqn.link.board import Status
from arcade_dqn.stage.palette import ACCENT, EXPLORE
from arcade_dqn.stage.source import SavedModel, Source
from arcade_dqn.window.panel.numbers import number
from arcade_dqn.window.panel.state import Gauge

AT_WORK = {
    "starting": "getting ready",
    "warming": "filling the buffer",
    "training": "newest weights",
    "evaluating": "being evaluated",
    "saving": "saving",
    "stopping": "stopping",
}
"""What a live run's agent plays with, by the state of its trainer."""


def kind_of(source: Source) -> str:
    """`model` or `run`, and what it scored."""
    kind = "model" if isinstance(source, SavedModel) else "run"
    evaluation = source.evaluation()
    return f"{kind}, scored {number(round(evaluation.mean, 1))}" if evaluation is not None else kind


def way_of(source: Source) -> str:
    """How far the agent was trained, and what it scored: what tells two agents of one game apart."""
    kind, comma, score = kind_of(source).partition(",")
    if isinstance(source, SavedModel):
        steps = source.model.training.steps
        kind = f"{steps:,} steps" if steps else "untrained"
    return f"{kind}{comma}{score}"


def subtitle(source: Source | None) -> str:
    """The agent's name and score in one line."""
    if source is None:
        return "no agent saved yet: you play alone"
    kind, comma, score = kind_of(source).partition(",")
    return f"{kind} {source.title}{comma}{score}"


def gauges(
    source: Source | None, status: Status | None, *, live: bool, epsilon: float, greedy: bool
) -> tuple[Gauge, ...]:
    """Progress, replay buffer and epsilon; a demo has neither of the first two, and a person alone has none."""
    if source is None:
        return ()
    return _progress(source, status, live), _replay(status, live), _epsilon(status, live, epsilon, greedy)


def _progress(source: Source, status: Status | None, live: bool) -> Gauge:
    if status is not None and status.steps_total:
        speed = "" if math.isnan(status.steps_per_second) or not live else f"{status.steps_per_second:,.0f}/s  "
        return Gauge(
            "STEPS",
            f"{speed}{status.step:,} / {status.steps_total:,}",
            min(1.0, status.step / status.steps_total),
        )
    if isinstance(source, SavedModel):
        return Gauge("TRAINED", f"{source.model.training.steps:,} steps", None)
    return Gauge("STEPS", "about to begin" if live else "not in training", None)


def _replay(status: Status | None, live: bool) -> Gauge:
    if status is None or not status.replay_capacity:
        return Gauge("REPLAY BUFFER", "about to begin" if live else "not in use", None)
    filled = status.replay_size / status.replay_capacity
    yours = f"{status.demonstrations:,} yours" if status.demonstrations else ""
    return Gauge(
        "REPLAY BUFFER",
        f"{status.replay_size:,} / {status.replay_capacity:,}  {_percent(filled)}",
        filled,
        tick=status.learning_start / status.replay_capacity,
        tag=yours if status.replay_size >= status.learning_start else "before learning",
        strong=bool(yours),
        colour=ACCENT,
    )


def _epsilon(status: Status | None, live: bool, epsilon: float, greedy: bool) -> Gauge:
    if live and status is not None and math.isnan(status.epsilon):
        return Gauge("EPSILON", "about to begin", None)
    tag, strong = ("greedy", False) if greedy or epsilon == 0 else ("", False)
    if live and status is not None and status.epsilon_override and not greedy:
        tag, strong = "set by hand", True
    return Gauge("EPSILON", f"{epsilon:.3f}", epsilon, colour=EXPLORE, tag=tag, strong=strong)


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.1 or share == 0 else f"{share:.1%}"
