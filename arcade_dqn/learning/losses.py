"""Targets and losses: pure functions of tensors.

B is the batch, A the actions, N the atoms or quantiles. What a network's outputs [B, A, N] mean is told at
`acting.policy.Policy.outputs`. The functions named `bootstrap_...` give what stands for the return from s_t on, before
`r_t + discount_t *`; each takes `action_weights` [B, A], which say how much each action of s_t counts (one for the
greedy action, or the soft policy of Munchausen DQN), and `bonus` [B, A], added to each value of an action, or None.
"""

from __future__ import annotations

from typing import Any, Literal

import tensorflow as tf

Tensor = Any
Head = Literal["expected", "c51", "qr"]


def action_values(outputs: Tensor, head: Head, support: Tensor) -> Tensor:
    """Q-values [B, A] of a network's outputs [B, A, N]; `support` [N] holds c51's atoms."""
    # AutoGraph cannot read a `match`, and says so on the terminal in five lines.
    if head == "expected":
        return outputs[:, :, 0]
    if head == "qr":
        return tf.reduce_mean(outputs, axis=2)
    return tf.reduce_sum(tf.nn.softmax(outputs) * support, axis=2)


def of_action(values: Tensor, actions: Tensor) -> Tensor:
    """The entries [B, ...] of `values` [B, A, ...] for one action [B] each."""
    chosen = tf.one_hot(actions, values.shape[1])
    return tf.reduce_sum(values * tf.reshape(chosen, (*chosen.shape, *[1] * (len(values.shape) - 2))), axis=1)


# --- which actions count after s_t ---------------------------------------------------------------------------------


def greedy_weights(q_t: Tensor) -> Tensor:
    """One for the best action of q_t [B, A], zero for the others.

    DQN chooses by the target network that also values the action (Mnih 2015), Double DQN by the online network (van
    Hasselt 2016, equation 4).
    """
    return tf.one_hot(tf.argmax(q_t, axis=1, output_type=tf.int32), q_t.shape[1])


def soft_weights(q_t: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """The softmax policy [B, A] of the target network, and its entropy bonus (Vieillard 2020, equation 1)."""
    log_policy = tf.nn.log_softmax(q_t / temperature)
    return tf.exp(log_policy), -temperature * log_policy


def munchausen_bonus(q_tm1: Tensor, a_tm1: Tensor, alpha: float, temperature: float, clip: float) -> Tensor:
    """What is added to the reward [B]: the scaled and clipped log-policy of the action taken (Vieillard 2020, eq. 2).

    q_tm1 [B, A] are the target network's Q-values of s_tm1.
    """
    log_policy = of_action(tf.nn.log_softmax(q_tm1 / temperature), a_tm1)
    return alpha * tf.clip_by_value(temperature * log_policy, clip, 0.0)


# --- expected value ------------------------------------------------------------------------------------------------


def bootstrap_value(q_t: Tensor, action_weights: Tensor, bonus: Tensor | None) -> Tensor:
    """The value [B] of s_t."""
    return tf.reduce_sum(action_weights * (q_t if bonus is None else q_t + bonus), axis=1)


def td_error(q_tm1: Tensor, a_tm1: Tensor, r_t: Tensor, discount_t: Tensor, v_t: Tensor) -> Tensor:
    """r_t + discount_t v_t - q(s_tm1, a_tm1), [B]; no gradient flows through the target."""
    return tf.stop_gradient(r_t + discount_t * v_t) - of_action(q_tm1, a_tm1)


def regression_loss(error: Tensor, kind: Literal["huber", "mse"]) -> Tensor:
    """The loss [...] of each error: its square, or Huber's with delta 1 (half the square, linear beyond 1)."""
    if kind == "mse":
        return tf.square(error)
    size = tf.abs(error)
    quadratic = tf.minimum(size, 1.0)
    return 0.5 * tf.square(quadratic) + (size - quadratic)


# --- c51 -----------------------------------------------------------------------------------------------------------


def categorical_target(
    outputs_t: Tensor, action_weights: Tensor, bonus: Tensor | None, r_t: Tensor, discount_t: Tensor, support: Tensor
) -> Tensor:
    """The projected distribution [B, N] of r_t + discount_t z (Bellemare 2017, algorithm 1); no gradient flows."""
    probabilities = tf.nn.softmax(outputs_t) * action_weights[:, :, None]
    if bonus is None:
        # All actions share their atoms, so their probabilities are mixed before the projection, which is most of
        # the work (LunarLander, 51 atoms, batch 128, 1 core: 1.26 against 1.71 ms an update).
        return tf.stop_gradient(
            project(
                r_t[:, None] + discount_t[:, None] * support[None, :], tf.reduce_sum(probabilities, axis=1), support
            )
        )
    atoms = r_t[:, None, None] + discount_t[:, None, None] * (support[None, None, :] + bonus[:, :, None])
    batch, size = outputs_t.shape[0], outputs_t.shape[1] * outputs_t.shape[2]
    return tf.stop_gradient(
        project(tf.reshape(atoms, (batch, size)), tf.reshape(probabilities, (batch, size)), support)
    )


def project(atoms: Tensor, probabilities: Tensor, support: Tensor) -> Tensor:
    """Probabilities [B, M] of returns `atoms` [B, M], shared out among the two nearest atoms of `support`: [B, N]."""
    step = support[1] - support[0]
    # Atoms 0, 1, 2 and a return of 1.25: clipped [B, M, 1] against support [1, 1, N], nearness 0, 0.75, 0.25.
    clipped = tf.clip_by_value(atoms, support[0], support[-1])
    nearness = 1.0 - tf.abs(clipped[:, :, None] - support[None, None, :]) / step
    return tf.reduce_sum(tf.nn.relu(nearness) * probabilities[:, :, None], axis=1)


def categorical_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy [B] of the target distribution [B, N] and the predicted one."""
    return -tf.reduce_sum(target * tf.nn.log_softmax(logits), axis=1)


# --- qr ------------------------------------------------------------------------------------------------------------


def quantile_target(
    outputs_t: Tensor, action_weights: Tensor, bonus: Tensor | None, r_t: Tensor, discount_t: Tensor
) -> Tensor:
    """The quantiles [B, N] of r_t + discount_t z; no gradient flows."""
    values = outputs_t if bonus is None else outputs_t + bonus[:, :, None]
    quantiles = tf.reduce_sum(action_weights[:, :, None] * values, axis=1)
    return tf.stop_gradient(r_t[:, None] + discount_t[:, None] * quantiles)


def quantile_loss(quantiles: Tensor, target: Tensor) -> Tensor:
    """Quantile regression loss [B] of predicted and target quantiles [B, N] (Dabney 2018, equation 10, kappa 1).

    Huber's, whatever the setting says: squared errors, tilted like these, would lead to expectiles.
    """
    count = quantiles.shape[1]
    levels = (tf.range(count, dtype=tf.float32) + 0.5) / count
    # Every predicted quantile against every target: [B, 1, N] - [B, N, 1] = [B, N predicted, N target].
    error = target[:, None, :] - quantiles[:, :, None]
    tilt = tf.abs(levels[None, :, None] - tf.cast(error < 0, tf.float32))
    return tf.reduce_sum(tf.reduce_mean(tilt * regression_loss(error, "huber"), axis=2), axis=1)


# --- gradients -----------------------------------------------------------------------------------------------------

_LANES = 64


def clip_by_global_norm(gradients: list[Tensor], limit: float) -> list[Tensor]:
    """The gradients, scaled down together so that the norm of all their numbers is at most `limit` (Pascanu 2013).

    The same as TensorFlow's function of that name, but XLA adds up all squares of one tensor in one long chain there,
    each addition waiting for the one before (80 of 400 us a step for MinAtar's network). Here they are added in columns
    side by side, and the short row of sums by a matrix product, which XLA does not merge with it.
    """
    norm = tf.sqrt(tf.add_n([_sum_of_squares(gradient) for gradient in gradients]))
    scale = limit / tf.maximum(norm, limit)
    return [gradient * scale for gradient in gradients]


def _sum_of_squares(x: Tensor) -> Tensor:
    # A kernel [3, 3, 4, 16] of 576 numbers becomes [64, 9]; the sums of its columns [1, 9] times ones [9, 1] are one.
    size = x.shape.num_elements()
    columns = tf.reshape(x, (_LANES, -1)) if size % _LANES == 0 else tf.reshape(x, (1, -1))
    sums = tf.reduce_sum(tf.square(columns), axis=0, keepdims=True)
    return tf.matmul(sums, tf.ones_like(sums), transpose_b=True)[0, 0]
