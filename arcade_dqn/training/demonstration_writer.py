"""A person's play on its way into replay: one step for every step of the run, as if one more copy were played."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from arcade_dqn.config import Settings
from arcade_dqn.replay.nstep import StepWriter
from arcade_dqn.storage.demonstrations import Demonstration
from arcade_dqn.training.actor import as_learned


class DemonstrationWriter:
    """Writes demonstrations to replay, with the rewards clipped and lives counted as in the agent's own play.

    Not all at once: replay counts on its writers taking turns (`ReplayBuffer`, `writers`).
    """

    def __init__(self, writer: StepWriter, stack: int, settings: Settings) -> None:
        self._settings = settings.environment
        self._writer = writer
        self._stack = stack
        self._waiting: deque[Demonstration] = deque()
        self._at = 0
        """Frames of the first one that are written."""
        self.known: set[str] = set()
        """The names of all demonstrations ever taken."""
        self.steps = 0
        """Steps written to replay."""

    @property
    def waiting(self) -> int:
        """Demonstrations that are not wholly written."""
        return len(self._waiting)

    def take(self, name: str, demonstration: Demonstration) -> None:
        """Have this demonstration written, after those that wait."""
        self.known.add(name)
        self._waiting.append(demonstration)

    def step(self) -> None:
        """Write the next frame of the first that waits, if one does; from the second observation on, with its step."""
        if not self._waiting:
            return
        one = self._waiting[0]
        if not self._at:
            self._writer.begin(one.frames[0])
            self._at = 1
        frame, self._at = self._at, self._at + 1
        if frame < self._stack:
            self._writer.see(one.frames[frame])
        else:
            self._write(one, frame - self._stack)

    def _write(self, one: Demonstration, at: int) -> None:
        ended = at + 1 == len(one)
        r_t, terminated = as_learned(
            float(one.reward[at]), ended and one.terminated, bool(one.life_lost[at]), self._settings
        )
        self._writer.step(int(one.a_tm1[at]), r_t, one.frames[self._stack + at], terminated=terminated, ended=ended)
        self.steps += 1
        if ended:
            self._at = 0
            self._waiting.popleft()

    def get_state(self) -> dict[str, Any]:
        """For a checkpoint, what waits included."""
        return {
            "known": sorted(self.known),
            "steps": self.steps,
            "at": self._at,
            "writer": self._writer.get_state(),
            "waiting": [
                {
                    "frames": one.frames,
                    "a_tm1": one.a_tm1,
                    "reward": one.reward,
                    "life_lost": one.life_lost,
                    "terminated": one.terminated,
                }
                for one in self._waiting
            ],
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on from `get_state`."""
        self.known = set(state["known"])
        self.steps, self._at = int(state["steps"]), int(state["at"])
        self._writer.set_state(state["writer"])
        self._waiting = deque(Demonstration(**one) for one in state["waiting"])
