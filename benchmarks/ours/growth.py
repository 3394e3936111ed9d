"""How costs grow with the replay's size and with the batch.

    python -m benchmarks.ours.growth SEED

Answers {"do": "replay", "size", "prioritised"}, {"do": "batch", "kind", "batch_size"} and {"do": "copies", "copies"}.
The replay holds vectors of four numbers as CartPole's, so that what grows is the replay's own work and not the
unpacking of pictures.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.config import build
from arcade_dqn.replay.buffer import Batch, ReplayBuffer
from benchmarks.worker import own_standard_output, serve

_BATCHES, _BATCH_SIZE = 64, 64
_SHAPES: dict[str, tuple[str, list[int], tuple[int, ...], Any]] = {
    "mlp": ("CartPole-v1", [256, 256], (4,), np.float32),
    "minatar": ("MinAtar/Breakout-v1", [128], (10, 10, 4), np.bool_),
    "nature": ("ALE/Pong-v5", [512], (4, 84, 84), np.uint8),
}
_ACTIONS = 4
_UPDATES = 4


def replay_cost(size: int, prioritised: bool, seconds: float, seed: int) -> dict[str, float]:
    """Seconds to add one transition to a full replay, and to sample one (with priorities, to write one back too)."""
    wanted: dict[str, Any] = {
        "replay.capacity": size,
        "replay.learning_start": 1,
        "replay.priority_exponent": 0.6 if prioritised else 0.0,
    }
    replay = ReplayBuffer(build("CartPole-v1", "vector", wanted).replay, (4,), np.dtype(np.float32), 1, seed)
    rng = np.random.default_rng(seed)
    frames = rng.standard_normal((1024, 4), np.float32)
    before = replay.add_frame(frames[0])

    def add(count: int) -> None:
        nonlocal before
        for i in range(count):
            after = replay.add_frame(frames[i & 1023])
            replay.add((before,), 0, 1.0, 0.99, (after,))
            before = after

    def sample() -> None:
        _, numbers = replay.sample(_BATCHES, _BATCH_SIZE, 0.5)
        replay.update_priorities(numbers, rng.random(numbers.shape, np.float32))

    # Until the store of frames is full too, so that old ones make room from now on.
    while replay.frames.next_id < replay.frames.capacity:
        add(min(100_000, replay.frames.capacity - replay.frames.next_id))
    return {
        "add_seconds": _time(lambda: add(1024), seconds / 2) / 1024,
        "sample_seconds": _time(sample, seconds / 2) / (_BATCHES * _BATCH_SIZE),
    }


def batch_cost(kind: str, batch_size: int, seconds: float, seed: int) -> dict[str, float]:
    """Seconds of a gradient step for each transition of its minibatch, with four steps in a call."""
    from arcade_dqn.learning.learner import Learner

    game, hidden, shape, dtype = _SHAPES[kind]
    wanted: dict[str, Any] = {
        "network.kind": kind, "network.hidden": hidden, "learning.batch_size": batch_size,
        "learning.updates_per_train": _UPDATES, "run.seed": seed,
    }  # fmt: skip
    settings = build(game, "vector", wanted)
    weights = initial_weights(settings.network, shape, _ACTIONS, seed)
    learner = Learner(settings, shape, np.dtype(dtype), _ACTIONS, weights)
    rng = np.random.default_rng(seed)
    outer = (_UPDATES, batch_size)

    def observations() -> np.ndarray:
        if dtype == np.float32:
            return rng.standard_normal((*outer, *shape), np.float32)
        return rng.integers(0, 256 if dtype == np.uint8 else 2, (*outer, *shape), np.uint8).astype(dtype)

    ones = np.ones(outer, np.float32)
    actions = rng.integers(0, _ACTIONS, outer).astype(np.int32)
    batches = Batch(observations(), actions, ones, ones * np.float32(0.99), observations(), ones)
    learner.update(batches)
    return {"update_seconds": _time(lambda: learner.update(batches), seconds) / (_UPDATES * batch_size)}


def copies_cost(copies: int, seconds: float, seed: int) -> dict[str, float]:
    """Seconds of one step of MinAtar Breakout in the training loop: played only, and with the preset's updates."""
    return {
        "play_seconds": _step_seconds(
            copies, seconds / 2, seed, {"learning.updates_per_train": 1, "learning.train_every": 100_000}
        ),
        "train_seconds": _step_seconds(copies, seconds / 2, seed, {}),
    }


def _step_seconds(copies: int, seconds: float, seed: int, further: dict[str, Any]) -> float:
    from arcade_dqn.games.make import make
    from arcade_dqn.training.loop import Loop

    wanted = {
        "environment.copies": copies, "replay.learning_start": 1_000, "run.seed": seed, "run.steps": 1_000_000_000
    }  # fmt: skip
    settings = build("MinAtar/Breakout-v1", "minatar", {**wanted, **further})
    loop = Loop(settings, [make(settings.game, settings.environment) for _ in range(copies)])
    loop.epsilon_override = settings.exploration.epsilon_end
    loop.learner.warm_up()
    steps = loop.steps()
    # From the second training on, so that learning has begun; and whole trainings, so that each step carries its share.
    every = settings.learning.train_every if not further else 1_000
    while loop.step < 2_000 + every:
        next(steps)
    begun, first = time.perf_counter(), loop.step
    for step in steps:
        elapsed = time.perf_counter() - begun
        if elapsed >= seconds and step.reached(every):
            break
    return elapsed / (loop.step - first)


def _time(work: Callable[[], object], seconds: float) -> float:
    """Seconds of one call, over as many as fit."""
    work()
    count, begun = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - begun) < seconds or not count:
        work()
        count += 1
    return elapsed / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seed", type=int)
    seed = parser.parse_args().seed
    write = own_standard_output()

    def answer(question: dict[str, Any]) -> dict[str, float]:
        if question["do"] == "replay":
            return replay_cost(question["size"], question["prioritised"], question["seconds"], seed)
        if question["do"] == "copies":
            return copies_cost(question["copies"], question["seconds"], seed)
        return batch_cost(question["kind"], question["batch_size"], question["seconds"], seed)

    write({"ready": "growth", "seed": seed})
    serve(write, answer)


if __name__ == "__main__":
    main()
