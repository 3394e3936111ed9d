"""The record of a run: what goes into metrics.jsonl, TensorBoard's files, progress events and the board."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from arcade_dqn.evaluation import Evaluation
from arcade_dqn.learning.tensorboard import EventWriter
from arcade_dqn.storage.atomic import StorageError
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.training.loop import Step
from arcade_dqn.training.loop_interface import TrainingLoop
from arcade_dqn.training.stopwatch import Stopwatch

_NAN = float("nan")
_POINTS = 2_000
"""Averaged points of loss and mean Q that a run's metrics hold at most."""


class Recorder:
    """Collects what each step tells, and writes it down in an order that depends on steps alone, not on the clock."""

    def __init__(self, run_dir: RunDir, loop: TrainingLoop, stopwatch: Stopwatch, warn: Callable[[str], None]) -> None:
        """`warn` gets one sentence when the record cannot be written: that costs the record, never the training."""
        self._run_dir = run_dir
        self._loop = loop
        self._stopwatch = stopwatch
        self._warn = warn
        self._failing = False
        """The newest metrics could not be written."""
        self._tensorboard: EventWriter | None = None
        try:
            self._tensorboard = EventWriter(run_dir.path / "tensorboard")
        except StorageError as error:
            warn(f"{error}; nothing is written for TensorBoard until the run is resumed")
        self._every = max(100, loop.settings.run.steps // _POINTS)
        self._losses: list[float] = []
        self._mean_qs: list[float] = []
        self._episodes: list[tuple[int, float]] = []
        self.returns: deque[float] = deque(maxlen=100)
        """Raw scores of the last 100 episodes."""
        self.loss = _NAN
        self.mean_q = _NAN
        self.best_evaluation: float | None = None
        """The score of the run's best model."""
        self.best_step: int | None = None
        """The step that the best model is of."""
        self.last_evaluation: float | None = None
        self.evaluated = 0
        """The step of the last evaluation that was due, and after which the run went on."""
        self._marked = (time.perf_counter(), loop.step, loop.learner.updates)
        self.steps_per_second = _NAN
        self.updates_per_second = _NAN

    def step(self, step: Step) -> None:
        """Take in one step of the loop."""
        if step.updates is not None:
            self.loss = float(step.updates.loss.mean())
            self.mean_q = float(step.updates.mean_q.mean())
            self._losses.append(self.loss)
            self._mean_qs.append(self.mean_q)
        for number, episode in enumerate(step.episodes, self._loop.episode - len(step.episodes) + 1):
            self.returns.append(episode.score)
            self._episodes.append((episode.step, episode.score))
            self._write("episode", episode.step, {"episode": number, "return": episode.score, "length": episode.length})
        if step.reached(self._every):
            self._write(
                "train",
                step.step,
                {
                    "updates": self._loop.learner.updates,
                    "loss": _mean(self._losses),
                    "mean_q": _mean(self._mean_qs),
                    "epsilon": self._loop.epsilon,
                    "replay": len(self._loop.replay),
                    "seconds": round(self._stopwatch.seconds, 3),
                },
            )
            self._losses.clear()
            self._mean_qs.clear()

    def best(self, step: int, score: Evaluation) -> None:
        """The policy of `step` is the best model now, or has this score from now on."""
        self.best_evaluation, self.best_step = score.mean, step

    def evaluation(self, step: int, evaluation: Evaluation, *, confirming: bool = False) -> None:
        """Take in an evaluation of the policy of `step`."""
        if not confirming:
            self.last_evaluation = evaluation.mean
        self._write(
            "confirmation" if confirming else "evaluation",
            step,
            {
                "mean": evaluation.mean,
                "std": evaluation.std,
                "episodes": evaluation.episodes,
                "min": evaluation.min,
                "max": evaluation.max,
                "seconds": round(self._stopwatch.seconds, 3),
            },
        )
        self._tell_tensorboard(lambda writer: writer.flush())

    def intervention(self, step: int, name: str, value: float | int | None) -> None:
        """A person changed a setting of the running training."""
        self._append({"kind": "set", "step": step, "name": name, "value": value})

    def demonstration(self, file: str, told: Mapping[str, Any]) -> None:
        """A person's play was taken in."""
        self._append({"kind": "demonstration", "file": file, **told})

    def progress(self) -> dict[str, Any]:
        """The progress since the last call, as an event; also measures the rates."""
        now, step, updates = time.perf_counter(), self._loop.step, self._loop.learner.updates
        then, old_step, old_updates = self._marked
        if now - then >= 0.5:
            self.steps_per_second = (step - old_step) / (now - then)
            self.updates_per_second = (updates - old_updates) / (now - then)
            self._marked = (now, step, updates)
        episodes, self._episodes = self._episodes, []
        return {
            "event": "progress",
            "step": step,
            "episodes": episodes,
            "loss": self.loss,
            "mean_q": self.mean_q,
            "epsilon": self._loop.epsilon,
        }

    def restart_rates(self) -> None:
        """Forget the time that was not spent training."""
        self._marked = (time.perf_counter(), self._loop.step, self._loop.learner.updates)

    def get_state(self) -> dict[str, Any]:
        """What a resumed run needs to write on as if it had never stopped."""
        return {
            "metrics_bytes": self._run_dir.metrics_size(durable=True),
            "losses": self._losses,
            "mean_qs": self._mean_qs,
            "returns": list(self.returns),
            "loss": None if math.isnan(self.loss) else self.loss,
            "mean_q": None if math.isnan(self.mean_q) else self.mean_q,
            "best_evaluation": self.best_evaluation,
            "best_step": self.best_step,
            "last_evaluation": self.last_evaluation,
            "evaluated": self.evaluated,
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on from `get_state`; what metrics.jsonl holds beyond it was never part of the saved run."""
        expected = int(state["metrics_bytes"])
        if self._run_dir.metrics_size() < expected:
            self._warn(f"{self._run_dir.metrics} is shorter than its checkpoint says; the record of this run has a gap")
        self._run_dir.truncate_metrics(expected)
        self._tell_tensorboard(lambda writer: writer.restart(self._loop.step))
        self._losses, self._mean_qs = list(state["losses"]), list(state["mean_qs"])
        self.returns.extend(state["returns"])
        self.loss = _NAN if state["loss"] is None else state["loss"]
        self.mean_q = _NAN if state["mean_q"] is None else state["mean_q"]
        self.best_evaluation, self.last_evaluation = state["best_evaluation"], state["last_evaluation"]
        self.best_step = state["best_step"]
        # Checkpoints of earlier versions do not say; then none is taken to be missing.
        self.evaluated = int(state.get("evaluated", self._loop.step))
        self.restart_rates()

    def close(self) -> None:
        self._tell_tensorboard(lambda writer: writer.close())

    def _write(self, kind: str, step: int, values: dict[str, Any]) -> None:
        self._append({"kind": kind, "step": step, **values})
        finite = {f"{kind}/{name}": v for name, v in values.items() if v is not None and math.isfinite(v)}
        self._tell_tensorboard(lambda writer: writer.scalars(step, finite))

    def _append(self, record: dict[str, Any]) -> None:
        try:
            self._run_dir.append_metrics(record)
        except StorageError as error:
            if not self._failing:
                self._warn(f"{error}; training goes on, but its record has a gap until there is room again")
            self._failing = True
        else:
            if self._failing:
                self._warn(f"the record is written again, from step {record['step']:,} on")
            self._failing = False

    def _tell_tensorboard(self, tell: Callable[[EventWriter], None]) -> None:
        if self._tensorboard is None:
            return
        try:
            tell(self._tensorboard)
        except StorageError as error:
            # Half an event may be in the file, and TensorBoard reads nothing after it.
            self._tensorboard = None
            self._warn(f"{error}; nothing more is written for TensorBoard until the run is resumed")


def _mean(values: list[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None
