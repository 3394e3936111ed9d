"""What a run tells: events, the board, and summary.json. Nobody who listens is ever waited for."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from arcade_dqn.acting.layers import pack
from arcade_dqn.link.board import Board, Status
from arcade_dqn.link.commands import Event
from arcade_dqn.storage.atomic import StorageError
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.storage.summary import Summary
from arcade_dqn.training.loop import learning_share
from arcade_dqn.training.loop_interface import TrainingLoop
from arcade_dqn.training.recorder import Recorder
from arcade_dqn.training.state import RunState
from arcade_dqn.training.stopwatch import Stopwatch

_WEIGHTS_SECONDS = 0.2
_SUMMARY_SECONDS = 2.0


class Publisher:
    """Shows the run's state and everything else on every channel."""

    def __init__(
        self,
        run_dir: RunDir,
        board: Board,
        state: RunState,
        loop: TrainingLoop,
        recorder: Recorder,
        stopwatch: Stopwatch,
        emit: Callable[[Event], None],
        warn: Callable[[str], None],
    ) -> None:
        """`warn` gets one sentence for everything that cannot be told.

        Until `go_on` the loop is an empty one, and what is told of the run is what its last summary says: one that
        cannot be loaded, or whose program is ended meanwhile, still stands where it stood.
        """
        self._run_dir = run_dir
        self._board = board
        self._state = state
        self._loop = loop
        self._recorder = recorder
        self._stopwatch = stopwatch
        self._emit = emit
        self._warn = warn
        self._next_weights = self._next_summary = 0.0
        self._failing = False
        """The newest summary could not be written."""
        self._earlier = self._last_summary()
        self._board.publish(self._status())

    def _last_summary(self) -> Summary | None:
        try:
            return self._run_dir.read_summary()
        except StorageError as error:
            self._warn(f"{error}; it is written anew")
            return None

    def go_on(self) -> None:
        """From now on the loop is what the run has come to."""
        self._earlier = None

    def tell_state(self, *, message: str = "", final: str = "", solved: bool = False) -> None:
        """The run has entered another state. `final` is what the summary calls it, if something else."""
        self._emit({"event": "state", "state": str(self._state.now)})
        self._publish_weights()
        self._board.publish(self._status())
        self._write_summary(message, final, solved)

    def progress(self) -> None:
        """Tell what has changed since the last call, each channel at its own pace."""
        self._emit(self._recorder.progress())
        self._board.publish(self._status())
        now = time.perf_counter()
        if now >= self._next_weights:
            self._publish_weights()
        if now >= self._next_summary:
            self._next_summary = now + _SUMMARY_SECONDS
            self._write_summary()

    def _publish_weights(self) -> None:
        self._next_weights = time.perf_counter() + _WEIGHTS_SECONDS
        self._board.publish_weights(pack(self._loop.policy.weights), self._loop.updates_played)

    def _status(self) -> Status:
        loop, recorder = self._loop, self._recorder
        total = loop.settings.run.steps
        rate = recorder.steps_per_second
        if (earlier := self._earlier) is not None:
            return Status(
                state=self._state.now,
                step=earlier.step,
                steps_total=total,
                episode=earlier.episode,
                replay_capacity=loop.replay.capacity,
                learning_start=loop.settings.replay.learning_start,
                updates=earlier.updates,
                learning_share=learning_share(loop.settings, earlier.step),
                best_evaluation=_or_nan(earlier.best_evaluation),
                last_evaluation=_or_nan(earlier.last_evaluation),
            )
        return Status(
            state=self._state.now,
            step=loop.step,
            steps_total=total,
            episode=loop.episode,
            epsilon=loop.epsilon,
            epsilon_override=loop.epsilon_override is not None,
            replay_size=len(loop.replay),
            replay_capacity=loop.replay.capacity,
            learning_start=loop.settings.replay.learning_start,
            demonstrations=loop.demonstrations.steps,
            steps_per_second=rate,
            updates_per_second=recorder.updates_per_second,
            updates=loop.learner.updates,
            learning_share=learning_share(loop.settings, loop.step),
            loss=recorder.loss,
            mean_q=recorder.mean_q,
            last_return=recorder.returns[-1] if recorder.returns else math.nan,
            mean_return=math.fsum(recorder.returns) / len(recorder.returns) if recorder.returns else math.nan,
            best_evaluation=_or_nan(recorder.best_evaluation),
            last_evaluation=_or_nan(recorder.last_evaluation),
            eta_seconds=(total - loop.step) / rate if rate > 0 else math.nan,
        )

    def _write_summary(self, message: str = "", final: str = "", solved: bool = False) -> None:
        now = self._earlier or Summary(
            steps_total=self._loop.settings.run.steps,
            step=self._loop.step,
            episode=self._loop.episode,
            updates=self._loop.learner.updates,
            seconds=self._stopwatch.seconds,
            best_evaluation=self._recorder.best_evaluation,
            last_evaluation=self._recorder.last_evaluation,
        )
        summary = now.model_copy(
            update={"state": final or str(self._state.now), "solved": solved, "message": message[:1000]}
        )
        try:
            self._run_dir.write_summary(summary)
            self._failing = False
        except StorageError as error:
            if not self._failing:
                self._warn(f"{error}; training goes on, but the list of runs does not show how it stands")
            self._failing = True


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
