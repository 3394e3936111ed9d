"""From network settings to layers: the one plan that Keras, NumPy and the model file share.

Parameters are float32 and named `LAYER/kernel` and `LAYER/bias`. Their *canonical order* is the order of
`parameter_shapes`; a flat vector is their row-major concatenation in that order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from arcade_dqn.config import NetworkSettings
from arcade_dqn.errors import ArcadeError

Weights = dict[str, np.ndarray]


class NetworkError(ArcadeError):
    """A network that cannot be built for what the game shows."""


@dataclass(frozen=True)
class Conv:
    """A square convolution without padding, followed by ReLU. Kernel: [size, size, inputs, filters]."""

    name: str
    size: int
    stride: int
    inputs: int
    filters: int


@dataclass(frozen=True)
class Dense:
    """A dense layer, followed by ReLU if `relu`. Kernel: [inputs, units]."""

    name: str
    inputs: int
    units: int
    relu: bool


@dataclass(frozen=True)
class Plan:
    """The layers of a Q-network, in order."""

    image_shape: tuple[int, int, int] | None
    """[height, width, channels] as the first convolution sees it; None for a vector."""
    inputs: int
    """Numbers that enter the first dense layer."""
    convs: tuple[Conv, ...]
    dense: tuple[Dense, ...]


# (filters, size, stride) of each convolution.
_CONVOLUTIONS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "mlp": (),
    "minatar": ((16, 3, 1),),
    "small_atari": ((16, 8, 4), (32, 4, 2)),
    "nature": ((32, 8, 4), (64, 4, 2), (64, 3, 1)),
}


def plan(network: NetworkSettings, observation_shape: tuple[int, ...], n_actions: int) -> Plan:
    """The layers for observations of `observation_shape`: [size], [height, width, channels] or [stack, height, width].

    A convolution wants three dimensions. The smaller of the outer two tells which one is the channels: a stack of
    frames comes first, channels that a game draws come last.

    Raises NetworkError if the network does not fit the observation.
    """
    shapes = _CONVOLUTIONS[network.kind]
    image_shape = None
    convs: list[Conv] = []
    size = math.prod(observation_shape)
    if shapes:
        image_shape = image_layout(observation_shape)
        height, width, channels = image_shape
        for number, (filters, kernel, stride) in enumerate(shapes, 1):
            convs.append(Conv(f"conv{number}", kernel, stride, channels, filters))
            height, width = (height - kernel) // stride + 1, (width - kernel) // stride + 1
            if height < 1 or width < 1:
                raise NetworkError(
                    f"network.kind = {network.kind!r} needs larger pictures than {observation_shape}; "
                    "choose network.kind = mlp or a larger environment.frame_size"
                )
            channels = filters
        size = height * width * channels
    inputs = size
    dense: list[Dense] = []
    for number, units in enumerate(network.hidden, 1):
        dense.append(Dense(f"dense{number}", size, units, relu=True))
        size = units
    dense.append(Dense("q", size, n_actions, relu=False))
    return Plan(image_shape, inputs, tuple(convs), tuple(dense))


def is_stacked(observation_shape: tuple[int, ...]) -> bool:
    """Whether a three-dimensional observation is [stack, height, width] rather than [height, width, channels]."""
    return len(observation_shape) == 3 and observation_shape[0] < observation_shape[2]


def image_layout(observation_shape: tuple[int, ...]) -> tuple[int, int, int]:
    """[height, width, channels] of a picture observation. Raises NetworkError for anything else."""
    if len(observation_shape) == 2:
        return (observation_shape[0], observation_shape[1], 1)
    if len(observation_shape) != 3:
        raise NetworkError(
            f"a convolution needs a picture, but this game shows {observation_shape}; choose network.kind = mlp"
        )
    if is_stacked(observation_shape):
        return (observation_shape[1], observation_shape[2], observation_shape[0])
    return (observation_shape[0], observation_shape[1], observation_shape[2])


def parameter_shapes(
    network: NetworkSettings, observation_shape: tuple[int, ...], n_actions: int
) -> dict[str, tuple[int, ...]]:
    """The shape of each parameter by name, in canonical order."""
    layers = plan(network, observation_shape, n_actions)
    shapes: dict[str, tuple[int, ...]] = {}
    for conv in layers.convs:
        shapes[f"{conv.name}/kernel"] = (conv.size, conv.size, conv.inputs, conv.filters)
        shapes[f"{conv.name}/bias"] = (conv.filters,)
    for layer in layers.dense:
        shapes[f"{layer.name}/kernel"] = (layer.inputs, layer.units)
        shapes[f"{layer.name}/bias"] = (layer.units,)
    return shapes


def pack(weights: Mapping[str, np.ndarray]) -> np.ndarray:
    """The weights as one float32 vector; `weights` must be in canonical order."""
    return np.concatenate([np.asarray(array, np.float32).ravel() for array in weights.values()])


def unpack(flat: np.ndarray, shapes: Mapping[str, tuple[int, ...]]) -> Weights:
    """The weights in a vector made by `pack`, as views into it. Raises NetworkError if the length does not fit."""
    expected = sum(math.prod(shape) for shape in shapes.values())
    if flat.shape != (expected,):
        raise NetworkError(f"expected {expected:,} weights, got {flat.size:,}; the network settings do not match them")
    weights: Weights = {}
    start = 0
    for name, shape in shapes.items():
        size = math.prod(shape)
        weights[name] = flat[start : start + size].reshape(shape)
        start += size
    return weights


def initial_weights(network: NetworkSettings, observation_shape: tuple[int, ...], n_actions: int, seed: int) -> Weights:
    """Fresh weights: He-uniform before a ReLU (He 2015), Glorot-uniform for the output, biases zero.

    They are drawn here, not in Keras, so that an untrained agent can be watched without loading TensorFlow and a run
    starts from the same weights on every version of it.
    """
    rng = np.random.default_rng(seed)
    weights: Weights = {}
    for name, shape in parameter_shapes(network, observation_shape, n_actions).items():
        if name.endswith("/bias"):
            weights[name] = np.zeros(shape, np.float32)
            continue
        fan_in = math.prod(shape[:-1])
        limit = math.sqrt(6 / (fan_in + shape[-1]) if name.startswith("q/") else 6 / fan_in)
        weights[name] = rng.uniform(-limit, limit, shape).astype(np.float32)
    return weights
