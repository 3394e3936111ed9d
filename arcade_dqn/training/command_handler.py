"""What a person asks of a run while it trains."""

from __future__ import annotations

import queue
from collections.abc import Callable
from pathlib import Path

from arcade_dqn.errors import ArcadeError
from arcade_dqn.link.commands import Command, Event, ack, failure
from arcade_dqn.training.controls import Controls
from arcade_dqn.training.failure import TrainingFailed
from arcade_dqn.training.loop_interface import TrainingLoop
from arcade_dqn.training.pace import Pace
from arcade_dqn.training.state import RunState, State
from arcade_dqn.training.stop import StopRequest


class CommandHandler:
    """Answers the commands of `link.commands` and carries them out, in the run's own thread."""

    def __init__(
        self,
        commands: queue.SimpleQueue[Command],
        folder: Path,
        state: RunState,
        loop: TrainingLoop,
        pace: Pace,
        controls: Controls,
        stop: StopRequest,
        save: Callable[[], None],
        evaluate: Callable[[], None],
        emit: Callable[[Event], None],
        warn: Callable[[str], None],
    ) -> None:
        """`folder` is the run's. `save` and `evaluate` do so at once, and tell what came of it."""
        self._commands = commands
        self._folder = folder
        self._state = state
        self._loop = loop
        self._pace = pace
        self._controls = controls
        self._stop = stop
        self._save = save
        self._evaluate = evaluate
        self._emit = emit
        self._warn = warn

    def obey(self) -> None:
        """Take in what has come. Raises TrainingFailed if the training cannot go on after it."""
        while True:
            try:
                command = self._commands.get_nowait()
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
        state = self._state.now
        if command.name in ("save", "evaluate") and state not in (State.TRAINING, State.PAUSED):
            return f"cannot {command.name} while {state}; try again in a moment"
        if command.name == "inspect" and not len(self._loop.replay):
            return "the replay buffer is empty still; look again in a moment"
        if command.name == "open":
            return f"this trainer has a run open already: {self._folder}"
        return None

    def _carry_out(self, command: Command) -> None:
        arguments = command.arguments
        match command.name:
            case "pause":
                self._pace.pause()
            case "resume":
                self._pace.go_on()
            case "step":
                self._pace.go_to(self._loop.step + arguments["count"])
            case "stop":
                self._stop.request("stopped")
            case "save":
                self._save()
            case "evaluate":
                self._evaluate()
            case "set":
                self._controls.set(arguments["name"], arguments["value"])
            case "inspect":
                self._emit({"event": "replay", "id": command.id, **self._loop.inspect(**arguments)})
