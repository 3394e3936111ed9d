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
    """A dense layer, kernel [inputs, units]; a hidden one is followed by ReLU, with `norm` after layer normalisation.

    A noisy layer has a second kernel and bias, the scales of its factorised noise (Fortunato 2018, equation 9).
    """

    name: str
    inputs: int
    units: int
    hidden: bool
    noisy: bool = False
    norm: bool = False

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The layer's parameters in canonical order."""
        shapes: dict[str, tuple[int, ...]] = {
            f"{self.name}/kernel": (self.inputs, self.units),
            f"{self.name}/bias": (self.units,),
        }
        if self.noisy:
            shapes[f"{self.name}/kernel_sigma"] = (self.inputs, self.units)
            shapes[f"{self.name}/bias_sigma"] = (self.units,)
        if self.norm:
            shapes[f"{self.name}_norm/gamma"] = (self.units,)
            shapes[f"{self.name}_norm/beta"] = (self.units,)
        return shapes


@dataclass(frozen=True)
class Plan:
    """The layers of a Q-network.

    Convolutions, then the `torso`, then the `advantage` stream, whose last layer has n_actions x atoms units. Without
    dueling that stream is the single layer `q` and `value` is empty; with it, `value` ends in `atoms` units.
    """

    kind: str
    """The network's kind, with "auto" resolved."""
    image_shape: tuple[int, int, int] | None
    """[height, width, channels] as the first convolution sees it; None for a vector."""
    inputs: int
    """Numbers that enter the first dense layer."""
    convs: tuple[Conv, ...]
    torso: tuple[Dense, ...]
    value: tuple[Dense, ...]
    advantage: tuple[Dense, ...]
    atoms: int
    """Numbers that describe one action's return: 1 for its expected value."""

    @property
    def dense(self) -> tuple[Dense, ...]:
        """All dense layers in canonical order."""
        return (*self.torso, *self.value, *self.advantage)


LAYER_NORM_EPSILON = 1e-5
_MOST_STACKED = 8

# (filters, size, stride) of each convolution. `compact` is this project's own: it looks at as many places of a picture
# of 42 x 42 (20 x 20, then 9 x 9) as `small_atari` of one of 84 x 84.
_CONVOLUTIONS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "mlp": (),
    "minatar": ((16, 3, 1),),
    "compact": ((16, 4, 2), (32, 4, 2)),
    "small_atari": ((16, 8, 4), (32, 4, 2)),
    "nature": ((32, 8, 4), (64, 4, 2), (64, 3, 1)),
}


def plan(network: NetworkSettings, observation_shape: tuple[int, ...], n_actions: int) -> Plan:
    """The layers for observations of `observation_shape`: [size], [height, width, channels] or [stack, height, width].

    A convolution wants three dimensions: a stack of frames comes first, channels that a game draws come last, and
    `is_stacked` tells them apart.

    Raises NetworkError if the network does not fit the observation.
    """
    kind = _resolved(network, observation_shape)
    image_shape = None
    convs: list[Conv] = []
    size = math.prod(observation_shape)
    if _CONVOLUTIONS[kind]:
        image_shape = image_layout(observation_shape)
        height, width, channels = image_shape
        for number, (filters, kernel, stride) in enumerate(_CONVOLUTIONS[kind], 1):
            convs.append(Conv(f"conv{number}", kernel, stride, channels, filters))
            height, width = (height - kernel) // stride + 1, (width - kernel) // stride + 1
            if height < 1 or width < 1:
                raise NetworkError(
                    f"network.kind = {kind!r} needs larger pictures than {observation_shape}; "
                    "choose network.kind = mlp or a larger environment.frame_size"
                )
            channels = filters
        size = height * width * channels
    inputs = size

    def dense(name: str, inputs: int, units: int, *, hidden: bool) -> Dense:
        return Dense(name, inputs, units, hidden, network.noisy, hidden and network.layer_norm)

    atoms = 1 if network.head == "expected" else network.atoms
    shared = network.hidden[:-1] if network.dueling else network.hidden
    torso: list[Dense] = []
    for number, units in enumerate(shared, 1):
        torso.append(dense(f"dense{number}", size, units, hidden=True))
        size = units
    if not network.dueling:
        output = dense("q", size, n_actions * atoms, hidden=False)
        return Plan(kind, image_shape, inputs, tuple(convs), tuple(torso), (), (output,), atoms)

    def stream(name: str, outputs: int) -> tuple[Dense, ...]:
        if not network.hidden:
            return (dense(name, size, outputs, hidden=False),)
        units = network.hidden[-1]
        return (dense(f"{name}_hidden", size, units, hidden=True), dense(name, units, outputs, hidden=False))

    value, advantage = stream("value", atoms), stream("advantage", n_actions * atoms)
    return Plan(kind, image_shape, inputs, tuple(convs), tuple(torso), value, advantage, atoms)


def _resolved(network: NetworkSettings, observation_shape: tuple[int, ...]) -> str:
    if network.kind != "auto":
        return network.kind
    if len(observation_shape) < 2:
        return "mlp"
    return "nature" if min(image_layout(observation_shape)[:2]) >= 36 else "minatar"


def is_stacked(observation_shape: tuple[int, ...]) -> bool:
    """Whether a three-dimensional observation is [stack, height, width] rather than [height, width, channels].

    Stacked pictures are at most as many as `environment.stack` may be, and fewer than they have rows and columns. A
    small grid of cells may have more channels than rows, [7, 7, 24]; one that would still read as a stack is shown as a
    vector by its game.
    """
    return (
        len(observation_shape) == 3
        and observation_shape[0] <= _MOST_STACKED
        and observation_shape[0] < min(observation_shape[1:])
    )


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
        shapes |= layer.shapes()
    return shapes


def multiplications(layers: Plan) -> list[int]:
    """How many multiplications each convolution and then each dense layer needs for one observation."""
    counts = []
    if layers.image_shape is not None:
        height, width, _ = layers.image_shape
        for conv in layers.convs:
            height, width = (height - conv.size) // conv.stride + 1, (width - conv.size) // conv.stride + 1
            counts.append(height * width * conv.size**2 * conv.inputs * conv.filters)
    return counts + [layer.inputs * layer.units for layer in layers.dense]


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


def support(network: NetworkSettings) -> np.ndarray:
    """The returns [atoms] float32 that c51's atoms stand for."""
    return np.linspace(network.v_min, network.v_max, network.atoms, dtype=np.float32)


def initial_weights(network: NetworkSettings, observation_shape: tuple[int, ...], n_actions: int, seed: int) -> Weights:
    """Fresh weights: He-uniform before a ReLU (He 2015), Glorot-uniform for the outputs, biases zero.

    Noisy layers begin as Fortunato 2018 says (section 3.2): means uniform within 1 / sqrt(inputs), scales constant.
    They are drawn here, not in Keras, so that an untrained agent can be watched without loading TensorFlow and a run
    starts from the same weights on every version of it.
    """
    rng = np.random.default_rng(seed)
    layers = plan(network, observation_shape, n_actions)
    weights: Weights = {}
    for conv in layers.convs:
        fan_in = conv.size * conv.size * conv.inputs
        weights[f"{conv.name}/kernel"] = _uniform(
            rng, math.sqrt(6 / fan_in), (conv.size, conv.size, conv.inputs, conv.filters)
        )
        weights[f"{conv.name}/bias"] = np.zeros(conv.filters, np.float32)
    for layer in layers.dense:
        for name, shape in layer.shapes().items():
            match name.partition("/")[2]:
                case "kernel" if layer.noisy:
                    weights[name] = _uniform(rng, 1 / math.sqrt(layer.inputs), shape)
                case "kernel" if layer.hidden:
                    weights[name] = _uniform(rng, math.sqrt(6 / layer.inputs), shape)
                case "kernel":
                    weights[name] = _uniform(rng, math.sqrt(6 / (layer.inputs + layer.units)), shape)
                case "kernel_sigma" | "bias_sigma":
                    weights[name] = np.full(shape, network.noisy_sigma / math.sqrt(layer.inputs), np.float32)
                case "gamma":
                    weights[name] = np.ones(shape, np.float32)
                case _:
                    weights[name] = np.zeros(shape, np.float32)
    return weights


def _uniform(rng: np.random.Generator, limit: float, shape: tuple[int, ...]) -> np.ndarray:
    return rng.uniform(-limit, limit, shape).astype(np.float32)
