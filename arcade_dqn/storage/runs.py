"""The list of runs, and what can be done with one that nobody trains: another name, or the trash."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from arcade_dqn.config import Settings, SettingsError
from arcade_dqn.link.text import plain
from arcade_dqn.storage.atomic import StorageError, reason, sync_folder
from arcade_dqn.storage.lock import locked
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.storage.run_names import RunError, check_run_name, run_folders
from arcade_dqn.storage.summary import FINAL_STATES, Summary

_TRASH = ".trash"


@dataclass(frozen=True)
class RunSummary:
    """One line of the list of runs."""

    path: Path
    game: str
    name: str
    state: str
    """As in `Summary`; "new" if it never began, "interrupted" if its trainer is gone, "broken" with a `problem`."""
    step: int
    steps_total: int
    best_evaluation: float | None
    last_evaluation: float | None
    modified: float
    """Unix time of the last sign of life in the folder, seconds."""
    settings: Settings | None
    problem: str = ""
    """What is wrong with the folder, one sentence; "" if nothing is."""


def list_runs(runs_dir: str | os.PathLike[str]) -> list[RunSummary]:
    """All runs in `runs_dir`, newest first. A broken folder is in the list with its `problem`.

    Raises StorageError only if `runs_dir` itself is there but cannot be read.
    """
    return sorted((_summarise(path) for path in run_folders(Path(runs_dir))), key=lambda run: -run.modified)


def _summarise(path: Path) -> RunSummary:
    game, name, modified = path.parent.name, plain(path.name, 80), 0.0
    settings: Settings | None = None
    try:
        modified = max((_modified(path / file) for file in ("summary.json", "config.json", "lock")), default=0.0)
        run = RunDir.open(path)
        settings = run.settings()
        game = settings.game
        summary = run.read_summary()
        state = summary.state if summary else "new"
        if state not in FINAL_STATES:
            holder = run.locked_by()
            if holder is None and summary:
                state = "interrupted"
            elif holder is not None and not summary:
                state = "starting"
    except (RunError, SettingsError, StorageError, OSError) as error:
        problem = plain(f"{path} cannot be read: {reason(error)}" if isinstance(error, OSError) else str(error), 400)
        return RunSummary(path, plain(game, 120), name, "broken", 0, 0, None, None, modified, settings, problem)
    summary = summary or Summary(steps_total=settings.run.steps)
    return RunSummary(
        path,
        plain(game, 120),
        name,
        plain(state, 40),
        summary.step,
        summary.steps_total,
        summary.best_evaluation,
        summary.last_evaluation,
        modified,
        settings,
    )


def _modified(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except FileNotFoundError:
        return 0.0


# --- moving a run ----------------------------------------------------------------------------------------------------


def rename_run(path: Path, name: str) -> Path:
    """Give the run in the folder `path` another name; returns its new path.

    Raises RunLocked while it is being trained, RunError for a name that is taken or is none, StorageError.
    """
    check_run_name(name)
    return _move(path, path.parent / name, f"a run named {name!r} exists already at {path.parent / name}")


def trash_run(path: Path) -> Path:
    """Move the run in the folder `path` to the trash, the folder `.trash` beside the games; returns where it is now.

    Nothing is deleted: moved back, it is a run again. Raises RunLocked while it is being trained, or StorageError.
    """
    trash = path.parents[1] / _TRASH / path.parent.name
    number, target = 1, trash / path.name
    while target.exists():
        number += 1
        target = trash / f"{path.name}-{number}"
    try:
        trash.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot make the trash folder {trash}: {reason(error)}") from error
    return _move(path, target, f"{target} exists already")


def _move(path: Path, target: Path, taken: str) -> Path:
    with contextlib.ExitStack() as lock:
        lock.enter_context(locked(path / "lock", f"the run {path}"))
        # Looked at first, because POSIX renames over an empty folder.
        if target.exists():
            raise RunError(f"{taken}; choose another name")
        if os.name == "nt":
            lock.close()  # Windows moves no folder that holds an open file
        try:
            os.rename(path, target)
            sync_folder(target.parent)
            sync_folder(path.parent)
        except OSError as error:
            raise StorageError(f"cannot move {path} to {target}: {reason(error)}") from error
    return target
