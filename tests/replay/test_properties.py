"""The replay buffer against a slow, obvious reference: any steps, ends, truncations, lost lives and wraps."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arcade_dqn.config import ReplaySettings
from arcade_dqn.replay.buffer import ReplayBuffer
from arcade_dqn.replay.nstep import EpisodeWriter

EXAMPLES = int(os.environ.get("PROPERTY_EXAMPLES", "300"))
DISCOUNT = 0.5  # so that every sum and power is exact


class Played(NamedTuple):
    """One step: its reward and how it ended."""

    reward: int
    end: str


ENDS = st.sampled_from(["", "", "", "", "", "life", "terminated", "truncated"])
SIDE_BY_SIDE = st.integers(1, 4).flatmap(
    lambda writers: st.lists(
        st.lists(st.builds(Played, st.integers(-4, 4), ENDS), min_size=writers, max_size=writers),
        min_size=1,
        max_size=60,
    )
)
"""Rounds of one step for each writer."""


class Told(NamedTuple):
    """A whole episode: the round of each step, the number of each frame, and the steps."""

    rounds: list[int]
    frames: list[int]
    steps: list[Played]


def over(step: Played) -> bool:
    return step.end in ("terminated", "truncated")


def episodes_of(rounds: list[list[Played]]) -> list[list[Told]]:
    """What each writer plays, its frames numbered in the order in which all of them come."""
    told: list[list[Told]] = [[] for _ in rounds[0]]
    frame = 0
    for number, played in enumerate(rounds):
        for episodes, step in zip(told, played, strict=True):
            if not episodes or (episodes[-1].steps and over(episodes[-1].steps[-1])):
                episodes.append(Told([], [frame], []))
                frame += 1
            episodes[-1].rounds.append(number)
            episodes[-1].frames.append(frame)
            episodes[-1].steps.append(step)
            frame += 1
    return told


def reference(rounds: list[list[Played]], stack: int, n_step: int) -> list[dict[str, Any]]:
    """Every transition that is complete after these rounds, worked out from whole episodes, in order of completion."""
    transitions = []
    for writer, episodes in enumerate(episodes_of(rounds)):
        for when, frames, played in episodes:

            def seen(t: int, frames: list[int] = frames) -> list[int]:
                return [frames[max(0, t - back)] for back in reversed(range(stack))]

            for t in range(len(played)):
                total, steps_taken, end = 0.0, 0, ""
                for step in played[t : t + n_step]:
                    total += DISCOUNT**steps_taken * step.reward
                    steps_taken += 1
                    end = step.end
                    if end:
                        break
                if steps_taken < n_step and not end:
                    break
                discount = 0.0 if end in ("terminated", "life") else DISCOUNT**steps_taken
                order = (when[t + steps_taken - 1], writer, t)
                one = {"s_tm1": seen(t), "a": t % 5, "r": total, "discount": discount, "s_t": seen(t + steps_taken)}
                transitions.append((order, one))
    return [one for _, one in sorted(transitions, key=lambda entry: entry[0])]


def write(rounds: list[list[Played]], buffer: ReplayBuffer, n_step: int) -> None:
    shape = (1, 1) if buffer.stack > 1 else (1,)
    writers = [EpisodeWriter(buffer, DISCOUNT, n_step) for _ in rounds[0]]
    frame, times = 0, [-1] * len(writers)
    for played in rounds:
        for number, (writer, step) in enumerate(zip(writers, played, strict=True)):
            if times[number] < 0:
                writer.begin(np.full(shape, frame))
                frame, times[number] = frame + 1, 0
            lost = step.end in ("terminated", "life")
            writer.step(times[number] % 5, step.reward, np.full(shape, frame), terminated=lost, ended=over(step))
            frame, times[number] = frame + 1, -1 if over(step) else times[number] + 1


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    rounds=SIDE_BY_SIDE,
    capacity=st.integers(1, 30),
    stack=st.integers(1, 3),
    n_step=st.integers(1, 4),
    compression=st.sampled_from(["none", "lz4"]),
)
def test_the_buffer_holds_the_newest_transitions_of_the_reference(
    rounds: list[list[Played]], capacity: int, stack: int, n_step: int, compression: str
) -> None:
    chosen = ReplaySettings.model_validate({"capacity": capacity, "learning_start": 1, "compression": compression})
    shape = (1, 1) if stack > 1 else (1,)
    buffer = ReplayBuffer(chosen, shape, np.dtype(np.int32), stack, 0, n_step, len(rounds[0]))
    write(rounds, buffer, n_step)
    expected = reference(rounds, stack, n_step)
    assert buffer.added == len(expected)
    assert len(buffer) <= capacity
    if not any(over(step) for played in rounds for step in played):
        assert len(buffer) == min(capacity, len(expected))  # one episode of each: nothing leaves early
    if not len(buffer):
        return
    held = expected[len(expected) - len(buffer) :]
    batch = buffer.get(np.arange(buffer.added - len(buffer), buffer.added))
    assert batch.s_tm1.reshape(len(held), stack).tolist() == [one["s_tm1"] for one in held]
    assert batch.s_t.reshape(len(held), stack).tolist() == [one["s_t"] for one in held]
    assert batch.a_tm1.tolist() == [one["a"] for one in held]
    assert batch.r_t.tolist() == [one["r"] for one in held]
    assert batch.discount_t.tolist() == [one["discount"] for one in held]
    sampled, numbers = buffer.sample(2, 8)
    again = buffer.get(numbers)
    assert all(np.array_equal(left, right) for left, right in zip(sampled, again, strict=True))


@pytest.mark.parametrize("length", [8, 9, 17])
def test_episodes_of_eight_steps_or_more_keep_the_buffer_full(length: int) -> None:
    buffer = ReplayBuffer(ReplaySettings(capacity=40, learning_start=1), (1,), np.dtype(np.int32), 1, 0)
    steps = [Played(0, "terminated" if t % length == length - 1 else "") for t in range(300)]
    write([[step] for step in steps], buffer, 1)
    assert len(buffer) == 40
