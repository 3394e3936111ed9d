from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.acting.policy import Policy
from arcade_dqn.config import NetworkSettings
from arcade_dqn.errors import ArcadeError
from arcade_dqn.learning.networks import (
    FoldedConv2D,
    build_network,
    export_keras,
    get_weights,
    noisy_layers,
    set_weights,
)

NETWORKS: list[Any] = [
    ("mlp", (24,), (4,), np.float32),
    ("mlp", (120, 84), (8,), np.float32),
    ("mlp", (), (3,), np.float32),
    ("mlp", (16,), (10, 10, 4), np.bool_),
    ("minatar", (128,), (10, 10, 7), np.bool_),
    ("compact", (64,), (4, 42, 42), np.uint8),
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
        Policy(network, shape, 6, weights).q_values(seen), model(seen).numpy().reshape(5, 6), rtol=1e-5, atol=1e-5
    )


FAMILY: list[dict[str, Any]] = [
    {"dueling": True},
    {"dueling": True, "hidden": ()},
    {"layer_norm": True, "hidden": (12, 7)},
    {"noisy": True},
    {"head": "qr", "atoms": 9},
    {"head": "c51", "atoms": 21, "v_min": -3.0, "v_max": 8.0},
    {"head": "c51", "atoms": 5, "dueling": True, "noisy": True, "layer_norm": True},
]


@pytest.mark.parametrize("settings", FAMILY, ids=lambda s: " ".join(s))
@pytest.mark.parametrize(("shape", "dtype"), [((4,), np.float32), ((10, 10, 4), np.bool_), ((4, 84, 84), np.uint8)])
def test_numpy_and_keras_agree_on_the_whole_family(
    settings: dict[str, Any], shape: Any, dtype: Any, tmp_path: Path
) -> None:
    network = NetworkSettings(**{"hidden": (16,), **settings})
    weights = random_weights(network, shape)
    policy = Policy(network, shape, 6, weights)
    seen = observations(shape, dtype)
    model = build_network(network, shape, np.dtype(dtype), 6)
    set_weights(model, weights)
    np.testing.assert_allclose(policy.outputs(seen), model(seen).numpy(), rtol=1e-5, atol=1e-5)
    export_keras(network, shape, np.dtype(dtype), weights, 6, tmp_path / "agent.keras")
    exported = keras.models.load_model(tmp_path / "agent.keras")
    np.testing.assert_allclose(policy.q_values(seen), exported(seen).numpy(), rtol=1e-5, atol=1e-5)


def test_numpy_and_keras_agree_under_the_same_noise() -> None:
    network = NetworkSettings(hidden=(16,), noisy=True, dueling=True)
    weights = random_weights(network, (4,))
    model = build_network(network, (4,), np.dtype(np.float32), 6)
    set_weights(model, weights)
    policy = Policy(network, (4,), 6, weights)
    seen = observations((4,), np.float32)
    quiet = policy.q_values(seen)
    policy.resample_noise(np.random.default_rng(0))
    for layer in noisy_layers(model):
        noise_in, noise_out = policy._noise[layer.name]
        layer.noise_in.assign(noise_in)
        layer.noise_out.assign(noise_out)
    np.testing.assert_allclose(policy.q_values(seen), model(seen).numpy()[:, :, 0], rtol=1e-5, atol=1e-5)
    assert np.abs(policy.q_values(seen) - quiet).max() > 0.01
    policy.silence()
    np.testing.assert_array_equal(policy.q_values(seen), quiet)


def test_the_noise_is_factorised_gaussian_and_follows_its_seed() -> None:
    network = NetworkSettings(hidden=(500,), noisy=True)
    model = build_network(network, (400,), np.dtype(np.float32), 2)
    layer = noisy_layers(model)[0]
    layer.resample((tf.constant(3, tf.int64), tf.constant(1, tf.int64)))
    noise = layer.noise_out.numpy()
    # f(x) = sign(x) sqrt(|x|) has the mean 0 and, with x normal, the variance E|x| = sqrt(2 / pi).
    assert abs(noise.mean()) < 0.15
    assert noise.var() == pytest.approx(np.sqrt(2 / np.pi), abs=0.12)
    layer.resample((tf.constant(4, tf.int64), tf.constant(1, tf.int64)))
    assert not np.array_equal(layer.noise_out.numpy(), noise)
    layer.resample((tf.constant(3, tf.int64), tf.constant(1, tf.int64)))
    assert np.array_equal(layer.noise_out.numpy(), noise)


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
    with pytest.raises(ArcadeError, match="cannot write .*: the folder does not exist"):
        export_keras(network, (4,), np.dtype(np.float32), weights, 6, tmp_path / "no" / "folder" / "agent.keras")


def test_an_export_that_fails_leaves_the_old_file(tmp_path: Path, full_disk: None) -> None:
    out = tmp_path / "agent.keras"
    out.write_text("old")
    network = NetworkSettings(hidden=(2,))
    with pytest.raises(ArcadeError, match="the disk is full"):
        export_keras(network, (4,), np.dtype(np.float32), random_weights(network, (4,)), 6, out)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("agent.keras", "old")]


@pytest.mark.parametrize(("size", "stride"), [(4, 2), (8, 4), (3, 1), (6, 3)])
def test_a_folded_convolution_is_a_convolution_of_odd_sizes_too(size: int, stride: int) -> None:
    pictures = np.random.default_rng(1).normal(size=(2, 19, 22, 3)).astype(np.float32)
    plain, folded = keras.layers.Conv2D(5, size, stride), FoldedConv2D(5, size, stride)
    expected = plain(pictures)
    folded.build(pictures.shape)
    folded.set_weights(plain.get_weights())
    np.testing.assert_allclose(folded(pictures), expected, rtol=1e-4, atol=1e-5)
