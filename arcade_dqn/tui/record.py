"""What the TUI remembers of one run: its curves and its log, from the metrics file and then from live events."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arcade_dqn.link.text import is_number


class Curve:
    """Points that are only ever appended, as two growing float64 arrays."""

    def __init__(self) -> None:
        self._points = np.empty((2, 256), np.float64)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, x: float, y: float) -> None:
        """Append a point. One at or before the last x (again, or after a resume from an older checkpoint) takes the
        place of what stands there and beyond.
        """
        if self._size and x <= self._points[0, self._size - 1]:
            self._size = int(np.searchsorted(self.x, x))
        if self._size == self._points.shape[1]:
            self._points = np.concatenate([self._points, np.empty_like(self._points)], axis=1)
        self._points[:, self._size] = x, y
        self._size += 1

    @property
    def x(self) -> NDArray[np.float64]:
        return self._points[0, : self._size]

    @property
    def y(self) -> NDArray[np.float64]:
        return self._points[1, : self._size]


class RunRecord:
    """The curves and the log of one run.

    `load` takes the records of metrics.jsonl, `event` the trainer's live events. `version` counts changes.
    """

    def __init__(self) -> None:
        self.returns = Curve()
        """Episode return over the step at which the episode ended."""
        self.loss = Curve()
        self.mean_q = Curve()
        self.evaluations = Curve()
        self.interventions: list[float] = []
        """Steps at which a person changed something."""
        self.controls: dict[str, float | int | None] = {}
        """What can be changed in the running training, as its trainer told it last; epsilon is None on its schedule."""
        self.answers: Counter[str] = Counter()
        """How often the trainer told of a change, by name."""
        self.log: deque[tuple[str, str]] = deque(maxlen=2_000)
        """(time of day, sentence), oldest first."""
        self.lines = 0
        """Lines ever logged."""
        self.version = 0

    def say(self, sentence: str) -> None:
        """Add a line to the log."""
        self.log.append((time.strftime("%H:%M:%S"), sentence))
        self.lines += 1
        self.version += 1

    def load(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Take over what a run has written down so far; records of an unknown kind are left out."""
        for record in records:
            step = record.get("step")
            if not is_number(step):
                continue
            match record.get("kind"):
                case "episode":
                    self._point(self.returns, step, record.get("return"))
                case "train":
                    self._point(self.loss, step, record.get("loss"))
                    self._point(self.mean_q, step, record.get("mean_q"))
                case "evaluation":
                    self._point(self.evaluations, step, record.get("mean"))
                case "set":
                    self.interventions.append(float(step))
        self.version += 1

    def event(self, event: Mapping[str, Any]) -> None:
        """Take one event of the trainer."""
        step = event.get("step")
        match event.get("event"):
            case "progress":
                for episode_step, episode_return in event.get("episodes") or ():
                    self._point(self.returns, episode_step, episode_return)
                self._point(self.loss, step, event.get("loss"))
                self._point(self.mean_q, step, event.get("mean_q"))
                self.version += 1
            case "evaluation":
                self._point(self.evaluations, step, event.get("mean"))
                solved = "; solved" if event.get("solved") else ""
                self.say(f"scored {_score(event)} over {event.get('episodes')} episodes{solved}")
            case "confirmation":
                self.say(f"confirmed as {_score(event)} by {event.get('episodes')} other episodes")
            case "started":
                told = event.get("controls")
                self.controls = {str(name): value for name, value in told.items()} if isinstance(told, dict) else {}
            case "set":
                self._set(step, str(event.get("name")), event.get("value"))
            case "demonstration":
                points, steps = event.get("return"), event.get("steps")
                score = f", {points:,.4g} point{'' if points == 1 else 's'}" if is_number(points) else ""
                self.say(f"learns from your play, too: {steps} step{'' if steps == 1 else 's'}{score}")
            case "saved":
                self.say(f"saved {event.get('model') or event.get('path')}")
            case "warning":
                self.say(f"warning: {event.get('message')}")

    def _set(self, step: Any, name: str, value: Any) -> None:
        from arcade_dqn.tui.controls import BY_NAME  # reads every setting's definition: not before the first paint

        if name in BY_NAME and is_number(step) and (value is None or is_number(value)):
            self.controls[name] = value
            self.answers[name] += 1
            self.interventions.append(float(step))
            self.say(BY_NAME[name].sentence(value))

    @staticmethod
    def _point(curve: Curve, x: Any, y: Any) -> None:
        if is_number(x) and is_number(y):
            curve.add(float(x), float(y))


def _score(event: Mapping[str, Any]) -> str:
    spread = f" ± {event['std']:.1f}" if is_number(event.get("std")) else ""
    return f"{event['mean']:.1f}{spread}" if is_number(event.get("mean")) else "-"
