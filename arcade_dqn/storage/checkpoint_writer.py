"""Write checkpoints: the state is copied at once, and written beside whatever comes next.

Everything of a checkpoint but its segments (`storage.segments`) is built as `step-N.tmp`, with the manifest last,
forced to the disk and renamed. A second checkpoint of the same step becomes `step-N-2`, so that none is ever replaced.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import threading
from collections.abc import Collection, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np

from arcade_dqn.replay.records import Have, Records
from arcade_dqn.storage.atomic import StorageError, need_space, reason, sync_folder
from arcade_dqn.storage.checkpoint import ARRAY, RECORDS, list_checkpoints
from arcade_dqn.storage.manifest import FORMAT, STATE, Manifest, read_manifest, write_file, write_manifest
from arcade_dqn.storage.segments import Segments
from arcade_dqn.storage.tensors import serialise

_PART = re.compile(r"[a-z][a-z0-9_]{0,40}")


class CheckpointWriter:
    """Writes the checkpoints of one run, for the one that holds the run's lock. One is written at a time, in order."""

    def __init__(self, checkpoints: str | os.PathLike[str], keep: int) -> None:
        """`checkpoints` is the run's folder of that name, made if missing; `keep` is how many stay there."""
        self._checkpoints = Path(checkpoints)
        self._keep = keep
        self._segments = Segments(self._checkpoints)
        self._under_way: Future[Path] | None = None

    @property
    def have(self) -> Have:
        """The pieces of records that need not be in the state of the next checkpoint."""
        return self._segments.have

    def go_on_from(self, checkpoint: Path) -> None:
        """The run goes on from this checkpoint, so that its segments are the run's. Raises OSError or ValueError."""
        self._segments.go_on_from(read_manifest(checkpoint).segments)

    def begin(self, step: int, state: Mapping[str, Any], protect: Collection[int] = ()) -> None:
        """Copy `state` and write it as the checkpoint of `step` in a thread of its own; `result` tells what came of it.

        The keys of `state` are lower-case identifiers. Then all but the newest checkpoints are removed, and those of
        the steps in `protect`. Whoever calls this has asked for the result of the one before.
        """
        assert self._under_way is None, "one at a time, in order"
        taken = _Taken(step, state)
        future: Future[Path] = Future()

        def write() -> None:
            try:
                future.set_result(self._write(taken, protect))
            except BaseException as error:  # noqa: BLE001 - it is raised again by whoever asks for the result
                future.set_exception(error)

        self._under_way = future
        # A daemon: a program that is told to end at once does not wait. What it leaves is what a kill leaves.
        threading.Thread(target=write, name=f"checkpoint {step}", daemon=True).start()

    def result(self, *, wait: bool) -> Path | None:
        """The finished checkpoint, once; None if there is none, or it is under way and `wait` is false.

        Raises StorageError (the disk is full, ...), and then the earlier checkpoints still stand.
        """
        future = self._under_way
        if future is None or not (wait or future.done()):
            return None
        try:
            return future.result()
        finally:
            self._under_way = None

    def _write(self, taken: _Taken, protect: Collection[int]) -> Path:
        checkpoints, step = self._checkpoints, taken.step
        unfinished = checkpoints / f"step-{step}.tmp"
        try:
            if not checkpoints.is_dir():
                checkpoints.mkdir()
                sync_folder(checkpoints.parent)
            for path in checkpoints.glob("step-*.tmp"):
                shutil.rmtree(path)
            self._segments.remove_unused(path for _, path in list_checkpoints(checkpoints))
            need_space(checkpoints, len(taken.scalars) + taken.array_bytes)
            unfinished.mkdir()
            segments = self._segments.write(taken.records)
            files = {STATE: write_file(unfinished / STATE, [taken.scalars])}
            for key, arrays in taken.parts.items():
                name = f"{key}.safetensors"
                files[name] = write_file(unfinished / name, serialise(arrays))
            write_manifest(unfinished, Manifest(step, files, segments))
            sync_folder(unfinished)
            path = _free_name(checkpoints, step)
            os.rename(unfinished, path)
            self._segments.go_on_from(segments)
            sync_folder(checkpoints)
        except OSError as error:
            raise StorageError(
                f"cannot save the checkpoint of step {step} in {checkpoints}: {reason(error)}"
            ) from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        self._prune(step, path, protect)
        return path

    def _prune(self, newest: int, saved: Path, protect: Collection[int]) -> None:
        """Remove what is older than the newest ones that are kept, of which `saved` is one.

        What lies at later steps does not count: it is damaged, or the run would have gone on from it. The run removes
        it once it has come further itself.
        """
        found = list_checkpoints(self._checkpoints)
        older = [(step, path) for step, path in found if step <= newest and path != saved]
        for step, path in older[max(self._keep, 1) - 1 :]:
            if step in protect:
                continue
            try:
                # Renamed first: half a removed folder must not look like a damaged checkpoint.
                doomed = path.with_name(f"{path.name}.tmp")
                os.rename(path, doomed)
                shutil.rmtree(doomed)
            except OSError as error:
                raise StorageError(
                    f"{saved} is saved, but the older {path} cannot be removed: {reason(error)}"
                ) from error
        try:
            self._segments.remove_unused(path for _, path in list_checkpoints(self._checkpoints))
        except OSError as error:
            raise StorageError(f"{saved} is saved, but older segments cannot be removed: {reason(error)}") from error


class _Taken:
    """A state as it was when it was taken: JSON for the scalars, copies of the arrays, and the records."""

    def __init__(self, step: int, state: Mapping[str, Any]) -> None:
        """Raises ValueError or TypeError for what cannot be part of a checkpoint."""
        self.step = step
        self.parts: dict[str, dict[str, np.ndarray]] = {}
        self.records: list[Records] = []
        tree: dict[str, Any] = {}
        for key, value in state.items():
            if not _PART.fullmatch(key):
                raise ValueError(f"{key!r} cannot be a part of a checkpoint; use a lower-case identifier")
            arrays: dict[str, np.ndarray] = {}
            tree[key] = self._split(value, key, arrays)
            if arrays:
                self.parts[key] = arrays
        self.scalars = json.dumps({"format": FORMAT, "step": step, "state": tree}).encode()
        self.array_bytes = sum(array.nbytes for arrays in self.parts.values() for array in arrays.values())

    def _split(self, value: Any, where: str, arrays: dict[str, np.ndarray]) -> Any:
        """`value` as JSON, its arrays moved to `arrays` under their place in the state."""
        match value:
            case np.ndarray():
                if value.dtype.hasobject or value.dtype.kind not in "biuf":
                    raise TypeError(f"{where}: arrays of {value.dtype} cannot be saved")
                name = where if where not in arrays else f"{where}#{len(arrays)}"
                arrays[name] = np.array(value, order="C")
                return {ARRAY: name}
            case Records():
                if not _PART.fullmatch(value.name) or any(one.name == value.name for one in self.records):
                    raise ValueError(f"{where}: there are other records named {value.name!r}, or it is no name")
                self.records.append(value)
                return {RECORDS: value.name, "start": value.start, "end": value.end}
            case np.generic():
                return value.item()
            case Mapping():
                if any(not isinstance(key, str) or key.startswith("$") for key in value):
                    raise TypeError(f"{where}: the keys of a checkpoint are text that does not begin with $")
                return {key: self._split(item, f"{where}.{key}", arrays) for key, item in value.items()}
            case list() | tuple():
                return [self._split(item, f"{where}.{number}", arrays) for number, item in enumerate(value)]
            case None | bool() | int() | float() | str():
                return value
            case _:
                raise TypeError(f"{where}: a {type(value).__name__} cannot be part of a checkpoint")


def _free_name(checkpoints: Path, step: int) -> Path:
    number, path = 1, checkpoints / f"step-{step}"
    while path.exists():
        number += 1
        path = checkpoints / f"step-{step}-{number}"
    return path
