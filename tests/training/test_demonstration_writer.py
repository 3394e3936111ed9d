"""A person's play in replay: the same transitions as if the agent had played, and nothing lost on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from arcade_dqn.config import build
from arcade_dqn.games.make import make
from arcade_dqn.replay.buffer import ReplayBuffer
from arcade_dqn.replay.nstep import EpisodeWriter
from arcade_dqn.storage.demonstrations import Demonstration
from arcade_dqn.training.demonstration_writer import DemonstrationWriter
from arcade_dqn.training.loop import Loop


def play(steps: int, first: float, *, terminated: bool) -> Demonstration:
    """Frames that count up from `first`, rewards of 5, a life lost in the second step."""
    frames = np.zeros((steps + 1, 4), np.float32)
    frames[:, 0] = first + np.arange(steps + 1)
    lost = np.zeros(steps, bool)
    lost[1:2] = True
    return Demonstration(frames, np.ones(steps, np.int32), np.full(steps, 5.0, np.float32), lost, terminated)


def replay_of(**overrides: Any) -> tuple[ReplayBuffer, DemonstrationWriter]:
    settings = build("CartPole-v1", "cartpole", {"learning.n_step": 1, "learning.discount": 0.5, **overrides})
    replay = ReplayBuffer(settings.replay, (4,), np.dtype(np.float32), 1, 0, settings.learning.n_step, writers=2)
    return replay, DemonstrationWriter(
        EpisodeWriter(replay, settings.learning.discount, settings.learning.n_step), replay.stack, settings
    )


def written(replay: ReplayBuffer) -> list[tuple[float, int, float, float, float]]:
    batch = replay.get(np.arange(replay.oldest, replay.added))
    rows = zip(batch.s_tm1[:, 0], batch.a_tm1, batch.r_t, batch.discount_t, batch.s_t[:, 0], strict=True)
    return [(float(s), int(a), float(r), float(d), float(s_t)) for s, a, r, d, s_t in rows]


def test_one_step_at_a_time_and_one_play_after_the_other() -> None:
    replay, writer = replay_of()
    writer.take("a", play(2, 10, terminated=True))
    writer.take("b", play(1, 20, terminated=False))
    for expected in (1, 2, 3, 3, 3):
        writer.step()
        assert writer.steps == expected == len(replay)
    assert written(replay) == [
        (10.0, 1, 5.0, 0.5, 11.0),
        (11.0, 1, 5.0, 0.0, 12.0),  # the game ended
        (20.0, 1, 5.0, 0.5, 21.0),  # cut off: it bootstraps
    ]
    assert writer.known == {"a", "b"}


def test_rewards_and_lives_count_as_in_the_agents_own_play() -> None:
    replay, writer = replay_of(**{"environment.clip_rewards": True, "environment.life_loss": True})
    writer.take("a", play(3, 0, terminated=False))
    for _ in range(3):
        writer.step()
    assert [(r, d) for _, _, r, d, _ in written(replay)] == [(1.0, 0.5), (1.0, 0.0), (1.0, 0.5)]


def test_sums_of_n_rewards_reach_across_no_play() -> None:
    replay, writer = replay_of(**{"learning.n_step": 3})
    writer.take("a", play(2, 0, terminated=True))
    writer.take("b", play(3, 10, terminated=False))
    for _ in range(5):
        writer.step()
    assert [(s, r, d, s_t) for s, _, r, d, s_t in written(replay)] == [
        (0.0, 7.5, 0.0, 2.0),
        (1.0, 5.0, 0.0, 2.0),
        (10.0, 8.75, 0.125, 13.0),
        (11.0, 7.5, 0.25, 13.0),
        (12.0, 5.0, 0.5, 13.0),
    ]


def test_a_play_from_the_middle_of_an_episode_has_its_first_stack_whole() -> None:
    settings = build("CartPole-v1", "cartpole", {"learning.n_step": 1, "learning.discount": 0.5})
    replay = ReplayBuffer(settings.replay, (1, 1), np.dtype(np.uint8), 3, 0, writers=2)
    writer = DemonstrationWriter(
        EpisodeWriter(replay, settings.learning.discount, settings.learning.n_step), replay.stack, settings
    )
    frames = np.arange(5, dtype=np.uint8).reshape(5, 1, 1)
    writer.take("a", Demonstration(frames, np.array([1, 0]), np.ones(2), np.zeros(2, bool), True))
    for _ in range(4):  # two frames more for the first stack, then two steps
        writer.step()
    batch = replay.get(np.arange(2))
    assert batch.s_tm1[..., 0, 0].tolist() == [[0, 1, 2], [1, 2, 3]]
    assert batch.s_t[..., 0, 0].tolist() == [[1, 2, 3], [2, 3, 4]]
    assert writer.steps == 2


def test_what_waits_goes_through_a_checkpoint() -> None:
    first, one = replay_of(**{"learning.n_step": 3})
    second, other = replay_of(**{"learning.n_step": 3})
    one.take("a", play(4, 0, terminated=True))
    one.take("b", play(4, 10, terminated=False))
    for _ in range(3):
        one.step()
    second.set_state(first.get_state())
    other.set_state(one.get_state())
    for _ in range(5):
        one.step()
        other.step()
    assert written(first) == written(second)
    assert (other.steps, other.known) == (8, {"a", "b"})


@pytest.mark.parametrize("copies", [1, 3])
def test_beside_the_agents_own_play_no_transition_is_torn(copies: int) -> None:
    """In a small buffer that turns over many times, every transition's two frames belong together."""
    overrides = {
        "replay.capacity": 64,
        "replay.learning_start": 32,
        "environment.copies": copies,
        "learning.n_step": 2,
        "run.steps": 900,
        "network.hidden": "8",
        "learning.batch_size": 8,
    }
    settings = build("CartPole-v1", "cartpole", overrides)
    loop = Loop(settings, [make("CartPole-v1", settings.environment) for _ in range(copies)])
    for number in range(6):
        # Far outside of what the game gives, so that they can be told from the agent's own.
        loop.demonstrations.take(str(number), play(40, 1000.0 * (number + 1), terminated=number % 2 == 0))
    seen = 0
    for step in loop.steps():
        if step.step % 30:
            continue
        batch = loop.replay.get(np.arange(loop.replay.oldest, loop.replay.added))
        mine = batch.s_tm1[:, 0] >= 900
        assert (mine == (batch.s_t[:, 0] >= 900)).all()
        gaps = batch.s_t[mine, 0] - batch.s_tm1[mine, 0]
        assert ((gaps == 1) | (gaps == 2)).all()
        seen += int(mine.sum())
    assert loop.demonstrations.steps == 240
    assert seen > 0
