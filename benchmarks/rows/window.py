"""What an open window costs the training beside it."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from arcade_dqn.games.find import find
from arcade_dqn.link.board import BoardError, BoardReader, Status
from benchmarks.plan import Plan
from benchmarks.report import Line, median
from benchmarks.worker import MeasurementFailed, Worker, quiet, this_python

GAMES = ("MinAtar/Breakout-v1", "CartPole-v1", "ALE/Pong-v5")
SHARE = 0.9
FRAME_RATE = 60.0
LEARNING_START = 1_000
SEED = 1
PATIENCE = 300.0
_SETTLE = 2.0


def measure(plan: Plan) -> Iterator[Line]:
    """A training that goes on all the time, without and with a window on it in turn."""
    if shutil.which("Xvfb") is None:
        raise MeasurementFailed("Xvfb, the virtual screen, is not installed")
    # Here, because it needs a POSIX system.
    from benchmarks.latency import x_server

    turns, seconds = plan.pick(short=3, full=5), plan.pick(short=4.0, full=8.0)
    with x_server() as (display, _):
        for game in plan.pick(short=GAMES[:1], full=GAMES):
            rates: dict[str, list[float]] = {"without": [], "with": []}
            frames: list[float] = []
            with tempfile.TemporaryDirectory() as folder:
                run = Path(folder) / find(game).slug / "window"
                with plan.worker(_training(game, folder)) as trainer:
                    try:
                        reader = _wait_for_training(plan, trainer, run / "board")
                        for turn in range(turns):
                            rates["without"].append(_rate(reader, seconds))
                            with Worker(
                                this_python("benchmarks.ours.window", run),
                                plan.patience,
                                environment=_with_display(display),
                            ) as window:
                                window.read(PATIENCE)
                                time.sleep(_SETTLE)
                                rates["with"].append(_rate(reader, seconds))
                                window.end_input()
                                frames.append(_frame_rate(window))
                            plan.say(
                                {
                                    "row": "window",
                                    "game": game,
                                    "turn": turn,
                                    "steps_per_second": {name: values[-1] for name, values in rates.items()},
                                    "frames_per_second": frames[-1],
                                }
                            )
                            time.sleep(_SETTLE)
                        reader.close()
                    finally:
                        trainer.terminate(30.0)
            shares = [b / a for a, b in zip(rates["without"], rates["with"], strict=True)]
            yield Line(
                "window",
                f"training with the window open, {game}",
                "steps/s",
                rates["with"],
                rates["without"],
                "without",
                shares,
                percent=True,
                aim=f"{SHARE:.0%}, at {FRAME_RATE:g} frames/s",
                met=median(shares) >= SHARE and median(frames) >= 0.95 * FRAME_RATE,
                notes=(
                    f"the window drew {median(frames):.1f} frames/s ({min(frames):.1f} to {max(frames):.1f}); the "
                    "virtual screen (Xvfb) is drawn by the same processor, and that is counted against it",
                ),
                details={"seed": SEED, "turns": turns, "seconds": seconds, "frames_per_second": frames},
            )


def _training(game: str, folder: str) -> list[str]:
    """A run that does nothing but train: no evaluations, and epsilon where it ends."""
    settings = (
        "evaluation.every=0",
        "run.steps=100000000",
        "run.checkpoint_every=0",
        "exploration.decay_steps=1",
        f"replay.learning_start={LEARNING_START}",
    )
    return this_python(
        "arcade_dqn", "train", game, "--runs-dir", folder, "--name", "window", "--seed", SEED,
        *(part for setting in settings for part in ("--set", setting)),
    )  # fmt: skip


def _wait_for_training(plan: Plan, trainer: Worker, board: Path) -> BoardReader:
    end = time.monotonic() + plan.patience.at_most(PATIENCE)
    while time.monotonic() < end:
        if not trainer.alive:
            trainer.read(1.0)  # raises, and says how it ended
        try:
            reader = BoardReader(board)
        except BoardError:
            time.sleep(0.2)
            continue
        if reader.status().updates >= 200:
            time.sleep(_SETTLE)
            return reader
        reader.close()
        time.sleep(0.2)
    raise MeasurementFailed("the training to watch did not begin within the time given to it")


def _rate(reader: BoardReader, seconds: float) -> float:
    """Steps a second, between two looks of the trainer at its clock."""
    before = reader.status()
    time.sleep(seconds)
    after: Status = reader.status()
    if after.state != "training" or after.updated_at <= before.updated_at:
        raise MeasurementFailed(f"the training stood still: it is {after.state}")
    return (after.step - before.step) / (after.updated_at - before.updated_at)


def _frame_rate(window: Worker) -> float:
    answer: dict[str, Any] = {}
    while answer.get("event") != "frames":
        answer = window.read(30.0)
    return float((answer["frames"] - 1) / answer["seconds"])


def _with_display(display: str) -> dict[str, str]:
    """The environment of a child that opens a window there."""
    hidden = ("SDL_VIDEODRIVER", "WAYLAND_DISPLAY")
    return {**{name: value for name, value in quiet().items() if name not in hidden}, "DISPLAY": display}
