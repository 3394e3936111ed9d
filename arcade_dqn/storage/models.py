"""The models that there are: shipped with the program, of the runs, and on a run's way; and the best of each game."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from arcade_dqn.config import EnvironmentSettings, build
from arcade_dqn.errors import UsageError
from arcade_dqn.evaluation import ENOUGH_EPISODES
from arcade_dqn.games.find import find
from arcade_dqn.storage.atomic import StorageError, reason
from arcade_dqn.storage.model_file import ModelFileError, ModelInfo, read_info
from arcade_dqn.storage.paths import saved_models_dir
from arcade_dqn.storage.run_names import run_folders

Rules = tuple[float, ...]
"""What a score depends on besides the agent."""


@dataclass(frozen=True)
class ModelEntry:
    """One line of the list of models."""

    path: Path
    info: ModelInfo | None
    """None if the file cannot be used; `problem` says why."""
    problem: str | None
    shipped: bool
    """True for a model that came with the program."""
    modified: float
    """Unix time, seconds."""

    @property
    def rules(self) -> Rules | None:
        """The rules under which it was scored: scores under others do not compare. None where nothing was scored."""
        if self.info is None or self.info.evaluation is None:
            return None
        return _rules(self.info.environment, self.info.evaluation.epsilon)


def shipped_models() -> list[ModelEntry]:
    """The models that came with the program, by name."""
    return [_entry(path, shipped=True) for path in sorted(saved_models_dir().glob("*/agent*.safetensors"))]


def find_models(runs_dir: str | os.PathLike[str]) -> list[ModelEntry]:
    """The shipped models by name, then those of the runs in `runs_dir` (best, final, saved by hand), newest first.

    Raises StorageError if `runs_dir` is there but cannot be read.
    """
    own = [
        _entry(path, shipped=False)
        for run in run_folders(Path(runs_dir))
        for pattern in ("best", "final", "saved-*")
        for path in run.glob(f"{pattern}.safetensors")
        if path.name.isprintable()  # as in the list of runs: names go to a terminal
    ]
    return shipped_models() + sorted(own, key=lambda entry: -entry.modified)


def best_models(entries: Iterable[ModelEntry]) -> dict[str, ModelEntry]:
    """The best readable model of each game: the one that is worth the most at least.

    Not the highest mean, which is as a rule the luckiest of a few short evaluations, but the highest
    `Evaluation.lower_bound` counts, and a score of fewer than `ENOUGH_EPISODES` comes after all of more. A score under
    other rules than those of the game's shipped agent, or of its default preset where none ships, comes after those
    under the same. A shipped model wins a tie, then the newest.
    """
    games: dict[str, list[ModelEntry]] = {}
    for entry in entries:
        if entry.info is not None:
            games.setdefault(entry.info.game, []).append(entry)
    best = {}
    for game, found in games.items():
        rules = _rules_of(game, found)
        best[game] = max(found, key=lambda entry: _worth(entry, rules))
    return best


def _worth(entry: ModelEntry, rules: Rules | None) -> tuple[bool, bool, float, bool, float]:
    """Models of one game are ranked by it."""
    score = entry.info.evaluation if entry.info is not None else None
    if score is None:
        return False, False, -math.inf, entry.shipped, entry.modified
    return (
        entry.rules == rules,
        score.episodes >= ENOUGH_EPISODES,
        score.lower_bound,
        entry.shipped,
        entry.modified,
    )


def _rules(game: EnvironmentSettings, epsilon: float) -> Rules:
    return game.sticky_actions, game.frame_skip, game.noop_max, game.max_episode_steps, epsilon


def _rules_of(game: str, found: Sequence[ModelEntry]) -> Rules | None:
    """The rules under which the models of a game are compared."""
    seen = {entry.rules for entry in found if entry.rules is not None}
    if len(seen) < 2:
        return next(iter(seen), None)
    for entry in found:
        if entry.shipped and entry.rules is not None:
            return entry.rules
    try:
        # Only now: building settings takes a hundredth of a second, and most games have one set of rules.
        usual = build(game, find(game).preset)
    except UsageError:
        return None  # a game that is not known here: all its models are alike in that
    return _rules(usual.environment, usual.evaluation.epsilon)


_STAGE = re.compile(r"step-(\d{1,18})\.safetensors")


def stages(run: str | os.PathLike[str]) -> list[tuple[int, Path]]:
    """The models of a run's way, as (step, file), from the first to the newest. Raises StorageError.

    `run` is a run's folder, or one of a shipped agent, which has the beginning and the middle of its run's way.
    """
    folder = Path(run) / "stages"
    try:
        entries = [(_STAGE.fullmatch(entry.name), Path(entry.path)) for entry in os.scandir(folder)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(f"cannot read {folder}: {reason(error)}") from error
    return sorted((int(match[1]), path) for match, path in entries if match)


def thin_stages(run: str | os.PathLike[str], keep: int, every: int) -> None:
    """Remove models of a run's way until at most `keep` are left, evenly spread. Raises StorageError.

    They came `every` so many steps. Those at each second, fourth, eighth ... of them stay, the newest always. So their
    distance doubles now and then, and is the same all along the way.
    """
    kept = stages(run)
    stay, stride = [path for _, path in kept], 1
    while len(stay) > max(keep, 1):
        stride *= 2
        spread = [path for step, path in kept[:-1] if step // every % stride == 0 and stride <= kept[-1][0]]
        stay = [*spread, kept[-1][1]]
    for _, path in kept:
        if path not in stay:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise StorageError(f"cannot remove {path}: {reason(error)}") from error


def run_models(run: str | os.PathLike[str]) -> list[ModelEntry]:
    """All models of one run in the order of their training: its way, those saved by hand, the best, the final one.

    In a shipped agent's folder: its way, and the agent. Raises StorageError.
    """
    run = Path(run)
    shipped = run.parent == saved_models_dir()
    patterns = ("agent*",) if shipped else ("saved-*", "best", "final")
    paths = [path for _, path in stages(run)]
    paths += [path for pattern in patterns for path in sorted(run.glob(f"{pattern}.safetensors"))]
    entries = [_entry(path, shipped=shipped) for path in paths]
    return sorted(entries, key=lambda entry: entry.info.training.steps if entry.info else -1)


def _entry(path: Path, *, shipped: bool) -> ModelEntry:
    try:
        modified = path.stat().st_mtime
    except OSError as error:
        return ModelEntry(path, None, f"cannot read the model file {path}: {reason(error)}", shipped, 0.0)
    try:
        return ModelEntry(path, read_info(path), None, shipped, modified)
    except ModelFileError as error:
        return ModelEntry(path, None, str(error), shipped, modified)
