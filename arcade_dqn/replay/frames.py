"""Stores of single frames. A frame is kept once, however many stacks and transitions show it.

A frame's id counts up from 0 for the life of the store; the newest `capacity` frames are there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

import lz4.block
import numpy as np

from arcade_dqn.replay.records import Columns, Have, Records, cut


class FrameStore(Protocol):
    """What the replay buffer asks of a store of frames."""

    capacity: int
    next_id: int

    def add(self, frame: np.ndarray) -> int:
        """Keep a copy of `frame` in place of the oldest, and return its id."""

    def gather(self, slots: np.ndarray) -> np.ndarray:
        """The frames [*slots.shape, *frame_shape] in these slots; a frame's slot is its id modulo the capacity."""

    @property
    def nbytes(self) -> int:
        """Bytes held."""

    def get_state(self, have: Have | None = None) -> Records:
        """The frames that are here, numbered by their ids; without copies of the pieces in `have`."""

    def set_state(self, frames: Records) -> None:
        """Become the store that `get_state` described. Raises ValueError for one of another capacity."""


class ArrayFrames:
    """Frames as they are, in one array. Gathering is one indexing operation."""

    def __init__(self, capacity: int, frame_shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.capacity = capacity
        self.next_id = 0
        # Untouched pages of a zeroed array cost no memory until the replay fills up.
        self._frames = np.zeros((capacity, *frame_shape), dtype)

    def add(self, frame: np.ndarray) -> int:
        frame_id = self.next_id
        self._frames[frame_id % self.capacity] = frame
        self.next_id = frame_id + 1
        return frame_id

    def gather(self, slots: np.ndarray) -> np.ndarray:
        return self._frames.take(slots, axis=0)

    @property
    def nbytes(self) -> int:
        return self._frames.nbytes * min(self.next_id, self.capacity) // self.capacity

    def get_state(self, have: Have | None = None) -> Records:
        return cut("frames", max(0, self.next_id - self.capacity), self.next_id, self.capacity, have, self._copy)

    def _copy(self, first: int, end: int) -> Callable[[], Columns]:
        columns = {"frames": self._frames[np.arange(first, end) % self.capacity]}
        return lambda: columns

    def set_state(self, frames: Records) -> None:
        _check(frames, self.capacity)
        self.next_id = frames.end
        for ids, dropped, columns in frames.filled():
            self._frames[ids % self.capacity] = columns["frames"][dropped:]


class Lz4Frames:
    """Frames compressed one by one with LZ4: 10 to 30 times smaller for Atari, 2 to 8 us to get one back."""

    def __init__(self, capacity: int, frame_shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.capacity = capacity
        self.next_id = 0
        self._shape = frame_shape
        self._dtype = dtype
        self._frame_bytes = math.prod(frame_shape) * dtype.itemsize
        self._packed: list[bytes] = []
        self._packed_bytes = 0

    def add(self, frame: np.ndarray) -> int:
        packed = lz4.block.compress(np.ascontiguousarray(frame, self._dtype).data, store_size=False)
        frame_id = self.next_id
        if frame_id < self.capacity:
            self._packed.append(packed)
        else:
            self._packed_bytes -= len(self._packed[frame_id % self.capacity])
            self._packed[frame_id % self.capacity] = packed
        self._packed_bytes += len(packed)
        self.next_id = frame_id + 1
        return frame_id

    def gather(self, slots: np.ndarray) -> np.ndarray:
        # The stacks of s_tm1 and s_t share most of their frames: each one is unpacked once.
        distinct, where = np.unique(slots, return_inverse=True)
        frames = np.empty((len(distinct), self._frame_bytes), np.uint8)
        for row, slot in enumerate(distinct.tolist()):
            unpacked = lz4.block.decompress(self._packed[slot], uncompressed_size=self._frame_bytes)
            frames[row] = np.frombuffer(unpacked, np.uint8)
        return frames.view(self._dtype).reshape(len(distinct), *self._shape)[where.reshape(slots.shape)]

    @property
    def nbytes(self) -> int:
        # 33 bytes is the header of a Python bytes object, 8 its place in the list.
        return self._packed_bytes + 41 * len(self._packed)

    def get_state(self, have: Have | None = None) -> Records:
        return cut("frames", max(0, self.next_id - self.capacity), self.next_id, self.capacity, have, self._copy)

    def _copy(self, first: int, end: int) -> Callable[[], Columns]:
        begin, count = first % self.capacity, end - first
        kept = self._packed[begin : begin + count]
        kept += self._packed[: count - len(kept)]  # where the ring begins anew

        def columns() -> Columns:
            # The frames themselves never change, so they are joined only when somebody asks.
            lengths = np.fromiter(map(len, kept), np.int32, count)
            return {"lengths": lengths, "packed": np.frombuffer(b"".join(kept), np.uint8)}

        return columns

    def set_state(self, frames: Records) -> None:
        _check(frames, self.capacity)
        self.next_id = frames.end
        self._packed = [b""] * min(frames.end, self.capacity)
        for ids, dropped, columns in frames.filled():
            blob = columns["packed"].tobytes()
            ends = np.cumsum(columns["lengths"], dtype=np.int64).tolist()
            starts = [0, *ends[:-1]]
            for frame_id, start, end in zip(ids.tolist(), starts[dropped:], ends[dropped:], strict=True):
                self._packed[frame_id % self.capacity] = blob[start:end]
        self._packed_bytes = sum(map(len, self._packed))


def _check(frames: Records, capacity: int) -> None:
    """Transitions name their frames by slot, and in a store of another capacity each id has another one."""
    if frames.start != max(0, frames.end - capacity):
        raise ValueError(f"the replay buffer's frames were not in a store of {capacity:,}")
