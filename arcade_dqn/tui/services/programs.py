"""The other programs together: polled in one snapshot, and ended in good order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from arcade_dqn.tui.services.launcher import Launcher
from arcade_dqn.tui.services.trainer import TrainerProgram
from arcade_dqn.tui.services.window import WindowProgram
from arcade_dqn.tui.snapshot import Snapshot

if TYPE_CHECKING:
    from arcade_dqn.link.process import Child


class Programs:
    """The trainer and the window.

    The window gets `environment` (by default the current one), the trainer the same with SDL's dummy drivers. `start`
    starts a program as `Child.start` does. Without `window` there is none, whatever the display.
    """

    def __init__(
        self,
        runs_dir: Path,
        environment: Mapping[str, str] | None = None,
        start: Callable[..., Child] | None = None,
        *,
        window: bool = True,
    ) -> None:
        self._launcher = Launcher(environment, start)
        self.trainer = TrainerProgram(self._launcher)
        self.window = WindowProgram(self._launcher, runs_dir, allowed=window)

    @property
    def environment(self) -> Mapping[str, str]:
        return self._launcher.environment

    def poll(self) -> Snapshot:
        """Everything new, in one snapshot; never waits."""
        snapshot = self.trainer.poll()
        told = self.window.poll(training=snapshot.running)
        return replace(snapshot, window=self.window.target, notices=(*snapshot.notices, *told))

    def close(self) -> None:
        """End everything; a run in training saves first. Waits: for threads. May be called twice."""
        self.trainer.close_input()
        self.window.close_for_good()
        self.trainer.close()
        self._launcher.close()
