"""The next run, from the key to the trainer: what is begun, what waits, and what a second key does meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from arcade_dqn.games.catalog import GAMES
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.tui.services.programs import Programs
from arcade_dqn.tui.services.training import Coming, Training


class Person:
    """Stands for notices, navigation and the terminal: remembers what it was asked for."""

    def __init__(self) -> None:
        self.places: list[str] = []
        self.sentences: list[str] = []
        self.questions: list[str] = []
        self.answer = ""

    def tell(self, text: str, *_: Any) -> None:
        self.sentences.append(text)

    def complain(self, error: Exception) -> None:
        self.sentences.append(str(error))

    def installed(self, info: Any) -> bool:
        return True

    def write(self, text: str) -> None:
        self.sentences.append(text)

    def go_home(self) -> None:
        self.places.append("home")

    def go_to_training(self) -> None:
        self.places.append("training")

    async def ask(self, title: str, question: str, answers: Any) -> str:
        self.questions.append(question)
        return self.answer


class AtOnce:
    """Does in the foreground what the app does in the background, tasks when the test says so."""

    def __init__(self) -> None:
        self.tasks: list[Coroutine[Any, Any, None]] = []
        self.later: list[float] = []

    def run(self, *steps: Callable[[], Any]) -> None:
        for step in steps:
            step()

    def after(self, seconds: float, function: Callable[[], Any]) -> None:
        self.later.append(seconds)

    def task(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(work)

    async def settle(self) -> None:
        while self.tasks:
            await self.tasks.pop(0)


@pytest.fixture
def person() -> Person:
    return Person()


@pytest.fixture
def background() -> AtOnce:
    return AtOnce()


@pytest.fixture
def training(tmp_path: Path, programs: Any, person: Any, background: Any) -> Iterator[Training]:
    children = Programs(tmp_path / "runs", {}, programs)
    options: Any = {"keep_warm": True, "preload": lambda: None, "ending": "bell"}
    yield Training(tmp_path / "runs", children, person, background, person, person, **options)
    children.close()


async def test_a_second_key_begins_no_second_run(
    training: Training, person: Person, background: AtOnce, programs: Any, tmp_path: Path
) -> None:
    training.train(GAMES[0])
    assert training._coming is Coming.MADE
    training.train(GAMES[1])
    training.resume(tmp_path, "Acrobot")
    assert person.places == ["training"] * 3
    await background.settle()
    assert training._coming is Coming.NOTHING
    assert [name for name, _ in programs.trainer.commands] == ["open"]


async def test_a_run_that_cannot_be_made_leads_home_and_another_may_begin(
    training: Training, person: Person, background: AtOnce, programs: Any, tmp_path: Path
) -> None:
    (tmp_path / "runs").write_text("a file where the folder should be")
    training.train(GAMES[0])
    await background.settle()
    assert person.places == ["training", "home"]
    assert str(tmp_path / "runs") in person.sentences[-1]
    assert not programs.started
    (tmp_path / "runs").unlink()
    training.train(GAMES[0])
    await background.settle()
    assert training.running


async def test_another_game_waits_for_the_one_in_training(
    training: Training, person: Person, background: AtOnce, programs: Any
) -> None:
    training.train(GAMES[0])
    await background.settle()
    first = programs.trainer
    first.begins()
    training.poll()
    for answer, place in (("", None), ("back", "training")):
        person.answer = answer
        before = list(person.places)
        training.train(GAMES[1])
        await background.settle()
        assert person.places == before + ([place] if place else [])
        assert first.commands[-1][0] == "open"
    person.answer = "train"
    training.train(GAMES[1])
    replacing = asyncio.create_task(background.settle())
    while ("stop", {}) not in first.commands:
        await asyncio.sleep(0)
    assert training._coming is Coming.WAITING
    training.train(GAMES[2])
    assert len(person.questions) == 3
    first.says("ended", reason="stopped", message="stopped", model=None)
    training.poll()
    await replacing
    await background.settle()
    assert programs.trainer is not first
    assert GAMES[1].id in programs.trainer.commands[0][1]["run"]


async def test_a_resumed_run_brings_its_record(
    training: Training, background: AtOnce, programs: Any, make_run: Callable[..., RunDir]
) -> None:
    run = make_run()
    run.append_metrics({"kind": "episode", "step": 100, "episode": 1, "return": 12.0, "length": 12})
    training.resume(run.path, "CartPole")
    await background.settle()
    assert len(training.record.returns) == 1
    assert programs.trainer.commands == [("open", {"run": str(run.path)})]


async def test_a_run_that_cannot_be_read_is_not_opened(
    training: Training, person: Person, background: AtOnce, programs: Any, tmp_path: Path
) -> None:
    training.resume(tmp_path / "nowhere", "CartPole")
    await background.settle()
    assert person.places == ["training", "home"]
    assert not training.running
    assert programs.trainer.commands == []


@pytest.mark.parametrize(("closing", "told_of"), [(False, True), (True, False)])
async def test_the_end_is_told_and_the_next_trainer_kept_ready_unless_the_program_is_left(
    training: Training, person: Person, background: AtOnce, programs: Any, closing: bool, told_of: bool
) -> None:
    training.train(GAMES[0])
    await background.settle()
    programs.trainer.begins()
    training.poll()
    if closing:
        training.close()
    programs.trainer.says("ended", reason="steps", message="done after 9 steps", model=None)
    training.poll()
    programs.trainer.exit_code = 0
    training.poll()
    assert ("\a" in person.sentences) is told_of
    assert bool(background.later) is told_of
