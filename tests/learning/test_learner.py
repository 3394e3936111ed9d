"""The compiled update against a plain NumPy calculation of the same losses, gradients and Adam steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.config import Settings, build
from arcade_dqn.learning.learner import Learner
from arcade_dqn.learning.networks import noisy_layers
from arcade_dqn.replay.buffer import Batch

SHAPE, ACTIONS, BATCH = (3,), 4, 5
Array = np.ndarray


def settings(**learning: Any) -> Settings:
    overrides = {f"learning.{name}": value for name, value in learning.items()}
    base = {"batch_size": BATCH, "learning_rate": 0.01, "updates_per_train": 8}
    return build("x", {"network": {"hidden": [6]}, "learning": base}, overrides)


def make_batch(updates: int, seed: int = 0) -> Batch:
    rng = np.random.default_rng(seed)
    shape = (updates, BATCH)
    return Batch(
        rng.normal(size=(*shape, *SHAPE)).astype(np.float32),
        rng.integers(0, ACTIONS, shape).astype(np.int32),
        rng.normal(0, 3, shape).astype(np.float32),
        rng.choice([0.0, 0.99], shape).astype(np.float32),
        rng.normal(size=(*shape, *SHAPE)).astype(np.float32),
        rng.uniform(0.2, 1, shape).astype(np.float32),
    )


def make_learner(chosen: Settings) -> Learner:
    weights = initial_weights(chosen.network, SHAPE, ACTIONS, seed=5)
    return Learner(chosen, SHAPE, np.dtype(np.float32), ACTIONS, weights)


@pytest.fixture
def eagerly() -> Iterator[None]:
    """Line by line, for what does not ask whether it can be compiled: for a few updates that is much less work."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(autouse=True)
def _used_learners_here(may_use_learners: bool) -> None:
    """Every test here that does not mark itself `own_learners`: most ask for one of two or three compiled calls."""


class NumpyLearner:
    """The same algorithm in float64, written out."""

    def __init__(self, chosen: Settings) -> None:
        self.s = chosen.learning
        self.w = {
            name: array.astype(np.float64) for name, array in initial_weights(chosen.network, SHAPE, ACTIONS, 5).items()
        }
        self.target = {name: array.copy() for name, array in self.w.items()}
        self.m = {name: np.zeros_like(array) for name, array in self.w.items()}
        self.v = {name: np.zeros_like(array) for name, array in self.w.items()}
        self.t = 0

    @staticmethod
    def forward(w: dict[str, Array], s: Array) -> tuple[Array, Array]:
        hidden = np.maximum(s @ w["dense1/kernel"] + w["dense1/bias"], 0)
        return hidden, hidden @ w["q/kernel"] + w["q/bias"]

    def update(self, s_tm1: Array, a_tm1: Array, r_t: Array, discount_t: Array, s_t: Array, weight: Array) -> Any:
        rows = np.arange(len(a_tm1))
        q_t = self.forward(self.target, s_t)[1]
        selector = self.forward(self.w, s_t)[1] if self.s.double else q_t
        target = r_t + discount_t * q_t[rows, selector.argmax(1)]
        hidden, q = self.forward(self.w, s_tm1)
        error = target - q[rows, a_tm1]
        if self.s.loss == "mse":
            loss, slope = error**2, -2 * error
        else:
            loss = np.where(np.abs(error) <= 1, error**2 / 2, np.abs(error) - 0.5)
            slope = -np.clip(error, -1, 1)
        d_q = np.zeros_like(q)
        d_q[rows, a_tm1] = weight * slope / len(rows)
        d_hidden = (d_q @ self.w["q/kernel"].T) * (hidden > 0)
        gradient = {
            "dense1/kernel": s_tm1.T @ d_hidden,
            "dense1/bias": d_hidden.sum(0),
            "q/kernel": hidden.T @ d_q,
            "q/bias": d_q.sum(0),
        }
        norm = np.sqrt(sum((g**2).sum() for g in gradient.values()))
        if self.s.gradient_clip and norm > self.s.gradient_clip:
            gradient = {name: g * self.s.gradient_clip / norm for name, g in gradient.items()}
        self.t += 1
        rate = self.s.learning_rate * np.sqrt(1 - 0.999**self.t) / (1 - 0.9**self.t)
        for name, g in gradient.items():
            self.m[name] = 0.9 * self.m[name] + 0.1 * g
            self.v[name] = 0.999 * self.v[name] + 0.001 * g**2
            self.w[name] = self.w[name] - rate * self.m[name] / (np.sqrt(self.v[name]) + self.s.adam_epsilon)
        if self.s.target_update == "soft":
            tau = self.s.target_tau
            self.target = {name: (1 - tau) * self.target[name] + tau * self.w[name] for name in self.w}
        elif self.t % self.s.target_period == 0:
            self.target = {name: array.copy() for name, array in self.w.items()}
        return float((weight * loss).mean()), float(q[rows, a_tm1].mean()), np.abs(error)


@pytest.mark.parametrize(
    "learning",
    [
        {"target_period": 4},
        {"target_period": 3, "double": True},
        {"loss": "mse", "gradient_clip": 0.5},
        {"target_update": "soft", "target_tau": 0.1, "gradient_clip": 0},
    ],
    ids=["huber", "double", "mse-clipped", "soft"],
)
def test_ten_updates_equal_numpys(learning: dict[str, Any]) -> None:
    chosen = settings(**learning)
    learner, expected = make_learner(chosen), NumpyLearner(chosen)
    batches = make_batch(10)
    updates = learner.update(batches)
    losses, mean_qs, errors = zip(*(expected.update(*(a[k] for a in batches)) for k in range(10)), strict=True)
    np.testing.assert_allclose(updates.loss, losses, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(updates.mean_q, mean_qs, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(updates.error, errors, rtol=1e-4, atol=1e-5)
    weights, state = learner.weights(), learner.get_state()
    for name, array in expected.w.items():
        np.testing.assert_allclose(weights[name], array, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(state["target"][name], expected.target[name], rtol=1e-4, atol=1e-5)
    assert learner.updates == 10


def test_the_target_network_is_copied_every_target_period_updates() -> None:
    learner = make_learner(settings(target_period=3))
    start = learner.get_state()["target"]["q/kernel"]
    learner.update(make_batch(2))
    np.testing.assert_array_equal(learner.get_state()["target"]["q/kernel"], start)
    learner.update(make_batch(1))
    state = learner.get_state()
    np.testing.assert_array_equal(state["target"]["q/kernel"], state["online"]["q/kernel"])
    assert not np.array_equal(state["target"]["q/kernel"], start)


def test_fusing_does_not_change_the_result() -> None:
    fused, single = make_learner(settings()), make_learner(settings(updates_per_train=1))
    batches = make_batch(13)
    fused.update(batches)
    for k in range(13):
        single.update(Batch(*(array[k : k + 1] for array in batches)))
    for name, array in fused.weights().items():
        np.testing.assert_allclose(single.weights()[name], array, rtol=1e-5, atol=1e-6)


@pytest.mark.own_learners
def test_two_learners_end_bit_identical_and_a_restored_one_goes_on_exactly() -> None:
    first, second = make_learner(settings(double=True)), make_learner(settings(double=True))
    for learner in (first, second):
        learner.update(make_batch(8, seed=1))
    restored = make_learner(settings(double=True))
    restored.set_state(first.get_state())
    for learner in (first, second, restored):
        learner.update(make_batch(8, seed=2))
    for name, array in first.weights().items():
        assert np.array_equal(second.weights()[name], array)
        assert np.array_equal(restored.weights()[name], array)
    assert restored.updates == 16


@pytest.mark.own_learners
def test_warming_up_leaves_no_trace() -> None:
    warm, cold = make_learner(settings()), make_learner(settings())
    warm.warm_up()
    assert warm.updates == 0
    for learner in (warm, cold):
        learner.update(make_batch(4))
    assert all(np.array_equal(warm.weights()[name], array) for name, array in cold.weights().items())


@pytest.mark.own_learners
@pytest.mark.parametrize(("updates_per_train", "copies"), [(8, 1), (2, 4), (1, 8)])
def test_one_compiled_call_serves_whatever_number_of_updates(updates_per_train: int, copies: int) -> None:
    # `train_every` is 1 here, so that `copies` trainings fall into one step of the games: 8 updates in each case.
    chosen = build(
        "x",
        {"network": {"hidden": [6]}, "learning": {"batch_size": BATCH, "train_every": 1}},
        {"learning.updates_per_train": updates_per_train, "environment.copies": copies},
    )
    learner = make_learner(chosen)
    learner.warm_up()
    for updates in (8, 1, 3, 13, 16):
        result = learner.update(make_batch(updates))
        assert [len(array) for array in result] == [updates] * 3
    assert learner.updates == 8 + 1 + 3 + 13 + 16
    assert learner._fused.experimental_get_tracing_count() == 1


def test_a_call_that_is_not_full_leaves_the_rest_undone() -> None:
    one, other = make_learner(settings(target_period=3)), make_learner(settings(target_period=3))
    batches = make_batch(8)
    one.update(batches)
    other.update(Batch(*(array[:5] for array in batches)))
    other.update(Batch(*(array[5:] for array in batches)))
    for name in ("online", "target"):
        first, second = one.get_state()[name], other.get_state()[name]
        assert all(np.array_equal(first[weight], second[weight]) for weight in first)


def test_learning_rate_and_target_period_change_without_starting_over() -> None:
    learner = make_learner(settings(target_period=1000))
    learner.update(make_batch(4))
    before = learner.weights()
    learner.learning_rate = 0.0
    learner.target_period = 5
    learner.update(make_batch(4, seed=1))
    after = learner.get_state()
    assert all(np.array_equal(before[name], after["online"][name]) for name in before)
    assert all(np.array_equal(after["target"][name], after["online"][name]) for name in before)


def test_annealing_takes_a_share_of_the_learning_rate_that_a_person_may_still_change() -> None:
    annealed, slower = make_learner(settings()), make_learner(settings(learning_rate=0.0025))
    annealed.anneal(0.25)
    for batches in (make_batch(4), make_batch(4, seed=1)):
        annealed.update(batches)
        slower.update(batches)
    assert annealed.learning_rate == 0.01
    assert all(np.array_equal(array, slower.weights()[name]) for name, array in annealed.weights().items())
    annealed.learning_rate, slower.learning_rate = 0.04, 0.01
    annealed.update(make_batch(4, seed=2))
    slower.update(make_batch(4, seed=2))
    assert all(np.array_equal(array, slower.weights()[name]) for name, array in annealed.weights().items())


# Fewer at a time, and each alone, they are in tests/training/test_loop.py: `test_a_small_corridor_is_solved_exactly`.
FAMILY: list[dict[str, Any]] = [
    {"network.head": "qr", "network.atoms": 7, "learning.munchausen": True},
    {"network.head": "c51", "network.atoms": 11, "learning.munchausen": True, "network.noisy": True},
    {"learning.munchausen": True, "network.dueling": True, "network.layer_norm": True},
]


@pytest.mark.parametrize("overrides", FAMILY, ids=lambda o: " ".join(name.split(".")[1] for name in o))
def test_every_member_of_the_family_fits_a_batch_and_repeats_itself(overrides: dict[str, Any]) -> None:
    # One batch again and again, with discount 0 so that the target stands still: the prediction must come to fit it.
    base = {"network": {"hidden": [32]}, "learning": {"batch_size": BATCH, "learning_rate": 0.01}}
    chosen = build("x", base, overrides)
    one = make_batch(1)._replace(discount_t=np.zeros((1, BATCH), np.float32), weight=np.ones((1, BATCH), np.float32))
    batches = Batch(*(np.repeat(array, 128, axis=0) for array in one))
    learner = make_learner(chosen)
    begin = learner.get_state()
    start = learner.update(batches).loss[0]
    updates = learner.update(batches)
    assert updates.error.shape == (128, BATCH)
    assert updates.loss.shape == (128,)
    weights = learner.weights()
    # From the beginning once more, in the same learner: compiling another one takes seconds.
    learner.set_state(begin)
    for _ in range(2):
        learner.update(batches)
    floor = 0.0
    if chosen.network.head == "c51":
        # Cross-entropy ends at the entropy of its target, which is not zero where a return falls between two atoms.
        floor = float(_projected_entropy(one.r_t[0], chosen).mean())
    assert updates.loss[-10:].mean() - floor < 0.5 * (start - floor)
    assert all(np.array_equal(learner.weights()[name], array) for name, array in weights.items())


def _projected_entropy(r_t: Array, chosen: Settings) -> Array:
    atoms = np.linspace(chosen.network.v_min, chosen.network.v_max, chosen.network.atoms)
    nearness = np.maximum(0, 1 - np.abs(r_t[:, None] - atoms) / (atoms[1] - atoms[0]))
    return -np.sum(nearness * np.log(np.maximum(nearness, 1e-12)), axis=1)


def test_the_noise_of_every_layer_network_update_and_seed_is_its_own(eagerly: None) -> None:
    drawn = []
    for seed in (1, 2):
        overrides = {"network.noisy": True, "network.hidden": "6", "run.seed": seed, "learning.batch_size": BATCH}
        learner = make_learner(build("x", {}, overrides))
        for _ in range(2):
            learner.update(make_batch(1))
            for network in (learner._online, learner._target):
                drawn += [layer.noise_out.numpy()[:4].tolist() for layer in noisy_layers(network)]
    assert len(drawn) == 2 * 2 * 4
    assert len({tuple(noise) for noise in drawn}) == len(drawn)


def test_what_xla_compiles_in_parts_is_what_it_compiles_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = settings(munchausen=True, target_update="soft", gradient_clip=0.5)
    whole = make_learner(chosen)
    monkeypatch.setattr("arcade_dqn.learning.learner.uses_xla", lambda layers: False)
    parts = make_learner(chosen)
    batches = make_batch(8)
    for mine, other in zip(parts.update(batches), whole.update(batches), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5)
    before = initial_weights(chosen.network, SHAPE, ACTIONS, seed=5)
    for name, array in whole.weights().items():
        np.testing.assert_allclose(parts.weights()[name], array, rtol=1e-4, atol=1e-5)
        assert not np.allclose(array, before[name], atol=1e-3)
