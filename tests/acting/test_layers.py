from __future__ import annotations

import numpy as np
import pytest

from arcade_dqn.acting.layers import (
    NetworkError,
    image_layout,
    initial_weights,
    multiplications,
    pack,
    parameter_shapes,
    plan,
    unpack,
)
from arcade_dqn.config import NetworkSettings


def test_mlp_shapes_in_canonical_order() -> None:
    shapes = parameter_shapes(NetworkSettings(hidden=(24, 8)), (4,), 2)
    assert list(shapes.items()) == [
        ("dense1/kernel", (4, 24)),
        ("dense1/bias", (24,)),
        ("dense2/kernel", (24, 8)),
        ("dense2/bias", (8,)),
        ("q/kernel", (8, 2)),
        ("q/bias", (2,)),
    ]


def test_nature_network_has_the_published_sizes() -> None:
    # Mnih 2015: 84 -> 20 -> 9 -> 7 and 7 * 7 * 64 = 3136 numbers into the dense layer of 512.
    shapes = parameter_shapes(NetworkSettings(kind="nature", hidden=(512,)), (4, 84, 84), 6)
    assert shapes["conv1/kernel"] == (8, 8, 4, 32)
    assert shapes["conv2/kernel"] == (4, 4, 32, 64)
    assert shapes["conv3/kernel"] == (3, 3, 64, 64)
    assert shapes["dense1/kernel"] == (3136, 512)
    assert sum(int(np.prod(shape)) for shape in shapes.values()) == 1_687_206


def test_multiplications_by_hand() -> None:
    nature = plan(NetworkSettings(kind="nature", hidden=(512,)), (4, 84, 84), 6)
    # 20 x 20 places of an 8 x 8 x 4 kernel with 32 filters, and so on.
    assert multiplications(nature) == [
        20 * 20 * 256 * 32, 9 * 9 * 512 * 64, 7 * 7 * 576 * 64, 3136 * 512, 512 * 6
    ]  # fmt: skip
    assert multiplications(plan(NetworkSettings(hidden=(3,), dueling=True), (4,), 2)) == [12, 3, 12, 6]


def test_minatar_network_sees_channels_last() -> None:
    layers = plan(NetworkSettings(kind="minatar", hidden=(128,)), (10, 10, 7), 3)
    assert layers.image_shape == (10, 10, 7)
    assert layers.inputs == 8 * 8 * 16


@pytest.mark.parametrize(
    ("shape", "layout"),
    [((4, 84, 84), (84, 84, 4)), ((10, 10, 4), (10, 10, 4)), ((84, 84), (84, 84, 1)), ((2, 32, 32), (32, 32, 2))],
)
def test_image_layout(shape: tuple[int, ...], layout: tuple[int, int, int]) -> None:
    assert image_layout(shape) == layout


def test_a_convolution_needs_a_picture() -> None:
    with pytest.raises(NetworkError, match="choose network.kind = mlp"):
        plan(NetworkSettings(kind="nature"), (4,), 2)


def test_a_picture_too_small_for_the_kernels_is_named() -> None:
    with pytest.raises(NetworkError, match="larger pictures"):
        plan(NetworkSettings(kind="nature"), (10, 10, 4), 2)


def test_pack_and_unpack_are_inverse() -> None:
    network = NetworkSettings(kind="minatar", hidden=(5,))
    weights = initial_weights(network, (10, 10, 4), 3, seed=1)
    again = unpack(pack(weights), parameter_shapes(network, (10, 10, 4), 3))
    assert list(again) == list(weights)
    assert all(np.array_equal(again[name], weights[name]) for name in weights)


def test_unpack_refuses_another_network() -> None:
    with pytest.raises(NetworkError, match="expected 12 weights, got 11"):
        unpack(np.zeros(11, np.float32), {"q/kernel": (5, 2), "q/bias": (2,)})


def test_initial_weights_stay_within_their_limits_and_follow_the_seed() -> None:
    network = NetworkSettings(hidden=(50,))
    weights = initial_weights(network, (6,), 4, seed=3)
    assert np.abs(weights["dense1/kernel"]).max() <= 1.0  # He-uniform: sqrt(6 / 6)
    assert np.abs(weights["q/kernel"]).max() <= np.sqrt(6 / 54)  # Glorot-uniform: sqrt(6 / (50 + 4))
    assert not weights["q/bias"].any()
    same, other = initial_weights(network, (6,), 4, seed=3), initial_weights(network, (6,), 4, seed=4)
    assert np.array_equal(same["q/kernel"], weights["q/kernel"])
    assert not np.array_equal(other["q/kernel"], weights["q/kernel"])
