from __future__ import annotations

import numpy as np
import tensorflow as tf

from arcade_dqn.learning.losses import bootstrap_value, regression_loss, td_error

Q_T = tf.constant([[1.0, 5.0, 2.0], [0.0, -1.0, -2.0]])


def test_dqn_takes_the_maximum() -> None:
    np.testing.assert_array_equal(bootstrap_value(Q_T, Q_T), [5.0, 0.0])


def test_double_dqn_values_the_online_networks_choice() -> None:
    online = tf.constant([[9.0, 0.0, 0.0], [0.0, 0.0, 3.0]])
    np.testing.assert_array_equal(bootstrap_value(Q_T, online), [1.0, -2.0])


def test_td_error_by_hand() -> None:
    q_tm1 = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    error = td_error(
        q_tm1, tf.constant([1, 0]), tf.constant([0.5, 2.0]), tf.constant([0.9, 0.0]), tf.constant([10.0, 7.0])
    )
    # 0.5 + 0.9 * 10 - 2 and, terminated, 2 - 3.
    np.testing.assert_allclose(error, [7.5, -1.0], rtol=1e-6)


def test_no_gradient_flows_through_the_target() -> None:
    v_t = tf.Variable([2.0])
    with tf.GradientTape() as tape:
        error = td_error(tf.constant([[1.0]]), tf.constant([0]), tf.constant([0.0]), tf.constant([1.0]), v_t)
    assert tape.gradient(error, v_t) is None


def test_losses_by_hand() -> None:
    error = tf.constant([0.0, 0.5, -1.0, 3.0, -10.0])
    np.testing.assert_allclose(regression_loss(error, "mse"), [0, 0.25, 1, 9, 100])
    np.testing.assert_allclose(regression_loss(error, "huber"), [0, 0.125, 0.5, 2.5, 9.5])
