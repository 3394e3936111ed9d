"""The temporal-difference error and its loss: pure functions of tensors."""

from __future__ import annotations

from typing import Any, Literal

import tensorflow as tf

Tensor = Any


def bootstrap_value(q_t: Tensor, selector_q_t: Tensor) -> Tensor:
    """The target network's value [batch] of the action that `selector_q_t` likes best.

    Both are Q-values [batch, n_actions] of s_t. DQN selects with the target network itself, so that this is its
    maximum (Mnih 2015); Double DQN selects with the online network (van Hasselt 2016, equation 4).
    """
    return tf.gather(q_t, tf.argmax(selector_q_t, axis=1, output_type=tf.int32), batch_dims=1)


def td_error(q_tm1: Tensor, a_tm1: Tensor, r_t: Tensor, discount_t: Tensor, v_t: Tensor) -> Tensor:
    """r_t + discount_t v_t - q(s_tm1, a_tm1), [batch]; no gradient flows through the target."""
    target = tf.stop_gradient(r_t + discount_t * v_t)
    chosen = tf.reduce_sum(q_tm1 * tf.one_hot(a_tm1, q_tm1.shape[1]), axis=1)
    return target - chosen


def regression_loss(error: Tensor, kind: Literal["huber", "mse"]) -> Tensor:
    """The loss [batch] of each error: its square, or Huber's with delta 1 (half the square, linear beyond 1)."""
    if kind == "mse":
        return tf.square(error)
    size = tf.abs(error)
    quadratic = tf.minimum(size, 1.0)
    return 0.5 * tf.square(quadratic) + (size - quadratic)
