"""What is on the disk: models and runs. Every method reads files, so they are for threads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arcade_dqn.storage.model_file import ModelEntry
    from arcade_dqn.storage.runs import RunSummary


class Library:
    """Looks into the shipped models and one runs folder."""

    def __init__(self, runs_dir: Path) -> None:
        self.runs_dir = runs_dir

    def models(self) -> list[ModelEntry]:
        """All model files, broken ones too."""
        from arcade_dqn.storage.model_file import find_models

        return find_models(self.runs_dir)

    def best_models(self) -> dict[str, ModelEntry]:
        """The best readable model of each game, by its evaluation; a shipped one wins a tie."""
        best: dict[str, tuple[tuple[float, bool, float], ModelEntry]] = {}
        for entry in self.models():
            if entry.info is None:
                continue
            score = entry.info.evaluation.mean if entry.info.evaluation else float("-inf")
            rank = (score, entry.shipped, entry.modified)
            if entry.info.game not in best or rank > best[entry.info.game][0]:
                best[entry.info.game] = (rank, entry)
        return {game: entry for game, (_, entry) in best.items()}

    def runs(self) -> list[RunSummary]:
        """All runs, newest first."""
        from arcade_dqn.storage.runs import list_runs

        return sorted(list_runs(self.runs_dir), key=lambda run: run.modified, reverse=True)

    def run_models(self, run: Path) -> list[ModelEntry]:
        """All models of one run, in the order of their training."""
        from arcade_dqn.storage.model_file import run_models

        return run_models(run)
