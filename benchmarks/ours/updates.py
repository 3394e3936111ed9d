"""Gradient steps of this project's learner, sampled from its replay, as many in a call as the game's preset asks.

    python -m benchmarks.ours.updates WORK.json DATA.npz SEED

Answers {"do": "updates"} with how many it did, and {"do": "matrix product"} with the machine's rate of arithmetic.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from arcade_dqn.acting.layers import initial_weights, plan
from arcade_dqn.config import Settings, build
from arcade_dqn.games.find import find
from arcade_dqn.learning.learner import Learner
from arcade_dqn.replay.buffer import ReplayBuffer
from arcade_dqn.replay.nstep import EpisodeWriter
from benchmarks.arithmetic import matrix_product_rate, operations
from benchmarks.worker import own_standard_output, serve


def settings_of(work: dict[str, Any], transitions: int, seed: int) -> Settings:
    """The preset that is asked for, with everything that counts set as on the other side."""
    info = find(work["game"])
    same = {
        "network.kind": work["kind"],
        "network.hidden": work["hidden"],
        "network.dueling": False,
        "network.noisy": False,
        "network.layer_norm": False,
        "network.head": "expected",
        "learning.double": False,
        "learning.munchausen": False,
        "learning.n_step": 1,
        "learning.loss": "huber",
        "learning.target_update": "periodic",
        **{
            f"learning.{name}": work[name]
            for name in (
                "batch_size", "discount", "learning_rate", "adam_epsilon", "gradient_clip", "target_period"
            )
        },
        "replay.priority_exponent": 0.0,
        "replay.capacity": transitions,
        "replay.learning_start": 1,
        "environment.stack": work["stack"],
        "run.seed": seed,
    }  # fmt: skip
    return build(info.id, work["preset"], same)


def fill(replay: ReplayBuffer, data: Any, discount: float) -> None:
    """Write recorded play into a replay buffer."""
    frames, begins = data["frames"], data["begins"]
    actions, rewards, terminated = (data[name].tolist() for name in ("actions", "rewards", "terminated"))
    writer = EpisodeWriter(replay, discount)
    last = len(begins) - 1
    for i, begin in enumerate(begins.tolist()):
        if begin:
            writer.begin(frames[i])
        else:
            ended = i == last or bool(begins[i + 1])
            writer.step(actions[i], rewards[i], frames[i], terminated=terminated[i], ended=ended)


class Ours:
    """The learner and its replay."""

    def __init__(self, work: dict[str, Any], data: Any, seed: int) -> None:
        frames = data["frames"]
        stack = work["stack"]
        shape = frames.shape[1:] if stack == 1 else (stack, *frames.shape[1:])
        self.settings = settings_of(work, int((~data["begins"]).sum()), seed)
        network = self.settings.network
        self.replay = ReplayBuffer(self.settings.replay, frames.shape[1:], frames.dtype, stack, seed)
        fill(self.replay, data, work["discount"])
        weights = initial_weights(network, shape, work["n_actions"], seed)
        self._learner = Learner(self.settings, shape, frames.dtype, work["n_actions"], weights)
        self.fused = self.settings.learning.updates_per_train
        self._batch_size = self.settings.learning.batch_size
        self.operations = operations(plan(network, shape, work["n_actions"]), self._batch_size, double=False)
        self._learner.warm_up()
        self.run(0.5)

    def run(self, seconds: float) -> dict[str, float]:
        """Learn for so long, and tell how much of the time went into sampling."""
        count, sampling = 0, 0.0
        begun = time.perf_counter()
        while (now := time.perf_counter()) - begun < seconds:
            batches, numbers = self.replay.sample(self.fused, self._batch_size)
            sampling += time.perf_counter() - now
            errors = self._learner.update(batches).error
            self.replay.update_priorities(numbers, errors)
            count += self.fused
        return {"updates": count, "seconds": now - begun, "sampling_seconds": sampling}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=json.loads)
    parser.add_argument("data", type=Path)
    parser.add_argument("seed", type=int)
    options = parser.parse_args()
    write = own_standard_output()
    with np.load(options.data) as data:
        ours = Ours(options.work, {name: data[name] for name in data.files}, options.seed)

    def answer(question: dict[str, Any]) -> dict[str, float]:
        if question["do"] == "updates":
            return ours.run(question["seconds"])
        return matrix_product_rate(question["seconds"])

    write(
        {
            "ready": "updates",
            "updates_in_a_call": ours.fused,
            "compression": ours.settings.replay.compression,
            "operations_counted": ours.operations.counted,
            "operations_needed": ours.operations.needed,
            "devices": _devices(),
            "seed": options.seed,
        }
    )
    serve(write, answer)


def _devices() -> list[str]:
    import tensorflow as tf

    return [str(device.device_type) for device in tf.config.list_physical_devices()]


if __name__ == "__main__":
    main()
