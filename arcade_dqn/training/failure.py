"""What ends a training that cannot go on, and how it is noticed that the learning has gone wrong."""

from __future__ import annotations

import math

import numpy as np

from arcade_dqn.errors import ArcadeError
from arcade_dqn.learning.learner import Updates
from arcade_dqn.training.loop_interface import TrainingLoop


class TrainingFailed(ArcadeError):
    """Training cannot go on; the message says at which step and why."""


class Diverged(TrainingFailed):
    """The loss or a weight is no finite number any more: what the run has become is not worth saving."""


def require_finite_loss(updates: Updates, loop: TrainingLoop) -> None:
    """Raise Diverged if the loss of one of these gradient steps is not finite."""
    if not math.isfinite(float(updates.loss.sum())):
        raise _diverged(f"the loss became {_first_infinite(updates.loss)}", loop)


def require_finite_weights(loop: TrainingLoop) -> None:
    """Raise Diverged if a weight is not finite, those of gradient steps under way included.

    Gradient steps beside the play have told nobody their loss yet, and what is saved holds what they led to.
    """
    if not loop.sound:
        raise _diverged("a weight became infinite or not a number", loop)


def _diverged(what: str, loop: TrainingLoop) -> Diverged:
    return Diverged(
        f"{what} at step {loop.step:,}; nothing was saved over earlier models; "
        f"a smaller learning.learning_rate than {loop.learner.learning_rate:g} or a "
        f"learning.gradient_clip (now {loop.settings.learning.gradient_clip:g}) may help"
    )


def _first_infinite(values: np.ndarray) -> float:
    return float(values[~np.isfinite(values)][0])
