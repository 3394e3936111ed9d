"""The runs of an experiment on the disk: ordinary runs under RUNS/.experiments/QUESTION, one for a variant and seed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from arcade_dqn.experiments.questions import SEEDS, Question, Results, Variant

if TYPE_CHECKING:
    from arcade_dqn.storage.run_dir import RunDir


class ExperimentFolder:
    """The folder of one experiment, which need not be there yet."""

    def __init__(self, runs_dir: Path, question: Question) -> None:
        self.question = question
        self.path = runs_dir / ".experiments" / question.id

    @property
    def report(self) -> Path:
        """Where the picture goes that a finished experiment is summed up in."""
        return self.path / "report.png"

    def results(self) -> Results:
        """What its runs have found so far. Raises StorageError for metrics that cannot be read."""
        results = Results(self.question)
        for variant in self.question.variants:
            for seed in SEEDS:
                run = self._find(variant, seed)
                if run is not None:
                    _read(results, run, (variant.letter, seed))
        return results

    def run(self, variant: Variant, seed: int) -> RunDir:
        """The run of a variant and seed, which goes on if it is there, and is made otherwise. Raises ArcadeError.

        One with other settings is of an earlier version of the question, and goes to the trash.
        """
        from arcade_dqn.storage.run_dir import RunDir
        from arcade_dqn.storage.runs import trash_run

        run = self._find(variant, seed)
        if run is not None:
            return run
        earlier = self._place(variant, seed)
        if os.path.isdir(earlier):
            trash_run(earlier)
        return RunDir.create(self.path, self.question.settings(variant, seed), earlier.name)

    def _place(self, variant: Variant, seed: int) -> Path:
        from arcade_dqn.storage.run_names import game_folder

        return self.path / game_folder(self.question.game) / f"{variant.letter}-seed{seed}"

    def _find(self, variant: Variant, seed: int) -> RunDir | None:
        """The run if it is there with the settings that the question has now.

        One whose settings cannot be read counts as another one, since this version may have other names for them.
        """
        from arcade_dqn.config import SettingsError
        from arcade_dqn.storage.run_dir import RunDir
        from arcade_dqn.storage.run_names import RunError

        try:
            run = RunDir.open(self._place(variant, seed))
            return run if run.settings() == self.question.settings(variant, seed) else None
        except (RunError, SettingsError):
            return None


def _read(results: Results, run: RunDir, key: tuple[str, int]) -> None:
    from arcade_dqn.link.text import is_number

    points = [
        (float(record["step"]), float(record["mean"]))
        for record in run.read_metrics()
        if record.get("kind") == "evaluation" and is_number(record.get("step")) and is_number(record.get("mean"))
    ]
    summary = run.read_summary()
    results.scores[key] = points
    if summary is not None and summary.state == "done" and points:
        results.done.add(key)
