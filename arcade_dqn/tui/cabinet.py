"""Owns the other programs: the trainer, warmed up behind the menu, and the window.

`poll` looks at everything that they said since the last look and returns one immutable `Snapshot`; it never waits.
Methods that start or end a program may wait, and are for threads; each says so.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcade_dqn.errors import ArcadeError
from arcade_dqn.tui.record import RunRecord
from arcade_dqn.tui.snapshot import Learner, Notice, Phase, Snapshot

if TYPE_CHECKING:
    from arcade_dqn.link.board import BoardReader, Status
    from arcade_dqn.link.process import Child
    from arcade_dqn.storage.scratch import Scratch

_NICE = 5
"""How far the trainer stands back (POSIX nice) for the keys and pictures of this process and the window."""


class CabinetError(ArcadeError):
    """What was asked for does not fit what is going on."""


def has_display(environment: Mapping[str, str]) -> bool:
    """Whether a window could open in `environment`."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY") or environment.get("SDL_VIDEODRIVER"))


class Cabinet:
    """The trainer, its run, and the window."""

    def __init__(
        self,
        runs_dir: Path,
        environment: Mapping[str, str] | None = None,
        start: Callable[..., Child] | None = None,
        *,
        window: bool = True,
    ) -> None:
        self.runs_dir = runs_dir
        self._window_allowed = window
        self._start = start
        """Starts a program, as `Child.start` does."""
        self.environment = dict(os.environ if environment is None else environment)
        """What the window gets; the trainer gets it with SDL's dummy drivers."""
        self.record = RunRecord()
        """Curves and log of the newest run."""
        self.replay: Mapping[str, Any] | None = None
        """What the trainer told last of its replay buffer."""
        self.crew: Mapping[str, Any] | None = None
        """What it told last of its actors; None for a run without any."""
        self._starting = threading.Lock()
        self._scratch: Scratch | None = None
        """Where the programs' logs are."""
        self._trainer: Child | None = None
        self._sent = 0
        self._unanswered: dict[object, str] = {}
        """The names of the commands without an answer yet, by id."""
        self._learner: Learner = "off"
        self._phase: Phase = "none"
        self._run: Path | None = None
        self._game = ""
        self._state = ""
        self._board: BoardReader | None = None
        self._status: Status | None = None
        self._window: Child | None = None
        self._window_target = ""
        self._window_closing = False
        self._closed = False
        self._notices: list[Notice] = []

    # --- the trainer ---

    def warm_up(self) -> None:
        """Start a trainer that imports TensorFlow and then waits for a run. Waits a little: for threads."""
        with self._starting:
            if not self._closed and self._trainer is None:
                self._start_trainer()

    def open(self, run: Path, game: str) -> None:
        """Train the run in the folder `run`; `game` is its game's title. Waits until an earlier trainer has ended."""
        with self._starting:
            if self._closed:
                return
            if self.running:
                raise CabinetError(f"{self._game} is training; stop it before another run is started")
            if self._trainer is not None and self._learner == "busy":
                self._trainer.stop()
                self._trainer = None
            if self._trainer is None or not self._trainer.alive:
                self._start_trainer()
            self._forget_board()
            self.record, self.replay, self.crew = RunRecord(), None, None
            self.record.say(f"run {run}")
            # Before it is sent: the answer may be looked at by another thread as soon as it is out.
            self._learner = "busy"
            self._run, self._game, self._state, self._phase = run, game, "starting", "opening"
            try:
                self._send("open", run=str(run))
            except ArcadeError:
                self._phase, self._state = "ended", "failed"
                raise

    def command(self, name: str, /, **arguments: Any) -> None:
        """Send a command to the run's trainer; does not wait. Its answer, if it is a refusal, becomes a notice."""
        if not self.running:
            raise CabinetError("nothing is training now")
        self._send(name, **arguments)

    @property
    def running(self) -> bool:
        return self._phase in ("opening", "running")

    @property
    def trainer_pid(self) -> int | None:
        """The process of the trainer; None while there is none."""
        trainer = self._trainer
        return trainer.pid if trainer is not None and trainer.alive else None

    def _start_trainer(self) -> None:
        from arcade_dqn.link.process import dummy_sdl

        self._unanswered.clear()
        self._trainer = self._program(
            "arcade_dqn.cluster", ["--nice", str(_NICE)], dummy_sdl(self.environment), "trainer"
        )
        self._learner = "warming"

    def _send(self, name: str, /, **arguments: Any) -> None:
        assert self._trainer is not None
        self._sent += 1
        self._unanswered[self._sent] = name
        self._trainer.send({"id": self._sent, "name": name, "arguments": arguments})

    def _program(self, module: str, arguments: list[str], environment: Mapping[str, str], title: str) -> Child:
        if self._scratch is None:
            from arcade_dqn.storage.scratch import Scratch

            self._scratch = Scratch()
        if (start := self._start) is None:
            from arcade_dqn.link.process import Child

            start = Child.start
        return start(module, arguments, self._scratch.path / f"{title}.log", environment=environment, title=title)

    # --- the window ---

    @property
    def display(self) -> bool:
        """Whether a window can open."""
        return self._window_allowed and has_display(self.environment)

    def open_window(self, target: str, *, beside: str = "", human: bool = False) -> None:
        """Show `target` (a model, a run) in the window, or let a person play the game `target`. For threads.

        With `beside`, another model or run plays the same game at its side.
        """
        with self._starting:
            if self._closed:
                return
            if not self.display:
                raise CabinetError("there is no display for the window; the terminal view shows the agent here")
            if self._window is not None:
                self._window_closing = True
                self._window.stop(2.0)
            what = ["--play", target] if human else [target, *(["--beside", beside] if beside else [])]
            arguments = [*what, "--runs-dir", str(self.runs_dir), "--events"]
            self._window_closing = False
            self._window_target = target
            self._window = self._program("arcade_dqn.window", arguments, self.environment, "window")

    def close_window(self) -> None:
        """Close the window. Waits until it is gone: for threads."""
        window = self._window
        if window is not None:
            self._window_closing = True
            window.stop(2.0)

    def shows(self, target: str) -> bool:
        """Whether the window is open on `target`."""
        return self.window_open and self._window_target == target

    @property
    def window_open(self) -> bool:
        return self._window is not None and not self._window_closing

    # --- looking ---

    def poll(self) -> Snapshot:
        """Everything new, in one snapshot; never waits."""
        self._poll_trainer()
        self._poll_board()
        self._poll_window()
        notices, self._notices = tuple(self._notices), []
        return Snapshot(
            phase=self._phase,
            learner=self._learner,
            run=self._run,
            game=self._game,
            state=self._state,
            status=self._status,
            window=self._window_target if self.window_open else "",
            notices=notices,
        )

    def _poll_trainer(self) -> None:
        trainer = self._trainer
        if trainer is None:
            return
        for event in trainer.events():
            self._event(event)
        if not trainer.finished or self._trainer is not trainer:
            return
        idle = self._learner != "busy"
        self._trainer, self._learner = None, "off"
        if self.running:
            self._died(trainer.explain_exit())
        elif idle and not self._closed:
            self._notices.append(Notice(f"{_capital(trainer.explain_exit())}.", "error"))

    def _died(self, how: str) -> None:
        self._phase, self._state = "died", "failed"
        self.record.say(how)
        self._notices.append(
            Notice(f"{_capital(how)}. What the run had saved is safe; it can be resumed.", "error", self._run)
        )

    def _event(self, event: Mapping[str, Any]) -> None:
        self.record.event(event)
        match event.get("event"):
            case "warm":
                if self._learner == "warming":
                    self._learner = "ready"
            case "started":
                self._phase = "running"
                self.record.say("training started")
            case "state":
                if self.running:
                    self._phase, self._state = "running", str(event.get("state", ""))
            case "warning":
                self._notices.append(Notice(_capital(str(event.get("message", ""))), "warning"))
            case "saved":
                self._notices.append(Notice(f"Saved {_name(event.get('model') or event.get('path'))}."))
            case "error":
                name = self._unanswered.pop(event.get("id"), "")
                sentence = _capital(str(event.get("message", "")))
                self.record.say(sentence)
                self._notices.append(Notice(sentence, "error"))
                if name == "open":
                    self._phase, self._state = "ended", "failed"
            case "replay":
                self.replay = event
            case "cluster":
                self.crew = event
            case "ack":
                self._unanswered.pop(event.get("id"), None)
            case "ended":
                self._ended(event)
            case "output":
                self.record.say(str(event.get("text", "")))

    def _ended(self, event: Mapping[str, Any]) -> None:
        reason, message = str(event.get("reason", "")), str(event.get("message") or "")
        self._phase = "ended"
        self._state = {"stopped": "stopped", "interrupted": "stopped", "failed": "failed"}.get(reason, "done")
        sentence = f"{self._game}: {message or reason}."
        self.record.say(sentence)
        self._notices.append(Notice(sentence, "error" if reason == "failed" else "information"))
        if self._trainer is not None:
            self._trainer.close_input()

    def _poll_board(self) -> None:
        if self._run is None or self._phase not in ("running", "ended"):
            return
        from arcade_dqn.link.board import BoardError, BoardReader

        # A thread may begin another run meanwhile, so run and board are looked up once.
        path, board = self._run / "board", self._board
        if board is not None and board.path != path:
            board = None
        try:
            if board is None or board.replaced():
                board = self._board = BoardReader(path)
            status = board.status()
        except BoardError:
            # Not there yet, or just being replaced: the next look, a tenth of a second later, will see it. Of a run
            # that was moved away, what was seen last stays.
            return
        if self._run != path.parent:
            return
        self._status = status
        if self._phase == "running":
            self._state = status.state

    def _forget_board(self) -> None:
        # Not closed, since the event loop may just be reading it: it closes when nobody holds it any more.
        self._board, self._status = None, None

    def _poll_window(self) -> None:
        window = self._window
        if window is None:
            return
        for event in window.events():
            if event.get("event") in ("warning", "error"):
                self._notices.append(Notice(f"Window: {event.get('message')}", "warning"))
        if window.finished and self._window is window:
            self._window = None
            if window.exit_code != 0 and not self._window_closing:
                self._notices.append(Notice(f"{_capital(window.explain_exit())}.{self._untouched}", "warning"))
            self._window_closing = False

    @property
    def _untouched(self) -> str:
        return " The training goes on." if self.running else ""

    # --- the end ---

    def close(self) -> None:
        """End everything; a run in training saves first. Waits: for threads. May be called twice."""
        with self._starting:  # a program that is being started just now is ended, too
            self._closed = True
        window, trainer = self._window, self._trainer
        if trainer is not None:
            trainer.close_input()
        if window is not None:
            self._window_closing = True
            window.stop(2.0)
        if trainer is not None:
            trainer.stop(60.0 if self.running else 0.5)
        self._board = None
        if self._scratch is not None:
            self._scratch.close()


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _name(path: object) -> str:
    return Path(str(path)).name
