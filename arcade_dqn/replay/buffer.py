"""The replay buffer: a ring of transitions that point into a store of single frames (Lin 1992, Mnih 2015)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from arcade_dqn.config import ReplaySettings
from arcade_dqn.replay.frames import ArrayFrames, FrameStore, Lz4Frames


class Batch(NamedTuple):
    """Transitions; the leading dimensions are those asked of `sample`, here written [...]."""

    s_tm1: np.ndarray
    """Observations acted on, [..., *observation_shape], in the dtype of the frames."""
    a_tm1: np.ndarray
    """Actions taken, [...] int32."""
    r_t: np.ndarray
    """Rewards, summed and discounted over n steps, [...] float32."""
    discount_t: np.ndarray
    """Factor of the bootstrapped value, [...] float32: discount ** n, or 0 where the episode terminated."""
    s_t: np.ndarray
    """Observations reached, [..., *observation_shape]."""


class ReplayBuffer:
    """The newest `capacity` transitions, sampled uniformly with replacement in O(batch).

    A transition holds the slots of its frames in a `FrameStore`, so a frame is stored once however many of the
    2 x stack places of however many transitions show it.
    """

    def __init__(
        self,
        settings: ReplaySettings,
        frame_shape: tuple[int, ...],
        frame_dtype: np.dtype[Any],
        stack: int,
        seed: int,
        n_step: int = 1,
    ) -> None:
        self.capacity = settings.capacity
        self.stack = stack
        # An episode of T steps has T transitions but T + 1 frames. A quarter more frames than transitions keeps the
        # buffer full for episodes of four steps or more; with shorter ones the oldest transitions leave early.
        frame_capacity = self.capacity + self.capacity // 4 + 2 * (stack + n_step)
        make_store = Lz4Frames if settings.compression == "lz4" else ArrayFrames
        self.frames: FrameStore = make_store(frame_capacity, frame_shape, np.dtype(frame_dtype))
        # An old transition may point at its stack's frames from before an even older one was appended (n-step).
        self._margin = stack + n_step
        self._slots = np.zeros((self.capacity, 2, stack), np.int32)
        self._first_frame = np.zeros(self.capacity, np.int64)
        self._a_tm1 = np.zeros(self.capacity, np.int32)
        self._r_t = np.zeros(self.capacity, np.float32)
        self._discount_t = np.zeros(self.capacity, np.float32)
        self._rng = np.random.default_rng(seed)
        self.added = 0
        """Transitions ever added."""
        self._oldest = 0
        """Number of the oldest transition still here, counted like `added`."""

    def __len__(self) -> int:
        return self.added - self._oldest

    @property
    def nbytes(self) -> int:
        """Bytes held by frames and transitions."""
        columns = (self._slots, self._first_frame, self._a_tm1, self._r_t, self._discount_t)
        return self.frames.nbytes + len(self) * sum(int(column[0].nbytes) for column in columns)

    def add_frame(self, frame: np.ndarray) -> int:
        """Store a frame and return its id. Transitions that pointed at the frame it replaces leave the buffer."""
        frame_id = self.frames.add(frame)
        oldest_frame = frame_id + 1 - self.frames.capacity + self._margin
        if oldest_frame > 0:
            while self._oldest < self.added and self._first_frame[self._oldest % self.capacity] < oldest_frame:
                self._oldest += 1
        return frame_id

    def add(self, s_tm1: tuple[int, ...], a_tm1: int, r_t: float, discount_t: float, s_t: tuple[int, ...]) -> None:
        """Add a transition; `s_tm1` and `s_t` are the ids of the `stack` frames that make each observation, oldest
        first."""
        row = self.added % self.capacity
        frame_capacity = self.frames.capacity
        if self.stack == 1:
            self._slots[row, 0, 0] = s_tm1[0] % frame_capacity
            self._slots[row, 1, 0] = s_t[0] % frame_capacity
        else:
            self._slots[row] = [[i % frame_capacity for i in s_tm1], [i % frame_capacity for i in s_t]]
        self._first_frame[row] = s_tm1[0]
        self._a_tm1[row] = a_tm1
        self._r_t[row] = r_t
        self._discount_t[row] = discount_t
        self.added += 1
        if self.added - self._oldest > self.capacity:
            self._oldest += 1

    def sample(self, *shape: int) -> Batch:
        """A batch whose leading dimensions are `shape`, such as (updates, batch_size): uniform, with replacement.

        Raises ValueError on an empty buffer.
        """
        if not len(self):
            raise ValueError("cannot sample from an empty replay buffer")
        return self.get(self._rng.integers(self._oldest, self.added, shape))

    def get(self, numbers: np.ndarray) -> Batch:
        """The transitions with these numbers, counted like `added`; the oldest one is `added - len(buffer)`."""
        rows = numbers % self.capacity
        slots = self._slots.take(rows, axis=0)
        if self.stack == 1:
            s_tm1 = self.frames.gather(slots[..., 0, 0])
            s_t = self.frames.gather(slots[..., 1, 0])
        else:
            both = self.frames.gather(slots)
            s_tm1, s_t = both[..., 0, :, :, :], both[..., 1, :, :, :]
        return Batch(s_tm1, self._a_tm1.take(rows), self._r_t.take(rows), self._discount_t.take(rows), s_t)

    def get_state(self) -> dict[str, Any]:
        """Everything, for a checkpoint: arrays and numbers."""
        rows = min(self.added, self.capacity)
        return {
            "added": self.added,
            "oldest": self._oldest,
            "slots": self._slots[:rows].copy(),
            "first_frame": self._first_frame[:rows].copy(),
            "a_tm1": self._a_tm1[:rows].copy(),
            "r_t": self._r_t[:rows].copy(),
            "discount_t": self._discount_t[:rows].copy(),
            "rng": self._rng.bit_generator.state,
            "frames": self.frames.get_state(),
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Become the buffer that `get_state` described; the settings must be the same."""
        rows = len(state["a_tm1"])
        self.added, self._oldest = int(state["added"]), int(state["oldest"])
        self._slots[:rows] = state["slots"]
        self._first_frame[:rows] = state["first_frame"]
        self._a_tm1[:rows] = state["a_tm1"]
        self._r_t[:rows] = state["r_t"]
        self._discount_t[:rows] = state["discount_t"]
        self._rng.bit_generator.state = state["rng"]
        self.frames.set_state(state["frames"])
