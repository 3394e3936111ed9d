"""The Q-network in Keras, built from the same plan as the NumPy forward pass."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from arcade_dqn.acting.layers import LAYER_NORM_EPSILON, Dense, Plan, Weights, image_layout, is_stacked, plan, support
from arcade_dqn.config import NetworkSettings
from arcade_dqn.errors import ArcadeError
from arcade_dqn.storage.atomic import write_bytes


class PatchConv2D(keras.layers.Conv2D):  # type: ignore[misc]
    """A convolution computed as shifted slices and one matrix product, without padding.

    For MinAtar's 10 x 10 pictures under XLA this is 2.8 times faster than the convolution itself (0.81 against 2.30 ms
    an update, batch 32, 2 cores). For 84 x 84 pictures it is 6 times slower than oneDNN's convolution (136 against
    21 ms).
    """

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        (size, _), (stride, _) = self.kernel_size, self.strides
        _, height, width, _ = inputs.shape
        # MinAtar Breakout, 16 filters of 3 x 3: nine slices [batch, 8, 8, 4] of the picture [batch, 10, 10, 4], side by
        # side [batch, 8, 8, 36], times the kernel [3, 3, 4, 16] as a matrix [36, 16], are [batch, 8, 8, 16].
        last_row, last_column = (height - size) // stride * stride, (width - size) // stride * stride
        slices = [
            inputs[:, i : i + last_row + 1 : stride, j : j + last_column + 1 : stride, :]
            for i in range(size)
            for j in range(size)
        ]
        return tf.tensordot(tf.concat(slices, -1), tf.reshape(kernel, (-1, self.filters)), 1)


class FoldedConv2D(keras.layers.Conv2D):  # type: ignore[misc]
    """A convolution whose kernel is a multiple of its stride, computed as one matrix product and shifted sums.

    Squares of stride x stride places are folded into channels, which leaves stride 1 and, in `compact`, a kernel of
    2 x 2. Every place is multiplied by all of the kernel at once; what each place adds to its neighbours' results is
    shifted and added up afterwards, in runs as long as there are filters. Under XLA that takes 5.6 ms for an update of
    `compact`'s layers where PatchConv2D, which gathers short runs before the product, takes 7.9, and for MinAtar's
    nine places 1.65 ms in place of 0.55 (batch 32, 1 core).
    """

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        (size, _), (stride, _) = self.kernel_size, self.strides
        taps, filters = size // stride, self.filters
        _, height, width, channels = inputs.shape
        height, width, folded = height // stride, width // stride, stride * stride * channels
        # `compact`, first layer (kernel of 4 x 4 places, stride 2, 4 frames, 16 filters): a picture [42, 42, 4] is
        # 21 x 21 squares of 2 x 2 places, [21, 2, 21, 2, 4], and with each square's places side by side [21, 21, 16].
        x = inputs[:, : height * stride, : width * stride]
        x = tf.transpose(tf.reshape(x, (-1, height, stride, width, stride, channels)), (0, 1, 3, 2, 4, 5))
        # The kernel [4, 4, 4, 16] is 2 x 2 such squares, [square's row, row in it, the same for columns, channel,
        # filter]; as a matrix [16 numbers of a square, 4 squares x 16 filters].
        kernel = tf.reshape(kernel, (taps, stride, taps, stride, channels, filters))
        kernel = tf.reshape(tf.transpose(kernel, (1, 3, 4, 0, 2, 5)), (folded, taps * taps * filters))
        products = tf.reshape(
            tf.matmul(tf.reshape(x, (-1, folded)), kernel), (-1, height, width, taps * taps * filters)
        )
        # Of the products [batch, 21, 21, 4 x 16], a result is the sum of four: its own square's by the kernel's first
        # square, its right neighbour's by the second, and so on. There are 20 x 20 results.
        rows, columns = height - taps + 1, width - taps + 1
        shifted = [
            products[:, i : i + rows, j : j + columns, (i * taps + j) * filters : (i * taps + j + 1) * filters]
            for i in range(taps)
            for j in range(taps)
        ]
        # Not `tf.add_n`, which makes XLA take as long for this as for the rest.
        return sum(shifted[1:], shifted[0])


class NoisyDense(keras.layers.Layer):  # type: ignore[misc]
    """A dense layer whose weights carry learned, factorised Gaussian noise (Fortunato 2018, section 3b).

    y = x (kernel + kernel_sigma * outer(f(e_in), f(e_out))) + bias + bias_sigma * f(e_out), f(x) = sign(x) sqrt(|x|).
    """

    def __init__(self, units: int, **options: Any) -> None:
        super().__init__(**options)
        self.units = units

    def build(self, input_shape: Any) -> None:
        inputs = input_shape[-1]
        self.kernel = self.add_weight(shape=(inputs, self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), name="bias")
        self.kernel_sigma = self.add_weight(shape=(inputs, self.units), name="kernel_sigma")
        self.bias_sigma = self.add_weight(shape=(self.units,), name="bias_sigma")
        self.noise_in = self.add_weight(shape=(inputs,), initializer="zeros", trainable=False, name="noise_in")
        self.noise_out = self.add_weight(shape=(self.units,), initializer="zeros", trainable=False, name="noise_out")

    def call(self, x: Any) -> Any:
        # The noise goes to the weights once, not to each observation of the minibatch: one matrix product, not two
        # (256-256, batch 128, 1 core: 0.79 against 1.34 ms an update). [inputs, 1] x [1, units] = [inputs, units].
        noise = self.noise_in[:, None] * self.noise_out[None, :]
        kernel = self.kernel + self.kernel_sigma * noise
        return tf.matmul(x, kernel) + (self.bias + self.bias_sigma * self.noise_out)

    def resample(self, seed: Any) -> None:
        """Draw new noise from `seed`, two int64."""
        for variable, offset in ((self.noise_in, 0), (self.noise_out, 1)):
            x = tf.random.stateless_normal(variable.shape, seed=tf.stack([seed[0], 2 * seed[1] + offset]))
            variable.assign(tf.sign(x) * tf.sqrt(tf.abs(x)))


_OWN_CONVOLUTIONS = {"minatar": PatchConv2D, "compact": FoldedConv2D}
"""By the network's kind, where Keras's own is not the fastest."""


def uses_xla(layers: Plan) -> bool:
    """Whether the whole fused update of this network is compiled with XLA.

    Measured on 2 cores: XLA is 3.6 times faster for MLP 64-64 (0.051 against 0.186 ms an update, batch 64), 1.7 times
    for MinAtar's convolution and 1.2 times for `compact` at 42 x 42 (4.2 against 5.0 ms, batch 32; on one core 6.7
    against 6.3). It is 1.6 times slower for `small_atari` at 84 x 84 and 1.4 times for `nature` (with Keras's own
    convolution even 10 times): oneDNN does those better.
    """
    return layers.kind in ("mlp", "minatar", "compact")


def build_network(
    network: NetworkSettings,
    observation_shape: tuple[int, ...],
    observation_dtype: np.dtype[Any],
    n_actions: int,
    *,
    portable: bool = False,
) -> keras.Model:
    """A Keras model from raw observations [batch, *observation_shape] to outputs [batch, n_actions, atoms].

    What the outputs mean is told at `acting.policy.Policy.outputs`. Pictures of bytes are scaled to 0..1 and a stack of
    frames becomes channels inside the model, so that it takes what the game shows. `portable`, for export, uses
    Keras's own layers only, leaves noise away and ends in Q-values [batch, n_actions].
    """
    layers = plan(network, observation_shape, n_actions)
    inputs = keras.Input(observation_shape, dtype=np.dtype(observation_dtype).name, name="observation")
    x = inputs
    if layers.convs:
        x = keras.layers.Permute((2, 3, 1))(x) if is_stacked(observation_shape) else x
        x = keras.layers.Reshape(image_layout(observation_shape))(x) if len(observation_shape) == 2 else x
    if np.dtype(observation_dtype) != np.float32:
        # Rescaling by one is Keras's way to say "as float32" without a Lambda layer.
        x = keras.layers.Rescaling(1 / 255 if np.dtype(observation_dtype) == np.uint8 else 1.0)(x)
    conv_layer = keras.layers.Conv2D if portable else _OWN_CONVOLUTIONS.get(layers.kind, keras.layers.Conv2D)
    for conv in layers.convs:
        x = conv_layer(conv.filters, conv.size, conv.stride, activation="relu", name=conv.name)(x)
    if len(x.shape) > 2:
        x = keras.layers.Flatten()(x)
    x = _dense_layers(x, layers.torso, portable)
    outputs = keras.layers.Reshape((n_actions, layers.atoms))(_dense_layers(x, layers.advantage, portable))
    if layers.value:
        value = keras.layers.Reshape((1, layers.atoms))(_dense_layers(x, layers.value, portable))
        # Wang 2016, equation 9.
        outputs = value + outputs - keras.ops.mean(outputs, axis=1, keepdims=True)
    if portable and network.head == "expected":
        outputs = keras.layers.Reshape((n_actions,))(outputs)
    elif portable and network.head == "qr":
        outputs = keras.ops.mean(outputs, axis=2)
    elif portable:
        outputs = keras.ops.sum(keras.ops.softmax(outputs) * support(network), axis=2)
    return keras.Model(inputs, outputs, name="q_network")


def _dense_layers(x: Any, layers: tuple[Dense, ...], portable: bool) -> Any:
    for layer in layers:
        dense = NoisyDense if layer.noisy and not portable else keras.layers.Dense
        x = dense(layer.units, name=layer.name)(x)
        if layer.norm:
            x = keras.layers.LayerNormalization(epsilon=LAYER_NORM_EPSILON, name=f"{layer.name}_norm")(x)
        if layer.hidden:
            x = keras.layers.ReLU(name=f"{layer.name}_relu")(x)
    return x


def set_weights(model: keras.Model, weights: Mapping[str, np.ndarray]) -> None:
    """Write weights by name into a model made by `build_network`."""
    for name, array in weights.items():
        layer, parameter = name.split("/")
        getattr(model.get_layer(layer), parameter).assign(array)


def noisy_layers(model: keras.Model) -> list[NoisyDense]:
    """The model's noisy layers, in order."""
    return [layer for layer in model.layers if isinstance(layer, NoisyDense)]


def get_weights(model: keras.Model, names: list[str]) -> Weights:
    """Copies of the named weights."""
    weights: Weights = {}
    for name in names:
        layer, parameter = name.split("/")
        weights[name] = getattr(model.get_layer(layer), parameter).numpy()
    return weights


def export_keras(
    network: NetworkSettings,
    observation_shape: tuple[int, ...],
    observation_dtype: np.dtype[Any],
    weights: Mapping[str, np.ndarray],
    n_actions: int,
    out: Path,
) -> None:
    """Write a `.keras` file of Keras's own layers, whole or not at all. Raises ArcadeError if it cannot be written."""
    if out.suffix != ".keras":
        raise ArcadeError(f"{out}: a Keras model's file name must end in .keras")
    model = build_network(network, observation_shape, observation_dtype, n_actions, portable=True)
    # Without its noise, a noisy layer is a dense one with the means as weights.
    set_weights(model, {name: array for name, array in weights.items() if not name.endswith("_sigma")})
    try:
        # Keras writes only to a path, and piece by piece.
        with TemporaryDirectory() as folder:
            model.save(Path(folder) / "model.keras")
            whole = (Path(folder) / "model.keras").read_bytes()
    except OSError as error:
        raise ArcadeError(f"{out} cannot be written: {error.strerror or error}") from error
    write_bytes(out, whole)
