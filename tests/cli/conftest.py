from __future__ import annotations

from pathlib import Path

import pytest

from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.config import build
from arcade_dqn.evaluation import Evaluation
from arcade_dqn.storage.model_file import ModelInfo, TrainingSummary, save_model


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """An untrained CartPole agent."""
    settings = build("CartPole-v1", "tutorial")
    info = ModelInfo(
        game="CartPole-v1",
        title="untrained",
        observation_shape=(4,),
        n_actions=2,
        action_names=("push left", "push right"),
        network=settings.network,
        environment=settings.environment,
        training=TrainingSummary(preset="tutorial", steps=12),
        evaluation=Evaluation.from_returns([9.0, 11.0], 3),
    )
    path = tmp_path / "agent.safetensors"
    save_model(path, info, initial_weights(settings.network, (4,), 2, 7))
    return path
