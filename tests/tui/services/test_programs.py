from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.tui.services.programs import Programs
from arcade_dqn.tui.services.trainer import TrainerError
from arcade_dqn.tui.services.window import WindowError, has_display


@pytest.fixture
def children(tmp_path: Path, programs: Any) -> Programs:
    """The programs under test; those that they start are fakes, which `programs` remembers."""
    return Programs(tmp_path / "runs", {"DISPLAY": ":9"}, programs)


def test_a_warm_trainer_takes_the_run(children: Programs, programs: Any, make_run: Callable[..., RunDir]) -> None:
    children.trainer.warm_up()
    assert children.poll().learner == "warming"
    assert programs.trainer.arguments == ["--nice", "5"]
    # No game of the trainer's may open a window; the window itself may.
    assert programs.trainer.environment["SDL_VIDEODRIVER"] == "dummy"
    programs.trainer.says("warm")
    assert children.poll().headline == ("learner ready", "good")
    run = make_run().path
    children.trainer.open(run, "CartPole")
    assert programs.trainer.commands == [("open", {"run": str(run)})]
    assert len(programs.started) == 1
    snapshot = children.poll()
    assert (snapshot.phase, snapshot.learner, snapshot.run, snapshot.status) == ("opening", "busy", run, None)
    programs.trainer.begins()
    snapshot = children.poll()
    assert snapshot.running
    assert snapshot.status is not None
    assert snapshot.status.step == 1_000
    assert snapshot.sentence == "CartPole is training: 1,000 of 10,000 steps · mean return 42.5"
    assert snapshot.headline == ("CartPole · training 10%", "busy")


def test_a_run_without_warming_up_and_its_end(
    children: Programs, programs: Any, make_run: Callable[..., RunDir]
) -> None:
    children.trainer.open(make_run().path, "CartPole")
    programs.trainer.begins()
    children.poll()
    programs.trainer.says("ended", reason="solved", step=2_000, message="solved after 2,000 steps", model="final")
    snapshot = children.poll()
    assert (snapshot.phase, snapshot.state) == ("ended", "done")
    assert [notice.text for notice in snapshot.notices] == ["CartPole: solved after 2,000 steps."]
    assert programs.trainer.input_closed
    programs.trainer.exit_code = 0
    assert children.poll().learner == "off"
    assert children.poll().notices == ()
    # The next run gets a trainer of its own.
    children.trainer.open(make_run(name="second").path, "CartPole")
    assert len(programs.started) == 2


def test_a_trainer_that_dies_is_told_once_with_an_offer_to_resume(
    children: Programs, programs: Any, make_run: Callable[..., RunDir]
) -> None:
    run = make_run().path
    children.trainer.open(run, "CartPole")
    programs.trainer.begins()
    children.poll()
    programs.trainer.exit_code = 1
    snapshot = children.poll()
    assert (snapshot.phase, snapshot.state) == ("died", "failed")
    (notice,) = snapshot.notices
    assert notice.text.startswith("The trainer failed with exit code 1: out of memory.")
    assert notice.resume == run
    assert not children.poll().notices


def test_a_trainer_that_dies_while_warming_up_is_told(children: Programs, programs: Any) -> None:
    children.trainer.warm_up()
    programs.trainer.exit_code = 1
    snapshot = children.poll()
    assert snapshot.learner == "off"
    assert [notice.severity for notice in snapshot.notices] == ["error"]


def test_a_second_run_is_refused_while_one_trains(
    children: Programs, programs: Any, make_run: Callable[..., RunDir]
) -> None:
    children.trainer.open(make_run().path, "CartPole")
    with pytest.raises(TrainerError, match="CartPole is training"):
        children.trainer.open(make_run(name="second").path, "CartPole")


def test_commands_need_a_run(children: Programs) -> None:
    with pytest.raises(TrainerError, match="nothing is training"):
        children.trainer.command("pause")


def test_refused_commands_and_warnings_become_notices(
    children: Programs, programs: Any, make_run: Callable[..., RunDir], texts: Any
) -> None:
    children.trainer.open(make_run().path, "CartPole")
    programs.trainer.begins()
    children.trainer.command("evaluate")
    programs.trainer.says("ack", id=1)
    programs.trainer.says("error", id=2, message="cannot evaluate while saving; try again in a moment")
    programs.trainer.says("warning", message="the disk is nearly full")
    texts = [(notice.text, notice.severity) for notice in children.poll().notices]
    assert texts == [
        ("Cannot evaluate while saving; try again in a moment", "error"),
        ("The disk is nearly full", "warning"),
    ]
    assert children.trainer.running


def test_a_run_that_cannot_be_opened_ends(children: Programs, programs: Any, make_run: Callable[..., RunDir]) -> None:
    children.trainer.open(make_run().path, "CartPole")
    message = "the run is in use by process 123"
    programs.trainer.says("ended", reason="failed", step=0, message=message, model=None)
    snapshot = children.poll()
    assert (snapshot.phase, snapshot.state) == ("ended", "failed")
    assert [notice.text for notice in snapshot.notices] == [f"CartPole: {message}."]


def test_window(children: Programs, programs: Any, tmp_path: Path) -> None:
    children.window.open("runs/one")
    window = programs.window
    assert window.arguments == ["runs/one", "--runs-dir", str(tmp_path / "runs"), "--events"]
    assert "SDL_VIDEODRIVER" not in window.environment
    assert children.poll().window == "runs/one"
    children.window.close()
    snapshot = children.poll()
    assert (snapshot.window, snapshot.notices) == ("", ())
    children.window.open("CartPole-v1", human=True)
    assert programs.window.arguments[:2] == ["--play", "CartPole-v1"]


def test_a_window_that_dies_is_told(children: Programs, programs: Any) -> None:
    children.window.open("runs/one")
    programs.window.exit_code = 1
    (notice,) = children.poll().notices
    assert notice.text.startswith("The window failed with exit code 1")
    assert children.window.target == ""


def test_no_window_without_a_display(tmp_path: Path, programs: Any) -> None:
    children = Programs(tmp_path, {}, programs)
    with pytest.raises(WindowError, match="no display"):
        children.window.open("runs/one")
    assert not programs.started


def test_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert not has_display({})
    assert has_display({"WAYLAND_DISPLAY": "wayland-0"})
    monkeypatch.setattr("sys.platform", "darwin")
    assert has_display({})


def test_closing_ends_everything_and_starts_nothing_more(children: Programs, programs: Any) -> None:
    children.trainer.warm_up()
    children.window.open("runs/one")
    logs = programs.trainer.log.parent
    assert logs.is_dir()
    children.close()
    assert not any(child.alive for child in programs.started)
    assert not logs.exists()
    children.trainer.warm_up()
    assert len(programs.started) == 2
