"""One session of a run: from what its folder holds to its stop condition, or to a stop.

`Session.train` is the course of it, top to bottom; what comes between two steps stands below.
"""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from arcade_dqn.errors import ArcadeError
from arcade_dqn.evaluation import Evaluation
from arcade_dqn.link.board import Board
from arcade_dqn.link.commands import Command, Event
from arcade_dqn.link.text import plain
from arcade_dqn.storage.interventions import Intervention
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.training.command_handler import CommandHandler
from arcade_dqn.training.controls import Controls
from arcade_dqn.training.demonstration_loader import DemonstrationLoader
from arcade_dqn.training.evaluator import Evaluator
from arcade_dqn.training.failure import Diverged, TrainingFailed, require_finite_loss, require_finite_weights
from arcade_dqn.training.loop import Step
from arcade_dqn.training.loop_interface import TrainingLoop
from arcade_dqn.training.pace import LOOK_SECONDS, Pace
from arcade_dqn.training.publisher import Publisher
from arcade_dqn.training.recorder import Recorder
from arcade_dqn.training.saver import Saver
from arcade_dqn.training.state import RunState, State
from arcade_dqn.training.stop import StopRequest
from arcade_dqn.training.stopwatch import Stopwatch
from arcade_dqn.training.watchdog import Watchdog

log = logging.getLogger(__name__)

_ENDINGS = {
    "steps": "trained to the end",
    "solved": "solved",
    "stopped": "stopped",
    "interrupted": "interrupted, and saved,",
}


@dataclass(frozen=True)
class RunResult:
    """How a run ended."""

    reason: str
    """"steps", "solved", "stopped" (by a command) or "interrupted" (by a signal)."""
    steps: int
    seconds: float
    """Training alone, without evaluations and saving, over all sessions of the run."""
    evaluation: Evaluation | None
    """Of the final policy, on episodes that decided nothing; None if the run was stopped before its end."""
    model: Path | None
    run: Path


class Session:
    """A run's loop with everything that belongs around it: each part keeps one thing, and this the order of events."""

    def __init__(
        self,
        run_dir: RunDir,
        planned: Sequence[Intervention],
        loop: TrainingLoop,
        recorder: Recorder,
        stopwatch: Stopwatch,
        board: Board,
        commands: queue.SimpleQueue[Command],
        stop: StopRequest,
        emit: Callable[[Event], None],
        warn: Callable[[str], None],
        give_up: Callable[[str, int], None] | None,
    ) -> None:
        """`planned` are the interventions of an earlier run that this one repeats. The rest is as in `training.run`."""
        self._run_dir = run_dir
        self._settings = loop.settings
        self._loop = loop
        self._recorder = recorder
        self._stopwatch = stopwatch
        self._stop = stop
        self._emit = emit
        self._warn = warn
        self._state = RunState()
        self._pace = Pace(self._settings.run.speed_limit, stop)
        self._publisher = Publisher(run_dir, board, self._state, loop, recorder, stopwatch, emit, warn)
        self._saver = Saver(run_dir, loop, recorder, stopwatch, warn, self._checkpoint_saved)
        self._controls = Controls(loop, recorder, self._pace, planned, emit)
        self._evaluator = Evaluator(loop, recorder, self._saver, emit, self._evaluating, self._look_and_ask)
        self._demonstrations = DemonstrationLoader(run_dir, loop, recorder, emit, warn)
        self._commands = CommandHandler(
            commands, run_dir.path, self._state, loop, self._pace, self._controls, stop,
            self._save_by_hand, self._evaluator.quick, emit, warn,
        )  # fmt: skip
        self._watchdog = Watchdog(loop, self._state, stop, warn, give_up)
        self._next_look = 0.0

    @property
    def step(self) -> int:
        """Steps of training so far; any thread may ask."""
        return self._loop.step

    # --- the course of a run ---

    def train(self) -> RunResult:
        """Train. Raises ArcadeError, after saving what is sound and telling it, if it cannot go on."""
        with self._watchdog:
            # Before it has wholly gone on from where it was, what it has become is not worth saving.
            with self._failure_told(worth_saving=False):
                self._go_on_from_checkpoint()
                self._loop.learner.warm_up()
            with self._failure_told(worth_saving=True):
                self._start()
                reason = self._take_steps()
                self._stop_the_clock()
                return self._finish(self._stop.reason or reason)

    def _go_on_from_checkpoint(self) -> None:
        saved_limit = self._saver.load_checkpoint()
        self._publisher.go_on()
        self._enter(State.WARMING)
        if saved_limit is not None:
            self._pace.limit = saved_limit
            self._controls.go_on_from(self._loop.step)

    def _start(self) -> None:
        loop, run = self._loop, self._settings.run
        self._emit(
            {
                "event": "started",
                "run": str(self._run_dir.path),
                "game": loop.game.info.id,
                "step": loop.step,
                "steps_total": run.steps,
                "seed": run.seed,
                "controls": self._controls.values(),
            }
        )
        if not loop.step:
            for note in loop.game.notes:
                self._warn(note)
            self._saver.save_stage(None)
        self._controls.intervene(loop.step)
        self._enter(State.TRAINING)
        self._stopwatch.start()
        self._recorder.restart_rates()

    def _take_steps(self) -> str:
        """Train until the stop condition; which one it was: "steps" (also where a stop was asked for) or "solved"."""
        if self._evaluation_is_missing() and self._evaluator.decide():
            return "solved"
        steps = self._loop.steps()
        while not self._stop.reason and (step := next(steps, None)) is not None:
            self._take_in(step)
            self._wait_until_the_next(step)
            # After the last step, `_finish` evaluates and saves.
            if step.step != self._settings.run.steps and self._do_what_is_due(step):
                return "solved"
        return "steps"

    def _evaluation_is_missing(self) -> bool:
        """Whether the run was stopped in the middle of the last evaluation that was due."""
        every, step = self._settings.evaluation.every, self._loop.step
        return bool(every) and step < self._settings.run.steps and step // every > self._recorder.evaluated // every

    def _take_in(self, step: Step) -> None:
        self._watchdog.beat()
        self._recorder.step(step)
        if step.updates is not None:
            require_finite_loss(step.updates, self._loop)
        self._controls.intervene(step.step)

    def _do_what_is_due(self, step: Step) -> bool:
        """Evaluate and save as often as the settings say. True if the game is solved."""
        evaluation_every, checkpoint_every = self._settings.evaluation.every, self._settings.run.checkpoint_every
        # The evaluation comes first: a run that goes on from the checkpoint must not miss it.
        if evaluation_every and step.reached(evaluation_every) and self._evaluator.decide():
            return True
        if checkpoint_every and step.reached(checkpoint_every):
            self._stop_the_clock()
            self._save_checkpoint(wait=False)
            self._stopwatch.start()
        return False

    def _finish(self, reason: str) -> RunResult:
        """Evaluate the final policy, unless the run was stopped, and save everything."""
        self._demonstrations.close()
        self._enter(State.STOPPING)
        evaluation = None
        if reason not in ("stopped", "interrupted") and self._settings.evaluation.final_episodes:
            evaluation = self._evaluator.final()
            reason = reason if evaluation else self._stop.reason
        stopped = reason in ("stopped", "interrupted")
        if not stopped:
            self._recorder.evaluated = self._loop.step  # all is decided: a run that is resumed all the same goes on
        self._enter(State.SAVING)
        self._save_checkpoint(wait=True)
        model = self._saver.save_model(self._run_dir.final, evaluation)
        score = f", {evaluation.mean:.1f} over {evaluation.episodes} unseen episodes" if evaluation else ""
        message = f"{_ENDINGS[reason]} after {self._loop.step:,} steps{score}"
        self._enter(State.DONE, message=message, final="stopped" if stopped else "done", solved=reason == "solved")
        self._emit(
            {
                "event": "ended",
                "reason": reason,
                "step": self._loop.step,
                "message": message,
                "model": str(model) if model else None,
            }
        )
        return RunResult(reason, self._loop.step, self._stopwatch.seconds, evaluation, model, self._run_dir.path)

    @contextmanager
    def _failure_told(self, *, worth_saving: bool) -> Iterator[None]:
        """Whatever goes wrong in the block ends the run with a sentence, and everything else with TrainingFailed."""
        try:
            yield
        except ArcadeError as error:
            self._fail(str(error), save=worth_saving and not isinstance(error, Diverged))
            raise
        except Exception as error:
            log.exception("training failed")
            where = f"at step {self._loop.step:,}: {type(error).__name__}: {plain(str(error), 400)}"
            message = f"training {self._settings.game} failed {where}"
            self._fail(message, save=worth_saving)
            raise TrainingFailed(message) from error

    def _fail(self, message: str, *, save: bool) -> None:
        """Save what is sound: never weights that are not finite, never over the best model."""
        self._stopwatch.stop()
        try:
            self._saver.settle(wait=True)
            if save and self._loop.step and self._loop.sound:
                self._save_checkpoint(wait=True)
                self._saver.save_model(self._run_dir.final, None)
        except Exception as error:
            # Such as the gradient step that failed, failing again where its weights are asked for. The first failure
            # is the one that ends the run.
            log.exception("nothing could be saved after the failure")
            self._warn(f"nothing could be saved after the failure: {type(error).__name__}: {plain(str(error), 200)}")
        self._enter(State.FAILED, message=message)

    # --- between two steps ---

    def _wait_until_the_next(self, step: Step) -> None:
        """Look around, and return when the training may go on."""
        self._look_in_time()
        self._pace.arrive(step.step)
        self._pace.wait_for_limit(step.taken, self._look_in_time)
        if self._pace.paused:
            with self._aside(State.PAUSED):
                self._pace.wait_while_paused(self._look)

    def _look(self) -> None:
        """Take in commands and demonstrations, and tell how it goes."""
        self._watchdog.beat()
        self._commands.obey()
        self._saver.settle(wait=False)
        self._next_look = time.perf_counter() + LOOK_SECONDS
        self._demonstrations.look()
        self._publisher.progress()
        for event in self._loop.news():
            self._emit(event)

    def _look_in_time(self) -> None:
        """The same, at most every `LOOK_SECONDS`."""
        if time.perf_counter() >= self._next_look:
            self._look()

    def _look_and_ask(self) -> bool:
        """The same; whether the run is to stop."""
        self._look_in_time()
        return bool(self._stop.reason)

    def _enter(self, state: State, *, message: str = "", final: str = "", solved: bool = False) -> None:
        self._state.enter(state)
        self._publisher.tell_state(message=message, final=final, solved=solved)

    @contextmanager
    def _aside(self, state: State) -> Iterator[None]:
        """In another state for a while, with the stopwatch standing still."""
        before = self._state.now
        self._stop_the_clock()
        self._enter(state)
        try:
            yield
        finally:
            self._enter(before)
            if before is State.TRAINING:
                self._stopwatch.start()
            self._recorder.restart_rates()

    def _evaluating(self) -> AbstractContextManager[None]:
        return self._aside(State.EVALUATING)

    def _stop_the_clock(self) -> None:
        """Gradient steps under way are training, and their time counts."""
        self._loop.learner.wait()
        self._stopwatch.stop()

    # --- saving ---

    def _save_checkpoint(self, *, wait: bool) -> None:
        require_finite_weights(self._loop)
        with self._watchdog.waiting_for_disk():
            self._saver.save_checkpoint(self._pace.limit, wait=wait)

    def _checkpoint_saved(self, step: int) -> None:
        self._emit({"event": "checkpoint", "step": step})

    def _save_by_hand(self) -> None:
        step = self._loop.step
        with self._aside(State.SAVING):
            self._save_checkpoint(wait=True)
            model = self._saver.save_model(self._run_dir.saved(step), None)
            if model is not None:
                self._emit({"event": "saved", "step": step, "path": str(self._run_dir.path), "model": str(model)})
