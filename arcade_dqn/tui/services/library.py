"""What is on the disk: models and runs. Every method reads files, so they are for threads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arcade_dqn.storage.models import ModelEntry
    from arcade_dqn.storage.runs import RunSummary


class Library:
    """Looks into the shipped models and one runs folder."""

    def __init__(self, runs_dir: Path) -> None:
        self.runs_dir = runs_dir

    def models(self) -> list[ModelEntry]:
        """All model files, broken ones too."""
        from arcade_dqn.storage.models import find_models

        return find_models(self.runs_dir)

    def best_models(self) -> dict[str, ModelEntry]:
        """The best readable model of each game. Raises StorageError if the runs folder cannot be read."""
        from arcade_dqn.storage.models import best_models

        return best_models(self.models())

    def shipped_models(self) -> dict[str, ModelEntry]:
        """The same of the models that came with the program."""
        from arcade_dqn.storage.models import best_models, shipped_models

        return best_models(shipped_models())

    def runs(self) -> list[RunSummary]:
        """All runs, newest first."""
        from arcade_dqn.storage.runs import list_runs

        return sorted(list_runs(self.runs_dir), key=lambda run: run.modified, reverse=True)

    def run_models(self, run: Path) -> list[ModelEntry]:
        """All models of one run, in the order of their training."""
        from arcade_dqn.storage.models import run_models

        return run_models(run)
