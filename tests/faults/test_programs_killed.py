"""SIGKILL of the TUI, the trainer and the window, in every combination: no orphan, no hang, no lost save."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import psutil
import pytest

from arcade_dqn.link.board import BoardError, BoardReader
from arcade_dqn.storage.checkpoint import load_newest
from arcade_dqn.storage.runs import list_runs

LONG = os.environ.get("FAULTS") == "long"
PATIENCE = 120.0
MODULES = {"trainer": "arcade_dqn.cluster", "window": "arcade_dqn.window"}
EVERY = [victims for size in (1, 2, 3) for victims in combinations(("arcade", "trainer", "window"), size)]
SHORT = [("arcade",), ("trainer", "window")]


def status_of(run: Path) -> Any:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            with BoardReader(run / "board") as board:
                return board.status()
        except BoardError:
            time.sleep(0.05)  # it is not there yet
    raise AssertionError("there is no board")


def until(good: Callable[[], bool], what: str, terminal: Any = None) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if good():
            return
        time.sleep(0.05)
    raise AssertionError(what + (f"; it shows {terminal.text[-1500:]!r}" if terminal else ""))


@pytest.mark.parametrize("victims", EVERY if LONG else SHORT, ids="+".join)
def test_kill(victims: tuple[str, ...], tmp_path: Path, open_arcade: Callable[..., Any], display: str) -> None:
    runs, temporary = tmp_path / "runs", tmp_path / "temporary"
    temporary.mkdir()
    terminal = open_arcade(runs, DISPLAY=display, TMPDIR=str(temporary))
    terminal.wait_for("CartPole")
    terminal.press("\x1b[B\x1b[B")
    terminal.press("t")
    until(lambda: bool(list_runs(runs)), "no run is made", terminal)
    run = list_runs(runs)[0].path
    until(lambda: status_of(run).state == "training", "it does not train", terminal)
    terminal.press("s")
    until(lambda: bool(list(run.glob("saved-*.safetensors"))), "it is not saved", terminal)
    terminal.press("w")
    programs = {name: terminal.child(module) for name, module in MODULES.items()}
    programs["arcade"] = psutil.Process(terminal.process.pid)
    family = terminal.family()
    newest = load_newest(run / "checkpoints")
    assert newest is not None
    saved = newest[0].step
    until(lambda: status_of(run).step > saved, "it does not go on after saving", terminal)

    for name in victims:
        programs[name].kill()
    if "arcade" in victims:
        terminal.process.wait(PATIENCE)
        # Nobody reads or writes any more: the trainer saves and ends, the window closes.
        assert terminal.all_ended(family), "no orphans"
    else:
        if "trainer" in victims:
            terminal.wait_for("The trainer was ended by SIGKILL", "Resume")
        if "window" in victims:
            assert terminal.all_ended([programs["window"]])
    # A killed arcade leaves the folder with its logs, which the next one removes; its programs leave nothing.
    left = [path.name for path in temporary.iterdir() if not path.name.startswith("arcade-dqn-")]
    assert left == []
    found = load_newest(run / "checkpoints")
    assert found is not None
    assert found[0].damaged == ()
    assert found[0].step >= saved
    if victims == ("arcade",) or victims == ("arcade", "window"):
        assert status_of(run).state == "done", "the trainer that was left alone saved and said so"
        assert found[0].step > saved
    if victims == ("window",):
        step = status_of(run).step
        until(lambda: status_of(run).step > step, "the training does not go on", terminal)
        terminal.wait_for("The training goes on")
    if "trainer" in victims and "arcade" not in victims:
        terminal.press("r")
        until(
            lambda: status_of(run).pid != programs["trainer"].pid and status_of(run).state == "training",
            "it does not resume",
            terminal,
        )
        assert status_of(run).step >= found[0].step
        survivors = terminal.family()
        terminal.press("\x11")  # ctrl+q
        terminal.wait_for("Save and quit")
        terminal.press("y")
        assert terminal.process.wait(PATIENCE) == 0
        assert terminal.restored
        assert terminal.all_ended(survivors), "no orphans"


def test_a_killed_command_line_takes_its_window_with_it(
    tmp_path: Path, open_terminal: Callable[..., Any], display: str
) -> None:
    slowly = ["--set", "run.speed_limit=500", "--set", "evaluation.every=0", "--set", "network.hidden=8"]
    command = ("train", "MountainCar-v0", "--watch", "--runs-dir", str(tmp_path / "runs"), *slowly)
    terminal = open_terminal("-m", "arcade_dqn", *command, DISPLAY=display)
    window = terminal.child("arcade_dqn.window")
    terminal.process.kill()
    terminal.process.wait(PATIENCE)
    assert terminal.all_ended([window]), "no orphans"
    # Its log is what the window wrote while it was open, and nothing of it is a failure.
    (run,) = list_runs(tmp_path / "runs")
    assert "Traceback" not in (run.path / "window.log").read_text("utf-8", "replace")
