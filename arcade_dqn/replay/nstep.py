"""From the steps of an episode to n-step transitions in the replay buffer (Sutton 1988; Mnih 2016, section 4)."""

from __future__ import annotations

from collections import deque
from typing import Any, Protocol

import numpy as np

from arcade_dqn.replay.buffer import ReplayBuffer


class StepWriter(Protocol):
    """What an actor tells its steps to: a writer into replay here, or one that sends them elsewhere."""

    def begin(self, frame: np.ndarray) -> None:
        """An episode begins with this frame; its stack is the frame repeated."""

    def see(self, frame: np.ndarray) -> None:
        """One more frame of the first observation, for a stream of steps that begins in the middle of an episode."""

    def step(self, a_tm1: int, reward: float, frame: np.ndarray, *, terminated: bool, ended: bool) -> None:
        """One step: the action, its reward, and the frame it led to."""

    def get_state(self) -> dict[str, Any]:
        """For a checkpoint."""

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from `get_state`."""


class EpisodeWriter:
    """Writes one environment's stream of steps to a buffer.

    The transition from time t holds `r_t = R_1 + discount R_2 + ... + discount^(n-1) R_n` and bootstraps from the
    observation n steps later with `discount^n`. Where the episode ends sooner, after m < n steps, the sum stops there:
    at a termination with discount 0, at a truncation with `discount^m` and the true last observation. Stacks and sums
    never reach across a reset.
    """

    def __init__(self, buffer: ReplayBuffer, discount: float, n_step: int = 1) -> None:
        self._buffer = buffer
        self._discount = discount
        self._n_step = n_step
        self._stack: tuple[int, ...] = ()
        # (stack of s_tm1, action, reward) of the steps whose n rewards are not all in yet, oldest first.
        self._window: deque[tuple[tuple[int, ...], int, float]] = deque()

    def begin(self, frame: np.ndarray) -> None:
        """An episode begins with this frame; its stack is the frame repeated."""
        self._window.clear()
        self._stack = (self._buffer.add_frame(frame),) * self._buffer.stack

    def see(self, frame: np.ndarray) -> None:
        """One more frame of the first observation, for a stream of steps that begins in the middle of an episode."""
        self._stack = (*self._stack[1:], self._buffer.add_frame(frame))

    def step(self, a_tm1: int, reward: float, frame: np.ndarray, *, terminated: bool, ended: bool) -> None:
        """One step: the action, its reward, and the frame it led to.

        `terminated` says that the return ends here (discount 0), by the game's end or by a lost life that counts as
        one. `ended` says that the episode is over, by termination or truncation, and `begin` comes next.
        """
        before = self._stack
        self._stack = (*before[1:], self._buffer.add_frame(frame))
        if self._n_step == 1:
            self._buffer.add(before, a_tm1, reward, 0.0 if terminated else self._discount, self._stack)
            return
        self._window.append((before, a_tm1, reward))
        if terminated or ended:
            while self._window:
                self._emit(terminated)
        elif len(self._window) == self._n_step:
            self._emit(terminated=False)

    def _emit(self, terminated: bool) -> None:
        """Add the transition of the oldest step in the window, up to now."""
        r_t = 0.0
        for _, _, reward in reversed(self._window):
            r_t = reward + self._discount * r_t
        discount_t = 0.0 if terminated else self._discount ** len(self._window)
        s_tm1, a_tm1, _ = self._window.popleft()
        self._buffer.add(s_tm1, a_tm1, r_t, discount_t, self._stack)

    def get_state(self) -> dict[str, Any]:
        """The unfinished window and stack, for a checkpoint."""
        return {
            "stack": list(self._stack),
            "window": [[list(stack), action, reward] for stack, action, reward in self._window],
        }

    def set_state(self, state: dict[str, Any]) -> None:
        self._stack = tuple(state["stack"])
        self._window = deque((tuple(stack), action, reward) for stack, action, reward in state["window"])
