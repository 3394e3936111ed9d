"""The lab: trains the runs of an experiment, one after the other, by trainers of its own.

What is done is read from the disk (`folder`), so an experiment that was stopped goes on where it was.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcade_dqn.errors import ArcadeError
from arcade_dqn.experiments.folder import ExperimentFolder
from arcade_dqn.experiments.questions import SEEDS, Question, Results, Variant

if TYPE_CHECKING:
    from arcade_dqn.link.process import Child
    from arcade_dqn.storage.run_dir import RunDir
    from arcade_dqn.storage.scratch import Scratch


NICE = 10
"""By so much the trainers of experiments give way to everything else."""
_REPORT_SECONDS = 60.0
"""The longest that drawing a report may take."""


class Phase(Enum):
    """What the lab is doing."""

    IDLE = "idle"
    """No experiment is under way."""
    STARTING = "starting"
    """One is, and its next run is being looked for, made, and given to a trainer."""
    TRAINING = "training"
    """A trainer is at work."""
    STOPPING = "stopping"
    """It should end; if a trainer is at work or just being started, when that one has saved."""


NEXT: dict[Phase, set[Phase]] = {
    Phase.IDLE: {Phase.STARTING},  # begun
    # The trainer is there; it was asked to stop; nothing is left to train, or it cannot be.
    Phase.STARTING: {Phase.TRAINING, Phase.STOPPING, Phase.IDLE},
    # The run is done, and another one is left; it was asked to stop; all runs are done, or this one failed.
    Phase.TRAINING: {Phase.STARTING, Phase.STOPPING, Phase.IDLE},
    # A trainer that was being started is there, to be ended; it has ended, or none was started.
    Phase.STOPPING: {Phase.STOPPING, Phase.IDLE},
}
"""The phases that each phase may lead to."""


@dataclass(frozen=True)
class Progress:
    """How far the lab is. It never changes: another one takes its place, so that whoever looks sees a whole one."""

    phase: Phase = Phase.IDLE
    question: Question | None = None
    """The experiment that was begun last."""
    now: tuple[Variant, int] | None = None
    """The variant and the seed that is being trained, or was until a moment ago."""
    step: int = 0
    """Of that run."""
    problem: str = ""
    """Why the experiment ended early, if not by request."""
    trainer: Child | None = None
    """Of that run, until all that it said is taken in."""


class Lab:
    """Trains the runs of one experiment at a time, in the background.

    Three threads meet here: whoever shows the lab and calls `poll`, whoever starts a run, and whoever stops it. All
    that they share is `progress`, which changes in `_go` and `_note` alone, under a lock that is never held while
    anything is waited for. The results of the experiment under way belong to `poll`.
    """

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
        self._scratch: Scratch | None = None
        self._finished: Question | None = None
        self.progress = Progress()
        self.results: dict[str, Results] = {}
        """By the names of the questions, what is known so far. To be read."""
        self.reports: dict[str, Path] = {}
        """The picture of every finished experiment whose report was written. To be read."""

    # --- how far it is ---

    @property
    def running(self) -> bool:
        return self.progress.phase is not Phase.IDLE

    @property
    def question(self) -> Question | None:
        """The experiment under way."""
        progress = self.progress
        return None if progress.phase is Phase.IDLE else progress.question

    @property
    def last(self) -> Question | None:
        """The experiment that was begun last."""
        return self.progress.question

    @property
    def now(self) -> tuple[Variant, int] | None:
        """The variant and the seed that is being trained."""
        return self.progress.now

    @property
    def step(self) -> int:
        """Of the run that is being trained."""
        return self.progress.step

    @property
    def problem(self) -> str:
        """Why the last experiment ended early, if not by request."""
        return self.progress.problem

    def take_finished(self) -> Question | None:
        """The experiment whose last run has ended since this was asked last: its report may be written."""
        with self._lock:
            finished, self._finished = self._finished, None
        return finished

    def _stopping(self) -> bool:
        return self.progress.phase is Phase.STOPPING

    def _go(self, phase: Phase, **changes: Any) -> None:
        """Go on to another phase; for whoever holds the lock."""
        assert phase in NEXT[self.progress.phase], f"from {self.progress.phase} to {phase}"
        if phase is Phase.IDLE:
            changes.update(now=None, trainer=None)
        self.progress = replace(self.progress, phase=phase, **changes)

    def _end(self, **changes: Any) -> None:
        with self._lock:
            self._go(Phase.IDLE, **changes)

    # --- the experiment's course ---

    def load(self, question: Question) -> None:
        """Read what was found earlier. For threads."""
        folder = ExperimentFolder(self._runs_dir, question)
        results = folder.results()
        with self._lock:
            if self.question is not question:
                self.results[question.id] = results
            if folder.report.is_file():
                self.reports[question.id] = folder.report

    def begin(self, question: Question) -> None:
        """Start the experiment, or go on with it. For threads. Raises ArcadeError."""
        with self._lock:
            if self.running:
                raise ArcadeError("an experiment is running; stop it before another one is started")
            # Taken before anything is read, so that a second key press finds it taken.
            self._go(Phase.STARTING, question=question, problem="")
        try:
            results = ExperimentFolder(self._runs_dir, question).results()
            with self._lock:
                self.results[question.id] = results
            self._start_next(question)
        except ArcadeError:
            self._end()
            raise

    def poll(self) -> bool:
        """Take in what the trainer said; never waits. True if the next run should be started with `go_on`."""
        progress = self.progress
        trainer, question, now = progress.trainer, progress.question, progress.now
        if trainer is None or question is None or now is None:
            return False
        variant, seed = now
        key = variant.letter, seed
        results, step, problem = self.results[question.id], progress.step, progress.problem
        for event in trainer.events():
            if isinstance(event.get("step"), int):
                step = event["step"]
            if event.get("event") == "evaluation" and isinstance(event.get("mean"), int | float):
                results.scores.setdefault(key, []).append((float(step), float(event["mean"])))
            elif event.get("event") == "ended":
                if event.get("reason") in ("steps", "solved") and results.scores.get(key):
                    results.done.add(key)
                elif event.get("reason") == "failed":
                    problem = str(event.get("message"))
                trainer.close_input()
        self._note(step=step, problem=problem)
        if not trainer.finished:
            return False
        return self._run_ended(question, results, problem, "" if key in results.done else trainer.explain_exit())

    def _note(self, **changes: Any) -> None:
        """Keep what the trainer said. A stop that was asked for meanwhile stays."""
        with self._lock:
            self.progress = replace(self.progress, **changes)

    def _run_ended(self, question: Question, results: Results, problem: str, exit: str) -> bool:
        """The trainer has ended, with this `exit` where its run is not done. Whether another run should be started."""
        with self._lock:
            stopping = self._stopping()
            problem = problem or ("" if stopping else exit)
            if stopping or problem or results.complete:
                self._finished = question if results.complete else None
                self._go(Phase.IDLE, problem=problem)
                return False
            self._go(Phase.STARTING, trainer=None)
            return True

    def go_on(self) -> None:
        """Start the next run of the experiment. For threads."""
        question = self.question
        assert question is not None
        try:
            self._start_next(question)
        except ArcadeError as error:
            self._end(problem=str(error))

    def _start_next(self, question: Question) -> None:
        results = self.results[question.id]
        # Seed by seed, so that every variant has a first curve soon.
        left = [(v, seed) for seed in SEEDS for v in question.variants if (v.letter, seed) not in results.done]
        if not left or self._stopping():
            self._end()
            return
        run = ExperimentFolder(self._runs_dir, question).run(*left[0])
        trainer = self._train(run)
        with self._lock:
            stopping = self._stopping()
            self._go(Phase.STOPPING if stopping else Phase.TRAINING, trainer=trainer, now=left[0], step=0)
        if stopping:
            trainer.close_input()  # whoever asked for the end found no trainer to stop

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

    def stop(self) -> None:
        """Stop after saving; the experiment can be gone on with later. Waits: for threads."""
        with self._lock:
            if self.progress.phase in (Phase.STARTING, Phase.TRAINING):
                self._go(Phase.STOPPING)
            trainer = self.progress.trainer
        if trainer is not None:
            trainer.stop(20.0)

    def close(self) -> None:
        """Stop for good. Waits: for threads."""
        self.stop()
        if self._scratch is not None:
            self._scratch.close()

    # --- its report ---

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
        path = ExperimentFolder(self._runs_dir, question).report
        with self._lock:
            self.reports[question.id] = path
        return path

    def _log_file(self) -> Path:
        from arcade_dqn.storage.scratch import Scratch

        made = Scratch() if self._scratch is None else None
        with self._lock:
            self._scratch = kept = self._scratch or made
        if made is not None and made is not kept:
            made.close()  # two threads wanted it at once
        assert kept is not None
        return kept.path / "lab.log"
