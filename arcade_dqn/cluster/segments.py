"""Stretches of play on their way from an actor to a shard of the replay buffer.

A segment is whole in itself: it begins with all frames of the observation that its first step was taken from, and says
again the few steps whose n-step returns the segment before it could not finish. So each may go to any shard, a lost one
takes nothing else with it, and no frame travels for each of the stacks that show it: of Pong's segments of 256 steps,
about one frame in forty travels twice.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import lz4.block
import numpy as np

from arcade_dqn.replay.buffer import ReplayBuffer
from arcade_dqn.replay.nstep import EpisodeWriter

# What a frame is: the first one of an episode, one more of the first observation, or where a step led to.
_BEGIN, _SEE, _STEP = 0, 1, 2
_KIND = 3
_TERMINATED, _ENDED = 4, 8


class Segment(NamedTuple):
    """Steps of one copy of a game, in order."""

    version: int
    """Updates behind the weights that played it. Steps that are said again had those of the segment before."""
    frames: bytes | np.ndarray
    """[frames, *frame_shape]; LZ4-compressed unless they are floating-point numbers, which hardly shrink."""
    marks: np.ndarray
    """What each frame is, [frames] uint8."""
    a_tm1: np.ndarray
    """[steps] int32."""
    reward: np.ndarray
    """[steps] float64, clipped where the run clips."""
    transitions: int
    """How many transitions come of it."""
    error: np.ndarray | None
    """The size of each transition's temporal-difference error as the actor saw it, [transitions] float32; None in
    uniform replay."""

    @property
    def nbytes(self) -> int:
        """Bytes that travel, apart from the envelope."""
        frames = len(self.frames) if isinstance(self.frames, bytes) else self.frames.nbytes
        arrays = (self.marks, self.a_tm1, self.reward, *(() if self.error is None else (self.error,)))
        return int(frames + sum(array.nbytes for array in arrays))


class SegmentWriter:
    """Takes one stream of steps, as `EpisodeWriter` does, and cuts it into segments."""

    def __init__(self, stack: int, discount: float, n_step: int) -> None:
        self._stack = stack
        self._discount = discount
        self._n_step = n_step
        self._open = 0
        """Steps at the end whose n rewards are not all in yet."""
        self._playing = False
        """Whether an episode is going on."""
        self._clear()

    def _clear(self) -> None:
        self._frames: list[np.ndarray] = []
        self._marks: list[int] = []
        self._a_tm1: list[int] = []
        self._reward: list[float] = []
        self._q_tm1: list[float] = []
        self._v_t: list[float] = []

    def begin(self, frame: np.ndarray) -> None:
        self._frames.append(frame)
        self._marks.append(_BEGIN)
        self._open, self._playing = 0, True

    def see(self, frame: np.ndarray) -> None:
        self._frames.append(frame)
        self._marks.append(_SEE)

    def step(self, a_tm1: int, reward: float, frame: np.ndarray, *, terminated: bool, ended: bool) -> None:
        self._frames.append(frame)
        self._marks.append(_STEP | (_TERMINATED if terminated else 0) | (_ENDED if ended else 0))
        self._a_tm1.append(a_tm1)
        self._reward.append(reward)
        # Until somebody tells the values, they are unknown; after a termination nothing follows.
        self._q_tm1.append(np.nan)
        self._v_t.append(0.0 if terminated else np.nan)
        self._open = 0 if terminated or ended else min(self._open + 1, self._n_step - 1)
        self._playing = not ended

    def predicted(self, q_tm1: float) -> None:
        """The last step's action was valued so by the actor."""
        self._q_tm1[-1] = q_tm1

    def reached(self, v_t: float) -> None:
        """The observation that the last step led to is worth so much; not after a termination."""
        if self._marks and self._marks[-1] & _KIND == _STEP and not self._marks[-1] & _TERMINATED:
            self._v_t[-1] = v_t

    def take(self, version: int, *, errors: bool) -> Segment | None:
        """All transitions that are complete, as a segment; None if there are none.

        With `errors`, `predicted` and `reached` must have been called for every step.
        """
        transitions = len(self._a_tm1) - self._open
        if not transitions:
            return None
        frames = np.stack(self._frames)
        segment = Segment(
            version,
            frames if frames.dtype.kind == "f" else lz4.block.compress(frames.data, store_size=False),
            np.array(self._marks, np.uint8),
            np.array(self._a_tm1, np.int32),
            np.array(self._reward, np.float64),
            transitions,
            self._errors() if errors else None,
        )
        self._keep_open()
        return segment

    def _errors(self) -> np.ndarray:
        found: list[float] = []
        window: list[int] = []
        steps = [mark for mark in self._marks if mark & _KIND == _STEP]
        for t, mark in enumerate(steps):
            window.append(t)
            over = mark & (_TERMINATED | _ENDED)
            while window and (over or len(window) == self._n_step):
                first = window.pop(0)
                target = self._v_t[t]
                for reward in reversed(self._reward[first : t + 1]):
                    target = reward + self._discount * target
                found.append(abs(target - self._q_tm1[first]))
        return np.array(found, np.float32)

    def _keep_open(self) -> None:
        """Forget all but what the next segment begins with."""
        if not self._playing:
            self._clear()
            return
        count = self._open
        newest = len(self._frames) - 1 - count
        first = max(i for i, mark in enumerate(self._marks) if mark & _KIND == _BEGIN)
        stack = [self._frames[max(first, newest - back)] for back in reversed(range(self._stack))]
        steps = slice(len(self._a_tm1) - count, None)
        self._frames = stack + self._frames[newest + 1 :]
        self._marks = [_BEGIN, *[_SEE] * (self._stack - 1), *self._marks[newest + 1 :]]
        for name in ("_a_tm1", "_reward", "_q_tm1", "_v_t"):
            setattr(self, name, getattr(self, name)[steps])

    def get_state(self) -> dict[str, Any]:
        """Nothing: what is not sent yet is not kept, and after a restart an episode begins."""
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Begin anew."""
        self._open, self._playing = 0, False
        self._clear()


def insert(
    segment: Segment,
    replay: ReplayBuffer,
    frame_shape: tuple[int, ...],
    frame_dtype: np.dtype[Any],
    discount: float,
    n_step: int,
) -> None:
    """Write a segment into a replay buffer: the same transitions as if the steps had been written there at once."""
    data = segment.frames
    if isinstance(data, bytes):
        size = len(segment.marks) * int(np.prod(frame_shape)) * frame_dtype.itemsize
        data = np.frombuffer(lz4.block.decompress(data, uncompressed_size=size), frame_dtype)
    frames = data.reshape(len(segment.marks), *frame_shape)
    writer = EpisodeWriter(replay, discount, n_step)
    before, step = replay.added, 0
    a_tm1, reward = segment.a_tm1.tolist(), segment.reward.tolist()
    for frame, mark in zip(frames, segment.marks.tolist(), strict=True):
        kind = mark & _KIND
        if kind == _BEGIN:
            writer.begin(frame)
        elif kind == _SEE:
            writer.see(frame)
        else:
            over = {"terminated": bool(mark & _TERMINATED), "ended": bool(mark & _ENDED)}
            writer.step(a_tm1[step], reward[step], frame, **over)
            step += 1
    if segment.error is not None:
        replay.update_priorities(np.arange(before, replay.added), segment.error)
