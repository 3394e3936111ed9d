"""Model files: one agent in one `NAME.safetensors`, safe to open from a stranger.

A file holds float32 arrays and, as the only metadata, one JSON text `arcade_dqn` that `ModelInfo` describes. The
network is rebuilt from its validated settings, never from code. Everything is checked before memory of a claimed size
is taken: a regular file of at most 64 MiB, a header of at most 64 KiB, a strict description, then arrays whose names,
shapes and types are exactly those of the described network. Only then are the weights read, straight into an array of
their own: nothing is left by then for a parser to interpret, so the library that writes the files need not be trusted
to read them.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from safetensors.numpy import save as to_safetensors

from arcade_dqn.acting.layers import NetworkError, Weights, multiplications, parameter_shapes, plan
from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.errors import ArcadeError, UsageError
from arcade_dqn.games.arguments import of_model, typed
from arcade_dqn.games.find import find
from arcade_dqn.link.text import plain
from arcade_dqn.storage.atomic import StorageError, open_regular, reason, write_bytes
from arcade_dqn.storage.model_info import FORMAT, MAX_HEADER, ModelInfo, TrainingSummary, parse_info, write_info
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.storage.tensors import Entry, parse_header

__all__ = [
    "MAX_FILE",
    "ModelFileError",
    "ModelInfo",
    "TrainingSummary",
    "load_model",
    "read_info",
    "save_model",
]

MAX_FILE = 64 * 1024 * 1024
MAX_MULTIPLICATIONS = 2**28
"""For one action. The largest network of Mnih 2015 needs 10 million; a few weights drawn over a vast picture could ask
for any number."""
_KEY = "arcade_dqn"
_FOREIGN = {
    b"PK\x03\x04": "a zip archive, as Keras writes (.keras) or PyTorch (.pt)",
    b"\x89HDF": "an HDF5 file, as Keras writes (.h5)",
    b"\x80\x04\x95": "a pickle",
}


class ModelFileError(ArcadeError):
    """A model file that cannot be used; the sentence names the file and what is wrong with it."""


# --- reading -------------------------------------------------------------------------------------------------------


def read_info(path: str | os.PathLike[str]) -> ModelInfo:
    """What the file says about its model. Reads and checks the header alone. Raises ModelFileError."""
    path = Path(path)
    with _opened(path) as (file, size):
        return _read_header(path, file, size)[0]


def load_model(path: str | os.PathLike[str]) -> tuple[ModelInfo, Weights]:
    """The model and its weights, float32 in canonical order. Raises ModelFileError.

    The game must be known and installed. Of the arguments of its environment there are those that were typed and those
    that may be taken from the file (`games.arguments`). The arrays are the caller's own.
    """
    path = Path(path)
    with _opened(path) as (file, size):
        info, entries = _read_header(path, file, size)
        info = replace(info, environment=_with_arguments(path, info))
        _check_game(path, info)
        flat = np.empty(sum(entry.end - entry.start for entry in entries.values()) // 4, "<f4")
        rest = flat.view(np.uint8).data
        while rest:
            if not (count := file.readinto(rest)):
                raise ModelFileError(f"{path} is truncated: it became shorter while it was read")
            rest = rest[count:]
    if not np.isfinite(flat).all():
        raise ModelFileError(f"{path} holds weights that are not finite; its training went wrong")
    flat = flat.astype(np.float32, copy=False)
    shapes = parameter_shapes(info.network, info.observation_shape, info.n_actions)
    return info, {
        name: flat[entries[name].start // 4 : entries[name].end // 4].reshape(shape) for name, shape in shapes.items()
    }


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[io.FileIO, int]]:
    """The open file and its size, which is within the limit. Failing reads become ModelFileErrors."""
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_FILE:
                raise ModelFileError(f"{path} is too large: {size:,} bytes; a model file has at most {MAX_FILE:,}")
            yield file, size
    except FileNotFoundError:
        raise ModelFileError(f"there is no model file {path}") from None
    except OSError as error:
        raise ModelFileError(f"cannot read the model file {path}: {reason(error)}") from error


def _read_header(path: Path, file: BinaryIO, size: int) -> tuple[ModelInfo, dict[str, Entry]]:
    start = file.read(8)
    for magic, what in _FOREIGN.items():
        if start.startswith(magic):
            raise ModelFileError(f"{path} is {what}; only .safetensors files that arcade-dqn saved can be loaded")
    length = int.from_bytes(start, "little")
    if len(start) < 8 or length > MAX_HEADER:
        raise ModelFileError(f"{path} is not a model file of arcade-dqn")
    if 8 + length > size:
        raise ModelFileError(f"{path} is truncated: it ends within its header")
    try:
        metadata, entries = parse_header(file.read(length), size - 8 - length)
        if _KEY not in metadata:
            raise ValueError("is a safetensors file, but not a model of arcade-dqn")
        if metadata.keys() != {_KEY}:
            raise ValueError("has metadata of another program")
        info = parse_info(metadata[_KEY])
        _check_arrays(info, {name: (entry.shape, entry.dtype) for name, entry in entries.items()})
    except ValueError as error:
        raise ModelFileError(f"{path} {plain(str(error), 400)}") from error
    return info, entries


def _check_arrays(info: ModelInfo, found: Mapping[str, tuple[tuple[int, ...], np.dtype[Any]]]) -> None:
    """Raise ValueError unless names, shapes and types are exactly those of the described network."""
    try:
        shapes = parameter_shapes(info.network, info.observation_shape, info.n_actions)
        work = sum(multiplications(plan(info.network, info.observation_shape, info.n_actions)))
    except NetworkError as error:
        raise ValueError(f"describes a network that cannot be built: {error}") from error
    if 4 * sum(math.prod(shape) for shape in shapes.values()) > MAX_FILE:
        raise ValueError("describes a network that is larger than a model file can be")
    if work > MAX_MULTIPLICATIONS:
        raise ValueError(
            f"describes a network that needs {work:,} multiplications for one action; at most {MAX_MULTIPLICATIONS:,} "
            "are allowed"
        )
    if odd := sorted(shapes.keys() ^ found.keys()):
        raise ValueError(f"does not hold the arrays of its network: {odd[0]!r} is {_missing(odd[0] in shapes)}")
    for name, shape in shapes.items():
        if found[name] != (shape, np.dtype("<f4")):
            has = f"{found[name][1]} {list(found[name][0])}"
            raise ValueError(
                f"does not hold the arrays of its network: {name} is {has} instead of float32 {list(shape)}"
            )


def _missing(expected: bool) -> str:
    return "missing" if expected else "not one of them"


def _with_arguments(path: Path, model: ModelInfo) -> EnvironmentSettings:
    """How its game is made: with the arguments that were typed, and those of the file's that can do no harm."""
    environment = model.environment
    if not environment.arguments and not typed():
        return environment
    try:
        taken = of_model(model.game, environment.arguments, _arguments_of_run(path) if environment.arguments else None)
    except UsageError as error:
        raise ModelFileError(f"{path}: {error}") from error
    return environment.model_copy(update={"arguments": taken})


def _arguments_of_run(path: Path) -> Mapping[str, Any] | None:
    """Those of the run in whose folder a model lies; its other arguments are looked at as a run's are."""
    for folder in (path.parent, path.parent.parent):
        try:
            return RunDir.open(folder).settings().environment.arguments
        except UsageError:
            continue  # a model that lies in no run's folder
    return None


def _check_game(path: Path, model: ModelInfo) -> None:
    game = model.game
    try:
        info = find(game, model.environment.imports, model.environment.arguments)
    except UsageError as error:
        raise ModelFileError(f"{path} is a model for {game}, which cannot be played here: {error}") from error
    if info.id != game:
        raise ModelFileError(f"{path} is a model for {game}, which is not known here")
    if not info.installed():
        raise ModelFileError(
            f"{path} is a model for {game}, which is not installed; {info.install_command} installs it"
        )


# --- writing -------------------------------------------------------------------------------------------------------


def save_model(path: str | os.PathLike[str], info: ModelInfo, weights: Mapping[str, np.ndarray]) -> None:
    """Write a model file, whole or not at all; an existing one stays if anything fails.

    `weights` are float32, by the names of `acting.layers.parameter_shapes`. Raises ModelFileError for weights that are
    not finite, do not fit the network, or a description that could not be read back, StorageError if the disk refuses.
    """
    path = Path(path)
    arrays = {name: np.asarray(array, order="C") for name, array in weights.items()}
    if broken := [name for name, array in arrays.items() if not np.isfinite(array).all()]:
        raise ModelFileError(f"not saved to {path}: the weights {broken[0]} are not finite")
    data = to_safetensors(arrays, {_KEY: write_info(replace(info, format=FORMAT))})
    if len(data) > MAX_FILE:
        raise ModelFileError(f"not saved to {path}: {len(data):,} bytes; a model file has at most {MAX_FILE:,}")
    _read_header(path, io.BytesIO(data), len(data))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {reason(error)}") from error
    write_bytes(path, data)
