"""What the learner makes of what it hears from its actors and shards."""

from __future__ import annotations

import itertools

import pytest

from arcade_dqn.cluster.actor_process import Receipt
from arcade_dqn.cluster.liveness import TRANSITIONS, ActorLife, ActorState, Lost, ShardLives, Sign
from arcade_dqn.cluster.shard import ShardState


def answered(life: ActorLife, pid: int) -> bool:
    return life.answered(now=1.0, pid=pid, steps=10, began=0.0)


def test_every_sign_has_its_row_but_the_one_that_cannot_be() -> None:
    impossible = {(ActorState.STARTING, Sign.SAME_PROCESS)}
    assert set(TRANSITIONS) == set(itertools.product(ActorState, Sign)) - impossible


@pytest.mark.parametrize(
    ("signs", "state", "restarts"),
    [
        ([], ActorState.STARTING, 0),
        ([11], ActorState.PLAYING, 0),
        ([11, 11], ActorState.PLAYING, 0),
        # Two calls of process 11 are lost, and the answer to an earlier one comes between.
        ([11, "lost", 11, "lost"], ActorState.LOST, 1),
        ([11, "lost", 11, "lost", 12], ActorState.PLAYING, 1),
        # Process 12 dies between two calls.
        ([12, 13], ActorState.PLAYING, 1),
        ([12, 13, 13, "lost"], ActorState.LOST, 2),
        # It is lost before it has ever answered.
        (["lost", "lost"], ActorState.LOST, 1),
        (["lost", "lost", 11], ActorState.PLAYING, 1),
    ],
)
def test_a_restart_counts_once_whether_calls_were_lost_with_it_or_not(
    signs: list[int | str], state: ActorState, restarts: int
) -> None:
    life = ActorLife(heard=0.0)
    told = [life.call_lost(1.0) if isinstance(sign, str) else answered(life, sign) for sign in signs]
    assert (life.state, sum(told)) == (state, restarts)
    pids = [sign for sign in signs if isinstance(sign, int)]
    assert life.pid == (pids[-1] if pids else 0)


def test_an_actor_that_lost_a_call_rests_and_plays_no_steps() -> None:
    life = ActorLife(heard=0.0)
    answered(life, 11)
    assert life.steps_per_second == 10.0 and not life.rests_until
    life.call_lost(now=5.0)
    assert life.steps_per_second == 0.0 and life.rests_until == pytest.approx(5.2)


def test_the_pace_of_an_actor_is_counted_from_when_it_could_play() -> None:
    life = ActorLife(heard=0.0)
    life.answered(now=4.0, pid=11, steps=100, began=2.0)
    assert life.steps_per_second == 50.0
    # The call was made at 3.0, but the one before it was answered at 4.0.
    life.answered(now=5.0, pid=11, steps=100, began=3.0)
    assert life.steps_per_second == pytest.approx(50.0 + 0.2 * 50.0)
    assert life.heard == 5.0


def test_who_is_silent_for_long_or_was_never_heard_does_not_count_as_alive() -> None:
    life = ActorLife(heard=0.0)
    assert not life.alive(0.0), "it has never answered"
    answered(life, 11)
    assert life.silence(now=8.0, asked=3.0) == 5.0 and life.silence(now=8.0, asked=0.5) == 7.0
    assert life.alive(9.9) and not life.alive(10.0)
    life.call_lost(2.0)
    assert not life.alive(0.0)


# --- shards ---


def shard(number: int, life: int, size: int, dropped: int = 0) -> ShardState:
    return ShardState(number, life, size, 100, float(size), size, dropped, 1_000)


def test_a_later_state_of_a_life_takes_the_place_of_an_earlier_one_alone() -> None:
    lives = ShardLives(Lost())
    lives.note(shard(0, life=7, size=20))
    lives.note(shard(0, life=7, size=10))  # by way of another actor, and late
    assert lives.known[0].size == 20
    lives.note(shard(0, life=7, size=30))
    lives.note(shard(1, life=8, size=5))
    assert [lives.known[i].size for i in (0, 1)] == [30, 5]


def test_another_life_of_a_shard_ends_the_one_before_with_all_it_held() -> None:
    lost = Lost()
    lives = ShardLives(lost)
    lives.note(shard(0, life=7, size=20, dropped=3))
    lives.note(shard(0, life=9, size=4, dropped=1))
    assert (lost.transitions, lost.restarts, lost.too_old) == (20, 1, 4)
    # What it said before its end, and that its answer is lost, come late.
    lives.note(shard(0, life=7, size=25, dropped=3))
    lives.end(0, 7)
    assert lives.known[0].life == 9
    assert (lost.transitions, lost.restarts, lost.too_old) == (20, 1, 4)


def test_the_end_of_a_shard_is_counted_once_and_nothing_is_known_of_it_then() -> None:
    lost = Lost()
    lives = ShardLives(lost)
    lives.note(shard(0, life=7, size=20))
    lives.end(0, 7)
    lives.end(0, 7)
    assert lives.known == {} and (lost.transitions, lost.restarts) == (20, 1)
    lives.end(1, 5)  # nothing was known of it
    assert lost.restarts == 1
    lives.note(shard(1, life=5, size=9))
    assert lives.known == {}, "that life had ended"


def test_segments_that_reached_no_shard_are_lost() -> None:
    lost = Lost()
    lives = ShardLives(lost)
    lives.note_receipts([Receipt(None, 12), Receipt(shard(0, life=7, size=5), 5), Receipt(None, 3)])
    assert lost.transitions == 15 and lives.known[0].size == 5


def test_what_is_lost_counts_on_from_a_checkpoint() -> None:
    lost = Lost()
    lives = ShardLives(lost)
    lost.restore({"batches": 1, "steps": 64, "transitions": 100, "too_old": 30, "restarts": 2})
    lives.note(shard(0, life=7, size=20, dropped=4))
    lives.note(shard(0, life=7, size=20, dropped=5))
    lives.end(0, 7)
    assert lost == Lost(batches=1, steps=64, transitions=120, too_old=35, restarts=3)
    with pytest.raises(TypeError, match="unknown"):
        lost.restore({"unknown": 1})
