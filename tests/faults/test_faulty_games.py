"""The game raises, hangs, or returns what is no observation: it is named, what is sound is saved, and the run ends."""

from __future__ import annotations

import importlib.util
import os
import queue
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import gymnasium
import pytest

from arcade_dqn.config import Settings, build
from arcade_dqn.errors import ArcadeError
from arcade_dqn.games.game import Game
from arcade_dqn.link.commands import Command
from arcade_dqn.storage.checkpoint import list_checkpoints, load_newest
from arcade_dqn.storage.model_file import load_model
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.training.loop import Loop
from arcade_dqn.training.run import Run

PROGRAM = Path(__file__).parent / "programs" / "faulty_game.py"
GAME = "Faulty-v0"
LONG = os.environ.get("FAULTS") == "long"
pytestmark = pytest.mark.usefixtures("may_use_learners")


def settings(**changes: Any) -> Settings:
    small = {
        "network.hidden": "8",
        "learning.batch_size": 8,
        "replay.learning_start": 50,
        "evaluation.every": 0,
        "evaluation.final_episodes": 0,
        "run.checkpoint_every": 100,
        "run.steps": 600,
    }
    return build(GAME, "vector", {**small, **changes})


@pytest.fixture
def faulty() -> Iterator[Callable[[str, int], None]]:
    """Registers the game with a fault in this process."""
    spec = importlib.util.spec_from_file_location("faulty_game", PROGRAM)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def register(fault: str, at: int) -> None:
        gymnasium.registry.pop(GAME, None)
        gymnasium.register(GAME, module.Faulty, kwargs={"fault": fault, "at": at})

    yield register
    gymnasium.registry.pop(GAME, None)


WILD = [
    ("raise", "training Faulty-v0 failed at step 299: RuntimeError: the game broke"),
    ("nan", "Faulty-v0 showed a number that is not finite after step 50 of an episode"),
    ("reward", "Faulty-v0 returned the reward nan in step 50 of an episode; rewards must be finite numbers"),
    ("shape", r"Faulty-v0 showed float32 (3,) after step 50 of an episode, but promised float32 (4,)"),
    ("inf", "Faulty-v0 showed a number that is not finite after step 50 of an episode"),
    ("nothing", r"Faulty-v0 showed float32 (1,) after step 50 of an episode, but promised float32 (4,)"),
]


@pytest.mark.parametrize(("fault", "sentence"), WILD if LONG else WILD[:3], ids=lambda text: text[:10])
def test_a_wild_game_is_named_and_the_run_is_saved(
    fault: str, sentence: str, tmp_path: Path, faulty: Callable[[str, int], None]
) -> None:
    faulty(fault, 300)
    run_dir = RunDir.create(tmp_path, settings())
    events: list[dict[str, Any]] = []
    with pytest.raises(ArcadeError) as caught:
        Run(run_dir, events.append).execute()
    assert sentence in str(caught.value)
    assert str(caught.value).isprintable()
    assert events[-1]["event"] == "ended"
    assert (events[-1]["reason"], events[-1]["message"]) == ("failed", str(caught.value))
    assert list_checkpoints(run_dir.checkpoints)[0][0] == 299
    assert load_model(run_dir.final)[0].training.steps == 299
    summary = run_dir.read_summary()
    assert summary is not None
    assert summary.state == "failed"
    assert GAME in summary.message

    if fault != "raise" and not LONG:
        return
    # Nothing of the step that failed is in the replay buffer, and a run that goes on begins another episode.
    faulty("", 0)
    told: list[dict[str, Any]] = []
    result = Run(RunDir.open(run_dir.path), told.append).execute()
    assert result.steps == 600
    assert "the run goes on with a new episode" in next(
        event["message"] for event in told if event["event"] == "warning"
    )


def test_a_fault_in_an_evaluation_is_told_and_saved_like_one_in_training(
    tmp_path: Path, faulty: Callable[[str, int], None]
) -> None:
    # The evaluation's own copies of the game get to their 30th step while the training waits at its 20th.
    faulty("raise", 30)
    run_dir = RunDir.create(tmp_path, settings(**{"evaluation.every": 20, "evaluation.episodes": 3}))
    with pytest.raises(ArcadeError, match="training Faulty-v0 failed at step 20: RuntimeError: the game broke"):
        Run(run_dir, lambda event: None).execute()
    assert list_checkpoints(run_dir.checkpoints)[0][0] == 20


def test_a_game_that_hangs_is_told_and_a_stop_ends_it(tmp_path: Path, start_trainer: Callable[..., Any]) -> None:
    run_dir = RunDir.create(tmp_path, settings())
    trainer = start_trainer(run_dir.path, program="faulty_game.py", FAULTY="hang@300", FAULTY_PATIENCE="1")
    message = trainer.wait_for("warning")["message"]
    while "while training at step 299: the game hangs" not in message:
        message = trainer.wait_for("warning")["message"]
    assert message.startswith("nothing has come from Faulty-v0 for ")
    trainer.tell("stop")
    ended = trainer.wait_for("ended")
    assert ended["reason"] == "failed"
    assert "it was to stop, so it was ended, and can be resumed from its last checkpoint" in ended["message"]
    assert trainer.process.wait(60) == 1
    found = load_newest(run_dir.checkpoints)
    assert found is not None
    assert (found[0].step, found[0].damaged) == (200, ())
    assert next(event["step"] for event in trainer.seen if event["event"] == "checkpoint") == 100


def test_a_hanging_game_is_told_in_this_process_too(
    tmp_path: Path, faulty: Callable[[str, int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command line trains in its own process: there the warning is all, and it comes while the game hangs."""
    monkeypatch.setattr("arcade_dqn.training.watchdog.PATIENCE", 0.3)
    faulty("", 0)
    run_dir = RunDir.create(tmp_path, settings())
    commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
    told: queue.SimpleQueue[str] = queue.SimpleQueue()

    def on_event(event: dict[str, Any]) -> None:
        if event["event"] == "warning" and "nothing has come" in event["message"]:
            told.put(event["message"])
        if event["event"] == "started":
            game = games[0]
            original, count = game.step, iter(range(10_000))

            def step(action: int) -> Any:
                if next(count) == 200:
                    while "at step 200" not in told.get(timeout=60):
                        pass  # it hangs until it is told
                return original(action)

            game.step = step  # type: ignore[method-assign]

    def make_loop(settings: Settings, made: Sequence[Game]) -> Loop:
        games.extend(made)
        return Loop(settings, made)

    games: list[Game] = []
    run = Run(run_dir, on_event, commands, make_loop=make_loop)
    assert run.execute().steps == 600
