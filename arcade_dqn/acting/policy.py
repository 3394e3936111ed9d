"""The Q-network's forward pass in NumPy.

For a batch of one a NumPy pass is 10 to 100 times cheaper than a call into TensorFlow, and it starts in milliseconds
where importing TensorFlow takes seconds. `tests/learning/test_networks.py` holds it to Keras's answer within 1e-5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from arcade_dqn.acting.layers import (
    LAYER_NORM_EPSILON,
    Conv,
    Dense,
    NetworkError,
    Weights,
    is_stacked,
    parameter_shapes,
    plan,
    support,
)
from arcade_dqn.config import NetworkSettings


class Distribution(NamedTuple):
    """What a network says of each action's return, as values and how probable each of them is.

    Both are float32 [batch, n_actions, atoms]; the probabilities of an action sum to 1, and its Q-value is the mean.
    """

    returns: np.ndarray
    probabilities: np.ndarray


class Policy:
    """Q-values of observations, from weights that can be replaced at any time."""

    def __init__(
        self,
        network: NetworkSettings,
        observation_shape: tuple[int, ...],
        n_actions: int,
        weights: Mapping[str, np.ndarray],
    ) -> None:
        self.network = network
        self.observation_shape = observation_shape
        self.n_actions = n_actions
        self._plan = plan(network, observation_shape, n_actions)
        self._shapes = parameter_shapes(network, observation_shape, n_actions)
        self._stacked = is_stacked(observation_shape)
        self._support = support(network)
        self._weights: Weights = {}
        self._noise: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._convs: list[tuple[Conv, np.ndarray, np.ndarray]] = []
        self._torso: list[_Layer] = []
        self._value: list[_Layer] = []
        self._advantage: list[_Layer] = []
        self.set_weights(weights)

    @property
    def weights(self) -> Weights:
        """The weights by name, in canonical order. Do not write to them."""
        return self._weights

    def set_weights(self, weights: Mapping[str, np.ndarray]) -> None:
        """Act with these weights from now on; they are copied. Raises NetworkError if a name or shape differs."""
        for name, shape in self._shapes.items():
            if name not in weights or weights[name].shape != shape:
                got = weights[name].shape if name in weights else "nothing"
                raise NetworkError(f"the network needs {name} of shape {shape}, but got {got}")
        # Copies, because the caller's arrays may be views of memory that the learner or the board reuses.
        self._weights = {name: np.array(weights[name], np.float32, order="C") for name in self._shapes}
        self._convs = [
            (conv, self._weights[f"{conv.name}/kernel"].reshape(-1, conv.filters), self._weights[f"{conv.name}/bias"])
            for conv in self._plan.convs
        ]
        self._prepare()

    def resample_noise(self, rng: np.random.Generator) -> None:
        """Draw new noise for noisy layers; until then, and after `silence`, they act without any."""
        for layer in self._plan.dense:
            if layer.noisy:
                self._noise[layer.name] = (_scaled(rng, layer.inputs), _scaled(rng, layer.units))
        self._prepare()

    def silence(self) -> None:
        """Act without noise, as greedy play does."""
        self._noise.clear()
        self._prepare()

    def _prepare(self) -> None:
        self._torso, self._value, self._advantage = (
            [_Layer(layer, self._weights, self._noise.get(layer.name)) for layer in layers]
            for layers in (self._plan.torso, self._plan.value, self._plan.advantage)
        )

    def outputs(self, observations: np.ndarray) -> np.ndarray:
        """What the network says of each action's return, [batch, n_actions, atoms] float32.

        One expected value; or, by `network.head`, the logits of c51's atoms, or qr's quantiles.
        """
        x = observations
        if x.dtype == np.uint8:
            x = x.astype(np.float32) * np.float32(1 / 255)
        elif x.dtype != np.float32:
            x = x.astype(np.float32)
        if self._convs:
            x = self._as_images(x)
            for conv, kernel, bias in self._convs:
                x = _patches(x, conv.size, conv.stride) @ kernel
                x += bias
                np.maximum(x, 0, out=x)
        x = x.reshape(len(x), -1)
        for layer in self._torso:
            x = layer(x)
        advantage = x
        for layer in self._advantage:
            advantage = layer(advantage)
        advantage = advantage.reshape(len(x), self.n_actions, self._plan.atoms)
        if not self._value:
            return advantage
        value = x
        for layer in self._value:
            value = layer(value)
        # Wang 2016, equation 9.
        combined: np.ndarray = value[:, None, :] + advantage - advantage.mean(axis=1, keepdims=True)
        return combined

    def q_values(self, observations: np.ndarray) -> np.ndarray:
        """Q-values [batch, n_actions] float32 of observations [batch, *observation_shape]."""
        outputs = self.outputs(observations)
        q: np.ndarray
        match self.network.head:
            case "expected":
                q = outputs[:, :, 0]
            case "qr":
                q = outputs.mean(axis=2)
            case "c51":
                q = softmax(outputs) @ self._support
        return q

    def distribution(self, observations: np.ndarray) -> Distribution | None:
        """The return of each action as a distribution, for observations [batch, *observation_shape].

        c51 gives the probabilities of its fixed atoms; qr gives quantiles, ascending and equally probable. None for a
        network that learns expected values alone.
        """
        if self.network.head == "expected":
            return None
        outputs = self.outputs(observations)
        if self.network.head == "c51":
            return Distribution(np.broadcast_to(self._support, outputs.shape), softmax(outputs))
        # Nothing keeps learned quantiles from crossing; as a distribution their order does not matter.
        return Distribution(np.sort(outputs, axis=2), np.full_like(outputs, 1 / outputs.shape[2]))

    def greedy(self, observation: np.ndarray) -> int:
        """The action of the highest Q-value (the first of equals) for one observation [*observation_shape]."""
        return int(self.q_values(observation[None])[0].argmax())

    def _as_images(self, x: np.ndarray) -> np.ndarray:
        assert self._plan.image_shape is not None
        if self._stacked:
            return x.transpose(0, 2, 3, 1)
        return x.reshape(len(x), *self._plan.image_shape)


class _Layer:
    """A dense layer with its weights at hand."""

    def __init__(self, layer: Dense, weights: Weights, noise: tuple[np.ndarray, np.ndarray] | None) -> None:
        self._kernel, self._bias = weights[f"{layer.name}/kernel"], weights[f"{layer.name}/bias"]
        self._hidden = layer.hidden
        self._sigma: np.ndarray | None = None
        if noise is not None:
            self._noise_in, self._noise_out = noise
            self._sigma = weights[f"{layer.name}/kernel_sigma"]
            self._bias = self._bias + weights[f"{layer.name}/bias_sigma"] * self._noise_out
        self._norm: tuple[np.ndarray, np.ndarray] | None = None
        if layer.norm:
            self._norm = weights[f"{layer.name}_norm/gamma"], weights[f"{layer.name}_norm/beta"]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        y = x @ self._kernel
        y += self._bias
        if self._sigma is not None:
            # x (sigma * outer(noise_in, noise_out)), without ever making the outer product.
            y += ((x * self._noise_in) @ self._sigma) * self._noise_out
        if self._norm is not None:
            y -= y.mean(axis=1, keepdims=True)
            y /= np.sqrt(np.square(y).mean(axis=1, keepdims=True) + np.float32(LAYER_NORM_EPSILON))
            y *= self._norm[0]
            y += self._norm[1]
        if self._hidden:
            np.maximum(y, 0, out=y)
        return y


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities: np.ndarray = powers / powers.sum(axis=-1, keepdims=True)
    return probabilities


def _scaled(rng: np.random.Generator, size: int) -> np.ndarray:
    """Factorised noise: sign(x) sqrt(|x|) of normal x (Fortunato 2018, section 3)."""
    x = rng.standard_normal(size, np.float32)
    noise: np.ndarray = np.sign(x) * np.sqrt(np.abs(x))
    return noise


def _patches(images: np.ndarray, size: int, stride: int) -> np.ndarray:
    """[batch, rows, columns, size * size * channels]: the patch under each position of a convolution's kernel.

    As a matrix product over patches, a convolution runs at BLAS speed.
    """
    batch, height, width, channels = images.shape
    rows, columns = (height - size) // stride + 1, (width - size) // stride + 1
    b, h, w, c = images.strides
    windows = np.lib.stride_tricks.as_strided(
        images, (batch, rows, columns, size, size, channels), (b, h * stride, w * stride, h, w, c), writeable=False
    )
    return windows.reshape(batch, rows, columns, size * size * channels)
