"""A run: the training loop with a folder, a board, commands, evaluations and checkpoints around it."""

from __future__ import annotations

import logging
import math
import queue
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from arcade_dqn.acting.layers import pack
from arcade_dqn.errors import ArcadeError
from arcade_dqn.evaluation import Evaluation
from arcade_dqn.games.make import make
from arcade_dqn.link.board import Board
from arcade_dqn.link.commands import Command, Event, ack, failure
from arcade_dqn.link.signals import end_at_once, on_signals
from arcade_dqn.link.text import plain
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.training.controls import Controls
from arcade_dqn.training.demonstration_loader import DemonstrationLoader
from arcade_dqn.training.evaluator import Evaluator
from arcade_dqn.training.loop import Loop, Step
from arcade_dqn.training.loop_interface import MakeLoop, TrainingLoop
from arcade_dqn.training.publisher import Publisher
from arcade_dqn.training.recorder import Recorder
from arcade_dqn.training.saver import Saver
from arcade_dqn.training.stopwatch import Stopwatch
from arcade_dqn.training.watchdog import Watchdog

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.05
"""How often commands are read and the board is written: 20 times a second."""


class TrainingFailed(ArcadeError):
    """Training cannot go on; the message says at which step and why."""


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


class Run:
    """Trains in the folder `run_dir` until its stop condition, going on from its newest checkpoint if it has one.

    `on_event` gets every event of the protocol in `link.commands`, in this thread; only the warning that nothing comes
    any more is told by another one. `commands` brings commands from another thread. `request_stop` may be called from
    any thread, and so may `stop_is_coming`. `give_up` ends the whole program at once, with a sentence, from another
    thread: when a run that is to stop hangs (without it, a person has to), or a second signal comes. `make_loop` makes
    the loop that is driven.
    """

    def __init__(
        self,
        run_dir: RunDir,
        on_event: Callable[[Event], None],
        commands: queue.SimpleQueue[Command] | None = None,
        give_up: Callable[[str, int], None] | None = None,
        make_loop: MakeLoop = Loop,
    ) -> None:
        self.commands: queue.SimpleQueue[Command] = commands or queue.SimpleQueue()
        self._run_dir = run_dir
        self._emit = on_event
        self._loop_maker = make_loop
        self._settings = run_dir.settings()
        self._planned = run_dir.planned_interventions()
        self._stop_reason = ""
        self._paused = False
        self._pause_at: int | None = None
        self._step_due = 0.0
        self._stopwatch = Stopwatch()
        self._next_look = 0.0
        self._healthy = False
        """What the run has become is worth saving: not before it has wholly gone on from where it was."""
        self._finishing = False
        self._watchdog = Watchdog(self._silence)
        self._give_up = give_up
        self._stop_is_coming = False
        self._waiting_for_disk = False
        self._silence_told = 0
        """The step + 1 for which it was told that nothing comes after it."""

    def request_stop(self, reason: str = "stopped") -> None:
        """Ask the run to save and end; it does so within a step or two."""
        self._stop_reason = self._stop_reason or reason
        self._stop_is_coming = True

    def stop_is_coming(self) -> None:
        """A stop is among the commands: a run that hangs will not get to it."""
        self._stop_is_coming = True

    def _stopping(self) -> bool:
        return bool(self._stop_reason)

    # --- the course of a run ---

    def execute(self) -> RunResult:
        """Train. Raises ArcadeError, after saving what is sound and telling it as an event, if it cannot go on."""
        try:
            with self._run_dir.lock(), on_signals(lambda: self.request_stop("interrupted"), self._end_at_once):
                return self._execute()
        except ArcadeError as error:
            step = self._loop.step if hasattr(self, "_loop") else 0
            self._emit({"event": "ended", "reason": "failed", "step": step, "message": str(error), "model": None})
            raise

    def _execute(self) -> RunResult:
        settings = self._settings
        # Where actors play, each makes its own copies, and one is enough to know the game by.
        copies = 1 if settings.cluster.actors else settings.environment.copies
        self._games = [make(settings.game, settings.environment) for _ in range(copies)]
        self._info = self._games[0].info
        try:
            self._loop = self._make_loop()
            self._recorder = Recorder(self._run_dir, self._loop, self._stopwatch, self._warn)
            try:
                with (
                    closing(self._loop),
                    Board.create(self._run_dir.board, pack(self._loop.policy.weights).nbytes) as board,
                ):
                    parts = (self._loop, self._recorder, self._stopwatch)
                    self._publisher = Publisher(self._run_dir, board, *parts, self._emit, self._warn)
                    self._saver = Saver(self._run_dir, *parts, self._warn, self._checkpoint_saved)
                    self._controls = Controls(
                        self._loop, self._recorder, self._emit, self._planned, self._settings.run.speed_limit
                    )
                    self._loader = DemonstrationLoader(
                        self._run_dir, self._loop, self._recorder, self._emit, self._warn
                    )
                    self._evaluator = Evaluator(
                        self._loop,
                        self._recorder,
                        self._saver,
                        self._emit,
                        lambda: self._not_training("evaluating"),
                        self._look_and_ask,
                        self._require_sound,
                    )
                    with self._watchdog:
                        return self._train_or_save()
            finally:
                self._recorder.close()
        finally:
            for game in self._games:
                game.close()

    def _end_at_once(self, number: int) -> None:
        """A second signal; told by a thread of its own, while the main one may be held up."""
        name = signal.Signals(number).name
        if self._give_up is not None:
            what = f"ended at once by a second {name}; it can be resumed from its last checkpoint"
            self._give_up(what, self._loop.step if hasattr(self, "_loop") else 0)
        end_at_once(number)

    def _make_loop(self) -> TrainingLoop:
        try:
            return self._loop_maker(self._settings, self._games)
        except MemoryError as error:
            raise TrainingFailed(
                f"there is not enough memory for {self._settings.replay.capacity:,} transitions and the network "
                f"({error}); choose a smaller replay.capacity, or replay.compression=lz4 for pictures"
            ) from error

    def _train_or_save(self) -> RunResult:
        try:
            return self._train()
        except ArcadeError as error:
            self._save_after_failure(str(error))
            raise
        except Exception as error:
            log.exception("training failed")
            where = f"at step {self._loop.step:,}: {type(error).__name__}: {plain(str(error), 400)}"
            message = f"training {self._settings.game} failed {where}"
            self._save_after_failure(message)
            raise TrainingFailed(message) from error

    def _train(self) -> RunResult:
        saved_limit = self._saver.load_checkpoint()
        self._publisher.go_on()
        self._publisher.set_state("warming")
        if saved_limit is not None:
            self._controls.speed_limit = saved_limit
            self._controls.go_on_from(self._loop.step)
        self._loop.learner.warm_up()
        self._healthy = True
        self._emit(
            {
                "event": "started",
                "run": str(self._run_dir.path),
                "game": self._info.id,
                "step": self._loop.step,
                "steps_total": self._settings.run.steps,
                "seed": self._settings.run.seed,
                "controls": self._controls.values(),
            }
        )
        if not self._loop.step:
            self._saver.save_stage(None)
        self._controls.intervene(self._loop.step)
        self._publisher.set_state("training")
        self._stopwatch.start()
        self._recorder.restart_rates()
        reason = "solved" if self._evaluation_is_missing() and self._evaluator.decide() else "steps"
        for step in self._loop.steps() if reason == "steps" and not self._stop_reason else ():
            if self._after(step):
                reason = "solved"
                break
            if self._stopping():
                break
        self._stop_the_clock()
        return self._finish(self._stop_reason or reason)

    def _evaluation_is_missing(self) -> bool:
        """Whether the run was stopped in the middle of the last evaluation that was due."""
        every, step = self._settings.evaluation.every, self._loop.step
        return bool(every) and step < self._settings.run.steps and step // every > self._recorder.evaluated // every

    def _after(self, step: Step) -> bool:
        """Everything that follows a step. True if the game is solved."""
        self._watchdog.beat()
        self._recorder.step(step)
        if step.updates is not None and not math.isfinite(float(step.updates.loss.sum())):
            self._healthy = False
            raise TrainingFailed(self._diverged(f"the loss became {_first_infinite(step.updates.loss)}"))
        self._controls.intervene(step.step)
        if time.perf_counter() >= self._next_look:
            self._look()
        if self._pause_at is not None and step.step >= self._pause_at:
            self._pause_at, self._paused = None, True
        if self._controls.speed_limit and not self._paused:
            self._wait_for_speed_limit(step.taken)
        if self._paused:
            self._wait_while_paused()
        settings = self._settings
        if step.step == settings.run.steps:
            return False  # `_finish` evaluates and saves
        # The evaluation comes first: a run that goes on from the checkpoint must not miss it.
        evaluate_now = settings.evaluation.every and step.reached(settings.evaluation.every)
        solved = self._evaluator.decide() if evaluate_now else False
        if settings.run.checkpoint_every and step.reached(settings.run.checkpoint_every) and not solved:
            self._stop_the_clock()
            self._save_checkpoint(wait=False)
            self._stopwatch.start()
        return solved

    def _finish(self, reason: str) -> RunResult:
        stopped = reason in ("stopped", "interrupted")
        self._finishing = True
        self._publisher.set_state("stopping")
        evaluation = None
        if not stopped and self._settings.evaluation.final_episodes:
            evaluation = self._evaluator.final()
            stopped = evaluation is None
            reason = reason if evaluation else self._stop_reason
        if not stopped:
            self._recorder.evaluated = self._loop.step  # all is decided: a run that is resumed all the same goes on
        self._publisher.set_state("saving")
        self._save_checkpoint()
        model = self._saver.save_model(self._run_dir.final, evaluation)
        score = f", {evaluation.mean:.1f} over {evaluation.episodes} unseen episodes" if evaluation else ""
        message = f"{_ENDINGS[reason]} after {self._loop.step:,} steps{score}"
        self._publisher.set_state(
            "done", message=message, final="stopped" if stopped else "done", solved=reason == "solved"
        )
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

    def _save_after_failure(self, message: str) -> None:
        """Save what is sound: never weights that are not finite, never over the best model."""
        self._stopwatch.stop()
        try:
            self._saver.settle(wait=True)
            if self._healthy and self._loop.step and self._loop.sound:
                self._save_checkpoint()
                self._saver.save_model(self._run_dir.final, None)
        except Exception as error:
            # Such as the gradient step that failed, failing again where its weights are asked for. The first failure
            # is the one that ends the run.
            log.exception("nothing could be saved after the failure")
            self._warn(f"nothing could be saved after the failure: {type(error).__name__}: {plain(str(error), 200)}")
        self._publisher.set_state("failed", message=message)

    def _diverged(self, what: str) -> str:
        return (
            f"{what} at step {self._loop.step:,}; nothing was saved over earlier models; "
            f"a smaller learning.learning_rate than {self._loop.learner.learning_rate:g} or a "
            f"learning.gradient_clip (now {self._settings.learning.gradient_clip:g}) may help"
        )

    def _require_sound(self) -> None:
        # Gradient steps beside the play have told nobody their loss yet, and what is saved holds what they led to.
        if not self._loop.sound:
            self._healthy = False
            raise TrainingFailed(self._diverged("a weight became infinite or not a number"))

    def _save_checkpoint(self, *, wait: bool = True) -> None:
        self._require_sound()
        self._waiting_for_disk = True
        try:
            self._saver.save_checkpoint(self._controls.speed_limit, wait=wait)
        finally:
            self._waiting_for_disk = False
            self._watchdog.beat()

    def _checkpoint_saved(self, step: int) -> None:
        self._emit({"event": "checkpoint", "step": step})

    def _warn(self, message: str) -> None:
        """Something went wrong that training survives; it may be as early as the record's beginning."""
        log.warning("%s", message)
        self._emit({"event": "warning", "message": message})

    def _silence(self, seconds: float) -> None:
        """Nothing has come for so long; told by the watchdog's thread, once for each step that it hangs after."""
        state, step = self._publisher.state, self._loop.step
        if state not in ("training", "evaluating", "stopping") or self._waiting_for_disk:
            return
        what = (
            f"nothing has come from {self._settings.game} for {seconds:.0f} seconds while {state} at step {step:,}: "
            "the game hangs, or its gradient steps take this long"
        )
        if self._stop_is_coming and self._give_up is not None and seconds >= 2 * self._watchdog.patience:
            self._give_up(f"{what}; it was to stop, so it was ended, and can be resumed from its last checkpoint", step)
        if self._silence_told != step + 1:
            self._silence_told = step + 1
            self._warn(f"{what}; a stop takes effect when it comes back, and the last checkpoint is safe")

    # --- between two steps ---

    def _look(self) -> None:
        """Take in commands, and tell how it goes."""
        self._watchdog.beat()
        self._obey()
        self._saver.settle(wait=False)
        self._next_look = time.perf_counter() + _LOOK_SECONDS
        if not self._finishing:
            self._loader.look()
        self._publisher.progress()
        for event in self._loop.news():
            self._emit(event)

    def _look_and_ask(self) -> bool:
        """The same, at most every `_LOOK_SECONDS`; whether the run is to stop."""
        if time.perf_counter() >= self._next_look:
            self._look()
        return self._stopping()

    def _wait_while_paused(self) -> None:
        with self._not_training("paused"):
            while self._paused and not self._stop_reason:
                self._look()
                time.sleep(_LOOK_SECONDS)

    def _wait_for_speed_limit(self, steps: int) -> None:
        """Sleep so that steps come no faster than the limit, looking around meanwhile."""
        begun = max(self._step_due, time.perf_counter() - 0.1)
        # The limit is looked at again each time: a person may raise it meanwhile.
        while limit := self._controls.speed_limit:
            self._step_due = begun + steps / limit
            wait = self._step_due - time.perf_counter()
            if wait <= 0 or self._stop_reason or self._paused:
                break
            time.sleep(min(wait, _LOOK_SECONDS))
            if time.perf_counter() >= self._next_look:
                self._look()

    @contextmanager
    def _not_training(self, state: str) -> Iterator[None]:
        """In another state for a while, with the stopwatch standing still."""
        before = self._publisher.state
        self._stop_the_clock()
        self._publisher.set_state(state)
        try:
            yield
        finally:
            self._publisher.set_state(before)
            if before == "training":
                self._stopwatch.start()
            self._recorder.restart_rates()

    def _stop_the_clock(self) -> None:
        """Gradient steps under way are training, and their time counts."""
        self._loop.learner.wait()
        self._stopwatch.stop()

    # --- commands ---

    def _obey(self) -> None:
        while True:
            try:
                command = self.commands.get_nowait()
            except queue.Empty:
                return
            if (refusal := self._refusal(command)) is not None:
                self._emit(failure(command.id, refusal))
                continue
            # A long one is acknowledged when it begins; its event tells that it is done.
            self._emit(ack(command.id))
            try:
                self._carry_out(command)
            except TrainingFailed:
                raise
            except ArcadeError as error:
                self._warn(str(error))
            if command.name == "inspect":
                return  # it takes time: the training goes on before the next one

    def _refusal(self, command: Command) -> str | None:
        """Why this command cannot be carried out now; None if it can."""
        state = self._publisher.state
        if command.name in ("save", "evaluate") and state not in ("training", "paused"):
            return f"cannot {command.name} while {state}; try again in a moment"
        if command.name == "inspect" and not len(self._loop.replay):
            return "the replay buffer is empty still; look again in a moment"
        if command.name == "open":
            return f"this trainer has a run open already: {self._run_dir.path}"
        return None

    def _carry_out(self, command: Command) -> None:
        arguments = command.arguments
        match command.name:
            case "pause":
                self._paused = True
            case "resume":
                self._paused, self._pause_at = False, None
            case "step":
                self._paused, self._pause_at = False, self._loop.step + arguments["count"]
            case "stop":
                self.request_stop()
            case "save":
                self._save_by_hand()
            case "evaluate":
                self._evaluator.quick()
            case "set":
                self._controls.set(arguments["name"], arguments["value"])
            case "inspect":
                self._emit({"event": "replay", "id": command.id, **self._loop.inspect(**arguments)})

    def _save_by_hand(self) -> None:
        with self._not_training("saving"):
            self._save_checkpoint()
            model = self._saver.save_model(self._run_dir.saved(self._loop.step), None)
            if model is not None:
                self._emit(
                    {"event": "saved", "step": self._loop.step, "path": str(self._run_dir.path), "model": str(model)}
                )


_ENDINGS = {
    "steps": "trained to the end",
    "solved": "solved",
    "stopped": "stopped",
    "interrupted": "interrupted, and saved,",
}


def _first_infinite(values: np.ndarray) -> float:
    return float(values[~np.isfinite(values)][0])
