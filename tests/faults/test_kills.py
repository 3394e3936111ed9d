"""SIGKILL at random moments, again and again: no saved step is lost, and the end is that of a run left alone."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from arcade_dqn.config import build
from arcade_dqn.storage.checkpoint import load_newest
from arcade_dqn.storage.model_file import load_model
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.training.run import Run

LONG = os.environ.get("FAULTS") == "long"
KILLS = 200 if LONG else 3
LONGEST = 0.8
"""Seconds that a trainer may train before it is killed, at most."""
RATE = 500


def without_clock(run: RunDir) -> list[dict[str, Any]]:
    return [{key: value for key, value in one.items() if key != "seconds"} for one in run.read_metrics()]


def test_random_kills_lose_nothing_that_was_saved(
    tmp_path: Path, start_trainer: Callable[..., Any], same: Callable[[Any, Any], bool]
) -> None:
    chance = random.Random(1)
    overrides = {
        "network.hidden": "8",
        "learning.batch_size": 8,
        "learning.train_every": 4,
        "learning.updates_per_train": 1,
        "replay.learning_start": 50,
        # The ring comes around several times.
        "replay.capacity": 400,
        "replay.priority_exponent": 0.5,
        "evaluation.every": 0,
        "evaluation.final_episodes": 2,
        "run.checkpoint_every": 40,
        "run.steps": 2 * int(KILLS * LONGEST * RATE) + 1000,
    }
    settings = build("CartPole-v1", "cartpole", overrides)
    alone = RunDir.create(tmp_path, settings, "alone")
    killed = RunDir.create(tmp_path, build("CartPole-v1", "cartpole", {**overrides, "run.speed_limit": RATE}), "killed")

    spare = start_trainer()
    steps, saved, kills = [0], 0, 0
    while kills < KILLS:
        # While one trains, the next one loads TensorFlow.
        trainer, spare = spare, start_trainer()
        trainer.wait_for("warm")
        trainer.tell("open", run=str(killed.path))
        started = trainer.wait_for("started")
        assert started["step"] >= saved, "a step fell behind the last save that was reported"
        steps.append(started["step"])
        time.sleep(chance.uniform(0.0, LONGEST))
        trainer.kill()
        kills += 1
        events = trainer.rest()
        told = [event for event in trainer.seen if event["event"] in ("warning", "ended", "error")]
        # The first one may die before its first checkpoint.
        assert all("it begins again from step 0" in event.get("message", "") and not saved for event in told), told
        saved = max([saved, *(event["step"] for event in events if event["event"] == "checkpoint")])
    assert saved > 0
    assert len(set(steps)) > KILLS / 2, "most of the kills come after a new checkpoint"

    spare.tell("open", run=str(killed.path))
    assert spare.wait_for("started")["step"] >= saved
    spare.tell("set", name="speed_limit", value=0)
    assert Run(alone, lambda event: None).execute().reason == "steps"
    assert spare.wait_for("ended")["reason"] == "steps"
    print(json.dumps({"kills": kills, "steps": settings.run.steps, "went on at": steps[-5:], "last saved": saved}))

    weights, expected = (load_model(run.final)[1] for run in (killed, alone))
    assert same(weights, expected)
    ends = [load_newest(run.checkpoints) for run in (killed, alone)]
    assert ends[0] is not None and ends[1] is not None
    for state in (ends[0][1], ends[1][1]):
        # The clock, and how many bytes the record has, whose numbers of seconds are longer or shorter.
        del state["seconds"], state["recorder"]["metrics_bytes"], state["speed_limit"]
    assert same(ends[0][1], ends[1][1])
    assert [one for one in without_clock(killed) if one["kind"] != "set"] == without_clock(alone)
