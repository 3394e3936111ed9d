"""`train`, `resume` and `repeat` as a person and a script use them: one real, short training."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from arcade_dqn.cli import training
from arcade_dqn.cli.main import build_parser, main
from arcade_dqn.config import build
from arcade_dqn.link.process import Child, ChildError
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.training.run import Run, RunResult

SHORT = [
    "--set",
    "network.hidden=16",
    "--set",
    "evaluation.every=400",
    "--set",
    "evaluation.episodes=2",
    "--set",
    "evaluation.final_episodes=3",
    "--set",
    "replay.learning_start=200",
]


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "arcade_dqn", *map(str, arguments)]


def test_train_then_what_one_does_with_a_run(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    train = command(
        "train", "CartPole-v1", "--steps", "800", "--seed", "4", "--name", "one", "--runs-dir", runs, "--json", *SHORT
    )
    result = subprocess.run(train, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stderr == "", "libraries must not print between the lines"
    *lines, last = result.stdout.splitlines()
    assert any("evaluation" in line for line in lines)
    end = json.loads(last)
    assert list(end) == ["run", "model", "game", "steps", "seconds", "seed", "evaluation"]
    assert (end["game"], end["steps"], end["seed"]) == ("CartPole-v1", 800, 4)
    assert Path(end["run"]) == runs / "CartPole-v1" / "one"
    assert end["evaluation"]["episodes"] == 3
    assert end["seconds"] > 0

    # The model that it names scores the same when it is asked again with the seed of that evaluation.
    seed = str(end["evaluation"]["seed"])
    again = command("eval", end["model"], "--episodes", "3", "--seed", seed, "--json")
    scored = subprocess.run(again, capture_output=True, text=True, check=True)
    assert json.loads(scored.stdout.splitlines()[-1])["evaluation"] == end["evaluation"]

    picture = tmp_path / "one.png"
    assert main(["report", "one", str(picture), "--runs-dir", str(runs)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")

    # A change that a person made in it is made again by `repeat`, at its step; without any it would end the same.
    with (runs / "CartPole-v1" / "one" / "metrics.jsonl").open("a") as metrics:
        metrics.write('{"kind":"set","step":300,"name":"epsilon","value":0.125}\n')
    repeat = command("repeat", "one", "--name", "again", "--runs-dir", runs, "--json")
    repeated = subprocess.run(repeat, capture_output=True, text=True, check=True)
    assert json.loads(repeated.stdout.splitlines()[-1])["seed"] == 4
    records = map(json.loads, (runs / "CartPole-v1" / "again" / "metrics.jsonl").read_text().splitlines())
    changed = [(record["step"], record["value"]) for record in records if record["kind"] == "set"]
    assert changed == [(300, 0.125)]


def test_ctrl_c_saves_and_resume_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = tmp_path / "runs"
    train = command(
        "train", "CartPole-v1", "--steps", "1500", "--name", "two", "--runs-dir", runs, "--set", "run.speed_limit=500",
        "--set", "evaluation.stop_when_solved=false", *SHORT,
    )  # fmt: skip
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(train, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        for line in child.stdout:
            if "evaluation" in line:
                child.send_signal(signal.SIGINT)
                break
        rest, errors = child.stdout.read(), child.stderr.read()
    assert child.returncode == 130, errors
    assert errors == ""
    assert "resume" in rest
    resume = command("resume", "two", "--runs-dir", runs, "--json")
    result = subprocess.run(resume, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout.splitlines()[-1])["steps"] == 1500
    record = (runs / "CartPole-v1" / "two" / "metrics.jsonl").read_bytes()
    assert main(["resume", "two", "--runs-dir", str(runs), "--json"]) == 2
    assert "has trained all its 1,500 steps; there is nothing to resume" in capsys.readouterr().err
    assert (runs / "CartPole-v1" / "two" / "metrics.jsonl").read_bytes() == record


def test_the_end_is_told_on_request(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert build_parser().parse_args(["train", "cartpole", "--notify"]).notify
    assert not build_parser().parse_args(["resume", "first"]).notify
    monkeypatch.setenv("SSH_TTY", "/dev/pts/1")
    training._notify("CartPole-v1: done")
    # Standard error is no terminal here: nothing may be mixed into a log.
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    training._notify("CartPole-v1: done")
    said = capsys.readouterr().err
    assert said.startswith("\a\x1b]")
    assert "CartPole-v1: done" in said


def test_a_training_whose_model_could_not_be_saved_is_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_dir = RunDir.create(tmp_path, build("CartPole-v1", "cartpole"))
    monkeypatch.setattr(Run, "execute", lambda self: RunResult("steps", 7, 1.0, None, None, run_dir.path))
    assert training._execute(run_dir, build_parser().parse_args(["train", "CartPole-v1", "--debug"])) == 1
    assert "done after 7 steps" in capsys.readouterr().out


def test_a_window_that_cannot_be_started_is_no_reason_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_dir = RunDir.create(tmp_path, build("CartPole-v1", "cartpole"))
    run_dir.board.write_bytes(b"it trains")

    def fail(*arguments: object, **more: object) -> Child:
        raise ChildError("cannot start the window: the disk is full")

    monkeypatch.setattr(Child, "start", fail)
    said: list[str] = []
    view: Any = SimpleNamespace(say=said.append)
    with training._window(run_dir, build_parser().parse_args(["train", "CartPole-v1", "--watch"])) as look:
        for _ in range(3):
            look({"event": "progress"}, view)
    assert said == ["cannot start the window: the disk is full; training goes on"]
