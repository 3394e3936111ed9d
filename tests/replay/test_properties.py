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


STEPS = st.lists(
    st.builds(
        Played,
        st.integers(-4, 4),
        st.sampled_from(["", "", "", "", "", "life", "terminated", "truncated"]),
    ),
    min_size=1,
    max_size=80,
)


def reference(steps: list[Played], stack: int, n_step: int) -> list[dict[str, Any]]:
    """Every transition that is complete after these steps, worked out from whole episodes. Frames are numbered."""
    episodes: list[tuple[list[int], list[Played]]] = []
    frame = 0
    for step in steps:
        if not episodes or (episodes[-1][1] and episodes[-1][1][-1].end in ("terminated", "truncated")):
            episodes.append(([frame], []))
            frame += 1
        episodes[-1][0].append(frame)
        episodes[-1][1].append(step)
        frame += 1
    transitions = []
    for frames, played in episodes:

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
            transitions.append(
                {"s_tm1": seen(t), "a": t % 5, "r": total, "discount": discount, "s_t": seen(t + steps_taken)}
            )
    return transitions


def write(steps: list[Played], buffer: ReplayBuffer, n_step: int) -> None:
    shape = (1, 1) if buffer.stack > 1 else (1,)
    writer = EpisodeWriter(buffer, DISCOUNT, n_step)
    frame, t, begun = 0, 0, False
    for step in steps:
        if not begun:
            writer.begin(np.full(shape, frame))
            frame, t, begun = frame + 1, 0, True
        over = step.end in ("terminated", "truncated")
        writer.step(
            t % 5, step.reward, np.full(shape, frame), terminated=step.end in ("terminated", "life"), ended=over
        )
        frame, t, begun = frame + 1, t + 1, not over


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    steps=STEPS,
    capacity=st.integers(1, 30),
    stack=st.integers(1, 3),
    n_step=st.integers(1, 4),
    compression=st.sampled_from(["none", "lz4"]),
)
def test_the_buffer_holds_the_newest_transitions_of_the_reference(
    steps: list[Played], capacity: int, stack: int, n_step: int, compression: str
) -> None:
    chosen = ReplaySettings.model_validate({"capacity": capacity, "learning_start": 1, "compression": compression})
    shape = (1, 1) if stack > 1 else (1,)
    buffer = ReplayBuffer(chosen, shape, np.dtype(np.int32), stack, 0, n_step)
    write(steps, buffer, n_step)
    expected = reference(steps, stack, n_step)
    assert buffer.added == len(expected)
    assert len(buffer) <= capacity
    if all(not step.end or step.end == "life" for step in steps):
        assert len(buffer) == min(capacity, len(expected))  # one episode: nothing leaves early
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
    write(steps, buffer, 1)
    assert len(buffer) == 40
