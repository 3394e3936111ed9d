"""The trainer's program: warmed up behind the menu, given a run, and looked at ten times a second.

Two things change state here: the program (`Learner`) and the newest run (`Phase`), each by its own table below. Threads
start and end the program while the event loop polls it, so every field stands under one lock, in which nobody waits.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcade_dqn.errors import ArcadeError
from arcade_dqn.tui.record import RunRecord
from arcade_dqn.tui.services.launcher import Launcher
from arcade_dqn.tui.snapshot import Learner, Notice, Phase, Snapshot, capital

if TYPE_CHECKING:
    from arcade_dqn.link.board import BoardReader, Status
    from arcade_dqn.link.process import Child

_NICE = 5
"""How far the trainer stands back (POSIX nice) for the keys and pictures of this process and the window."""
_SAVE_SECONDS, _END_SECONDS = 60.0, 0.5
"""How long a trainer is waited for at the end, with a run to save and without one."""

_LEARNERS: Mapping[str, tuple[tuple[Learner, ...], Learner]] = {
    "start": (("off",), "warming"),
    "warm": (("warming",), "ready"),
    "open": (("off", "warming", "ready"), "busy"),
    "exit": (("warming", "ready", "busy"), "off"),
}
"""What happens to the program: the states in which it counts, and the state after it. It takes one run and ends."""
_PHASES: Mapping[str, tuple[tuple[Phase, ...], Phase]] = {
    "started": (("opening", "running"), "running"),
    "state": (("opening", "running"), "running"),
    "refused": (("opening", "running"), "ended"),
    "ended": (("opening", "running", "ended"), "ended"),
    "exit": (("opening", "running"), "died"),
}
"""The same of a run, which begins as `opening`; before the first one there is an empty run in the phase `none`."""


class TrainerError(ArcadeError):
    """What was asked for does not fit what is going on."""


def _learner_after(what: str, learner: Learner) -> Learner:
    before, after = _LEARNERS[what]
    return after if learner in before else learner


@dataclass
class _Run:
    """The newest run, from the moment in which it is given to the trainer; another one takes the place of all of it."""

    path: Path | None = None
    game: str = ""
    phase: Phase = "none"
    state: str = ""
    record: RunRecord = field(default_factory=RunRecord)
    status: Status | None = None
    board: BoardReader | None = None
    replay: Mapping[str, Any] | None = None
    cluster: Mapping[str, Any] | None = None

    @property
    def under_way(self) -> bool:
        return self.phase in ("opening", "running")

    def happens(self, what: str, state: str = "") -> bool:
        """Go on to the phase after `what`, with this `state`; False if it does not count in the present phase."""
        before, after = _PHASES[what]
        if self.phase not in before:
            return False
        self.phase, self.state = after, state or self.state
        return True


class TrainerProgram:
    """Methods that say so wait, and are for threads; the others may be called from anywhere and return at once."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher
        self._starting = threading.Lock()
        """Held by the thread that starts or replaces the program, which may wait; taken before `_lock`."""
        self._lock = threading.Lock()
        """Guards all that follows."""
        self._child: Child | None = None
        self._learner: Learner = "off"
        self._sent = 0
        self._unanswered: dict[object, str] = {}
        """The names of the commands without an answer yet, by id."""
        self._run = _Run()
        self._notices: list[Notice] = []
        self._closed = False

    # --- what it is doing ---

    @property
    def running(self) -> bool:
        """Whether a run is under way."""
        with self._lock:
            return self._run.under_way

    @property
    def pid(self) -> int | None:
        """The program's process; None while there is none."""
        with self._lock:
            return self._child.pid if self._child is not None and self._child.alive else None

    @property
    def record(self) -> RunRecord:
        """Curves and log of the newest run; they change in `poll` alone."""
        return self._run.record

    @property
    def replay(self) -> Mapping[str, Any] | None:
        """What the trainer told last of its replay buffer."""
        return self._run.replay

    @property
    def cluster(self) -> Mapping[str, Any] | None:
        """What it told last of its actors; None for a run without any."""
        return self._run.cluster

    # --- starting, and giving it a run ---

    def warm_up(self) -> None:
        """Start a program that imports TensorFlow and then waits for a run. Waits a little: for threads."""
        with self._starting:
            with self._lock:
                needed = self._child is None and not self._closed
            if needed:
                self._launch()

    def open(self, run: Path, game: str, record: RunRecord | None = None) -> None:
        """Train the run in the folder `run`; `game` is its game's title, `record` what it has done so far.

        Waits until an earlier program has ended: for threads. Raises ArcadeError if another run is under way or the
        program cannot be started.
        """
        with self._starting:
            with self._lock:
                if self._closed:
                    return
                if self._run.under_way:
                    raise TrainerError(f"{self._run.game} is training; stop it before another run is started")
                earlier = self._child if self._learner == "busy" else None
            if earlier is not None:
                earlier.stop()
                with self._lock:
                    self._exited(earlier)
            with self._lock:
                child = self._child if self._child is not None and self._child.alive else None
            child = child or self._launch()
            with self._lock:
                # Also one that died just now, which `poll` has taken away: sending tells why.
                self._child, self._learner = child, _learner_after("open", self._learner)
                self._run = _Run(run, game, "opening", "starting", record or RunRecord())
                self._run.record.say(f"run {run}")
                try:
                    self._send("open", run=str(run))
                except ArcadeError:
                    self._run.happens("refused", "failed")
                    raise

    def _launch(self) -> Child:
        """Start the program. For the thread that holds `_starting`."""
        from arcade_dqn.link.process import dummy_sdl

        environment = dummy_sdl(self._launcher.environment)
        child = self._launcher.start("arcade_dqn.cluster", ["--nice", str(_NICE)], environment, "trainer")
        with self._lock:
            self._unanswered.clear()
            self._child, self._learner = child, _learner_after("start", "off")
        return child

    def command(self, name: str, /, **arguments: Any) -> None:
        """Send a command to the run's trainer. Its answer, if it is a refusal, becomes a notice. Raises ArcadeError."""
        with self._lock:
            if not self._run.under_way:
                raise TrainerError("nothing is training now")
            self._send(name, **arguments)

    def _send(self, name: str, /, **arguments: Any) -> None:
        assert self._child is not None
        self._sent += 1
        self._unanswered[self._sent] = name
        self._child.send({"id": self._sent, "name": name, "arguments": arguments})

    # --- looking ---

    def poll(self) -> Snapshot:
        """Everything new; its notices are handed out once."""
        with self._lock:
            self._take_events()
            self._look_at_board()
            notices, self._notices = tuple(self._notices), []
            run = self._run
            return Snapshot(
                phase=run.phase,
                learner=self._learner,
                run=run.path,
                game=run.game,
                state=run.state,
                status=run.status,
                notices=notices,
            )

    def _take_events(self) -> None:
        child = self._child
        if child is None:
            return
        for event in child.events():
            self._event(event)
        if child.finished:
            learner = self._learner
            self._exited(child)
            how = capital(child.explain_exit())
            if self._run.happens("exit", "failed"):
                self._run.record.say(child.explain_exit())
                told = f"{how}. What the run had saved is safe; it can be resumed."
                self._notices.append(Notice(told, "error", self._run.path))
            elif learner != "busy" and not self._closed:
                self._notices.append(Notice(f"{how}.", "error"))

    def _exited(self, child: Child) -> None:
        if self._child is child:
            self._child, self._learner = None, _learner_after("exit", self._learner)

    def _event(self, event: Mapping[str, Any]) -> None:
        run = self._run
        run.record.event(event)
        match event.get("event"):
            case "warm":
                self._learner = _learner_after("warm", self._learner)
            case "started":
                run.happens("started")
                run.record.say("training started")
            case "state":
                run.happens("state", str(event.get("state", "")))
            case "warning":
                self._notices.append(Notice(capital(str(event.get("message", ""))), "warning"))
            case "saved":
                self._notices.append(Notice(f"Saved {_name(event.get('model') or event.get('path'))}."))
            case "error":
                sentence = capital(str(event.get("message", "")))
                run.record.say(sentence)
                self._notices.append(Notice(sentence, "error"))
                if self._unanswered.pop(event.get("id"), "") == "open":
                    run.happens("refused", "failed")
            case "replay":
                run.replay = event
            case "cluster":
                run.cluster = event
            case "ack":
                self._unanswered.pop(event.get("id"), None)
            case "ended":
                self._ended(event)
            case "output":
                run.record.say(str(event.get("text", "")))

    def _ended(self, event: Mapping[str, Any]) -> None:
        reason, message = str(event.get("reason", "")), str(event.get("message") or "")
        run = self._run
        run.happens("ended", {"stopped": "stopped", "interrupted": "stopped", "failed": "failed"}.get(reason, "done"))
        sentence = f"{run.game}: {message or reason}."
        run.record.say(sentence)
        self._notices.append(Notice(sentence, "error" if reason == "failed" else "information"))
        if self._child is not None:
            self._child.close_input()

    def _look_at_board(self) -> None:
        run = self._run
        if run.path is None or run.phase not in ("running", "ended"):
            return
        from arcade_dqn.link.board import BoardError, BoardReader

        try:
            if run.board is None or run.board.replaced():
                run.board = BoardReader(run.path / "board")
            run.status = run.board.status()
        except BoardError:
            # Not there yet, or just being replaced: the next look, a tenth of a second later, will see it. Of a run
            # that was moved away, what was seen last stays.
            return
        if run.phase == "running":
            run.state = run.status.state

    # --- the end ---

    def close_input(self) -> None:
        """Let it save and end by itself, and start nothing more. Waits for a start that is under way: for threads."""
        with self._starting, self._lock:
            self._closed = True
            if self._child is not None:
                self._child.close_input()

    def close(self) -> None:
        """End it; a run in training is saved first. Waits: for threads. May be called twice."""
        self.close_input()
        with self._lock:
            child, patience = self._child, _SAVE_SECONDS if self._run.under_way else _END_SECONDS
        if child is not None:
            child.stop(patience)
        with self._lock:
            self._run.board = None


def _name(path: object) -> str:
    return Path(str(path)).name
