"""What a person has played for a run, from its folder into the training."""

from __future__ import annotations

import time
from collections.abc import Callable

from arcade_dqn.link.commands import Event
from arcade_dqn.storage.atomic import StorageError
from arcade_dqn.storage.demonstrations import DemonstrationError, list_demonstrations, load_demonstration
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.training.loop_interface import TrainingLoop
from arcade_dqn.training.recorder import Recorder

_SECONDS = 1.0
"""How often the run's folder is looked through."""


class DemonstrationLoader:
    """Looks through the run's folder now and then, and hands on what the loop has not had, one at a time.

    The folder is the queue. A damaged demonstration is left out for good; one that cannot be read (the disk may be
    slow, or out of file handles) is tried again each time, and either is told once.
    """

    def __init__(
        self,
        run_dir: RunDir,
        loop: TrainingLoop,
        recorder: Recorder,
        emit: Callable[[Event], None],
        warn: Callable[[str], None],
    ) -> None:
        self._run_dir = run_dir
        self._loop = loop
        self._recorder = recorder
        self._emit = emit
        self._warn = warn
        self._next = 0.0
        self._closed = False
        self._troubles: set[str] = set()
        """What could not be read, and was told."""

    def look(self) -> None:
        """Take the next demonstration, if there is one and it is time."""
        now, demonstrations, game = time.perf_counter(), self._loop.demonstrations, self._loop.game
        if self._closed or now < self._next or demonstrations.waiting:
            return
        self._next = now + _SECONDS
        try:
            found = [path for path in list_demonstrations(self._run_dir.path) if path.name not in demonstrations.known]
        except StorageError as error:
            self._tell_once("", str(error))
            return
        self._troubles.discard("")
        for path in found:
            try:
                one = load_demonstration(path, game.frame_shape, game.frame_dtype, game.n_actions, game.stack)
            except DemonstrationError as error:
                demonstrations.known.add(path.name)
                self._warn(f"{error}; it is left out")
                continue
            except StorageError as error:
                self._tell_once(path.name, f"{error}; it is tried again until it can be read")
                continue
            demonstrations.take(path.name, one)
            told = {"step": self._loop.step, "steps": len(one), "return": float(one.reward.sum())}
            self._recorder.demonstration(path.name, told)
            self._emit({"event": "demonstration", **told})
            return

    def close(self) -> None:
        """Take no more: nothing is learned any longer."""
        self._closed = True

    def _tell_once(self, name: str, sentence: str) -> None:
        if name not in self._troubles:
            self._troubles.add(name)
            self._warn(sentence)
