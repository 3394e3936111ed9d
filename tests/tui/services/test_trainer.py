"""The trainer's program under two threads: one that starts or ends it, and the event loop, which never waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from arcade_dqn.link.process import ChildError
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.tui.record import RunRecord
from arcade_dqn.tui.services.launcher import Launcher
from arcade_dqn.tui.services.trainer import TrainerProgram


@pytest.fixture
def trainer(programs: Any) -> Iterator[TrainerProgram]:
    launcher = Launcher({}, programs)
    yield TrainerProgram(launcher)
    launcher.close()


@contextmanager
def held(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> Iterator[threading.Event]:
    """While the block runs, the method waits as soon as it is called; the event is set once it does."""
    reached, free = threading.Event(), threading.Event()
    method = getattr(owner, name)

    def wait(*arguments: Any, **options: Any) -> Any:
        reached.set()
        assert free.wait(30)
        return method(*arguments, **options)

    monkeypatch.setattr(owner, name, wait)
    yield reached
    free.set()


def test_it_is_polled_and_closed_while_it_starts(
    trainer: TrainerProgram, programs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held(monkeypatch, trainer._launcher, "start") as reached:
        starting = threading.Thread(target=trainer.warm_up)
        starting.start()
        assert reached.wait(30)
        assert trainer.poll().learner == "off"
        assert not trainer.running
        ending = threading.Thread(target=trainer.close)
        ending.start()
    starting.join(30)
    ending.join(30)
    # What was just being started is ended, too, and nothing is started any more.
    assert not programs.trainer.alive
    trainer.warm_up()
    assert len(programs.started) == 1


def test_it_is_polled_while_an_earlier_one_ends(
    trainer: TrainerProgram, programs: Any, make_run: Callable[..., RunDir], monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer.open(make_run().path, "CartPole")
    first = programs.trainer
    first.says("ended", reason="steps", message="done", model=None)
    assert trainer.poll().phase == "ended"
    second = make_run(name="second").path
    with held(monkeypatch, first, "stop") as reached:
        opening = threading.Thread(target=trainer.open, args=(second, "CartPole"))
        opening.start()
        assert reached.wait(30)
        # It ends by itself meanwhile, and the event loop is the first to see it.
        first.exit_code = 0
        snapshot = trainer.poll()
        assert (snapshot.learner, snapshot.phase) == ("off", "ended")
    opening.join(30)
    snapshot = trainer.poll()
    assert (snapshot.learner, snapshot.phase, snapshot.run) == ("busy", "opening", second)
    assert programs.trainer is not first


def test_a_program_that_dies_as_it_is_given_a_run(
    trainer: TrainerProgram, programs: Any, make_run: Callable[..., RunDir], monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer.warm_up()

    def refuse(message: Any) -> None:
        programs.trainer.exit_code = 1
        raise ChildError("the trainer takes no more commands: it is ending or has ended")

    monkeypatch.setattr(programs.trainer, "send", refuse)
    with pytest.raises(ChildError, match="takes no more commands"):
        trainer.open(make_run().path, "CartPole")
    assert not trainer.running
    snapshot = trainer.poll()
    assert (snapshot.learner, snapshot.phase, snapshot.state, snapshot.notices) == ("off", "ended", "failed", ())
    # The next run has a program of its own.
    trainer.open(make_run(name="second").path, "CartPole")
    assert trainer.poll().phase == "opening"


def test_what_comes_at_the_wrong_time_changes_no_phase(
    trainer: TrainerProgram, programs: Any, make_run: Callable[..., RunDir]
) -> None:
    trainer.warm_up()
    programs.trainer.says("state", state="paused")
    assert trainer.poll().phase == "none"
    trainer.open(make_run().path, "CartPole")
    programs.trainer.says("ended", reason="stopped", message="stopped", model=None)
    programs.trainer.says("state", state="training")
    programs.trainer.says("warm")
    snapshot = trainer.poll()
    assert (snapshot.learner, snapshot.phase, snapshot.state) == ("busy", "ended", "stopped")


def test_each_run_has_a_record_of_its_own(
    trainer: TrainerProgram, programs: Any, make_run: Callable[..., RunDir]
) -> None:
    known = RunRecord()
    known.load([{"kind": "episode", "step": 100, "return": 12.0}])
    trainer.open(make_run().path, "CartPole", known)
    programs.trainer.says("replay", contents={})
    programs.trainer.says("ended", reason="steps", message="done", model=None)
    trainer.poll()
    assert trainer.record is known and len(known.returns) == 1
    assert trainer.replay is not None
    trainer.open(make_run(name="second").path, "CartPole")
    assert trainer.record is not known
    assert trainer.replay is None
