"""A person's play for a run in training: RUN/demonstrations/NAME.safetensors, from the window to the trainer.

A file holds one episode, or a piece of one, as the steps that the game gave. It is read as if a stranger had written
it: everything that it claims is checked against the game before memory of that size is taken.
"""

from __future__ import annotations

import errno
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from arcade_dqn.errors import ArcadeError
from arcade_dqn.link.text import plain
from arcade_dqn.storage.atomic import StorageError, open_regular, reason, write_bytes
from arcade_dqn.storage.tensors import Entry, parse_header, serialise

MAX_STEPS = 4_000
"""Most steps in one file; longer play is several of them."""
MAX_FILE = 64 * 1024 * 1024
_MAX_HEADER = 4096
_FOLDER = "demonstrations"
_NEVER_A_FILE = (errno.EISDIR, errno.EINVAL, errno.ELOOP, errno.ENXIO)
"""What opening a folder, a pipe, a device or a circle of links fails with."""


class DemonstrationError(ArcadeError):
    """A demonstration that cannot be used; the sentence names the file and what is wrong with it."""


@dataclass(frozen=True)
class Demonstration:
    """Steps that a person played, one after the other."""

    frames: np.ndarray
    """[stack + steps, *frame_shape] in the game's dtype: the frames that made the first observation, oldest first, then
    the one after each step."""
    a_tm1: np.ndarray
    """[steps] int32."""
    reward: np.ndarray
    """[steps] float32, raw."""
    life_lost: np.ndarray
    """[steps] bool."""
    terminated: bool
    """Whether the last step ended the game; if not, the play was cut off there."""

    def __len__(self) -> int:
        return len(self.a_tm1)


def save_demonstration(run: Path, demonstration: Demonstration) -> Path:
    """Write the demonstration into the run's folder; returns its path. Raises StorageError.

    At most `MAX_STEPS` steps and 64 MiB.
    """
    steps = len(demonstration)
    if not 1 <= steps <= MAX_STEPS or demonstration.frames.nbytes > MAX_FILE - _MAX_HEADER - 16 * steps:
        raise ValueError(f"a demonstration of {steps} steps and {demonstration.frames.nbytes} bytes of frames")
    terminated = np.zeros(steps, bool)
    terminated[-1] = demonstration.terminated
    arrays = {
        "frames": demonstration.frames,
        "a_tm1": np.asarray(demonstration.a_tm1, np.int32),
        "reward": np.asarray(demonstration.reward, np.float32),
        "life_lost": np.asarray(demonstration.life_lost, bool),
        "terminated": terminated,
    }
    folder = run / _FOLDER
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot make {folder}: {reason(error)}") from error
    path = folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}-{time.monotonic_ns() % 10**9:09}.safetensors"
    write_bytes(path, b"".join(serialise(arrays)))
    return path


def list_demonstrations(run: Path) -> list[Path]:
    """The demonstrations in the run's folder, by name. Raises StorageError."""
    try:
        return sorted(path for path in (run / _FOLDER).glob("[!.]*.safetensors"))
    except OSError as error:
        raise StorageError(f"cannot read {run / _FOLDER}: {reason(error)}") from error


def load_demonstration(
    path: Path, frame_shape: tuple[int, ...], frame_dtype: np.dtype[Any], n_actions: int, stack: int = 1
) -> Demonstration:
    """Read a demonstration for a game with these frames and actions.

    Raises DemonstrationError for one that can never be used, StorageError for one that cannot be read now.
    """
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_FILE:
                raise DemonstrationError(f"{path} is too large: {size:,} bytes; at most {MAX_FILE:,} are read")
            length = int.from_bytes(file.read(8), "little")
            if not 0 < length <= min(_MAX_HEADER, size - 8):
                raise DemonstrationError(f"{path} is not a demonstration of arcade-dqn")
            _, entries = parse_header(file.read(length), size - 8 - length)
            _check(entries, frame_shape, np.dtype(frame_dtype), stack)
            data = file.readall()
    except ValueError as error:
        raise DemonstrationError(f"{path} {plain(str(error), 300)}") from error
    except OSError as error:
        kind = DemonstrationError if error.errno in _NEVER_A_FILE else StorageError
        raise kind(f"cannot read the demonstration {path}: {reason(error)}") from error
    arrays = {name: _array(data, entry) for name, entry in entries.items()}
    if ((arrays["a_tm1"] < 0) | (arrays["a_tm1"] >= n_actions)).any():
        raise DemonstrationError(f"{path} has an action that the game does not; its actions are 0 to {n_actions - 1}")
    if not (np.isfinite(arrays["reward"]).all() and np.isfinite(arrays["frames"]).all()):
        raise DemonstrationError(f"{path} has rewards or frames that are not finite numbers")
    return Demonstration(
        arrays["frames"], arrays["a_tm1"], arrays["reward"], arrays["life_lost"], bool(arrays["terminated"][-1])
    )


def _check(entries: dict[str, Entry], frame_shape: tuple[int, ...], frame_dtype: np.dtype[Any], stack: int) -> None:
    """Raise ValueError unless the arrays are those of a demonstration of this game."""
    flags, numbers = np.dtype("|b1"), np.dtype("<f4")
    kinds: dict[str, np.dtype[Any]] = {
        "frames": frame_dtype.newbyteorder("<"),
        "a_tm1": np.dtype("<i4"),
        "reward": numbers,
        "life_lost": flags,
        "terminated": flags,
    }
    if entries.keys() != kinds.keys():
        raise ValueError(f"does not hold the arrays of a demonstration: {', '.join(kinds)}")
    steps = entries["a_tm1"].shape[0] if entries["a_tm1"].shape else 0
    if not 1 <= steps <= MAX_STEPS:
        raise ValueError(f"has {steps} steps; from 1 to {MAX_STEPS:,} are read")
    for name, kind in kinds.items():
        shape = (stack + steps, *frame_shape) if name == "frames" else (steps,)
        if (entries[name].shape, entries[name].dtype) != (shape, kind):
            has = f"{entries[name].dtype} {list(entries[name].shape)}"
            raise ValueError(f"is of another game: its {name} are {has} instead of {kind} {list(shape)}")


def _array(data: bytes, entry: Entry) -> np.ndarray:
    if entry.dtype == np.bool_:
        flags: np.ndarray = np.frombuffer(data, np.uint8, entry.end - entry.start, entry.start) != 0
        return flags.reshape(entry.shape)
    count = (entry.end - entry.start) // entry.dtype.itemsize
    return np.frombuffer(data, entry.dtype, count, entry.start).reshape(entry.shape)
