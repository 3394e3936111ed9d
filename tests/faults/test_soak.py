"""A long training under random commands, with a window that comes and goes and readers at full speed."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from arcade_dqn.acting.layers import pack
from arcade_dqn.config import build
from arcade_dqn.link.board import BoardReader
from arcade_dqn.storage.checkpoint import load_newest
from arcade_dqn.storage.model_file import load_model
from arcade_dqn.storage.run_dir import RunDir

LONG = os.environ.get("FAULTS") == "long"
SECONDS = float(os.environ.get("FAULTS_SOAK_SECONDS", 3600.0)) if LONG else 6.0
# In an hour 200 windows and 10,000 commands.
WINDOWS, COMMANDS = (round(SECONDS / 18), round(SECONDS * 10_000 / 3600)) if LONG else (2, 200)
WARM_UP = 0.25
"""Share of the time after which memory must be flat."""


def random_command(chance: random.Random) -> tuple[str, dict[str, Any]]:
    """Anything but a stop, most of it harmless to speed."""
    match chance.randrange(12):
        case 0 | 1:
            return "set", {"name": "epsilon", "value": chance.choice([None, 0.0, 0.1, 1.0])}
        case 2 | 3:
            return "set", {"name": "learning_rate", "value": 10 ** chance.uniform(-5, -3)}
        case 4:
            return "set", {"name": "target_period", "value": chance.randint(1, 1000)}
        case 5:
            return "set", {"name": "updates_per_train", "value": chance.randint(1, 8)}
        case 6:
            return "set", {"name": "speed_limit", "value": chance.choice([0.0, 2000.0])}
        case 7 | 8:
            return "pause", {}
        case 9 if chance.random() < 0.2:
            return "save", {}
        case 10 if chance.random() < 0.05:
            return "evaluate", {}
        case _:
            return "resume", {}


class Reader(threading.Thread):
    """Reads the board as fast as it can. A torn record would fail its checksum, or go back in time."""

    def __init__(self, board: Path) -> None:
        super().__init__(daemon=True)
        self._board = board
        self.over = threading.Event()
        self.reads = self.weights = 0
        self.wrong = ""

    def run(self) -> None:
        try:
            with BoardReader(self._board) as reader:
                step, version = 0, -1
                while not self.over.is_set():
                    status = reader.status()
                    assert status.step >= step, f"step {status.step} after {step}"
                    step = status.step
                    newest = reader.weights(version)
                    if newest is not None:
                        assert newest[0] > version
                        version = newest[0]
                        assert np.isfinite(newest[1]).all()
                        self.weights += 1
                    self.reads += 1
        except Exception as error:  # noqa: BLE001 - told by the test, in the main thread
            self.wrong = repr(error)


def open_window(run: Path, display: str, log: Path) -> subprocess.Popen[bytes]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SDL_")}
    with open(log, "ab") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "arcade_dqn.window", str(run), "--events", "--size", "640x360"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env={**inherited, "DISPLAY": display, "PYTHONPATH": os.pathsep.join(sys.path)},
        )


def test_soak(tmp_path: Path, start_trainer: Callable[..., Any], display: str) -> None:
    chance = random.Random(1)
    overrides = {
        "network.hidden": "32",
        "replay.capacity": 5_000,
        "replay.learning_start": 500,
        "evaluation.every": 0,
        "evaluation.episodes": 2,
        "run.checkpoint_every": 5_000,
        "run.steps": 10_000_000_000,
    }
    run = RunDir.create(tmp_path, build("CartPole-v1", "cartpole", overrides))
    trainer = start_trainer(run.path)
    trainer.wait_for("progress")
    process = psutil.Process(trainer.process.pid)
    reader = Reader(run.board)
    reader.start()

    begun, sent, opened = time.monotonic(), 0, 0
    window: subprocess.Popen[bytes] | None = None
    memory: list[tuple[float, int]] = []
    handles: list[tuple[float, int]] = []
    while (passed := (time.monotonic() - begun) / SECONDS) < 1.0 or sent < COMMANDS:
        while sent < min(COMMANDS, passed * COMMANDS):
            name, arguments = random_command(chance)
            trainer.tell(name, **arguments)
            sent += 1
        # In the first half of each span the window is open, in the second it is closed.
        span = passed * WINDOWS
        if window is None and opened <= span < WINDOWS and span % 1 < 0.5:
            window, opened = open_window(run.path, display, tmp_path / "window.log"), opened + 1
        if window is not None and span % 1 >= 0.5:
            assert window.poll() is None, (tmp_path / "window.log").read_text()[-2000:]
            assert window.stdin is not None
            window.stdin.close()
            assert window.wait(60) == 0
            window = None
        memory.append((passed, process.memory_info().rss))
        handles.append((passed, process.num_fds()))
        while trainer.next(0.02) is not None:
            del trainer.seen[:-2000]
        assert not trainer.over, trainer.log.read_text("utf-8", "replace")[-2000:]
    reader.over.set()
    reader.join()
    assert reader.wrong == ""
    trainer.tell("resume")
    trainer.tell("stop")
    ended = trainer.wait_for("ended")
    assert ended["reason"] == "stopped"
    if window is not None:
        window.kill()
        window.wait()

    after = [rss for share, rss in memory if share >= WARM_UP]
    start, end = float(np.median(after[: len(after) // 5])), float(np.median(after[-len(after) // 5 :]))
    files = [count for share, count in handles if share >= WARM_UP]
    print(
        json.dumps(
            {
                "seconds": round(time.monotonic() - begun),
                "commands": sent,
                "windows": opened,
                "steps": ended["step"],
                "reads of the board": reader.reads,
                "weights seen": reader.weights,
                "MiB after warm-up": round(start / 2**20, 1),
                "MiB at the end": round(end / 2**20, 1),
                "handles": [min(files), max(files)],
            }
        )
    )
    assert (sent, opened) == (COMMANDS, WINDOWS)
    assert reader.reads > 1000
    assert reader.weights >= 1
    assert max(files) <= min(files) + 5, "handles are let go of"
    if LONG:
        assert abs(end - start) <= 0.05 * start
    found = load_newest(run.checkpoints)
    assert found is not None
    assert (found[0].step, found[0].damaged) == (ended["step"], ())
    with BoardReader(run.board) as board:
        newest = board.weights()
    assert newest is not None
    assert np.array_equal(newest[1], pack(load_model(run.final)[1]))
