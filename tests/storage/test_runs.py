from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from arcade_dqn.config import Settings
from arcade_dqn.storage.atomic import StorageError
from arcade_dqn.storage.lock import RunLocked
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.storage.run_names import RunError
from arcade_dqn.storage.runs import list_runs, rename_run, trash_run
from arcade_dqn.storage.summary import Summary

SETTINGS = Settings(game="CartPole-v1", preset="cartpole")
PONG = Settings(game="ALE/Pong-v5")


HOLDER = """
import sys
from arcade_dqn.storage.run_dir import RunDir
with RunDir.open(sys.argv[1]).lock():
    print("locked", flush=True)
    sys.stdin.read()
"""


def start_holder(run: RunDir) -> subprocess.Popen[bytes]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(run.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"locked\n"
    return holder


def test_states(tmp_path: Path) -> None:
    run = RunDir.create(tmp_path, SETTINGS)

    def state() -> str:
        (summary,) = list_runs(tmp_path)
        assert summary.problem == ""
        return summary.state

    assert state() == "new"
    holder = start_holder(run)
    assert state() == "starting"
    run.write_summary(Summary(state="training", step=5))
    assert state() == "training"
    with pytest.raises(RunLocked, match=f"in use by process {holder.pid}"), run.lock():
        pass
    holder.kill()
    holder.wait()
    assert state() == "interrupted"
    for final in ("done", "stopped", "failed"):
        run.write_summary(Summary(state=final))
        assert state() == final


def test_list_runs(tmp_path: Path) -> None:
    assert list_runs(tmp_path / "missing") == []
    old = RunDir.create(tmp_path, SETTINGS, "old")
    new = RunDir.create(tmp_path, PONG, "new")
    new.write_summary(Summary(state="done", step=70, steps_total=100, best_evaluation=20.5, last_evaluation=19.5))
    os.utime(old.config, (1000, 1000))
    first, second = list_runs(tmp_path)
    assert (first.path, first.game, first.name, first.state) == (new.path, "ALE/Pong-v5", "new", "done")
    assert (first.step, first.steps_total, first.best_evaluation, first.last_evaluation) == (70, 100, 20.5, 19.5)
    assert first.settings == PONG
    assert (second.path, second.modified, second.state) == (old.path, 1000.0, "new")
    assert (second.step, second.steps_total, second.best_evaluation) == (0, SETTINGS.run.steps, None)


def test_broken_folders_are_listed_with_their_problem(tmp_path: Path) -> None:
    game = tmp_path / "CartPole-v1"
    RunDir.create(tmp_path, SETTINGS, "good")
    (game / "empty").mkdir()
    (game / "damaged").mkdir()
    (game / "damaged" / "config.json").write_bytes(b"\x00\xff\x1b[31m")
    (game / "newer").mkdir()
    (game / "newer" / "config.json").write_text('{"game": "CartPole-v1", "quantum": {}}')
    bad_summary = RunDir.create(tmp_path, SETTINGS, "bad-summary")
    bad_summary.summary_path.write_text("{}}")
    bad_lock = RunDir.create(tmp_path, SETTINGS, "bad-lock")
    bad_lock.write_summary(Summary(state="training"))
    (bad_lock.path / "lock").symlink_to("lock")
    (game / ".1-2.tmp").mkdir()
    (game / "a file").write_text("")
    (tmp_path / "another file").write_text("")
    found = {run.name: run for run in list_runs(tmp_path)}
    assert found.keys() == {"good", "empty", "damaged", "newer", "bad-summary", "bad-lock"}
    assert found.pop("good").problem == ""
    for run in found.values():
        assert run.state == "broken"
        assert run.game == "CartPole-v1"
        assert run.problem
        assert run.problem.isprintable()
    assert "no config.json" in found["empty"].problem
    assert "quantum" in found["newer"].problem
    assert "summary.json is damaged" in found["bad-summary"].problem
    assert "cannot look at the lock" in found["bad-lock"].problem


def test_a_runs_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")
    with pytest.raises(StorageError, match="cannot read the runs in"):
        list_runs(tmp_path / "runs")


def test_a_run_is_renamed_but_never_over_another_nor_while_it_trains(tmp_path: Path) -> None:
    run, other = (RunDir.create(tmp_path, SETTINGS, name) for name in ("one", "two"))
    with pytest.raises(RunError, match=r"a run named 'two' exists already at .*; choose another name"):
        rename_run(run.path, "two")
    with pytest.raises(RunError, match=r"'../three' cannot be a run's name"):
        rename_run(run.path, "../three")
    with run.lock(), pytest.raises(RunLocked, match="is in use by process"):
        rename_run(run.path, "three")
    moved = rename_run(run.path, "three")
    assert moved == run.path.parent / "three"
    assert {found.name for found in list_runs(tmp_path)} == {"three", "two"}
    assert RunDir.open(moved).settings() == SETTINGS
    assert other.path.is_dir()


def test_a_run_goes_to_the_trash_whole_and_can_come_back(tmp_path: Path) -> None:
    first = RunDir.create(tmp_path, SETTINGS, "one")
    first.append_metrics({"kind": "episode", "step": 1, "return": 2.0})
    first.close()
    in_trash = trash_run(first.path)
    again = RunDir.create(tmp_path, SETTINGS, "one")
    second = trash_run(again.path)
    assert in_trash == tmp_path / ".trash" / first.path.parent.name / "one"
    assert second.name == "one-2"
    assert list_runs(tmp_path) == []
    in_trash.rename(first.path)
    assert RunDir.find("one", tmp_path).read_metrics() == [{"kind": "episode", "step": 1, "return": 2.0}]
    with RunDir.open(first.path).lock(), pytest.raises(RunLocked):
        trash_run(first.path)


# --- a folder from somebody else ---


def test_names_that_would_move_a_cursor_are_not_listed(tmp_path: Path) -> None:
    good = RunDir.create(tmp_path, SETTINGS, "good")
    good.path.with_name("bad\x1b[2J").mkdir()
    assert [run.name for run in list_runs(tmp_path)] == ["good"]
