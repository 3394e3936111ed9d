"""Off screen, but for the tests that start an X server of their own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pygame
import pytest

from arcade_dqn.config import build
from arcade_dqn.games.find import find
from arcade_dqn.games.make import make
from arcade_dqn.stage.source import SavedModel
from arcade_dqn.storage.model_file import ModelInfo, TrainingSummary, save_model
from arcade_dqn.window.loop import Window
from arcade_dqn.window.options import Options
from arcade_dqn.window.panel.state import Gauge, HudState
from arcade_dqn.window.session import Session

os.environ["SDL_VIDEODRIVER"] = os.environ["SDL_AUDIODRIVER"] = "dummy"

# CartPole, balanced by hand: push to the side that the pole leans and falls to.
BALANCE = {
    "q/kernel": np.array([[-0.3, 0.3], [-0.6, 0.6], [-9, 9], [-3, 3]], np.float32),
    "q/bias": np.array([20, 20], np.float32),
}


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file that plays CartPole well."""
    settings = build("CartPole-v1", "cartpole", {"network.hidden": ""})
    path = tmp_path_factory.mktemp("model") / "balance.safetensors"
    info = ModelInfo(
        game="CartPole-v1",
        observation_shape=(4,),
        n_actions=2,
        action_names=("push left", "push right"),
        network=settings.network,
        environment=settings.environment,
        training=TrainingSummary(steps=1234),
        title="balance",
    )
    save_model(path, info, BALANCE)
    return path


@pytest.fixture
def session(model: Path) -> Iterator[Session]:
    """The model at play."""
    source = SavedModel(model)
    session = Session(source.make_game(), source, seed=1)
    yield session
    session.close()


@pytest.fixture
def person() -> Iterator[Session]:
    """A person at CartPole, without any agent."""
    info = find("CartPole-v1")
    session = Session(make(info, build(info.id, info.preset).environment, render=True), None, seed=1, person=True)
    yield session
    session.close()


@pytest.fixture
def dummy_window(person: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    """A window that nobody sees, with a person at CartPole, and without the loop: the test does what that would."""
    # The window's signal handlers are not for this process.
    monkeypatch.setattr("arcade_dqn.window.loop.signal.signal", lambda number, handler: None)
    window = Window(person.info, Options(play="cartpole", allow_dummy=True), None)
    window.session = person
    yield window
    pygame.quit()


@pytest.fixture
def hud_state() -> Callable[..., HudState]:
    """The HUD's state at a live run; name what shall differ."""

    def make_state(**differences: object) -> HudState:
        usual: dict[str, object] = {
            "mode": "TRAIN",
            "note": "newest weights",
            "title": "CartPole",
            "subtitle": "run first",
            "speed": "1x",
            "frame_rate": 60,
            "episode": 7,
            "episode_return": 31.0,
            "best": 200.0,
            "gauges": (
                Gauge("STEPS", "1 / 2", 0.5),
                Gauge("REPLAY BUFFER", "250 / 1,000", 0.25, tick=0.4),
                Gauge("EPSILON", "not in use", None),
            ),
            "action_names": ("push left", "push right"),
            "q_values": (-2.0, 6.0),
            "q_range": (-2.0, 6.0),
            "action": 1,
            "chosen_by": "greedy",
            "returns": (10.0, 20.0, 200.0),
            "history": (),
            "hints": ((("Space",), "pause"),),
        }
        return HudState(**{**usual, **differences})  # type: ignore[arg-type]

    return make_state


@pytest.fixture
def surface() -> pygame.Surface:
    return pygame.Surface((1280, 720))
