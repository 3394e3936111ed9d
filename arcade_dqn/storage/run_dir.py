"""A run's folder: runs/GAME/NAME with its settings, metrics, checkpoints, models, board, log and lock."""

from __future__ import annotations

import contextlib
import difflib
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from arcade_dqn.config import Settings
from arcade_dqn.games import imports
from arcade_dqn.link.text import plain
from arcade_dqn.storage.atomic import (
    StorageError,
    read_small,
    reason,
    remove_unfinished,
    sync_folder,
    write_new,
    write_text,
)
from arcade_dqn.storage.interventions import MAX_BYTES, Intervention, from_json, made_in, to_json
from arcade_dqn.storage.lock import lock_holder, locked
from arcade_dqn.storage.metrics import MetricsFile
from arcade_dqn.storage.run_names import RunError, RunNotFound, check_run_name, game_folder, run_folders
from arcade_dqn.storage.summary import Summary, read_summary

_INTERVENTIONS = "interventions.json"


class RunDir:
    """The folder of one run. Make one with `create`, `open` or `find`."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path = path
        self._settings = settings
        self._metrics = MetricsFile(self.metrics)

    # --- making and finding ---

    @classmethod
    def create(
        cls,
        runs_dir: str | os.PathLike[str],
        settings: Settings,
        name: str | None = None,
        interventions: Sequence[Intervention] = (),
    ) -> Self:
        """Make the folder of a new run. Without a name it is called after the local date and time.

        Its trainer makes the `interventions` at their steps. Which module has registered its game in this process is
        recorded with the settings.

        Raises RunError if the name is taken or is no name, StorageError if the folder cannot be written. The folder
        appears under its name only when it is whole.
        """
        if name is not None:
            check_run_name(name)
        if found := imports.record(settings.game):
            environment = settings.environment.model_copy(update={"imports": found})
            settings = settings.model_copy(update={"environment": environment})
        parent = Path(runs_dir) / game_folder(settings.game)
        unfinished = parent / f".{os.getpid()}-{time.monotonic_ns()}.tmp"
        try:
            unfinished.mkdir(parents=True)
            write_new(unfinished / "config.json", settings.to_json().encode())
            if interventions:
                write_new(unfinished / _INTERVENTIONS, to_json(interventions).encode())
            path = _claim(parent, unfinished, name)
            sync_folder(parent)
        except OSError as error:
            raise StorageError(f"cannot make a run in {parent}: {reason(error)}") from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        return cls(path, settings)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Open the run whose folder is `path`. Raises RunError or SettingsError."""
        path = Path(path)
        config = path / "config.json"
        try:
            text = read_small(config)
        except (FileNotFoundError, NotADirectoryError):
            if not path.is_dir():
                raise RunNotFound(f"there is no run at {path}") from None
            raise RunNotFound(f"{path} is not a run: it has no config.json") from None
        except (OSError, ValueError) as error:
            why = reason(error) if isinstance(error, OSError) else str(error)
            raise RunError(f"{path} is not a usable run: its config.json cannot be read: {why}") from error
        return cls(path, Settings.from_json(text, str(config)))

    @classmethod
    def find(cls, text: str, runs_dir: str | os.PathLike[str]) -> Self:
        """The run that `text` means: a folder, GAME/NAME, or a NAME that only one run has.

        Raises RunNotFound, or RunError if several runs have the name or the folder cannot be used.
        """
        runs_dir = Path(runs_dir)
        if (Path(text) / "config.json").is_file():
            return cls.open(text)
        game, _, name = text.strip("/").rpartition("/")
        try:
            known = run_folders(runs_dir)
        except StorageError:
            known = []
        wanted = game.replace("/", "-").lower()
        found = [path for path in known if path.name == name and wanted in ("", path.parent.name.lower())]
        if len(found) == 1:
            return cls.open(found[0])
        if found:
            both = " and ".join(f"{path.parent.name}/{path.name}" for path in found[:4])
            raise RunError(f"several runs are named {plain(name, 80)!r}: {both}; say which")
        if Path(text).is_dir():
            raise RunNotFound(f"{plain(text)} is not a run: it has no config.json")
        names = [f"{path.parent.name}/{path.name}" for path in known]
        near = difflib.get_close_matches(text, [*names, *(path.name for path in known)], n=2, cutoff=0.5)
        hint = f"did you mean {plain(' or '.join(near))}?" if near else "`arcade-dqn runs` lists them"
        raise RunNotFound(f"there is no run {plain(text, 100)!r} in {runs_dir}; {hint}")

    # --- what is where ---

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def config(self) -> Path:
        return self.path / "config.json"

    @property
    def summary_path(self) -> Path:
        return self.path / "summary.json"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.jsonl"

    @property
    def board(self) -> Path:
        return self.path / "board"

    @property
    def log(self) -> Path:
        return self.path / "trainer.log"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def best(self) -> Path:
        return self.path / "best.safetensors"

    @property
    def final(self) -> Path:
        return self.path / "final.safetensors"

    def stage(self, step: int) -> Path:
        """Where the model goes that shows how the agent played at `step`."""
        return self.path / "stages" / f"step-{step}.safetensors"

    def saved(self, step: int) -> Path:
        """Where a model that was saved by hand at `step` goes."""
        return self.path / f"saved-{step}.safetensors"

    def settings(self) -> Settings:
        return self._settings

    # --- the lock ---

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only writer of this run during the `with` block; raises RunLocked, naming the holder, otherwise.

        The lock goes away with its holder, even a killed one. What earlier writers left unfinished is removed first.
        Raises RunError if the folder holds symbolic links: a run that came from someone else must not lead its writer
        to files outside.
        """
        _refuse_links(self.path)
        with locked(self.path / "lock", f"the run {self.path}"):
            for folder in (self.path, self.path / "stages"):
                remove_unfinished(folder)
            try:
                yield
            finally:
                self.close()

    def locked_by(self) -> int | None:
        """The pid of the run's present writer: None if there is none, 0 if it is not known."""
        return lock_holder(self.path / "lock")

    # --- summary ---

    def write_summary(self, summary: Summary) -> None:
        """Replace summary.json. The disk is not waited for, so this may be called every second or so."""
        write_text(self.summary_path, summary.model_dump_json(indent=2), durable=False)

    def read_summary(self) -> Summary | None:
        """The last summary, None if there is none yet. Raises StorageError if it cannot be read."""
        return read_summary(self.summary_path)

    # --- interventions ---

    def planned_interventions(self) -> list[Intervention]:
        """The interventions that the run was made with. Raises RunError if they cannot be read."""
        path = self.path / _INTERVENTIONS
        try:
            return from_json(read_small(path, MAX_BYTES))
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            why = f"cannot be read: {reason(error)}" if isinstance(error, OSError) else str(error)
            raise RunError(f"{path} {why}") from error

    def made_interventions(self) -> list[Intervention]:
        """Those that were made while it trained. Raises RunError or StorageError if its metrics cannot be read."""
        try:
            return made_in(self._metrics.read("set"))
        except ValueError as error:
            raise RunError(f"{self.metrics} {error}") from error

    # --- metrics ---

    def append_metrics(self, record: Mapping[str, Any]) -> None:
        """Append one record to metrics.jsonl. Numbers that are not finite become null. Raises StorageError."""
        self._metrics.append(record)

    def read_metrics(self) -> list[dict[str, Any]]:
        """The records of metrics.jsonl in order, without lines that a kill may have cut. Raises StorageError."""
        return self._metrics.read()

    def metrics_size(self, *, durable: bool = False) -> int:
        """Bytes of metrics so far, to keep in a checkpoint; with `durable` they are on the disk."""
        return self._metrics.size(durable=durable)

    def set_metrics_aside(self) -> Path:
        """Rename metrics.jsonl to metrics-1.jsonl, or the first free number; returns the new path."""
        self.close()
        number = 1
        while (kept := self.path / f"metrics-{number}.jsonl").exists():
            number += 1
        try:
            os.replace(self.metrics, kept)
        except OSError as error:
            raise StorageError(f"cannot rename {self.metrics}: {reason(error)}") from error
        return kept

    def truncate_metrics(self, size: int) -> None:
        """Forget the metrics after the first `size` bytes, when the run goes on from a checkpoint that kept `size`."""
        self._metrics.truncate(size)

    def close(self) -> None:
        """Close the metrics file, if it is open; the next record opens it again."""
        self._metrics.close()


def _refuse_links(run: Path) -> None:
    def fail(error: OSError) -> None:
        raise StorageError(f"cannot read the run {run}: {reason(error)}") from error

    for folder, folders, files in os.walk(run, onerror=fail):
        for path in (Path(folder, name) for name in sorted([*folders, *files])):
            if path.is_symlink():
                raise RunError(
                    f"{plain(str(path.relative_to(run)), 120)} in the run {run} is a symbolic link, and nothing is "
                    "written through one; put the file or folder that it means in its place"
                )


def _claim(parent: Path, unfinished: Path, name: str | None) -> Path:
    """Rename the finished folder to its name; without one, to the first free name made of date and time."""
    stem = name or time.strftime("%Y-%m-%d_%H-%M-%S")
    for number in range(1, 10_000):
        path = parent / (stem if number == 1 else f"{stem}-{number}")
        if not path.exists():
            # Someone else may take the name just now. Renaming over a folder that holds something fails everywhere.
            with contextlib.suppress(OSError):
                os.rename(unfinished, path)
                return path
            if not path.exists():
                os.rename(unfinished, path)  # it was not the name: let the error out
                return path
        if name is not None:
            raise RunError(f"a run named {name!r} exists already at {path}; choose another name, or resume it")
    raise RunError(f"there are too many runs named {stem} in {parent}; give the new one a name")
