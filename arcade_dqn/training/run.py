"""A run: the training loop with a folder, a board, commands, evaluations and checkpoints around it.

Here its parts are made and ended; `training.session` is its course.
"""

from __future__ import annotations

import logging
import queue
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager

from arcade_dqn.acting.layers import pack
from arcade_dqn.errors import ArcadeError
from arcade_dqn.games.arguments import require_same
from arcade_dqn.games.game import Game
from arcade_dqn.games.make import make
from arcade_dqn.link.board import Board
from arcade_dqn.link.commands import Command, Event
from arcade_dqn.link.signals import end_at_once, on_signals
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.training.failure import TrainingFailed
from arcade_dqn.training.loop import Loop
from arcade_dqn.training.loop_interface import MakeLoop, TrainingLoop
from arcade_dqn.training.recorder import Recorder
from arcade_dqn.training.session import RunResult, Session
from arcade_dqn.training.stop import StopRequest
from arcade_dqn.training.stopwatch import Stopwatch

log = logging.getLogger(__name__)


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
        self._give_up = give_up
        self._loop_maker = make_loop
        self._settings = run_dir.settings()
        require_same(self._settings.environment.arguments)
        self._planned = run_dir.planned_interventions()
        self._stop = StopRequest()
        self._session: Session | None = None
        """Once all its parts are made."""

    def request_stop(self, reason: str = "stopped") -> None:
        """Ask the run to save and end; it does so within a step or two."""
        self._stop.request(reason)

    def stop_is_coming(self) -> None:
        """A stop is among the commands: a run that hangs will not get to it."""
        self._stop.expect()

    def execute(self) -> RunResult:
        """Train. Raises ArcadeError, after saving what is sound and telling it as an event, if it cannot go on."""
        try:
            with (
                self._run_dir.lock(),
                on_signals(lambda: self.request_stop("interrupted"), self._end_at_once),
                self._open() as session,
            ):
                self._session = session
                return session.train()
        except ArcadeError as error:
            self._emit({"event": "ended", "reason": "failed", "step": self._step, "message": str(error), "model": None})
            raise

    @contextmanager
    def _open(self) -> Iterator[Session]:
        """The parts of the run, each made after those that it needs, and ended before them."""
        settings, stopwatch = self._settings, Stopwatch()
        with ExitStack() as parts:
            # Where actors play, each makes its own copies, and one is enough to know the game by.
            copies = 1 if settings.cluster.actors else settings.environment.copies
            games = [parts.enter_context(closing(make(settings.game, settings.environment))) for _ in range(copies)]
            loop = parts.enter_context(closing(self._make_loop(games)))
            recorder = parts.enter_context(closing(Recorder(self._run_dir, loop, stopwatch, self._warn)))
            board = parts.enter_context(Board.create(self._run_dir.board, pack(loop.policy.weights).nbytes))
            yield Session(
                self._run_dir, self._planned, loop, recorder, stopwatch, board,
                self.commands, self._stop, self._emit, self._warn, self._give_up,
            )  # fmt: skip

    def _make_loop(self, games: Sequence[Game]) -> TrainingLoop:
        try:
            return self._loop_maker(self._settings, games)
        except MemoryError as error:
            raise TrainingFailed(
                f"there is not enough memory for {self._settings.replay.capacity:,} transitions and the network "
                f"({error}); choose a smaller replay.capacity, or replay.compression=lz4 for pictures"
            ) from error

    def _warn(self, message: str) -> None:
        """Something went wrong that training survives; it may be as early as the record's beginning."""
        log.warning("%s", message)
        self._emit({"event": "warning", "message": message})

    def _end_at_once(self, number: int) -> None:
        """A second signal; told by a thread of its own, while the main one may be held up."""
        name = signal.Signals(number).name
        if self._give_up is not None:
            self._give_up(f"ended at once by a second {name}; it can be resumed from its last checkpoint", self._step)
        end_at_once(number)

    @property
    def _step(self) -> int:
        return self._session.step if self._session else 0
