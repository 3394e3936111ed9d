"""The Q-network's forward pass in NumPy.

For a batch of one a NumPy pass is 10 to 100 times cheaper than a call into TensorFlow, and it starts in milliseconds
where importing TensorFlow takes seconds. `tests/learning/test_networks.py` holds it to Keras's answer within 1e-5.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from arcade_dqn.acting.layers import Conv, NetworkError, Weights, is_stacked, parameter_shapes, plan
from arcade_dqn.config import NetworkSettings


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
        self._weights: Weights = {}
        self._convs: list[tuple[Conv, np.ndarray, np.ndarray]] = []
        self._dense: list[tuple[np.ndarray, np.ndarray, bool]] = []
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
        self._dense = [
            (self._weights[f"{layer.name}/kernel"], self._weights[f"{layer.name}/bias"], layer.relu)
            for layer in self._plan.dense
        ]

    def q_values(self, observations: np.ndarray) -> np.ndarray:
        """Q-values [batch, n_actions] float32 of observations [batch, *observation_shape]."""
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
        for kernel, bias, relu in self._dense:
            x = x @ kernel
            x += bias
            if relu:
                np.maximum(x, 0, out=x)
        return x

    def greedy(self, observation: np.ndarray) -> int:
        """The action of the highest Q-value (the first of equals) for one observation [*observation_shape]."""
        return int(self.q_values(observation[None])[0].argmax())

    def _as_images(self, x: np.ndarray) -> np.ndarray:
        assert self._plan.image_shape is not None
        if self._stacked:
            return x.transpose(0, 2, 3, 1)
        return x.reshape(len(x), *self._plan.image_shape)


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
