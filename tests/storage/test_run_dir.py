from __future__ import annotations

import os
from pathlib import Path

import pytest

from arcade_dqn.config import Settings, SettingsError
from arcade_dqn.storage.atomic import StorageError
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.storage.run_names import RunError, RunNotFound
from arcade_dqn.storage.runs import list_runs
from arcade_dqn.storage.summary import Summary

SETTINGS = Settings(game="CartPole-v1", preset="cartpole")
PONG = Settings(game="ALE/Pong-v5")


def test_create_and_open(tmp_path: Path) -> None:
    run = RunDir.create(tmp_path / "runs", SETTINGS, "first")
    assert run.path == tmp_path / "runs" / "CartPole-v1" / "first"
    assert os.listdir(run.path) == ["config.json"]
    assert os.listdir(run.path.parent) == ["first"]
    assert (run.name, run.settings()) == ("first", SETTINGS)
    assert RunDir.open(run.path).settings() == SETTINGS
    assert RunDir.create(tmp_path / "runs", PONG, "first").path == tmp_path / "runs" / "ALE-Pong-v5" / "first"
    for path, name in [
        (run.metrics, "metrics.jsonl"),
        (run.board, "board"),
        (run.log, "trainer.log"),
        (run.checkpoints, "checkpoints"),
        (run.best, "best.safetensors"),
        (run.final, "final.safetensors"),
        (run.saved(500), "saved-500.safetensors"),
    ]:
        assert path == run.path / name


def test_names_are_unique(tmp_path: Path) -> None:
    runs = [RunDir.create(tmp_path, SETTINGS) for _ in range(5)]
    assert len({run.path for run in runs}) == 5
    assert len(list_runs(tmp_path)) == 5
    RunDir.create(tmp_path, SETTINGS, "mine")
    with pytest.raises(RunError, match="a run named 'mine' exists already at .*; choose another name"):
        RunDir.create(tmp_path, SETTINGS, "mine")
    assert len(list((tmp_path / "CartPole-v1").iterdir())) == 6, "nothing unfinished is left"


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot make a run in .*: a part of the path is not a folder"):
        RunDir.create(tmp_path / "file", SETTINGS)


def test_open_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(RunNotFound, match="there is no run at"):
        RunDir.open(tmp_path / "nowhere")
    with pytest.raises(RunNotFound, match="is not a run: it has no config.json"):
        RunDir.open(tmp_path)
    config = tmp_path / "config.json"
    config.write_text("{")
    with pytest.raises(SettingsError, match=r"config\.json"):
        RunDir.open(tmp_path)
    config.write_bytes(b" " * 300_000)
    with pytest.raises(RunError, match="larger than 256 KiB"):
        RunDir.open(tmp_path)
    config.unlink()
    os.mkfifo(config)
    with pytest.raises(RunError, match="not a regular file"):
        RunDir.open(tmp_path)


def test_find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = tmp_path / "runs"
    one = RunDir.create(runs, SETTINGS, "one").path
    pong = RunDir.create(runs, PONG, "one").path
    two = RunDir.create(runs, PONG, "two").path
    assert RunDir.find(str(one), runs).path == one
    assert RunDir.find("two", runs).path == two
    assert RunDir.find("CartPole-v1/one", runs).path == one
    assert RunDir.find("cartpole-v1/one/", runs).path == one
    assert RunDir.find("ALE/Pong-v5/one", runs).path == pong
    assert RunDir.find("ALE-Pong-v5/one", runs).path == pong
    with pytest.raises(RunError, match="several runs are named 'one': .* and .*; say which") as caught:
        RunDir.find("one", runs)
    assert not isinstance(caught.value, RunNotFound)
    with pytest.raises(RunNotFound, match="there is no run 'twp' in .*; did you mean two"):
        RunDir.find("twp", runs)
    with pytest.raises(RunNotFound, match="`arcade-dqn runs` lists them"):
        RunDir.find("zzzzzz", tmp_path / "missing")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cartpole").mkdir()
    with pytest.raises(RunNotFound, match="cartpole is not a run"):
        RunDir.find("cartpole", runs)


def test_summary(tmp_path: Path) -> None:
    run = RunDir.create(tmp_path, SETTINGS)
    assert run.read_summary() is None
    summary = Summary(state="training", step=5, steps_total=10, best_evaluation=-3.5, message="a b")
    run.write_summary(summary)
    assert run.read_summary() == summary
    assert sorted(os.listdir(run.path)) == ["config.json", "summary.json"]
    for wrong in ("{", "[]", '{"step": -1}', '{"state": 5}', "x" * 300_000):
        run.summary_path.write_text(wrong)
        with pytest.raises(StorageError, match=r"summary\.json is damaged"):
            run.read_summary()


def test_metrics(tmp_path: Path) -> None:
    run = RunDir.create(tmp_path, SETTINGS)
    run.append_metrics({"kind": "episode", "step": 3})
    size = run.metrics_size()
    run.append_metrics({"kind": "episode", "step": 6})
    assert RunDir.open(run.path).read_metrics() == [{"kind": "episode", "step": 3}, {"kind": "episode", "step": 6}]
    run.truncate_metrics(size)
    assert run.read_metrics() == [{"kind": "episode", "step": 3}]
    run.close()


def test_lock_removes_what_a_killed_writer_left(tmp_path: Path) -> None:
    run = RunDir.create(tmp_path, SETTINGS)
    (run.path / ".summary.json.123-0.tmp").write_text("half")
    (run.path / "stages").mkdir()
    (run.path / "stages" / ".step-5.safetensors.123-1.tmp").write_text("half")
    with run.lock():
        assert run.locked_by() == os.getpid()
        assert sorted(os.listdir(run.path)) == ["config.json", "lock", "stages"]
        assert not os.listdir(run.path / "stages")
    assert run.locked_by() is None


@pytest.mark.parametrize("name", ["metrics.jsonl", "checkpoints", "trainer.log", "board", "anything"])
def test_nobody_writes_through_a_link(tmp_path: Path, name: str) -> None:
    run = RunDir.create(tmp_path / "runs", SETTINGS)
    (tmp_path / "precious").write_text("mine")
    (run.path / name).symlink_to(tmp_path / "precious")
    with pytest.raises(RunError, match=f"{name} in the run .* is a symbolic link"), run.lock():
        pass
    assert (tmp_path / "precious").read_text() == "mine"


@pytest.mark.parametrize("name", ["segments", "step-5", "step-5.tmp"])
def test_nobody_writes_or_removes_through_a_link_further_in(tmp_path: Path, name: str) -> None:
    run = RunDir.create(tmp_path / "runs", SETTINGS)
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "letter").write_text("mine")
    run.checkpoints.mkdir()
    (run.checkpoints / name).symlink_to(precious)
    with pytest.raises(RunError, match=f"checkpoints.{name} in the run .* is a symbolic link"), run.lock():
        pass
    assert (precious / "letter").read_text() == "mine"


def test_texts_of_a_summary_are_stripped_of_control_codes(tmp_path: Path) -> None:
    run = RunDir.create(tmp_path, SETTINGS)
    run.summary_path.write_text('{"state": "do\\u001b[31mne", "message": "\\u001b]0;title\\u0007ended\\r\\nwell"}')
    summary = run.read_summary()
    assert summary is not None
    assert (summary.state, summary.message) == ("done", "ended well")
