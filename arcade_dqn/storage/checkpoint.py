"""Checkpoints: everything that a run needs to go on, in checkpoints/step-N, whole or not there.

A checkpoint is a folder: `state.json` with the scalars, one safetensors file of arrays for each top-level part of the
state that has any, and `manifest.json` with every file's size and SHA-256, written last. It is built as `step-N.tmp`,
forced to the disk and renamed. A second checkpoint of the same step becomes `step-N-2`, so that none is ever replaced.
The order is that of the steps, never of the clock.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from arcade_dqn.errors import ArcadeError
from arcade_dqn.storage.atomic import StorageError, need_space, open_regular, reason, sync_folder
from arcade_dqn.storage.tensors import arrays_in, serialise

_T = TypeVar("_T")

FORMAT = 2
_MANIFEST, _STATE = "manifest.json", "state.json"
_MAX_MANIFEST = 1024 * 1024
_MAX_HEADER = 16 * 1024 * 1024
_FOLDER = re.compile(r"step-(\d{1,18})(?:-(\d{1,6}))?")
_PART = re.compile(r"[a-z][a-z0-9_]{0,40}")
_FILE = re.compile(r"state\.json|[a-z][a-z0-9_]{0,40}\.safetensors")
_ARRAY = "$array"

State = dict[str, Any]
"""Nested dicts and lists of NumPy arrays and of None, bool, int, float and str. A tuple comes back as a list."""


class CheckpointError(ArcadeError):
    """A checkpoint that is damaged or missing; the sentence names it."""


# --- writing -------------------------------------------------------------------------------------------------------


def save_checkpoint(
    checkpoints: str | os.PathLike[str],
    step: int,
    state: Mapping[str, Any],
    keep: int,
    *,
    protect: Collection[int] = (),
) -> Path:
    """Write a checkpoint and remove all but the newest `keep` of them and those of the steps in `protect`.

    `checkpoints` is the run's folder of that name, made if missing; whoever calls this holds the run's lock. The keys
    of `state` are lower-case identifiers. The arrays must not change until this returns; they are not copied.
    Raises StorageError (the disk is full, ...), and then the earlier checkpoints still stand.
    """
    checkpoints = Path(checkpoints)
    parts: dict[str, dict[str, np.ndarray]] = {}
    tree: dict[str, Any] = {}
    for key, value in state.items():
        if not _PART.fullmatch(key):
            raise ValueError(f"{key!r} cannot be a part of a checkpoint; use a lower-case identifier")
        arrays: dict[str, np.ndarray] = {}
        tree[key] = _split(value, key, arrays)
        if arrays:
            parts[key] = arrays
    scalars = json.dumps({"format": FORMAT, "step": step, "state": tree}).encode()
    unfinished = checkpoints / f"step-{step}.tmp"
    try:
        if not checkpoints.is_dir():
            checkpoints.mkdir(parents=True)
        _remove_leftovers(checkpoints)
        array_bytes = sum(array.nbytes for arrays in parts.values() for array in arrays.values())
        need_space(checkpoints, len(scalars) + array_bytes)
        unfinished.mkdir()
        files = {_STATE: _write(unfinished / _STATE, [scalars])}
        for key, arrays in parts.items():
            files[f"{key}.safetensors"] = _write(unfinished / f"{key}.safetensors", serialise(arrays))
        manifest = json.dumps({"format": FORMAT, "step": step, "files": files}, indent=1).encode()
        _write(unfinished / _MANIFEST, [manifest])
        sync_folder(unfinished)
        path = _free_name(checkpoints, step)
        os.rename(unfinished, path)
        sync_folder(checkpoints)
    except OSError as error:
        raise StorageError(f"cannot save the checkpoint of step {step} in {checkpoints}: {reason(error)}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    _prune(checkpoints, keep, protect, path)
    return path


def _split(value: Any, where: str, arrays: dict[str, np.ndarray]) -> Any:
    """`value` as JSON, its arrays moved to `arrays` under their place in the state."""
    match value:
        case np.ndarray():
            name = where if where not in arrays else f"{where}#{len(arrays)}"
            arrays[name] = value
            return {_ARRAY: name}
        case np.generic():
            return value.item()
        case Mapping():
            if any(not isinstance(key, str) or key.startswith("$") for key in value):
                raise TypeError(f"{where}: the keys of a checkpoint are text that does not begin with $")
            return {key: _split(item, f"{where}.{key}", arrays) for key, item in value.items()}
        case list() | tuple():
            return [_split(item, f"{where}.{number}", arrays) for number, item in enumerate(value)]
        case None | bool() | int() | float() | str():
            return value
        case _:
            raise TypeError(f"{where}: a {type(value).__name__} cannot be part of a checkpoint")


def _write(path: Path, pieces: Iterable[bytes | memoryview]) -> dict[str, Any]:
    """Write a new file, force it to the disk, and return its line in the manifest."""
    size, digest = 0, hashlib.sha256()
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        for piece in pieces:
            digest.update(piece)
            rest = memoryview(piece)
            while rest:
                written = os.write(file, rest)
                rest, size = rest[written:], size + written
        os.fsync(file)
    finally:
        os.close(file)
    return {"size": size, "sha256": digest.hexdigest()}


def _free_name(checkpoints: Path, step: int) -> Path:
    number, path = 1, checkpoints / f"step-{step}"
    while path.exists():
        number += 1
        path = checkpoints / f"step-{step}-{number}"
    return path


def _remove_leftovers(checkpoints: Path) -> None:
    for path in checkpoints.glob("step-*.tmp"):
        shutil.rmtree(path)


def _prune(checkpoints: Path, keep: int, protect: Collection[int], saved: Path) -> None:
    for step, path in list_checkpoints(checkpoints)[max(keep, 1) :]:
        if step in protect:
            continue
        try:
            # Renamed first: half a removed folder must not look like a damaged checkpoint.
            doomed = path.with_name(f"{path.name}.tmp")
            os.rename(path, doomed)
            shutil.rmtree(doomed)
        except OSError as error:
            raise StorageError(f"{saved} is saved, but the older {path} cannot be removed: {reason(error)}") from error


# --- reading -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """The newest checkpoint that is whole."""

    step: int
    path: Path
    damaged: tuple[str, ...]
    """One sentence for each newer checkpoint that could not be used."""


def list_checkpoints(checkpoints: str | os.PathLike[str]) -> list[tuple[int, Path]]:
    """Steps and folders of all finished checkpoints, newest first; they may be damaged."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for entry in os.scandir(checkpoints):
            if (match := _FOLDER.fullmatch(entry.name)) and entry.is_dir():
                found.append((int(match[1]), int(match[2] or 1), Path(entry.path)))
    return [(step, path) for step, _, path in sorted(found, reverse=True)]


def newest_valid(checkpoints: str | os.PathLike[str]) -> Found | None:
    """The newest checkpoint whose files are all what its manifest says; None if there are no checkpoints.

    Raises CheckpointError, naming them all, if there are checkpoints but every one is damaged.
    """
    found = _newest(checkpoints, lambda path: _manifest(path, read=False))
    return None if found is None else found[0]


def load_newest(checkpoints: str | os.PathLike[str]) -> tuple[Found, State] | None:
    """`newest_valid` and `load_checkpoint` in one, reading each file only once."""
    return _newest(checkpoints, load_checkpoint)


def load_checkpoint(folder: str | os.PathLike[str]) -> State:
    """The state that `save_checkpoint` was given. Raises CheckpointError if anything is not as it was written."""
    folder = Path(folder)
    data = _manifest(folder, read=True)
    try:
        table = json.loads(data.pop(_STATE).tobytes())
        if table["format"] != FORMAT:
            raise CheckpointError(f"the checkpoint {folder} has format {table['format']}; this version reads {FORMAT}")
        arrays = {name.removesuffix(".safetensors"): arrays_in(content, _MAX_HEADER) for name, content in data.items()}
        return {key: _join(value, arrays.get(key, {})) for key, value in table["state"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"the checkpoint {folder} is damaged: its content cannot be read ({error})") from error


def _join(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(value, dict):
        if _ARRAY in value:
            return arrays[value[_ARRAY]]
        return {key: _join(item, arrays) for key, item in value.items()}
    if isinstance(value, list):
        return [_join(item, arrays) for item in value]
    return value


def _newest(checkpoints: str | os.PathLike[str], read: Callable[[Path], _T]) -> tuple[Found, _T] | None:
    damaged: list[str] = []
    for step, path in list_checkpoints(checkpoints):
        try:
            return Found(step, path, tuple(damaged)), read(path)
        except CheckpointError as error:
            damaged.append(str(error))
    if damaged:
        raise CheckpointError(f"no checkpoint in {checkpoints} can be used: {'; '.join(damaged)}")
    return None


def _manifest(folder: Path, *, read: bool) -> dict[str, np.ndarray]:
    """Compare every file with the manifest; the contents by name if `read`. Raises CheckpointError."""
    try:
        with open_regular(folder / _MANIFEST) as file:
            manifest = json.loads(file.read(_MAX_MANIFEST))
        version, files = manifest["format"], manifest["files"]
        if version != FORMAT:
            raise CheckpointError(f"the checkpoint {folder} has format {version}; this version reads format {FORMAT}")
        if _STATE not in files or not all(_FILE.fullmatch(name) for name in files):
            raise ValueError("its manifest lists other files than it should")
        contents = {}
        for name, line in files.items():
            content = _verified(folder / name, line["size"], line["sha256"], read)
            if content is not None:
                contents[name] = content
        return contents
    except FileNotFoundError as error:
        missing = Path(error.filename).name
        raise CheckpointError(f"the checkpoint {folder} is damaged: {missing} is missing") from error
    except OSError as error:
        raise CheckpointError(f"the checkpoint {folder} cannot be read: {reason(error)}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"the checkpoint {folder} is damaged: {error}") from error


def _verified(path: Path, size: int, sha256: str, read: bool) -> np.ndarray | None:
    """The content of the file (uint8, 1-D) if `read`. Raises ValueError if it is not the one that was written."""
    content = None
    with open_regular(path) as file:
        found = os.fstat(file.fileno()).st_size
        if found != size:
            raise ValueError(f"{path.name} has {found} bytes instead of {size}")
        if read:
            content = np.empty(size, np.uint8)
            rest = content.data
            while rest:
                if not (count := file.readinto(rest)):
                    raise ValueError(f"{path.name} became shorter while it was read")
                rest = rest[count:]
            digest = hashlib.sha256(content.data)
        else:
            digest = hashlib.file_digest(file, "sha256")
    if digest.hexdigest() != sha256:
        raise ValueError(f"{path.name} is not what was written (its SHA-256 differs)")
    return content
