"""Checkpoints: everything that a run needs to go on, in checkpoints/step-N, whole or not there.

A checkpoint is a folder: `state.json` with the scalars, one safetensors file of arrays for each top-level part of the
state that has any, and `manifest.json` with every file's size and SHA-256, written last. The replay buffer's frames and
transitions lie beside the checkpoints, in segments that they share (`storage.segments`); the manifest names them, too.
The order of checkpoints is that of their steps, never that of the clock. `storage.checkpoint_writer` writes them.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from arcade_dqn.errors import ArcadeError
from arcade_dqn.link.text import plain
from arcade_dqn.replay.records import Columns, Piece, Records
from arcade_dqn.storage.atomic import reason
from arcade_dqn.storage.manifest import (
    FORMAT,
    SEGMENTS,
    STATE,
    Manifest,
    OtherFormat,
    read_manifest,
    read_verified,
)
from arcade_dqn.storage.tensors import arrays_in

ARRAY, RECORDS = "$array", "$records"
"""Keys that stand in `state.json` for an array and for records."""
_MAX_HEADER = 16 * 1024 * 1024
_FOLDER = re.compile(r"step-(\d{1,18})(?:-(\d{1,6}))?")

State = dict[str, Any]
"""Nested dicts and lists of NumPy arrays, Records, and of None, bool, int, float and str. A tuple comes back as a list.
"""


class CheckpointError(ArcadeError):
    """A checkpoint that is damaged or missing; the sentence names it."""


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


def load_newest(checkpoints: str | os.PathLike[str], *, records: bool = True) -> tuple[Found, State] | None:
    """The newest checkpoint that is whole, and its state; None if there are no checkpoints. Each file is read once.

    Raises CheckpointError, naming them all, if there are checkpoints but every one is damaged. `records` is as in
    `load_checkpoint`.
    """
    damaged: list[str] = []
    for step, path in list_checkpoints(checkpoints):
        try:
            return Found(step, path, tuple(damaged)), load_checkpoint(path, records=records)
        except CheckpointError as error:
            damaged.append(str(error))
    if damaged:
        raise CheckpointError(f"no checkpoint in {checkpoints} can be used: {'; '.join(damaged)}")
    return None


def load_checkpoint(folder: str | os.PathLike[str], *, records: bool = True) -> State:
    """The state that the writer was given. Raises CheckpointError if anything is not as it was written.

    Without `records`, None stands in their place, and the segments need not be whole.
    """
    folder = Path(folder)
    with _damage_told(folder):
        manifest = read_manifest(folder)
        content = {name: read_verified(folder / name, line) for name, line in manifest.files.items()}
        segments = _read_segments(folder.parent / SEGMENTS, manifest) if records else None
        table = json.loads(content.pop(STATE).tobytes())
        if table["format"] != FORMAT:
            raise ValueError("its state has another format than its manifest")
        arrays = {name.removesuffix(".safetensors"): arrays_in(data, _MAX_HEADER) for name, data in content.items()}
        return {key: _join(value, arrays.get(key, {}), segments) for key, value in table["state"].items()}


def _read_segments(folder: Path, manifest: Manifest) -> dict[str, list[Piece]]:
    """The pieces of each kind of records, in order."""
    pieces: dict[str, list[Piece]] = {}
    for name, line in sorted(manifest.segments.items(), key=lambda item: item[1].first):
        columns = arrays_in(read_verified(folder / name, line), _MAX_HEADER)
        pieces.setdefault(line.records, []).append(Piece(line.first, line.end, _giving(columns)))
    return pieces


def _giving(columns: Columns) -> Callable[[], Columns]:
    return lambda: columns


def _join(value: Any, arrays: Mapping[str, np.ndarray], segments: Mapping[str, list[Piece]] | None) -> Any:
    if isinstance(value, dict):
        if ARRAY in value:
            return arrays[value[ARRAY]]
        if RECORDS in value:
            if segments is None:
                return None
            return _records(value[RECORDS], value["start"], value["end"], segments.get(value[RECORDS], []))
        return {key: _join(item, arrays, segments) for key, item in value.items()}
    if isinstance(value, list):
        return [_join(item, arrays, segments) for item in value]
    return value


def _records(name: str, start: int, end: int, pieces: list[Piece]) -> Records:
    inner = all(before.end == after.first for before, after in itertools.pairwise(pieces))
    whole = pieces[0].first <= start < end == pieces[-1].end if pieces else start == end
    if not inner or not whole:
        raise ValueError(f"the segments of {name} have a gap")
    return Records(name, start, end, tuple(pieces))


@contextlib.contextmanager
def _damage_told(folder: Path) -> Iterator[None]:
    """Turns everything that can be wrong with a checkpoint into a CheckpointError."""
    try:
        yield
    except OtherFormat as error:
        raise CheckpointError(f"the checkpoint {folder} {error}") from error
    except FileNotFoundError as error:
        missing = Path(error.filename).name
        raise CheckpointError(f"the checkpoint {folder} is damaged: {missing} is missing") from error
    except OSError as error:
        raise CheckpointError(f"the checkpoint {folder} cannot be read: {reason(error)}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"the checkpoint {folder} is damaged: {plain(str(error), 200)}") from error
