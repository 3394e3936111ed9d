"""The experiments: polled beside everything else, begun and stopped, and their reports written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from arcade_dqn.experiments.lab import Lab
from arcade_dqn.tui.services.background import Background
from arcade_dqn.tui.services.notices import Notices

if TYPE_CHECKING:
    from arcade_dqn.experiments.questions import Question


class Experiments:
    """For the event loop. `lab` is to be read by whoever shows how an experiment is doing."""

    def __init__(self, lab: Lab, notices: Notices, background: Background) -> None:
        self.lab = lab
        self._notices = notices
        self._background = background

    def poll(self) -> None:
        """Take in what the trainer of an experiment said; go on with its next run, or write the report of all."""
        if self.lab.poll():
            self._background.run(self.lab.go_on)
        if (finished := self.lab.take_finished()) is not None:
            self.report_on(finished)

    def begin(self, question: Question) -> None:
        """Start the experiment, or go on with it."""
        self._background.run(lambda: self.lab.begin(question))

    def stop(self) -> None:
        """Stop the one under way."""
        self._background.run(self.lab.stop)

    def report_on(self, question: Question) -> None:
        """Write the report of a finished experiment, in the background."""

        def write() -> None:
            self._background.in_event_loop(self._tell_report, self.lab.write_report(question))

        self._background.run(write)

    def _tell_report(self, path: Path) -> None:
        self._notices.tell(f"The report is {path}, and report.md beside it.")
