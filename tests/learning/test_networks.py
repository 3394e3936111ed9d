from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.acting.policy import Policy
from arcade_dqn.config import NetworkSettings
from arcade_dqn.errors import ArcadeError
from arcade_dqn.learning.networks import build_network, export_keras, get_weights, set_weights

NETWORKS: list[Any] = [
    ("mlp", (24,), (4,), np.float32),
    ("mlp", (120, 84), (8,), np.float32),
    ("mlp", (), (3,), np.float32),
    ("mlp", (16,), (10, 10, 4), np.bool_),
    ("minatar", (128,), (10, 10, 7), np.bool_),
    ("small_atari", (256,), (4, 84, 84), np.uint8),
    ("nature", (512,), (4, 84, 84), np.uint8),
    ("nature", (64, 32), (84, 84), np.uint8),
    ("nature", (64,), (3, 50, 60), np.uint8),
]


def observations(shape: tuple[int, ...], dtype: Any, batch: int = 5) -> np.ndarray:
    rng = np.random.default_rng(0)
    if dtype == np.float32:
        return rng.normal(size=(batch, *shape)).astype(np.float32)
    return rng.integers(0, 256 if dtype == np.uint8 else 2, (batch, *shape)).astype(dtype)


def random_weights(network: NetworkSettings, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Weights whose biases are not zero, so that a forgotten one shows."""
    weights = initial_weights(network, shape, 6, seed=1)
    rng = np.random.default_rng(1)
    return {k: rng.normal(0, 0.1, v.shape).astype(np.float32) if "bias" in k else v for k, v in weights.items()}


@pytest.mark.parametrize("portable", [False, True])
@pytest.mark.parametrize(("kind", "hidden", "shape", "dtype"), NETWORKS)
def test_numpy_and_keras_agree(kind: Any, hidden: Any, shape: Any, dtype: Any, portable: bool) -> None:
    network = NetworkSettings(kind=kind, hidden=hidden)
    weights = random_weights(network, shape)
    model = build_network(network, shape, np.dtype(dtype), 6, portable=portable)
    set_weights(model, weights)
    seen = observations(shape, dtype)
    np.testing.assert_allclose(
        Policy(network, shape, 6, weights).q_values(seen), model(seen).numpy(), rtol=1e-5, atol=1e-5
    )


def test_weights_survive_the_model_bit_for_bit() -> None:
    network = NetworkSettings(kind="minatar", hidden=(12,))
    weights = random_weights(network, (10, 10, 4))
    model = build_network(network, (10, 10, 4), np.dtype(np.bool_), 6)
    set_weights(model, weights)
    again = get_weights(model, list(weights))
    assert all(np.array_equal(again[name], weights[name]) for name in weights)
    assert model.count_params() == sum(array.size for array in weights.values())


@pytest.mark.parametrize(("kind", "hidden", "shape", "dtype"), [NETWORKS[0], NETWORKS[4], NETWORKS[6]])
def test_an_exported_model_loads_with_keras_alone(
    kind: Any, hidden: Any, shape: Any, dtype: Any, tmp_path: Path
) -> None:
    network = NetworkSettings(kind=kind, hidden=hidden)
    weights = random_weights(network, shape)
    export_keras(network, shape, np.dtype(dtype), weights, 6, tmp_path / "agent.keras")
    model = keras.models.load_model(tmp_path / "agent.keras")
    seen = observations(shape, dtype)
    np.testing.assert_allclose(
        Policy(network, shape, 6, weights).q_values(seen), model(seen).numpy(), rtol=1e-5, atol=1e-5
    )


def test_export_says_what_is_wrong_with_the_file_name(tmp_path: Path) -> None:
    network = NetworkSettings(hidden=(2,))
    weights = random_weights(network, (4,))
    with pytest.raises(ArcadeError, match=r"must end in \.keras"):
        export_keras(network, (4,), np.dtype(np.float32), weights, 6, tmp_path / "agent.h5")
    with pytest.raises(ArcadeError, match="cannot be written"):
        export_keras(network, (4,), np.dtype(np.float32), weights, 6, tmp_path / "no" / "folder" / "agent.keras")
