"""A person's steps on tape: only theirs, in order, with the frames of the first observation."""

from __future__ import annotations

import numpy as np

from arcade_dqn.games.game import Outcome
from arcade_dqn.stage import tape as tapes
from arcade_dqn.stage.player import Player
from arcade_dqn.stage.tape import Tape


def outcome(value: float, *, terminated: bool = False, lost: bool = False) -> Outcome:
    return Outcome(np.array([value], np.float32), 10 * value, terminated, False, lost)


def test_the_steps_by_hand() -> None:
    tape = Tape(np.array([0.0], np.float32), stack=1)
    tape.add(1, outcome(1.0, lost=True))
    tape.add(0, outcome(2.0, terminated=True))
    found = tape.demonstration()
    assert found.frames.tolist() == [[0], [1], [2]]
    assert (found.a_tm1.tolist(), found.reward.tolist()) == ([1, 0], [10, 20])
    assert (found.life_lost.tolist(), found.terminated) == ([True, False], True)
    assert len(found) == 2


def test_the_first_stack_comes_whole() -> None:
    tape = Tape(np.arange(3, dtype=np.uint8)[:, None], stack=3)
    tape.add(0, Outcome(np.array([7], np.uint8), 0.0, False, True, False))
    found = tape.demonstration()
    assert found.frames[:, 0].tolist() == [0, 1, 2, 7]
    assert not found.terminated  # cut off is not the end


def test_a_full_tape_says_so(monkeypatch) -> None:
    monkeypatch.setattr(tapes, "MAX_STEPS", 2)
    tape = Tape(np.zeros(1, np.float32), stack=1)
    tape.add(0, outcome(1.0))
    assert not tape.full
    tape.add(0, outcome(2.0))
    assert tape.full
    monkeypatch.setattr(tapes, "_MOST_BYTES", 11)
    assert Tape(np.zeros(2, np.float32), stack=1).full  # a second frame of 8 bytes does not fit


def test_only_a_persons_steps_are_taped_and_only_when_asked(ladder, climber) -> None:
    player = Player(ladder(), climber, seed=0)
    player.step(1)
    assert player.take_tape() is None
    player.taping = True
    player.restart()
    player.step()  # the agent's
    player.step(0)
    player.step(1)
    found = player.take_tape()
    assert found is not None
    assert found.a_tm1.tolist() == [0, 1]
    assert found.frames[:, 0].tolist() == [1, 1, 2]  # from where the person took over
    assert player.take_tape() is None
