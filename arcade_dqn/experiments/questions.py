"""The questions, the settings that answer them, and what was found."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from arcade_dqn.errors import UsageError

if TYPE_CHECKING:
    from arcade_dqn.config import Settings

SEEDS = (1, 2, 3)
LAST = 5
"""Evaluations at the end of a run whose mean is its score."""
_EVALUATIONS = 20
_COMMON: Mapping[str, Any] = {
    "evaluation.episodes": 10,
    "evaluation.final_episodes": 10,
    "evaluation.stop_when_solved": False,
    # Several copies in step do some of what replay is for: neighbouring transitions are less alike.
    "environment.copies": 1,
}


@dataclass(frozen=True)
class Variant:
    """One answer that is tried: its letter on the chart, its name, and what it changes."""

    letter: str
    label: str
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class Question:
    """A question and the variants that answer it."""

    id: str
    title: str
    about: str
    game: str
    preset: str
    steps: int
    """Length of every run."""
    variants: tuple[Variant, ...]

    @property
    def runs(self) -> int:
        return len(self.variants) * len(SEEDS)

    @property
    def every(self) -> int:
        """Steps between two evaluations."""
        return self.steps // _EVALUATIONS

    def settings(self, variant: Variant, seed: int) -> Settings:
        """The settings of one of its runs."""
        from arcade_dqn.config import build

        own = {"run.steps": self.steps, "evaluation.every": self.every, "run.seed": seed}
        return build(self.game, self.preset, {**_COMMON, **variant.changes, **own})


QUESTIONS = (
    Question(
        "replay",
        "What does experience replay do?",
        "Once with the normal buffer, once with a buffer that holds one batch: then every update learns from what "
        "happened just now, where neighbouring steps are much alike and a rare success is soon forgotten.",
        "Acrobot-v1",
        "acrobot",
        30_000,
        (
            Variant("A", "the normal buffer", {}),
            Variant("B", "a buffer of one batch", {"replay.capacity": 128, "replay.learning_start": 128}),
        ),
    ),
    Question(
        "target",
        "What does the target network do?",
        "The updates aim at values that the target network gives. Copied after every update, it is as good as not "
        "there; copied rarely, its values are steady but old.",
        "CartPole-v1",
        "cartpole",
        20_000,
        tuple(
            Variant(letter, label, {"learning.target_update": "periodic", "learning.target_period": period})
            for letter, label, period in (
                ("A", "off (every update)", 1),
                ("B", "every 10 updates", 10),
                ("C", "every 100 updates", 100),
                ("D", "every 1,000 updates", 1_000),
            )
        ),
    ),
    Question(
        "capacity",
        "How large should the buffer be?",
        "A small buffer forgets soon; a large one still shows what the agent did when it could hardly play. What is "
        "larger than the run is long holds all of it.",
        "Acrobot-v1",
        "acrobot",
        30_000,
        tuple(
            Variant(letter, f"{capacity:,} transitions", {"replay.capacity": capacity, "replay.learning_start": 100})
            for letter, capacity in zip("ABCDE", (100, 1_000, 10_000, 100_000, 1_000_000), strict=True)
        ),
    ),
)


# Critical values of the studentised range at 5%, for three runs of each of so many variants: the best and the worst of
# several differ by chance more than two that were not chosen by their result.
_RANGE = {2: 3.93, 3: 4.34, 4: 4.53, 5: 4.65}


def find_question(id: str) -> Question:
    """The question with this id. Raises UsageError."""
    for question in QUESTIONS:
        if question.id == id:
            return question
    ids = ", ".join(question.id for question in QUESTIONS)
    raise UsageError(f"there is no experiment {id!r}; there are {ids}")


@dataclass
class Results:
    """What an experiment has found so far: for each variant and seed the evaluations as (step, mean score)."""

    question: Question
    scores: dict[tuple[str, int], list[tuple[float, float]]] = field(default_factory=dict)
    done: set[tuple[str, int]] = field(default_factory=set)

    def curve(self, variant: Variant) -> list[tuple[float, float]]:
        """The mean over the finished seeds, or those under way if none is, at every step that all were scored at."""
        return [(step, mean) for step, mean, _, _ in self.spread(variant)]

    def spread(self, variant: Variant) -> list[tuple[float, float, float, float]]:
        """Like `curve`: (step, mean, lowest, highest) over the seeds."""
        own = {key: dict(points) for key, points in self.scores.items() if key[0] == variant.letter and points}
        # The one that is just beginning would cut the others' curves off.
        curves = [curve for key, curve in own.items() if key in self.done] or list(own.values())
        if not curves:
            return []
        found = []
        for step in sorted(set.intersection(*(set(curve) for curve in curves))):
            scores = [curve[step] for curve in curves]
            found.append((step, statistics.fmean(scores), min(scores), max(scores)))
        return found

    def finals(self, variant: Variant) -> list[float]:
        """The score of every finished run: the mean of its last evaluations."""
        return [self.score((letter, seed)) for letter, seed in sorted(self.done) if letter == variant.letter]

    def score(self, key: tuple[str, int]) -> float:
        """The score of one run that was evaluated at least once."""
        return statistics.fmean(score for _, score in self.scores[key][-LAST:])

    @property
    def complete(self) -> bool:
        return len(self.done) == self.question.runs

    def answer(self) -> str:
        """One sentence on what was found; "" before all runs are done."""
        if not self.complete:
            return ""
        ranked = sorted(self.question.variants, key=lambda variant: -statistics.fmean(self.finals(variant)))
        best, worst = ranked[0], ranked[-1]
        high, low = self.finals(best), self.finals(worst)
        variance = statistics.fmean(statistics.variance(self.finals(variant)) for variant in ranked)
        least = _RANGE[len(ranked)] * math.sqrt(variance / len(SEEDS))
        gap = statistics.fmean(high) - statistics.fmean(low)
        told = f"{best.label} scored {score_in_words(high)} at the end, {worst.label} {score_in_words(low)}"
        if gap <= least:
            return f"No clear difference after {self.question.steps:,} steps: {told}, over {len(SEEDS)} seeds."
        return f"After {self.question.steps:,} steps {told}, over {len(SEEDS)} seeds."


def score_in_words(scores: Sequence[float], digits: int = 0) -> str:
    """The mean over runs and how far they spread: the sample's standard deviation (n - 1), which one run has not."""
    mean = f"{statistics.fmean(scores):.{digits}f}"
    return f"{mean} ± {statistics.stdev(scores):.{digits}f}" if len(scores) > 1 else mean
