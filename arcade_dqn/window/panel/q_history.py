"""The Q-values of an episode so far, and the bounds that their bars are drawn in."""

from __future__ import annotations

from collections import deque

import numpy as np

from arcade_dqn.stage.player import Scene
from arcade_dqn.window.panel.state import StepValues

_KEPT = 1000
_NARROWING = 0.995


class QHistory:
    """Takes what the agent thought of each step."""

    def __init__(self) -> None:
        self.bounds = (0.0, 1e-6)
        """The lowest and the highest Q-value that the bars have room for; zero lies within."""
        self._steps: deque[StepValues] = deque(maxlen=_KEPT)

    @property
    def steps(self) -> tuple[StepValues, ...]:
        """The newest steps of this episode, oldest first."""
        return tuple(self._steps)

    def add(self, scene: Scene) -> None:
        """Take one more scene into account; one without an agent changes nothing."""
        if scene.q_values is None:
            return
        low, high = self.bounds
        # The bounds widen at once and narrow slowly, so that the bars do not jump with them.
        finite = scene.q_values[np.isfinite(scene.q_values)].tolist()
        low = min([0.0, low * _NARROWING, *finite])
        high = max([0.0, high * _NARROWING, *finite])
        self.bounds = (low, high if high > low else low + 1e-6)
        if scene.step <= 1:
            self._steps.clear()
        if scene.action is not None:
            self._steps.append(StepValues(tuple(scene.q_values.tolist()), scene.explored))
