"""The replay buffer: a ring of transitions that point into a store of single frames (Lin 1992, Mnih 2015).

Sampling is uniform, or proportional to the size of each transition's last known error (Schaul 2016).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from arcade_dqn.config import ReplaySettings
from arcade_dqn.replay.frames import ArrayFrames, FrameStore, Lz4Frames
from arcade_dqn.replay.priority import Priorities
from arcade_dqn.replay.records import Columns, Have, Records, cut

_NO_PRIORITIES = {"priorities": None, "largest_error": 1.0, "entered": 0, "left": 0}
"""What a checkpoint holds of them in uniform replay."""


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
    weight: np.ndarray
    """How much each transition's loss counts, [...] float32: importance weights, or ones in uniform replay."""


class Scalars(NamedTuple):
    """One value for every transition in the buffer, oldest first; all are copies."""

    a_tm1: np.ndarray
    """[size] int32."""
    r_t: np.ndarray
    """[size] float32, summed and discounted over n steps."""
    discount_t: np.ndarray
    """[size] float32."""
    error: np.ndarray | None
    """[size] float64: how wrong each prediction was when the transition was sampled last. One that never was counts as
    the largest so far; nan for those that came since the last minibatch. None in uniform replay, which keeps none."""


def importance_weights(priority: np.ndarray, priority_sum: float, size: int, exponent: float) -> np.ndarray:
    """The weights [updates, batch_size] float32 that correct the bias of sampling by priority.

    (N P(i)) ** -exponent, scaled so that the largest one of each minibatch is 1 (Schaul 2016, section 3.4).
    """
    weight = (size * (priority / priority_sum)) ** -exponent
    weight /= weight.max(axis=1, keepdims=True)
    return weight.astype(np.float32)


class ReplayBuffer:
    """The newest `capacity` transitions, sampled with replacement: uniformly in O(batch), or by priority.

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
        writers: int = 1,
        extra_frames: float = 0.0,
    ) -> None:
        """`writers` is how many episodes are written side by side, one step of each in turn; `add` holds them to it.

        `extra_frames` are those that come for each transition beyond its own, where play is cut into pieces that say
        some frames again.
        """
        self.capacity = settings.capacity
        self.stack = stack
        # How many frames a transition may span: in each of its stack + n_step steps one of its own, and of every other
        # writer's one, or two where an episode ends and the next begins. So of two transitions the later one may begin
        # that many frames before the earlier one, and whoever drops the oldest keeps such a distance. With two writers
        # in turn, a stack of 1 and n_step 2, the frames A0 B0 A1 B1 A2 B2 have the ids 0 to 5:
        #     A0 -> A2 spans the ids 0 to 4, and B0 -> B2, the next one, 1 to 5
        #     if A waits at A1 while B plays on to B99, A0 -> A2 comes after B97 -> B99 and begins 99 frames before it
        # The second is what `add` refuses.
        self._margin = (2 * writers - 1) * (stack + n_step)
        # An episode of T steps has T transitions but T + 1 frames. An eighth more frames than transitions keeps the
        # buffer full for episodes of eight steps or more; with shorter ones the oldest transitions leave early.
        frame_capacity = self.capacity + self.capacity // 8 + math.ceil(self.capacity * extra_frames) + 2 * self._margin
        make_store = Lz4Frames if settings.compression == "lz4" else ArrayFrames
        self.frame_dtype = np.dtype(frame_dtype)
        self.frames: FrameStore = make_store(frame_capacity, frame_shape, self.frame_dtype)
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
        exponent = settings.priority_exponent
        self._priorities = Priorities(self.capacity, exponent) if exponent else None

    def __len__(self) -> int:
        return self.added - self._oldest

    def holds(self, wanted: int) -> bool:
        """Whether it holds `wanted` transitions, or is full: of very short episodes it may never hold its capacity."""
        return len(self) >= wanted or self._oldest > 0

    @property
    def nbytes(self) -> int:
        """Bytes held by frames and transitions."""
        return self.frames.nbytes + len(self) * sum(int(column[0].nbytes) for column in self._columns.values())

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
        first.

        Raises ValueError if it spans more frames than writers can have written who took turns: while one waited, the
        others would have written over its frames, and transitions before it be dropped too late.
        """
        if self.frames.next_id - s_tm1[0] > self._margin:
            raise ValueError(
                f"a transition spans {self.frames.next_id - s_tm1[0]} frames, more than the {self._margin} of writers "
                "that take turns, one step each"
            )
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

    def sample(self, updates: int, batch_size: int, importance_exponent: float = 1.0) -> tuple[Batch, np.ndarray]:
        """`updates` minibatches at once, and the numbers [updates, batch_size] of their transitions.

        With priorities, each minibatch is stratified, and the weights (N P(i)) ** -importance_exponent are scaled so
        that its largest one is 1 (Schaul 2016, section 3.4). Raises ValueError on an empty buffer.
        """
        if not len(self):
            raise ValueError("cannot sample from an empty replay buffer")
        numbers, priority = self.draw(updates, batch_size)
        if self._priorities is None:
            return self.get(numbers), numbers
        weight = importance_weights(priority, self.priority_sum, len(self), importance_exponent)
        return self.get(numbers)._replace(weight=weight), numbers

    def draw(self, updates: int, batch_size: int) -> tuple[np.ndarray, np.ndarray]:
        """The numbers [updates, batch_size] of transitions, and their priorities; these are ones in uniform replay."""
        shape = (updates, batch_size)
        if self._priorities is None:
            return self._rng.integers(self._oldest, self.added, shape), np.ones(shape)
        self._priorities.follow(self._oldest, self.added)
        return self._priorities.find((np.arange(batch_size) + self._rng.random(shape)) / batch_size)

    @property
    def priority_sum(self) -> float:
        """The sum of all priorities; in uniform replay, where each is 1, the number of transitions."""
        if self._priorities is None:
            return float(len(self))
        self._priorities.follow(self._oldest, self.added)
        return self._priorities.total

    def update_priorities(self, numbers: np.ndarray, errors: np.ndarray) -> None:
        """Note how wrong the prediction of each transition was; both [updates, batch_size] as `sample` gave them.

        Of a transition that was sampled several times, the last error stays. Uniform replay ignores this.
        """
        if self._priorities is not None and numbers.size:
            self._priorities.update(numbers, errors, self._oldest, self.added)

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
        ones = np.ones(rows.shape, np.float32)
        return Batch(s_tm1, self._a_tm1.take(rows), self._r_t.take(rows), self._discount_t.take(rows), s_t, ones)

    @property
    def oldest(self) -> int:
        """The number of the oldest transition that is still here, counted like `added`."""
        return self._oldest

    def scalars(self) -> Scalars:
        """What every transition holds besides its observations. Changes nothing; 10 ms for a million of them."""
        numbers = np.arange(self._oldest, self.added)
        rows = numbers % self.capacity
        error = None if self._priorities is None else self._priorities.errors(numbers)
        return Scalars(self._a_tm1[rows], self._r_t[rows], self._discount_t[rows], error)

    def get_state(self, have: Have | None = None) -> dict[str, Any]:
        """Everything, for a checkpoint: arrays, numbers, and the frames and transitions as `Records`.

        Nothing in it changes with the buffer. Pieces in `have` are not copied.
        """
        start = max(0, self.added - self.capacity)
        return {
            "oldest": self._oldest,
            "transitions": cut("transitions", start, self.added, self.capacity, have, self._copy),
            "rng": self._rng.bit_generator.state,
            "frames": self.frames.get_state(have),
            **(_NO_PRIORITIES if self._priorities is None else self._priorities.get_state()),
        }

    @property
    def _columns(self) -> Columns:
        return {
            "slots": self._slots,
            "first_frame": self._first_frame,
            "a_tm1": self._a_tm1,
            "r_t": self._r_t,
            "discount_t": self._discount_t,
        }

    def _copy(self, first: int, end: int) -> Callable[[], Columns]:
        rows = np.arange(first, end) % self.capacity
        copies = {name: column[rows] for name, column in self._columns.items()}
        return lambda: copies

    def set_state(self, state: dict[str, Any]) -> None:
        """Become the buffer that `get_state` described, all pieces included; the settings must be the same.

        Raises ValueError for the state of a buffer of another capacity.
        """
        transitions: Records = state["transitions"]
        if transitions.start != max(0, transitions.end - self.capacity):
            raise ValueError(f"the replay buffer was not one of {self.capacity:,} transitions")
        self.added, self._oldest = transitions.end, int(state["oldest"])
        for numbers, dropped, columns in transitions.filled():
            rows = numbers % self.capacity
            for name, column in self._columns.items():
                column[rows] = columns[name][dropped:]
        self._rng.bit_generator.state = state["rng"]
        self.frames.set_state(state["frames"])
        if self._priorities is not None:
            self._priorities.set_state(state)
