"""What the tests of a run share: a small CartPole training, in this process."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest

from arcade_dqn.config import Settings, build
from arcade_dqn.games.game import Game
from arcade_dqn.link.commands import Command, Event
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.training.loop import Loop
from arcade_dqn.training.run import Run


class Runs:
    """Trains small runs; `loop` and `games` are those of the newest one, once they are made."""

    def __init__(self, learners: Callable[[], AbstractContextManager[None]]) -> None:
        self.loop: Any = None
        self.games: Sequence[Any] = ()
        self._learners = learners

    def make_loop(self, settings: Settings, games: Sequence[Game]) -> Loop:
        self.loop, self.games = Loop(settings, games), games
        return self.loop

    @staticmethod
    def settings(**overrides: Any) -> Settings:
        small = {
            "network.hidden": "16",
            "environment.copies": 1,
            "learning.batch_size": 16,
            "learning.n_step": 1,
            "learning.train_every": 64,
            "learning.updates_per_train": 32,
            "replay.learning_start": 50,
            "evaluation.every": 0,
            "evaluation.final_episodes": 3,
            "run.steps": 600,
        }
        return build("CartPole-v1", "cartpole", {**small, **{k.replace("__", "."): v for k, v in overrides.items()}})

    def train(self, run_dir: RunDir, on_event: Callable[[Run, Event], None] | None = None) -> tuple[Any, list[Event]]:
        """Run to the end; `on_event` may answer an event by talking to the run."""
        events: list[Event] = []

        def emit(event: Event) -> None:
            json.dumps(event)
            events.append(event)
            if on_event is not None:
                on_event(run, event)

        commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        run = Run(run_dir, emit, commands, make_loop=self.make_loop)
        with self._learners():
            return run.execute(), events

    @staticmethod
    def record(run_dir: RunDir) -> list[Event]:
        """What metrics.jsonl tells, without the clock: the same for every run that does the same."""
        return [{key: value for key, value in one.items() if key != "seconds"} for one in run_dir.read_metrics()]

    @staticmethod
    def of(events: list[Event], kind: str) -> list[Event]:
        return [event for event in events if event["event"] == kind]


@pytest.fixture(autouse=True)
def _used_learners_here(may_use_learners: bool) -> None:
    """Every test here that does not mark itself `own_learners`."""


@pytest.fixture
def runs(used_learners: Any, may_use_learners: bool) -> Runs:
    return Runs(used_learners.at_work if may_use_learners else nullcontext)
