"""The lab: trains the runs of an experiment, one after the other, by trainers of its own.

Every experiment is a set of ordinary runs under RUNS/.experiments/QUESTION. What is done is read from the disk, so an
experiment that was stopped goes on where it was.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcade_dqn.errors import ArcadeError
from arcade_dqn.experiments.questions import SEEDS, Question, Results, Variant

if TYPE_CHECKING:
    from arcade_dqn.link.process import Child
    from arcade_dqn.storage.run_dir import RunDir
    from arcade_dqn.storage.scratch import Scratch


NICE = 10
"""By so much the trainers of experiments give way to everything else."""
_REPORT_SECONDS = 60.0
"""The longest that drawing a report may take."""


def experiment_folder(runs_dir: Path, question: Question) -> Path:
    """Where the runs and the report of an experiment are."""
    return runs_dir / ".experiments" / question.id


class Lab:
    """Trains the runs of one experiment at a time, in the background."""

    def __init__(
        self,
        runs_dir: Path,
        environment: Mapping[str, str] | None = None,
        start: Callable[..., Child] | None = None,
    ) -> None:
        self._runs_dir = runs_dir
        self._environment = dict(os.environ if environment is None else environment)
        self._start = start
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._scratch: Scratch | None = None
        self.question: Question | None = None
        """The experiment under way."""
        self.now: tuple[Variant, int] | None = None
        """The variant and the seed that is being trained."""
        self.step = 0
        self.problem = ""
        """Why the last experiment ended early, if not by request."""
        self.last: Question | None = None
        """The experiment that was begun last."""
        self.results: dict[str, Results] = {}
        self.reports: dict[str, Path] = {}
        """The picture of every finished experiment whose report was written."""
        self.finished: Question | None = None
        """The experiment whose last run ended just now, until someone has seen to its report."""
        self._stopping = False

    @property
    def running(self) -> bool:
        return self.question is not None

    def load(self, question: Question) -> None:
        """Read what was found earlier. For threads."""
        results = self._found(question)
        report = experiment_folder(self._runs_dir, question) / "report.png"
        with self._lock:
            if self.question is not question:
                self.results[question.id] = results
            if report.is_file():
                self.reports[question.id] = report

    def begin(self, question: Question) -> None:
        """Start the experiment, or go on with it. For threads."""
        with self._lock:
            if self.running:
                raise ArcadeError("an experiment is running; stop it before another one is started")
            # Taken before anything is read, so that a second key press finds it taken.
            self.question = self.last = question
            self.problem, self._stopping = "", False
        try:
            self.results[question.id] = self._found(question)
        except ArcadeError:
            self.question = None
            raise
        self._next()

    def _found(self, question: Question) -> Results:
        results = Results(question)
        for variant in question.variants:
            for seed in SEEDS:
                run = self._existing(question, variant, seed)
                if run is not None:
                    self._read(results, run, (variant.letter, seed))
        return results

    def write_report(self, question: Question) -> Path:
        """Draw the picture of a finished experiment and write its answer beside it; returns the picture's path.

        A program of its own does it: loading the drawing library would hold up the screen for half a second. Waits: for
        threads. Raises ArcadeError with its reason.
        """
        from arcade_dqn.link.process import Child

        start = self._start or Child.start
        arguments = ["experiment", question.id, "--report", "--runs-dir", str(self._runs_dir)]
        child = start(
            "arcade_dqn", arguments, self._log_file(), environment=self._environment, title="report of the experiment"
        )
        if child.stop(_REPORT_SECONDS) != 0:
            raise ArcadeError(child.explain_exit())
        path = experiment_folder(self._runs_dir, question) / "report.png"
        self.reports[question.id] = path
        return path

    def stop(self) -> None:
        """Stop after saving; the experiment can be gone on with later. Waits: for threads."""
        self._stopping = True
        child = self._child
        if child is not None:
            child.stop(20.0)

    def close(self) -> None:
        """Stop for good. Waits: for threads."""
        self.stop()
        if self._scratch is not None:
            self._scratch.close()

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
                if event.get("reason") in ("steps", "solved") and results.scores.get((variant.letter, seed)):
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
            self.finished = question if results.complete else None
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
            self._end_if_asked()
        except ArcadeError:
            self.question, self.now = None, None
            raise
        self.now = variant, seed

    def _end_if_asked(self) -> None:
        """A stop that was asked for while the program was starting found none to stop."""
        if self._stopping and self._child is not None:
            self._child.close_input()

    def _train(self, run: RunDir) -> Child:
        from arcade_dqn.link.process import Child, dummy_sdl

        start = self._start or Child.start
        return start(
            "arcade_dqn.cluster",
            ["--nice", str(NICE), str(run.path)],
            self._log_file(),
            environment=dummy_sdl(self._environment),
            title="trainer of the experiment",
        )

    def _log_file(self) -> Path:
        from arcade_dqn.storage.scratch import Scratch

        with self._lock:
            if self._scratch is None:
                self._scratch = Scratch()
            return self._scratch.path / "lab.log"

    def _name(self, variant: Variant, seed: int) -> str:
        return f"{variant.letter}-seed{seed}"

    def _existing(self, question: Question, variant: Variant, seed: int) -> RunDir | None:
        from arcade_dqn.config import SettingsError
        from arcade_dqn.storage.run_dir import RunDir, RunError, game_folder

        folder = experiment_folder(self._runs_dir, question)
        path = folder / game_folder(question.game) / self._name(variant, seed)
        # One with other settings is of an earlier version of the question; so is one whose settings cannot be read,
        # since this version may have other names for them.
        try:
            run = RunDir.open(path)
            return run if run.settings() == question.settings(variant, seed) else None
        except (RunError, SettingsError):
            return None

    def _create(self, question: Question, variant: Variant, seed: int) -> RunDir:
        from arcade_dqn.storage.run_dir import RunDir, game_folder
        from arcade_dqn.storage.runs import trash_run

        settings = question.settings(variant, seed)
        earlier = experiment_folder(self._runs_dir, question) / game_folder(question.game) / self._name(variant, seed)
        if os.path.isdir(earlier):
            trash_run(earlier)
        return RunDir.create(experiment_folder(self._runs_dir, question), settings, self._name(variant, seed))

    @staticmethod
    def _read(results: Results, run: RunDir, key: tuple[str, int]) -> None:
        points = [
            (float(record["step"]), float(record["mean"]))
            for record in run.read_metrics()
            if record.get("kind") == "evaluation" and _number(record.get("step")) and _number(record.get("mean"))
        ]
        summary = run.read_summary()
        results.scores[key] = points
        if summary is not None and summary.state == "done" and points:
            results.done.add(key)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
