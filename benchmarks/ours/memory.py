"""What a replay of Atari transitions holds in memory, filled with real play, and what it costs to sample from it.

    python -m benchmarks.ours.memory GAME SEED CAPACITY

Random actions play the game with the Atari preset's replay settings. Resident memory is the process's own, less what it
was before the replay was made. It is weighed twice: when CAPACITY transitions have come in, and when its store of
frames is full too, which is larger by a quarter because an episode has one more frame than transitions.
Then answers {"do": "share"} with the seconds that sampling and gradient steps of the preset take.
"""

from __future__ import annotations

import argparse
import gc
import time
from typing import Any

import numpy as np
import psutil

from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.config import Settings, build
from arcade_dqn.games.find import find
from arcade_dqn.games.game import Game
from arcade_dqn.games.make import make
from arcade_dqn.replay.buffer import ReplayBuffer
from arcade_dqn.replay.nstep import EpisodeWriter
from benchmarks.worker import own_standard_output, serve


def resident() -> int:
    """Bytes of this process in memory."""
    gc.collect()
    return int(psutil.Process().memory_info().rss)


def play(game: Game, writer: EpisodeWriter, seed: int) -> Any:
    """Play at random into the replay, one transition for each `next`."""
    rng = np.random.default_rng(seed)
    writer.begin(game.reset(seed))
    while True:
        action = int(rng.integers(game.n_actions))
        outcome = game.step(action)
        ended = outcome.terminated or outcome.truncated
        reward = float(np.sign(outcome.reward))
        writer.step(action, reward, outcome.frame, terminated=outcome.terminated, ended=ended)
        if ended:
            writer.begin(game.reset())
        yield


class Share:
    """Sampling against learning, with the preset's network, batch and gradient steps in a call."""

    def __init__(self, settings: Settings, game: Game, replay: ReplayBuffer) -> None:
        # TensorFlow comes into memory only now that the replay has been weighed.
        from arcade_dqn.learning.learner import Learner

        shape = game.observation_shape
        weights = initial_weights(settings.network, shape, game.n_actions, settings.run.seed)
        self._replay = replay
        self._learner = Learner(settings, shape, game.frame_dtype, game.n_actions, weights)
        self._updates, self._batch = settings.learning.updates_per_train, settings.learning.batch_size
        self._learner.warm_up()

    def run(self, seconds: float) -> dict[str, float]:
        sampling = learning = 0.0
        count, end = 0, time.perf_counter() + seconds
        while (begun := time.perf_counter()) < end:
            batches, numbers = self._replay.sample(self._updates, self._batch)
            sampled = time.perf_counter()
            errors = self._learner.update(batches).error
            self._replay.update_priorities(numbers, errors)
            sampling += sampled - begun
            learning += time.perf_counter() - sampled
            count += self._updates
        return {"updates": count, "sampling_seconds": sampling, "learning_seconds": learning}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("game")
    parser.add_argument("seed", type=int)
    parser.add_argument("capacity", type=int)
    options = parser.parse_args()
    write = own_standard_output()
    info = find(options.game)
    wanted = {
        "replay.capacity": options.capacity,
        "learning.n_step": 1,
        "replay.priority_exponent": 0.0,
        "run.seed": options.seed,
    }
    settings = build(info.id, "atari", wanted)
    game = make(info, settings.environment)
    game.reset(options.seed)
    before = resident()
    replay = ReplayBuffer(settings.replay, game.frame_shape, game.frame_dtype, game.stack, options.seed)
    steps = play(game, EpisodeWriter(replay, settings.learning.discount), options.seed)
    marks = []

    def mark() -> None:
        marks.append(
            {
                "transitions": len(replay),
                "frames": replay.frames.next_id,
                "resident_bytes": resident() - before,
                "counted_bytes": replay.nbytes,
            }
        )

    while replay.added < options.capacity:
        next(steps)
    mark()
    while replay.frames.next_id < replay.frames.capacity:
        next(steps)
    mark()
    write(
        {
            "ready": "memory",
            "game": info.id,
            "seed": options.seed,
            "compression": settings.replay.compression,
            "process_bytes": before,
            "marks": marks,
        }
    )
    share: list[Share] = []

    def answer(question: dict[str, float]) -> dict[str, float]:
        if not share:
            share.append(Share(settings, game, replay))
        return share[0].run(question["seconds"])

    serve(write, answer)


if __name__ == "__main__":
    main()
