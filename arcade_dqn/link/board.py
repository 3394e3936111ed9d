"""The board: a memory-mapped file on which the trainer shows its status and newest weights to any number of readers.

Nobody waits for anybody. Every kind of record has two slots and a *head*, the number of the newest complete record;
record n lies in slot n % 2. The writer fills the slot that the head does not name and then moves the head. A reader
copies the slot that the head names and checks its number and CRC32; it reads again if the writer came around meanwhile.
So a writer that is killed in the middle of a record leaves the one before it readable, and no reader ever sees half
of one, whatever the order in which a processor makes stores visible.

    offset          bytes
    0               magic, layout version, creator's pid, bytes of one set of weights
    64, 128         head of the status records, head of the weights
    1024, 1536      two status records: number, the fields of `Status` in order, CRC32 of both
    4096            two sets of weights, each after its number, version and CRC32, in whole pages

All numbers are little-endian. The file stays when the writer ends: its last status ("done", "failed") remains readable.
Windows replaces no file that somebody has open or mapped, and there a reader has the board for the moment of a look
alone (`_Glimpse`), so that the next trainer's can come in its place.
"""

from __future__ import annotations

import mmap
import os
import stat
import struct
import sys
import time
import zlib
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from arcade_dqn.errors import ArcadeError
from arcade_dqn.link.replace import replace as replace_file

STATES = ("starting", "warming", "training", "paused", "evaluating", "saving", "stopping", "done", "failed")
ENDED = ("done", "failed")
MAX_WEIGHT_BYTES = 64 * 1024 * 1024

_MAGIC = b"ADQNBORD"
_LAYOUT = 3
_PAGE = 4096
_HEADER = struct.Struct("<8sIIQ")
_HEAD = struct.Struct("<Q")
_STATUS_HEAD, _WEIGHTS_HEAD = 64, 128
_STATUS_SLOTS = (1024, 1536)
_WEIGHTS_META = struct.Struct("<Qq")
_META_BYTES = 64
_CRC = struct.Struct("<I")
_ATTEMPTS = 60
_NAN = float("nan")


class BoardError(ArcadeError):
    """A board that is missing, not ours, or damaged."""


@dataclass(frozen=True)
class Status:
    """What the trainer knows about its run. Unknown floats are nan."""

    state: str = "starting"
    """One of `STATES`."""
    step: int = 0
    steps_total: int = 0
    episode: int = 0
    epsilon: float = _NAN
    epsilon_override: bool = False
    """True while a person has set epsilon by hand."""
    replay_size: int = 0
    """Transitions in the replay buffer."""
    replay_capacity: int = 0
    learning_start: int = 0
    demonstrations: int = 0
    """Steps of a person's play that went into the replay buffer."""
    steps_per_second: float = _NAN
    updates_per_second: float = _NAN
    updates: int = 0
    learning_share: float = 1.0
    """How much of the learning rate is left, 0 to 1, where it falls over the run."""
    loss: float = _NAN
    mean_q: float = _NAN
    last_return: float = _NAN
    mean_return: float = _NAN
    """Mean over the last 100 episodes."""
    best_evaluation: float = _NAN
    last_evaluation: float = _NAN
    eta_seconds: float = _NAN
    pid: int = 0
    """The trainer's process; `Board.publish` fills it in."""
    updated_at: float = 0.0
    """Unix time in seconds; `Board.publish` fills it in."""


_VALUES = attrgetter(*(field.name for field in fields(Status)))  # unlike astuple, it copies nothing
_CODES = {"str": "B", "int": "q", "float": "d", "bool": "?"}
_RECORD = struct.Struct("<Q" + "".join(_CODES[str(field.type)] for field in fields(Status)))
_STATUS_BYTES = _RECORD.size + _CRC.size
assert _STATUS_SLOTS[0] + _STATUS_BYTES <= _STATUS_SLOTS[1]


def _encode_status(status: Status, number: int) -> bytes:
    state, *values = _VALUES(status)
    record = _RECORD.pack(number, STATES.index(state), *values)
    return record + _CRC.pack(zlib.crc32(record))


def _slot_bytes(weight_bytes: int) -> int:
    return -(-(_META_BYTES + weight_bytes) // _PAGE) * _PAGE


def _weights_slot(number: int, weight_bytes: int) -> int:
    return _PAGE + (number % 2) * _slot_bytes(weight_bytes)


def _file_bytes(weight_bytes: int) -> int:
    return _PAGE + 2 * _slot_bytes(weight_bytes)


BRIEFLY = sys.platform == "win32"
"""Whether readers let go of a board between two looks."""


class _Glimpse:
    """A board as bytes that are read when they are asked for.

    It is mapped even so: Windows promises what another program has just written into a mapping to another one only.
    """

    def __init__(self, path: Path, identity: tuple[int, int]) -> None:
        self._path = path
        self._identity = identity

    def __getitem__(self, part: slice) -> bytes:
        """Raises BoardError if another board is in its place by now, or none."""
        try:
            with open(self._path, "rb") as file:
                about = os.fstat(file.fileno())
                if (about.st_dev, about.st_ino) != self._identity:
                    raise BoardError(f"another board stands at {self._path} by now; open that one")
                with mmap.mmap(file.fileno(), about.st_size, access=mmap.ACCESS_READ) as mapped:
                    return mapped[part]
        except OSError as error:
            raise BoardError(f"cannot read the board {self._path}: {error.strerror or error}") from error

    def close(self) -> None:
        """Nothing is held."""


class _Closing:
    """A board that is closed at the end of a `with` block."""

    _map: mmap.mmap | _Glimpse

    def __init__(self, path: Path) -> None:
        self.path = path

    def close(self) -> None:
        """Let go of the file, which stays. Calling it twice is fine."""
        self._map.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class Board(_Closing):
    """The writer's side, for one thread at a time. A run has only one: its trainer's (the run's lock sees to that)."""

    _map: mmap.mmap

    def __init__(self, path: Path, mapped: mmap.mmap, weight_bytes: int) -> None:
        super().__init__(path)
        self._map = mapped
        self.weight_bytes = weight_bytes
        self._status_number = 1
        self._weights_number = 0

    @classmethod
    def create(cls, path: str | os.PathLike[str], weight_bytes: int) -> Board:
        """Make a new board in place of whatever was at `path`, with the status "starting".

        `weight_bytes` is the size of one set of weights as float32. The file is made under another name and renamed
        when it is whole, and its disk blocks are really taken: a full disk is a BoardError here, not a crash later.
        """
        path = Path(path)
        if not 0 <= weight_bytes <= MAX_WEIGHT_BYTES or weight_bytes % 4:
            raise BoardError(f"cannot make the board {path}: {weight_bytes} bytes of weights; at most 64 MiB fit")
        first_page = bytearray(_PAGE)
        _HEADER.pack_into(first_page, 0, _MAGIC, _LAYOUT, os.getpid(), weight_bytes)
        _HEAD.pack_into(first_page, _STATUS_HEAD, 1)
        record = _encode_status(Status(pid=os.getpid(), updated_at=time.time()), 1)
        first_page[_STATUS_SLOTS[1] : _STATUS_SLOTS[1] + _STATUS_BYTES] = record
        unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            with open(unfinished, "wb") as file:
                file.write(first_page)
                file.write(bytes(2 * _slot_bytes(weight_bytes)))
            replace_file(unfinished, path)
            with open(path, "r+b") as file:
                return cls(path, mmap.mmap(file.fileno(), _file_bytes(weight_bytes)), weight_bytes)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise BoardError(f"cannot make the board {path}: {error.strerror or error}") from error

    def publish(self, status: Status) -> None:
        """Show `status`. Takes a few microseconds and never waits. A pid or time of 0 is filled in."""
        if not (status.pid and status.updated_at):
            status = replace(status, pid=status.pid or os.getpid(), updated_at=status.updated_at or time.time())
        number = self._status_number + 1
        start = _STATUS_SLOTS[number % 2]
        self._map[start : start + _STATUS_BYTES] = _encode_status(status, number)
        _HEAD.pack_into(self._map, _STATUS_HEAD, number)
        self._status_number = number

    def publish_weights(self, flat: NDArray[np.float32], version: int) -> None:
        """Show `flat` (1-D float32, exactly `weight_bytes`) as the weights with this version (an increasing number)."""
        if flat.dtype != np.float32 or flat.ndim != 1 or flat.nbytes != self.weight_bytes:
            raise ValueError(f"expected {self.weight_bytes // 4} float32 weights, got {flat.dtype} {flat.shape}")
        data = np.ascontiguousarray(flat, "<f4").view(np.uint8).data
        number = self._weights_number + 1
        meta = _WEIGHTS_META.pack(number, version)
        start = _weights_slot(number, self.weight_bytes)
        self._map[start : start + _WEIGHTS_META.size + _CRC.size] = meta + _CRC.pack(zlib.crc32(data, zlib.crc32(meta)))
        self._map[start + _META_BYTES : start + _META_BYTES + self.weight_bytes] = data
        _HEAD.pack_into(self._map, _WEIGHTS_HEAD, number)
        self._weights_number = number


class BoardReader(_Closing):
    """A reader's side: lock-free, read-only, never in the writer's way."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open the board at `path`. Raises BoardError if it is missing, not a board, of another layout, or cut off."""
        path = Path(path)
        try:
            # Without O_NONBLOCK, opening a named pipe would wait for a writer.
            file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        except OSError as error:
            raise BoardError(f"there is no board to read at {path}: {error.strerror or error}") from error
        try:
            about = os.fstat(file)
            self.weight_bytes = _checked_header(path, file, about)
            self._identity = (about.st_dev, about.st_ino)
            super().__init__(path)
            if BRIEFLY:
                self._map = _Glimpse(path, self._identity)
            else:
                self._map = mmap.mmap(file, about.st_size, access=mmap.ACCESS_READ)
        except OSError as error:
            raise BoardError(f"cannot read the board {path}: {error.strerror or error}") from error
        finally:
            os.close(file)

    def status(self) -> Status:
        """The newest complete status. Raises BoardError if no attempt finds one whole."""
        for attempt in range(_ATTEMPTS):
            seen = self._map[: _STATUS_SLOTS[1] + _STATUS_BYTES]
            number = _head(seen, _STATUS_HEAD)
            # The writer may be two records further by now, and at work on the one that the head named. Then the other
            # slot has a whole one, which is newer.
            for start in (_STATUS_SLOTS[number % 2], _STATUS_SLOTS[(number + 1) % 2]):
                record = seen[start : start + _RECORD.size]
                if _CRC.pack(zlib.crc32(record)) == seen[start + _RECORD.size : start + _STATUS_BYTES]:
                    found, state, *values = _RECORD.unpack(record)
                    if found >= number and state < len(STATES):
                        return Status(STATES[state], *values)
            _pause(attempt)
        raise BoardError(f"the status on the board {self.path} is damaged; the run's trainer has to write a new board")

    def weights(self, newer_than: int = -1) -> tuple[int, NDArray[np.float32]] | None:
        """The newest weights and their version, or None if there are none with a version above `newer_than`.

        The array (1-D float32) is the caller's own. Raises BoardError if no attempt finds the weights whole.
        """
        for attempt in range(_ATTEMPTS):
            # A glimpse takes everything at once: between several the writer would be far ahead.
            seen = self._map if isinstance(self._map, mmap.mmap) else self._map[:]
            number = _head(seen, _WEIGHTS_HEAD)
            if number == 0:
                return None
            for slot in (number, number + 1):  # as for the status
                start = _weights_slot(slot, self.weight_bytes)
                meta = seen[start : start + _WEIGHTS_META.size]
                (crc,) = _CRC.unpack(seen[start + _WEIGHTS_META.size : start + _WEIGHTS_META.size + _CRC.size])
                found, version = _WEIGHTS_META.unpack(meta)
                if found < number:
                    continue
                if found == number and version <= newer_than:
                    return None
                data = seen[start + _META_BYTES : start + _META_BYTES + self.weight_bytes]
                flat = np.frombuffer(data, "<f4").astype(np.float32)
                if zlib.crc32(flat.astype("<f4", copy=False).view(np.uint8).data, zlib.crc32(meta)) == crc:
                    return (version, flat) if version > newer_than else None
            _pause(attempt)
        raise BoardError(
            f"the weights on the board {self.path} are damaged; the run's trainer has to write a new board"
        )

    def replaced(self) -> bool:
        """True once another file stands at the path: the run was resumed (or moved away), so open a new reader."""
        try:
            about = os.stat(self.path)
        except OSError:
            return True
        return (about.st_dev, about.st_ino) != self._identity


def _checked_header(path: Path, file: int, about: os.stat_result) -> int:
    """The size of a set of weights, after everything that can be wrong with the file was looked at."""
    if not stat.S_ISREG(about.st_mode):
        raise BoardError(f"{path} is not a board: it is not a regular file")
    header = os.read(file, _HEADER.size)
    if len(header) < _HEADER.size or not header.startswith(_MAGIC):
        raise BoardError(f"{path} is not a board of arcade-dqn")
    _, layout, _, weight_bytes = _HEADER.unpack(header)
    if layout != _LAYOUT:
        raise BoardError(f"the board {path} has layout {layout}; this version reads layout {_LAYOUT}")
    if weight_bytes > MAX_WEIGHT_BYTES or weight_bytes % 4 or about.st_size != _file_bytes(weight_bytes):
        raise BoardError(f"the board {path} is damaged: its size of {about.st_size} bytes is not what its header says")
    return int(weight_bytes)


def _head(seen: mmap.mmap | bytes, at: int) -> int:
    number: int = _HEAD.unpack(seen[at : at + _HEAD.size])[0]
    return number


def _pause(attempt: int) -> None:
    """Give the writer the processor: at once at first, then a little longer, 25 ms in all."""
    time.sleep(0 if attempt < 10 else 0.0005)


def is_alive(status: Status) -> bool:
    """Whether the trainer that wrote `status` still runs.

    It does not if it said "done" or "failed", if no process has its pid or only a zombie has, or if the process that
    has it now is younger than the status (the pid was given away again). Silence alone does not make it dead: a
    trainer that compiles its update or saves a large buffer publishes nothing for seconds.
    """
    if status.state in ENDED or status.pid <= 0:
        return False
    import psutil  # here: most programs that import this module never ask

    try:
        process = psutil.Process(status.pid)
        younger = process.create_time() > status.updated_at + 5.0
        return not younger and bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.AccessDenied:
        return True
    except psutil.NoSuchProcess:
        return False
