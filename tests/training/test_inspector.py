"""Looking into the buffer of a loop: what is told, and that nothing is touched."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest

from arcade_dqn.config import build
from arcade_dqn.games.make import make
from arcade_dqn.link.commands import JUMPS
from arcade_dqn.training.inspector import SAMPLE
from arcade_dqn.training.loop import Loop

SMALL = {
    "network.hidden": "16",
    "learning.batch_size": 16,
    "learning.train_every": 32,
    "learning.updates_per_train": 4,
    "replay.learning_start": 64,
    "replay.capacity": 400,
    "run.steps": 600,
}


def loop_of(**overrides: Any) -> Loop:
    settings = build("CartPole-v1", "cartpole", {**SMALL, **{k.replace("__", "."): v for k, v in overrides.items()}})
    return Loop(settings, [make(settings.game, settings.environment) for _ in range(settings.environment.copies)])


def trained(steps: int, **overrides: Any) -> Loop:
    loop = loop_of(**overrides)
    for step in loop.steps():
        if step.step >= steps:
            break
    return loop


def array(packed: dict[str, Any]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(packed["data"]), packed["dtype"]).reshape(packed["shape"])


@pytest.mark.parametrize("priority", [0.0, 0.6])
def test_the_newest_transition_and_the_contents(priority: float) -> None:
    loop = trained(500, replay__priority_exponent=priority, learning__n_step=1)
    told = loop.inspect(None, "")
    json.dumps(told, allow_nan=False)
    one, batch = told["transition"], loop.replay.get(np.array([499]))
    assert (one["number"], one["age"], one["oldest"], one["newest"]) == (499, 0, loop.replay.oldest, 499)
    assert told["contents"]["size"] == len(loop.replay) <= 400
    assert sum(told["contents"]["actions"]) == len(loop.replay)
    assert told["action_names"] == list(loop.game.action_names)
    np.testing.assert_array_equal(array(one["s_tm1"]), batch.s_tm1[0])
    np.testing.assert_array_equal(array(one["s_t"]), batch.s_t[0])
    q_tm1, q_t = loop.policy.q_values(batch.s_tm1)[0], loop.policy.q_values(batch.s_t)[0]
    np.testing.assert_allclose(one["q_tm1"], q_tm1, rtol=1e-6)
    expected = one["r_t"] + one["discount_t"] * q_t.max() - q_tm1[one["a_tm1"]]
    assert one["td_error"] == pytest.approx(expected, rel=1e-4)
    assert one["last_error"] is None  # there was no minibatch since it came
    old = loop.inspect(loop.replay.oldest, "")["transition"]
    assert (old["last_error"] is not None) == (priority > 0)
    assert told["errors_of"] == SAMPLE
    assert sum(transitions for _, _, transitions in told["contents"]["errors"]) == SAMPLE


def test_a_number_that_has_left_becomes_the_oldest_one() -> None:
    loop = trained(500)
    look = loop.inspect
    assert look(0, "")["transition"]["number"] == loop.replay.oldest
    assert look(loop.replay.oldest + 7, "")["transition"]["number"] == loop.replay.oldest + 7
    assert look(10**9, "")["transition"]["number"] == loop.replay.added - 1


def test_jumps_find_ends_older_and_older_and_then_the_newest_again() -> None:
    loop = trained(500, learning__n_step=1)
    look = loop.inspect
    ends = (np.flatnonzero(loop.replay.scalars().discount_t == 0) + loop.replay.oldest).tolist()
    assert len(ends) > 3
    found, here = [], loop.replay.added - 1 if loop.replay.added - 1 not in ends else None
    number = here
    for _ in range(len(ends) + 1):
        number = look(number, "end")["transition"]["number"]
        found.append(number)
    assert found[: len(ends)] == ends[::-1]
    assert found[-1] == ends[-1]


def test_what_there_is_not_is_not_found() -> None:
    loop = trained(20, learning__n_step=1)  # the pole has hardly had the time to fall
    look = loop.inspect
    if not (loop.replay.scalars().discount_t == 0).any():
        told = look(5, "end")
        assert (told["found"], told["transition"]["number"]) == (False, 5)
    assert look(5, "reward")["found"]


def test_the_surprise_has_the_largest_error_of_the_sample() -> None:
    loop = trained(200, replay__capacity=400)  # fewer than the sample holds: it is the whole buffer
    told = loop.inspect(None, "surprise")
    batch = loop.replay.get(np.arange(loop.replay.oldest, loop.replay.added))
    rows = np.arange(len(batch.a_tm1))
    errors = np.abs(
        batch.r_t
        + batch.discount_t * loop.policy.q_values(batch.s_t).max(axis=1)
        - loop.policy.q_values(batch.s_tm1)[rows, batch.a_tm1]
    )
    assert abs(told["transition"]["td_error"]) == pytest.approx(float(errors.max()), rel=1e-4)


@pytest.mark.parametrize("overrides", [{"network__noisy": True, "replay__priority_exponent": 0.5}, {}])
def test_looking_leaves_no_trace_in_the_run(overrides: dict[str, Any], used_learners: Any) -> None:
    ends = []
    for watched in (False, True):
        with used_learners.at_work():
            loop = loop_of(**overrides)
            for step in loop.steps():
                if watched and step.step % 7 == 0:
                    loop.inspect(step.step // 2, JUMPS[step.step % len(JUMPS)])
            ends.append(loop.learner.weights())
    for name, array in ends[0].items():
        np.testing.assert_array_equal(ends[1][name], array)


def test_pictures_and_many_copies() -> None:
    settings = build(
        "MinAtar/Breakout-v1",
        "minatar",
        {"run.steps": 300, "replay.learning_start": 100, "replay.capacity": 256, "environment.copies": 3},
    )
    loop = Loop(settings, [make(settings.game, settings.environment) for _ in range(3)])
    for _ in loop.steps():
        pass
    told = loop.inspect(None, "reward")
    seen = array(told["transition"]["s_tm1"])
    assert (seen.dtype, seen.shape) == (np.dtype(bool), loop.game.observation_shape)
    assert told["n_step"] == settings.learning.n_step
