from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from arcade_dqn.learning.losses import (
    action_values,
    bootstrap_value,
    categorical_loss,
    categorical_target,
    clip_by_global_norm,
    greedy_weights,
    munchausen_bonus,
    of_action,
    project,
    quantile_loss,
    quantile_target,
    regression_loss,
    soft_weights,
    td_error,
)

Q_T = tf.constant([[1.0, 5.0, 2.0], [0.0, -1.0, -2.0]])


def test_dqn_takes_the_maximum() -> None:
    np.testing.assert_array_equal(bootstrap_value(Q_T, greedy_weights(Q_T), None), [5.0, 0.0])


def test_double_dqn_values_the_online_networks_choice() -> None:
    online = tf.constant([[9.0, 0.0, 0.0], [0.0, 0.0, 3.0]])
    np.testing.assert_array_equal(bootstrap_value(Q_T, greedy_weights(online), None), [1.0, -2.0])


def test_munchausen_by_hand() -> None:
    # Temperature 2: the policy of (2 log 3, 0) is (3/4, 1/4).
    q = tf.constant([[2 * np.log(3.0), 0.0]], tf.float32)
    weights, bonus = soft_weights(q, 2.0)
    np.testing.assert_allclose(weights, [[0.75, 0.25]], rtol=1e-6)
    np.testing.assert_allclose(bonus, [[-2 * np.log(0.75), -2 * np.log(0.25)]], rtol=1e-6)
    # The soft value is the temperature times the log of the sum of exponentials: 2 log(3 + 1).
    np.testing.assert_allclose(bootstrap_value(q, weights, bonus), [2 * np.log(4)], rtol=1e-6)
    np.testing.assert_allclose(
        munchausen_bonus(q, tf.constant([0]), 0.5, 2.0, -10.0), [0.5 * 2 * np.log(0.75)], rtol=1e-6
    )
    np.testing.assert_allclose(munchausen_bonus(q, tf.constant([1]), 0.5, 2.0, -1.0), [-0.5])


def test_values_of_outputs_by_hand() -> None:
    support = tf.constant([-1.0, 0.0, 3.0])
    logits = tf.math.log(tf.constant([[[0.5, 0.25, 0.25], [0.0001, 0.0001, 0.9998]]]))
    np.testing.assert_allclose(action_values(logits, "c51", support), [[0.25, 2.9993]], rtol=1e-5)
    quantiles = tf.constant([[[1.0, 2.0, 6.0], [0.0, 0.0, 3.0]]])
    np.testing.assert_allclose(action_values(quantiles, "qr", support), [[3.0, 1.0]], rtol=1e-6)
    np.testing.assert_array_equal(of_action(quantiles, tf.constant([1])), [[0.0, 0.0, 3.0]])


def test_tensorflow_can_read_what_it_compiles() -> None:
    # Of a function that it cannot read it says so, in five lines across the terminal. It raises here.
    tf.autograph.to_graph(action_values)


def test_c51_projection_by_hand() -> None:
    support = tf.constant([0.0, 1.0, 2.0])
    # 0.25 lies a quarter of the way from atom 0 to atom 1; 5 is clipped to 2, -3 to 0.
    projected = project(tf.constant([[0.25, 5.0, -3.0, 1.0]]), tf.constant([[0.4, 0.3, 0.2, 0.1]]), support)
    np.testing.assert_allclose(projected, [[0.4 * 0.75 + 0.2, 0.4 * 0.25 + 0.1, 0.3]], rtol=1e-6)


def test_c51_target_by_hand() -> None:
    support = tf.constant([0.0, 1.0, 2.0])
    outputs = tf.math.log(tf.constant([[[0.5, 0.5, 1e-30], [1e-30, 1e-30, 1.0]]] * 2))
    weights = tf.constant([[1.0, 0.0], [1.0, 0.0]])
    args = (tf.constant([0.5, 1.0]), tf.constant([0.5, 0.0]), support)
    # r 0.5, discount 0.5: the atoms 0, 1 move to 0.5, 1. Terminated: all of it lies at the reward.
    for bonus in (None, tf.zeros((2, 2))):
        target = categorical_target(outputs, weights, bonus, *args)
        np.testing.assert_allclose(target, [[0.25, 0.75, 0.0], [0.0, 1.0, 0.0]], atol=1e-6)
    # Both actions equally likely, the second one with a bonus of 1: atom 2 + 1 moves to 0.5 + 0.5 * 3 = 2.
    mixed = categorical_target(outputs, tf.fill((2, 2), 0.5), tf.constant([[0.0, 1.0]] * 2), *args)
    np.testing.assert_allclose(mixed[0], [0.125, 0.375, 0.5], atol=1e-6)
    np.testing.assert_allclose(
        categorical_loss(tf.math.log(tf.constant([[0.5, 0.25, 0.25]])), tf.constant([[0.5, 0.5, 0.0]])),
        [0.5 * np.log(2) + 0.5 * np.log(4)],
        rtol=1e-6,
    )


def test_quantiles_by_hand() -> None:
    outputs = tf.constant([[[1.0, 3.0], [10.0, 20.0]]])
    reward, discount = tf.constant([1.0]), tf.constant([0.5])
    greedy = quantile_target(outputs, tf.constant([[0.0, 1.0]]), None, reward, discount)
    np.testing.assert_allclose(greedy, [[6.0, 11.0]])
    soft = quantile_target(outputs, tf.constant([[0.5, 0.5]]), tf.constant([[0.0, 2.0]]), reward, discount)
    np.testing.assert_allclose(soft, [[1 + 0.5 * (0.5 * 1 + 0.5 * 12), 1 + 0.5 * (0.5 * 3 + 0.5 * 22)]])
    # Levels 1/4 and 3/4. Errors of quantile 0: 1 and 3; of quantile 2: -1 and 1. Huber: 0.5, 2.5; 0.5, 0.5.
    loss = quantile_loss(tf.constant([[0.0, 2.0]]), tf.constant([[1.0, 3.0]]))
    np.testing.assert_allclose(loss, [0.25 * (0.5 + 2.5) / 2 + (0.25 * 0.5 + 0.75 * 0.5) / 2], rtol=1e-6)


def test_quantiles_of_a_skewed_return_average_to_its_mean() -> None:
    # A return of 0 in nine cases of ten, else 10. Squared errors tilted by the levels would settle at a mean of 1.84.
    returns = tf.constant([[0.0] * 9 + [10.0]])
    quantiles = tf.Variable(tf.zeros((1, 51)))

    @tf.function
    def descend() -> None:
        for _ in tf.range(3000):
            with tf.GradientTape() as tape:
                loss = quantile_loss(quantiles, returns)
            quantiles.assign_sub(2.0 * tape.gradient(loss, quantiles))

    descend()
    assert float(tf.reduce_mean(quantiles)) == pytest.approx(1.0, abs=0.15)


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


def test_gradients_are_scaled_down_together_to_the_global_norm() -> None:
    # The norm of 3, 4 and 64 twelves with signs is sqrt(9 + 16 + 64 * 144) = 96.13...; below the limit nothing changes.
    gradients = [tf.constant([3.0, 4.0]), tf.constant(np.resize([12.0, -12.0], (16, 4)).astype(np.float32))]
    norm = np.sqrt(9 + 16 + 64 * 144)
    small, large = clip_by_global_norm(gradients, 10.0)
    np.testing.assert_allclose(small, np.array([3, 4]) * 10 / norm, rtol=1e-6)
    np.testing.assert_allclose(large[0, :2], np.array([12, -12]) * 10 / norm, rtol=1e-6)
    for kept, given in zip(clip_by_global_norm(gradients, 97.0), gradients, strict=True):
        np.testing.assert_array_equal(kept, given)
