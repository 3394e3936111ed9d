"""How long a checkpoint of a full replay buffer holds up the training.

    python -m benchmarks.checkpoints [--transitions 1000000] [--new 10000] [--folder DIR]

The buffer is filled with real frames of Pong under random play, 84 x 84, as the preset `atari` keeps them, with
priorities; a Nature network's weights and Adam's two slots lie beside it. The *pause* is what the training waits for:
the copy of what is new. While that is written, steps go on (a frame in, and in every fourth a minibatch out of the
buffer); the *slowest step* is the longest that one of them took, the *slowest before* that of 2,000 steps with nothing
being written.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.config import build
from arcade_dqn.games.make import make
from arcade_dqn.replay.buffer import ReplayBuffer
from arcade_dqn.replay.nstep import EpisodeWriter
from arcade_dqn.storage.checkpoint import load_newest
from arcade_dqn.storage.checkpoint_writer import CheckpointWriter
from benchmarks.machine import describe

_DISTINCT_FRAMES = 20_000


class Play:
    """Recorded play, over and over, into a buffer."""

    def __init__(self, transitions: int) -> None:
        overrides = {"replay.capacity": transitions, "replay.priority_exponent": 0.5, "replay.learning_start": 1}
        self.settings = settings = build("ALE/Pong-v5", "atari", overrides)
        game = make("ALE/Pong-v5", settings.environment)
        rng = np.random.default_rng(1)
        self._frames, self._ends = [game.reset(1)], [True]
        while len(self._frames) < _DISTINCT_FRAMES:
            outcome = game.step(int(rng.integers(game.n_actions)))
            self._frames.append(outcome.frame)
            self._ends.append(outcome.terminated or outcome.truncated)
            if self._ends[-1]:
                self._frames.append(game.reset())
                self._ends.append(True)
        self._shape = (game.observation_shape, game.n_actions)
        self.buffer = ReplayBuffer(settings.replay, game.frame_shape, game.frame_dtype, game.stack, 1)
        game.close()
        self._writer = EpisodeWriter(self.buffer, 0.99)
        self._writer.begin(self._frames[0])
        self._at = 0

    def step(self) -> None:
        self._at = (self._at + 1) % len(self._frames)
        self._writer.step(self._at % 6, 0.0, self._frames[self._at], terminated=False, ended=False)

    def learner(self) -> dict[str, Any]:
        """The arrays that a learner of the Nature network has in a checkpoint: online, target, and Adam's slots."""
        weights = initial_weights(build("ALE/Pong-v5", "atari", {}).network, *self._shape, 1)
        return {part: dict(weights) for part in ("online", "target", "first moment", "second moment")}


def slowest(play: Play, until: Callable[[int], bool]) -> tuple[int, float]:
    """Steps, every fourth with a minibatch, until `until(steps)`: how many, and the seconds of the slowest."""
    steps, longest = 0, 0.0
    while not until(steps):
        begun = time.perf_counter()
        play.step()
        if steps % 4 == 0:
            play.buffer.sample(1, 32)
        longest = max(longest, time.perf_counter() - begun)
        steps += 1
    return steps, longest


def measure(play: Play, writer: CheckpointWriter, learner: dict[str, Any], folder: Path, row: str) -> None:
    """Save one checkpoint while steps go on, and print its line."""
    _, before = slowest(play, lambda steps: steps >= 2_000)
    already = size_of(folder)
    begun = time.perf_counter()
    state = {"loop": {"learner": learner, "replay": play.buffer.get_state(writer.have)}}
    writer.begin(play.buffer.added, state)
    pause = time.perf_counter() - begun
    path = None

    def over(steps: int) -> bool:
        nonlocal path
        path = path or writer.result(wait=False)
        return path is not None

    steps, longest = slowest(play, over)
    line = {
        "row": row,
        "transitions": len(play.buffer),
        "replay_mib": round(play.buffer.nbytes / 2**20, 1),
        "pause_seconds": round(pause, 4),
        "writing_seconds": round(time.perf_counter() - begun - pause, 3),
        "written_mib": round((size_of(folder) - already) / 2**20, 1),
        "steps_meanwhile": steps,
        "slowest_step_seconds": round(longest, 4),
        "slowest_before_seconds": round(before, 4),
    }
    print(json.dumps(line), flush=True)


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transitions", type=int, default=1_000_000)
    parser.add_argument("--new", type=int, default=10_000, help="new transitions between two checkpoints")
    parser.add_argument("--folder", type=Path, help="where to write (default: a temporary folder)")
    options = parser.parse_args()
    print(json.dumps(describe()))
    play = Play(options.transitions)
    # Beyond the capacity, so that the ring has come around and the store of frames is full, too.
    for _ in range(options.transitions * 5 // 4):
        play.step()
    folder = Path(tempfile.mkdtemp(dir=options.folder)) / "checkpoints"
    try:
        writer, learner = CheckpointWriter(folder, keep=10), play.learner()
        measure(play, writer, learner, folder, "the first, all of it")
        for number in range(3):
            for _ in range(options.new):
                play.step()
            measure(play, writer, learner, folder, f"{options.new:,} new, {number + 1}")
        begun = time.perf_counter()
        assert load_newest(folder) is not None
        print(json.dumps({"row": "verify and read it back", "seconds": round(time.perf_counter() - begun, 3)}))
    finally:
        shutil.rmtree(folder.parent)


if __name__ == "__main__":
    main()
