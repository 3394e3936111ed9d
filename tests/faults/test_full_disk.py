"""The disk is full: training goes on, the user is warned, and the last good checkpoint stays."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from arcade_dqn.config import build
from arcade_dqn.link.process import dummy_sdl
from arcade_dqn.storage.atomic import StorageError
from arcade_dqn.storage.checkpoint import load_newest
from arcade_dqn.storage.metrics import MetricsFile
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.storage.runs import list_runs
from arcade_dqn.training.run import Run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can limit the files of another process")


def limit_files(pid: int, size: int) -> None:
    """Let no file of the process grow beyond `size` bytes: what it writes fails as on a full disk."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_a_log_on_a_full_disk_is_no_reason_to_end(tmp_path: Path) -> None:
    small = {"network.hidden": "8", "evaluation.every": 100, "evaluation.episodes": 1, "run.steps": 500}
    sets = [word for name, value in small.items() for word in ("--set", f"{name}={value}")]
    command = [sys.executable, "-m", "arcade_dqn", "train", "CartPole-v1", "--runs-dir", str(tmp_path), *sets]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=dummy_sdl({**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}),
        )
    (run,) = list_runs(tmp_path)
    assert (run.state, run.step, run.problem) == ("done", 500, "")
    assert (run.path / "final.safetensors").is_file()
    # What the last line says is lost, and told by one on standard error.
    assert done.returncode == 1
    assert done.stderr == "arcade-dqn: No space left on device\n"
    assert "standard output takes nothing" in (run.path / "trainer.log").read_text()


def test_metrics_that_cannot_be_looked_at_cost_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    overrides = {"network.hidden": "8", "evaluation.every": 0, "evaluation.final_episodes": 0, "run.steps": 400}
    run_dir = RunDir.create(tmp_path, build("CartPole-v1", "cartpole", {**overrides, "run.checkpoint_every": 100}))
    events: list[dict[str, Any]] = []
    size = MetricsFile.size

    def fail(self: MetricsFile, *, durable: bool = False) -> int:
        if any(event["event"] == "started" for event in events) and len(failures()) < 2:
            events.append({"event": "failed"})
            raise StorageError("cannot read metrics.jsonl: input/output error")
        return size(self, durable=durable)

    def failures() -> list[dict[str, Any]]:
        return [event for event in events if event["event"] == "failed"]

    monkeypatch.setattr(MetricsFile, "size", fail)
    assert Run(run_dir, events.append).execute().reason == "steps"
    warnings = [event["message"] for event in events if event["event"] == "warning"]
    assert warnings == [
        f"the checkpoint at step {step} could not be saved: cannot read metrics.jsonl: input/output error"
        for step in (100, 200)
    ]
    assert [event["step"] for event in events if event["event"] == "checkpoint"] == [300, 400]


def test_a_disk_that_is_full_for_a_while(tmp_path: Path, start_trainer: Callable[..., Any]) -> None:
    overrides = {
        "network.hidden": "8",
        "evaluation.every": 0,
        "evaluation.final_episodes": 2,
        "replay.learning_start": 50,
        "run.checkpoint_every": 100,
        "run.speed_limit": 1000,
        "run.steps": 1_000_000,
    }
    run = RunDir.create(tmp_path, build("CartPole-v1", "cartpole", overrides))
    trainer = start_trainer(run.path)
    before = trainer.wait_for("checkpoint")["step"]
    limit_files(trainer.process.pid, 1000)
    warnings = [trainer.wait_for("warning")["message"] for _ in range(2)]
    failed = trainer.wait_for("warning")
    while "the checkpoint at step" not in failed["message"]:
        failed = trainer.wait_for("warning")
    warnings.append(failed["message"])
    assert any("the file is larger than the system allows" in message for message in warnings)
    # It goes on: steps come, and the good checkpoint is still there.
    step = trainer.wait_for("progress")["step"]
    while trainer.wait_for("progress")["step"] < step + 300:
        pass
    found = load_newest(run.checkpoints)
    assert found is not None
    assert found[0].damaged == ()
    assert found[0].step >= before

    limit_files(trainer.process.pid, resource.RLIM_INFINITY)
    later = trainer.wait_for("checkpoint")["step"]
    assert later > found[0].step
    trainer.tell("stop")
    ended = trainer.wait_for("ended")
    assert ended["reason"] == "stopped"
    assert run.final.is_file()
    newest = load_newest(run.checkpoints)
    assert newest is not None
    assert (newest[0].step, newest[0].damaged) == (ended["step"], ())
    left = [path.name for path in run.path.rglob("*") if path.name.endswith(".tmp")]
    assert not left
    assert not [event for event in trainer.seen if event["event"] == "warning" and "Traceback" in event["message"]]
