"""The arithmetic of a gradient step: how many operations it needs, and how many this machine does a second."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np

from arcade_dqn.acting.layers import Plan, multiplications

_SIDE = 2048
"""Of the square matrices whose product measures the machine."""


class Operations(NamedTuple):
    """Floating-point operations of one gradient step; a multiplication and an addition are two."""

    counted: int
    """Forward through both networks, and twice a forward pass for going back."""
    needed: int
    """The same without the gradient of the observations, which nothing asks for."""


def operations(layers: Plan, batch_size: int, *, double: bool) -> Operations:
    """Count them in the network's matrix products; biases, activations, loss and Adam are left out."""
    products = [2 * count for count in multiplications(layers)]
    forward = batch_size * sum(products)
    # The target network's pass on s_t, the online one's on s_tm1, and with Double also on s_t.
    counted = ((3 if double else 2) + 2) * forward
    return Operations(counted, counted - batch_size * products[0])


def matrix_product_rate(seconds: float) -> dict[str, float]:
    """Operations a second of a large float32 matrix product, in TensorFlow and in NumPy, each for half the time."""
    import tensorflow as tf

    rng = np.random.default_rng(1)
    a, b = (rng.standard_normal((_SIDE, _SIDE), np.float32) for _ in range(2))
    tf_a, tf_b = tf.constant(a), tf.constant(b)

    def in_tensorflow() -> None:
        # The one number read back waits for the product, also on a GPU.
        float(tf.matmul(tf_a, tf_b)[0, 0])

    def in_numpy() -> None:
        np.matmul(a, b)

    rates = {}
    for name, product in (("tensorflow", in_tensorflow), ("numpy", in_numpy)):
        product()
        count, begun = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - begun) < seconds / 2:
            product()
            count += 1
        rates[name] = count * 2.0 * _SIDE**3 / elapsed
    return rates
