"""Experiments: three questions about DQN, answered by training the same game with different settings over a few seeds.

Every experiment is a set of ordinary runs under RUNS/.experiments/QUESTION, trained one after the other by trainers of
its own. What is done is read from the disk, so an experiment that was stopped goes on where it was.
"""

from __future__ import annotations

import math
import statistics
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcade_dqn.errors import ArcadeError

if TYPE_CHECKING:
    from arcade_dqn.link.process import Child
    from arcade_dqn.storage.run_dir import RunDir

SEEDS = (1, 2, 3)
LAST = 3
"""Evaluations at the end of a run whose mean is its score."""
STEPS = 20_000
"""Length of every run of an experiment."""
_COMMON: Mapping[str, Any] = {
    "run.steps": STEPS,
    "evaluation.every": 1_000,
    "evaluation.episodes": 10,
    "evaluation.final_episodes": 0,
    "evaluation.stop_when_solved": False,
}


@dataclass(frozen=True)
class Variant:
    """One answer that is tried: its letter on the chart, its name, and what it changes."""

    letter: str
    label: str
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class Question:
    """A question and the variants that answer it, all trained on CartPole."""

    id: str
    title: str
    about: str
    variants: tuple[Variant, ...]
    game: str = "CartPole-v1"
    preset: str = "cartpole"

    @property
    def runs(self) -> int:
        return len(self.variants) * len(SEEDS)


QUESTIONS = (
    Question(
        "replay",
        "What does experience replay do?",
        "Once with the normal buffer, once with a buffer that holds one batch: then every update learns from what "
        "happened just now, and neighbouring steps are much alike.",
        (
            Variant("A", "the normal buffer", {}),
            Variant("B", "a buffer of one batch", {"replay.capacity": 64, "replay.learning_start": 64}),
        ),
    ),
    Question(
        "target",
        "What does the target network do?",
        "The updates aim at values that the target network gives. Copied after every update, it is as good as not "
        "there; copied rarely, its values are steady but old.",
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
        "A small buffer forgets soon; a large one still shows what the agent did when it could hardly play.",
        tuple(
            Variant(letter, f"{capacity:,} transitions", {"replay.capacity": capacity, "replay.learning_start": 100})
            for letter, capacity in zip("ABCDE", (100, 1_000, 10_000, 100_000, 1_000_000), strict=True)
        ),
    ),
)


@dataclass
class Results:
    """What an experiment has found so far: for each variant and seed the evaluations as (step, mean score)."""

    question: Question
    scores: dict[tuple[str, int], list[tuple[float, float]]] = field(default_factory=dict)
    done: set[tuple[str, int]] = field(default_factory=set)

    def curve(self, variant: Variant) -> list[tuple[float, float]]:
        """The mean over the seeds at every step that all seeds begun so far have been scored at."""
        curves = [dict(points) for (letter, _), points in self.scores.items() if letter == variant.letter and points]
        if not curves:
            return []
        common = sorted(set.intersection(*(set(curve) for curve in curves)))
        return [(step, statistics.fmean(curve[step] for curve in curves)) for step in common]

    def finals(self, variant: Variant) -> list[float]:
        """The score of every finished run: the mean of its last evaluations."""
        return [
            statistics.fmean(score for _, score in self.scores[letter, seed][-LAST:])
            for letter, seed in sorted(self.done)
            if letter == variant.letter and self.scores.get((letter, seed))
        ]

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
        spread = math.hypot(statistics.pstdev(high), statistics.pstdev(low)) / math.sqrt(len(SEEDS))
        gap = statistics.fmean(high) - statistics.fmean(low)
        told = f"{best.label} scored {_score(high)} at the end, {worst.label} {_score(low)}"
        if gap < 2 * spread:
            return f"No clear difference after {STEPS:,} steps: {told}, over {len(SEEDS)} seeds."
        return f"After {STEPS:,} steps {told}, over {len(SEEDS)} seeds."


def _score(values: list[float]) -> str:
    return f"{statistics.fmean(values):.0f} ± {statistics.pstdev(values):.0f}"


class Lab:
    """Trains the runs of one experiment at a time, in the background."""

    def __init__(
        self, runs_dir: Path, environment: Mapping[str, str], start: Callable[..., Child] | None = None
    ) -> None:
        self._folder = runs_dir / ".experiments"
        self._environment = environment
        self._start = start
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._log: Path | None = None
        self.question: Question | None = None
        """The experiment under way."""
        self.now: tuple[Variant, int] | None = None
        """The variant and the seed that is being trained."""
        self.step = 0
        self.problem = ""
        """Why the last experiment ended early, if not by request."""
        self.results: dict[str, Results] = {}
        self._stopping = False

    @property
    def running(self) -> bool:
        return self.question is not None

    def load(self, question: Question) -> None:
        """Read what was found earlier. For threads."""
        results = Results(question)
        for variant in question.variants:
            for seed in SEEDS:
                run = self._existing(question, variant, seed)
                if run is not None:
                    self._read(results, run, (variant.letter, seed))
        with self._lock:
            if self.question is not question:
                self.results[question.id] = results

    def begin(self, question: Question) -> None:
        """Start the experiment, or go on with it. For threads."""
        if self.running:
            raise ArcadeError("an experiment is running; stop it before another one is started")
        self.load(question)
        self.problem, self._stopping = "", False
        with self._lock:
            self.question = question
        self._next()

    def stop(self) -> None:
        """Stop after saving; the experiment can be gone on with later. Waits: for threads."""
        self._stopping = True
        child = self._child
        if child is not None:
            child.stop(20.0)

    def close(self) -> None:
        """Stop for good. Waits: for threads."""
        self.stop()
        if self._log is not None:
            self._log.unlink(missing_ok=True)

    def poll(self) -> bool:
        """Take in what the trainer said; never waits. True if the next run should be started with `go_on`."""
        child, question, now = self._child, self.question, self.now
        if child is None or question is None or now is None:
            return False
        variant, seed = now
        results = self.results[question.id]
        for event in child.events():
            step = event.get("step")
            if isinstance(step, int):
                self.step = step
            if event.get("event") == "evaluation" and isinstance(event.get("mean"), int | float):
                results.scores.setdefault((variant.letter, seed), []).append((float(self.step), float(event["mean"])))
            elif event.get("event") == "ended":
                if event.get("reason") in ("steps", "solved"):
                    results.done.add((variant.letter, seed))
                elif event.get("reason") == "failed":
                    self.problem = str(event.get("message"))
                child.close_input()
        if not child.finished:
            return False
        self._child = None
        if not self._stopping and not self.problem and (variant.letter, seed) not in results.done:
            self.problem = child.explain_exit()
        if self._stopping or self.problem or results.complete:
            with self._lock:
                self.question, self.now = None, None
            return False
        return True

    def go_on(self) -> None:
        """Start the next run of the experiment. For threads."""
        try:
            self._next()
        except ArcadeError as error:
            self.problem = str(error)
            self.question, self.now = None, None

    def _next(self) -> None:
        question = self.question
        assert question is not None
        results = self.results[question.id]
        # Seed by seed, so that every variant has a first curve soon.
        left = [(v, seed) for seed in SEEDS for v in question.variants if (v.letter, seed) not in results.done]
        if not left or self._stopping:
            self.question, self.now = None, None
            return
        variant, seed = left[0]
        try:
            run = self._existing(question, variant, seed) or self._create(question, variant, seed)
            self.step = 0
            self._child = self._train(run)
        except ArcadeError:
            self.question, self.now = None, None
            raise
        self.now = variant, seed

    def _train(self, run: RunDir) -> Child:
        from arcade_dqn.link.process import Child, dummy_sdl

        if self._log is None:
            with tempfile.NamedTemporaryFile(prefix="arcade-dqn-lab-", suffix=".log", delete=False) as file:
                self._log = Path(file.name)
        start = self._start or Child.start
        return start(
            "arcade_dqn.training",
            ["--nice", "10", str(run.path)],
            self._log,
            environment=dummy_sdl(self._environment),
            title="trainer of the experiment",
        )

    def _name(self, variant: Variant, seed: int) -> str:
        return f"{variant.letter}-seed{seed}"

    def _existing(self, question: Question, variant: Variant, seed: int) -> RunDir | None:
        from arcade_dqn.storage.run_dir import RunDir, game_folder

        path = self._folder / question.id / game_folder(question.game) / self._name(variant, seed)
        return RunDir.open(path) if path.is_dir() else None

    def _create(self, question: Question, variant: Variant, seed: int) -> RunDir:
        from arcade_dqn.config import build
        from arcade_dqn.storage.run_dir import RunDir

        settings = build(question.game, question.preset, {**_COMMON, **variant.changes, "run.seed": seed})
        return RunDir.create(self._folder / question.id, settings, self._name(variant, seed))

    @staticmethod
    def _read(results: Results, run: RunDir, key: tuple[str, int]) -> None:
        points = [
            (float(record["step"]), float(record["mean"]))
            for record in run.read_metrics()
            if record.get("kind") == "evaluation" and isinstance(record.get("mean"), int | float)
        ]
        summary = run.read_summary()
        results.scores[key] = points
        if summary is not None and summary.state == "done":
            results.done.add(key)
