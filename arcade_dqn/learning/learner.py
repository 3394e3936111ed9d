"""The learner: gradient steps on minibatches from replay, many in one compiled call."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from arcade_dqn.acting.layers import Weights, parameter_shapes, plan, support
from arcade_dqn.config import Settings
from arcade_dqn.learning import losses
from arcade_dqn.learning.networks import build_network, get_weights, noisy_layers, set_weights, uses_xla
from arcade_dqn.replay.buffer import Batch

MAX_FUSED = 128
"""Most gradient steps in one compiled call."""


class Updates(NamedTuple):
    """What a series of gradient steps did."""

    loss: np.ndarray
    """The mean loss of each step's minibatch, [updates] float32."""
    mean_q: np.ndarray
    """The mean Q-value of the actions in each step's minibatch, [updates] float32."""
    error: np.ndarray
    """How wrong the prediction of each transition was, [updates, batch_size] float32: the size of its
    temporal-difference error, or its loss where a distribution is learned."""


class Finished(NamedTuple):
    """Gradient steps that ran beside the play."""

    about: Any
    """What `Learner.begin` was told of their minibatches."""
    updates: Updates


class _UnderWay(NamedTuple):
    """Gradient steps from `begin` to `finish`; they may long be done."""

    about: Any
    result: Future[Updates]


class Learner:
    """An online and a target network, and Adam.

    Many small calls into TensorFlow cost more than the arithmetic of a small network, so `update` takes the minibatches
    of several gradient steps at once and runs them in one compiled loop. `begin` does the same beside whatever the
    caller does next, until `finish`; TensorFlow holds no Python lock while it computes, so two cores really work at
    once. What is under way is kept here and nowhere else.

    That loop is compiled once, for as many gradient steps as the settings ask for between two steps of the games, and
    told how many to do: compiling another takes seconds, in which a run whose `updates_per_train` is changed by hand
    would stand still.

    Everything that looks at the networks or changes a setting first waits for steps under way, so that what was begun
    is always learned with the settings it was begun with.
    """

    def __init__(
        self,
        settings: Settings,
        observation_shape: tuple[int, ...],
        observation_dtype: np.dtype[Any],
        n_actions: int,
        weights: Mapping[str, np.ndarray],
    ) -> None:
        tf.config.experimental.enable_op_determinism()
        self._settings = settings.learning
        self._names = list(parameter_shapes(settings.network, observation_shape, n_actions))
        self._online = build_network(settings.network, observation_shape, observation_dtype, n_actions)
        self._target = build_network(settings.network, observation_shape, observation_dtype, n_actions)
        self._observation_shape, self._observation_dtype = observation_shape, np.dtype(observation_dtype)
        set_weights(self._online, weights)
        set_weights(self._target, weights)
        self._optimizer = keras.optimizers.Adam(
            self._settings.learning_rate, epsilon=self._settings.adam_epsilon, name="adam"
        )
        self._optimizer.build(self._online.trainable_variables)
        self._learning_rate, self._share = self._settings.learning_rate, 1.0
        self._target_period = tf.Variable(self._settings.target_period, dtype=tf.int64, name="target_period")
        self._count = tf.Variable(0, dtype=tf.int64, name="updates")
        self._head, self._seed = settings.network.head, settings.run.seed
        self._support = tf.constant(support(settings.network))
        layers = plan(settings.network, observation_shape, n_actions)
        whole = uses_xla(layers)
        self._fused = tf.function(self._fused_updates, jit_compile=whole)
        self._loss, self._apply = self._loss_of, self._apply_gradients
        if not whole:
            # What is not a convolution is still XLA's: Adam's many passes over the weights become one (`nature`, batch
            # 32, 1 core: 25.7 in place of 28.3 ms an update).
            self._loss = tf.function(self._loss_of, jit_compile=True)
            self._apply = tf.function(self._apply_gradients, jit_compile=True)
        self._per_call = _updates_at_once(settings)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="learner")
        self._under_way: _UnderWay | None = None
        self.updates = 0
        """Gradient steps so far, those under way included: the unit in which target_period counts."""

    @property
    def learning_rate(self) -> float:
        """Adam's step size, of which gradient steps take the share that was set by `anneal`."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._learning_rate = value
        self._set_rate()

    def anneal(self, share: float) -> None:
        """Take `share` of the learning rate, 0 to 1, from the next update on."""
        if share != self._share:
            self._share = share
            self._set_rate()

    def _set_rate(self) -> None:
        self.wait()
        self._optimizer.learning_rate.assign(self._learning_rate * self._share)

    @property
    def target_period(self) -> int:
        return int(self._target_period.numpy())

    @target_period.setter
    def target_period(self, value: int) -> None:
        self.wait()
        self._target_period.assign(value)

    def update(self, batches: Batch) -> Updates:
        """One gradient step per minibatch of `batches`, whose arrays are [updates, batch_size, ...]."""
        self.wait()
        self.updates += len(batches.a_tm1)
        return self._update(batches)

    def begin(self, batches: Batch, about: Any = None) -> None:
        """The same as `update`, in a thread of the learner's own; `batches` must not change before `finish`.

        One at a time: what was begun before has been finished. `about` is for the caller, and comes back with the
        result.
        """
        assert self._under_way is None, "one at a time, in order"
        self.updates += len(batches.a_tm1)
        self._under_way = _UnderWay(about, self._thread.submit(self._update, batches))
        # Let go of Python's lock at once: the thread needs it for a moment, and would get it only after 5 ms otherwise.
        time.sleep(0)

    @property
    def under_way(self) -> bool:
        """Whether something was begun and not finished."""
        return self._under_way is not None

    def finish(self, *, wait: bool = True) -> Finished | None:
        """What came of the gradient steps under way, once; None if there are none, or without `wait` if they go on.

        Raises what went wrong with them, and then they stay as they are: whoever asks for their weights is told too.
        """
        if self._under_way is None or not (wait or self._under_way.result.done()):
            return None
        finished = self.look_ahead()
        self._under_way = None
        return finished

    def look_ahead(self) -> Finished | None:
        """What `finish` will return, which it still does afterwards. Waits for it."""
        return None if self._under_way is None else Finished(self._under_way.about, self._under_way.result.result())

    def wait(self) -> None:
        """Return when no gradient step is being taken. Raises what went wrong with it."""
        self.look_ahead()

    def _update(self, batches: Batch) -> Updates:
        results = []
        start, total = 0, len(batches.a_tm1)
        while start < total:
            count = min(self._per_call, total - start)
            arrays = [array[start : start + count] for array in batches]
            # 40 minibatches [40, 32, ...] where 16 go into a call: 16, 16, and 8 with 8 of zeros that are not taken.
            if count < self._per_call:
                arrays = [_filled_up(array, self._per_call) for array in arrays]
            results.append([result.numpy()[:count] for result in self._fused(tf.constant(count), *arrays)])
            start += count
        return Updates(*(np.concatenate(parts) for parts in zip(*results, strict=True)))

    def weights(self) -> Weights:
        """A copy of the online network's weights."""
        self.wait()
        return get_weights(self._online, self._names)

    def warm_up(self) -> None:
        """Compile the call, leaving no trace in weights, optimiser or counters."""
        state = self.get_state()
        shape = (1, self._settings.batch_size)
        observations = np.zeros((*shape, *self._observation_shape), self._observation_dtype)
        zeros = np.zeros(shape, np.float32)
        self.update(Batch(observations, zeros.astype(np.int32), zeros, zeros, observations, zeros))
        self._restore(state)
        _remove_generated_code()

    def get_state(self) -> dict[str, Any]:
        """Networks, optimiser and counters, for a checkpoint."""
        self.wait()
        return {
            "online": get_weights(self._online, self._names),
            "target": get_weights(self._target, self._names),
            "optimizer": {str(i): variable.numpy() for i, variable in enumerate(self._optimizer.variables)},
            "updates": self.updates,
            "target_period": self.target_period,
        }

    def set_state(self, state: Mapping[str, Any], unfinished: Finished | None = None) -> None:
        """Go on from what `get_state` returned. `unfinished` is what `look_ahead` told then: the next `finish` does."""
        self.wait()
        self._restore(state)
        self._under_way = None
        if unfinished is not None:
            self._under_way = _UnderWay(unfinished.about, Future())
            self._under_way.result.set_result(unfinished.updates)

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.updates = int(state["updates"])
        set_weights(self._online, state["online"])
        set_weights(self._target, state["target"])
        for i, variable in enumerate(self._optimizer.variables):
            variable.assign(state["optimizer"][str(i)])
        self._count.assign(self.updates)
        self._target_period.assign(int(state["target_period"]))

    def _fused_updates(
        self, count: Any, s_tm1: Any, a_tm1: Any, r_t: Any, discount_t: Any, s_t: Any, weight: Any
    ) -> Any:
        """The first `count` of the gradient steps whose minibatches these are, [updates, batch_size, ...] each."""
        updates = len(a_tm1)
        results = [tf.TensorArray(tf.float32, size=updates) for _ in Updates._fields]
        periodic = self._settings.target_update == "periodic"
        k = tf.constant(0)
        # The target network stands still from one copy to the next. The copy is kept out of the inner loop because XLA
        # would otherwise move all of its weights in every step, copied or not (MinAtar: 28 of 400 us a step). With 98
        # updates so far, target_period 100 and count 5: two steps, a copy, three steps, and a copy that is not due.
        while k < count:
            end = count
            if periodic:
                end = tf.minimum(count, k + tf.cast(self._until_target_update(), tf.int32))
            while k < end:
                one = self._one_update(s_tm1[k], a_tm1[k], r_t[k], discount_t[k], s_t[k], weight[k])
                results = [array.write(k, value) for array, value in zip(results, one, strict=True)]
                k += 1
            if periodic:
                self._copy_to_target(tf.equal(self._count % self._target_period, 0))
        return [array.stack() for array in results]

    def _one_update(self, s_tm1: Any, a_tm1: Any, r_t: Any, discount_t: Any, s_t: Any, weight: Any) -> Any:
        """DQN's step 5, a gradient step on one minibatch. Step 6 follows in `_fused_updates`, a soft one here."""
        self._resample_noise()
        learning = self._settings
        outputs_t = self._target(s_t)
        if learning.munchausen:
            other = self._target(s_tm1)
        elif learning.double:
            other = self._online(s_t)
        else:
            other = outputs_t
        with tf.GradientTape() as tape:
            outputs_tm1 = self._online(s_tm1)
            mean_loss, mean_q, error = self._loss(outputs_tm1, outputs_t, other, a_tm1, r_t, discount_t, weight)
        self._apply(tape.gradient(mean_loss, [variable.value for variable in self._online.trainable_variables]))
        return mean_loss, mean_q, error

    def _loss_of(
        self, outputs_tm1: Any, outputs_t: Any, other: Any, a_tm1: Any, r_t: Any, discount_t: Any, weight: Any
    ) -> Any:
        """The mean loss, the mean Q-value of a_tm1, and how wrong each prediction was [batch_size].

        `other` is what Munchausen's target network says of s_tm1, or what Double DQN's online network says of s_t.
        """
        learning, head = self._settings, self._head
        q_t = losses.action_values(outputs_t, head, self._support)
        q_other = losses.action_values(other, head, self._support)
        if learning.munchausen:
            r_t = r_t + losses.munchausen_bonus(
                q_other,
                a_tm1,
                learning.munchausen_alpha,
                learning.munchausen_temperature,
                learning.munchausen_clip,
            )
            action_weights, bonus = losses.soft_weights(q_t, learning.munchausen_temperature)
        else:
            action_weights, bonus = losses.greedy_weights(q_other), None
        q_tm1 = losses.action_values(outputs_tm1, head, self._support)
        if head == "expected":
            v_t = losses.bootstrap_value(q_t, action_weights, bonus)
            td_error = losses.td_error(q_tm1, a_tm1, r_t, discount_t, v_t)
            loss, error = losses.regression_loss(td_error, learning.loss), tf.abs(td_error)
        elif head == "c51":
            target = losses.categorical_target(outputs_t, action_weights, bonus, r_t, discount_t, self._support)
            loss = error = losses.categorical_loss(losses.of_action(outputs_tm1, a_tm1), target)
        else:
            target = losses.quantile_target(outputs_t, action_weights, bonus, r_t, discount_t)
            loss = error = losses.quantile_loss(losses.of_action(outputs_tm1, a_tm1), target)
        return tf.reduce_mean(weight * loss), tf.reduce_mean(losses.of_action(q_tm1, a_tm1)), error

    def _apply_gradients(self, gradients: Any) -> None:
        """Adam's step, and what is done after each one."""
        if self._settings.gradient_clip > 0:
            gradients = losses.clip_by_global_norm(gradients, self._settings.gradient_clip)
        self._optimizer.apply(gradients)
        self._count.assign_add(1)
        if self._settings.target_update == "soft":
            for online, target in self._pairs():
                target.assign_add(self._settings.target_tau * (online - target))

    def _resample_noise(self) -> None:
        """New noise for both networks, a function of the run's seed and the update's number alone."""
        layers = [*noisy_layers(self._online), *noisy_layers(self._target)]
        for number, layer in enumerate(layers, self._seed * len(layers)):
            layer.resample((self._count, tf.constant(number, tf.int64)))

    def _until_target_update(self) -> Any:
        return self._target_period - self._count % self._target_period

    def _copy_to_target(self, due: Any) -> None:
        """DQN's step 6, where it is due."""
        for online, target in self._pairs():
            target.assign(tf.where(due, online, target))

    def _pairs(self) -> list[tuple[Any, Any]]:
        return [
            (online.value, target.value)
            for online, target in zip(self._online.trainable_variables, self._target.trainable_variables, strict=True)
        ]


def _updates_at_once(settings: Settings) -> int:
    """Gradient steps in a compiled call: those between two steps of the games, if they are not too many."""
    learning = settings.learning
    trainings = -(-settings.environment.copies // learning.train_every)
    return min(MAX_FUSED, trainings * learning.updates_per_train)


def _filled_up(array: np.ndarray, length: int) -> np.ndarray:
    """`array` with as many zeros behind it as make it `length` long."""
    longer = np.zeros((length, *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer


def _remove_generated_code() -> None:
    """Remove the files from which TensorFlow has just imported the code that it makes of `_fused_updates`.

    It would do so at the program's end, which is never reached by one that is killed.
    """
    for name, module in list(sys.modules.items()):
        if name.startswith("__autograph_generated_file") and module.__file__ is not None:
            Path(module.__file__).unlink(missing_ok=True)
