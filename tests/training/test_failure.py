"""The sentence that ends a training which has diverged."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from arcade_dqn.learning.learner import Updates
from arcade_dqn.training.failure import Diverged, require_finite_loss, require_finite_weights


def loop_of(*, sound: bool = True) -> Any:
    return SimpleNamespace(
        sound=sound,
        step=1234,
        learner=SimpleNamespace(learning_rate=0.5),
        settings=SimpleNamespace(learning=SimpleNamespace(gradient_clip=10.0)),
    )


def updates_of(*losses: float) -> Updates:
    loss = np.array(losses, np.float32)
    return Updates(loss, np.zeros_like(loss), np.zeros((len(losses), 4), np.float32))


@pytest.mark.parametrize(("value", "word"), [(np.nan, "nan"), (np.inf, "inf")])
def test_the_first_loss_that_is_not_finite_is_named_with_what_may_help(value: float, word: str) -> None:
    with pytest.raises(Diverged) as told:
        require_finite_loss(updates_of(0.5, value, 2.0), loop_of())
    assert str(told.value) == (
        f"the loss became {word} at step 1,234; nothing was saved over earlier models; a smaller "
        "learning.learning_rate than 0.5 or a learning.gradient_clip (now 10) may help"
    )


def test_finite_losses_and_weights_pass() -> None:
    require_finite_loss(updates_of(0.5, 1e30), loop_of())
    require_finite_weights(loop_of())


def test_weights_that_are_not_finite_are_told() -> None:
    with pytest.raises(Diverged, match="a weight became infinite or not a number at step 1,234; nothing was saved"):
        require_finite_weights(loop_of(sound=False))
