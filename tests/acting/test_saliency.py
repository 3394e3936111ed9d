"""Against the same changes made one by one, and against what can be worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from arcade_dqn.acting import saliency
from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.acting.policy import Policy
from arcade_dqn.config import NetworkSettings

FAMILY: list[dict[str, Any]] = [
    {},
    {"dueling": True},
    {"noisy": True},
    {"layer_norm": True},
    {"head": "c51", "atoms": 11, "v_min": -2.0, "v_max": 5.0},
    {"head": "qr", "atoms": 7},
    {"head": "qr", "atoms": 5, "dueling": True, "noisy": True, "layer_norm": True},
]


def policy_for(shape: tuple[int, ...], n_actions: int = 3, **settings: Any) -> Policy:
    network = NetworkSettings(**{"hidden": (16,), **settings})
    weights = initial_weights(network, shape, n_actions, seed=3)
    rng = np.random.default_rng(3)
    return Policy(
        network,
        shape,
        n_actions,
        {k: rng.normal(0, 0.1, v.shape).astype(np.float32) if "bias" in k else v for k, v in weights.items()},
    )


def q(policy: Policy, observation: np.ndarray, action: int) -> float:
    return float(policy.q_values(observation[None])[0, action])


# --- numbers ---


def test_numbers_of_a_linear_network_by_hand() -> None:
    weights = {"q/kernel": np.array([[2, 0], [-3, 1]], np.float32), "q/bias": np.array([7, 0], np.float32)}
    policy = Policy(NetworkSettings(hidden=()), (2,), 2, weights)
    probe = saliency.numbers(policy, np.array([4, 5], np.float32), 0, np.array([0.5, 2], np.float32))
    assert probe.value == 2 * 4 - 3 * 5 + 7
    assert probe.work()
    # dQ/dx times the usual change: 2 * 0.5 and -3 * 2.
    np.testing.assert_allclose(probe.effects, [1.0, -6.0], atol=1e-5)


def test_small_changes_of_numbers_give_the_gradient() -> None:
    policy = policy_for((4,))
    x = np.array([0.3, -0.4, 0.9, 0.2], np.float32)
    weights = {name: array.astype(np.float64) for name, array in policy.weights.items()}
    before = x @ weights["dense1/kernel"] + weights["dense1/bias"]
    # By the chain rule, through the units that the ReLU lets pass.
    gradient = weights["dense1/kernel"] @ ((before > 0) * weights["q/kernel"][:, 1])
    typical = np.full(4, 1e-2, np.float32)
    probe = saliency.numbers(policy, x, 1, typical)
    probe.work()
    np.testing.assert_allclose(probe.effects / typical, gradient, atol=1e-3)


@pytest.mark.parametrize("settings", FAMILY, ids=lambda s: " ".join(s) or "plain")
def test_numbers_against_one_change_at_a_time(settings: dict[str, Any]) -> None:
    policy = policy_for((5,), **settings)
    x = np.random.default_rng(0).normal(size=5).astype(np.float32)
    typical = np.array([0.1, 0.5, 1.0, 0.0, 2.0], np.float32)
    probe = saliency.numbers(policy, x, 2, typical)
    probe.work()
    expected = []
    for number in range(5):
        more, less = x.copy(), x.copy()
        more[number] += typical[number]
        less[number] -= typical[number]
        expected.append((q(policy, more, 2) - q(policy, less, 2)) / 2)
    np.testing.assert_allclose(probe.effects, expected, atol=1e-5)
    assert probe.effects[3] == 0


# --- pictures ---


@pytest.mark.parametrize("settings", FAMILY, ids=lambda s: " ".join(s) or "plain")
@pytest.mark.parametrize("kind", ["minatar", "mlp"])
def test_cells_against_emptying_them_one_by_one(kind: str, settings: dict[str, Any]) -> None:
    policy = policy_for((10, 10, 4), kind=kind, **settings)
    seen = np.random.default_rng(2).random((10, 10, 4)) < 0.1
    probe = saliency.picture(policy, seen, 1, np.zeros((10, 10)))
    probe.work()
    expected = np.zeros((10, 10))
    for row, column in np.argwhere(seen.any(axis=2)).tolist():
        emptied = seen.copy()
        emptied[row, column] = False
        expected[row, column] = q(policy, seen, 1) - q(policy, emptied, 1)
    np.testing.assert_allclose(probe.effects, expected, atol=1e-5)
    assert np.abs(expected).max() > 1e-3


@pytest.mark.parametrize(
    ("kind", "shape", "side"),
    [
        ("compact", (4, 42, 42), 3),
        ("small_atari", (4, 84, 84), 6),
        ("nature", (4, 84, 84), 6),
        ("nature", (2, 50, 50), 4),  # 13 patches of 4: the last one is cut off
        ("nature", (84, 84), 6),
    ],
)
def test_patches_against_changing_them_one_by_one(kind: str, shape: tuple[int, ...], side: int) -> None:
    policy = policy_for(shape, kind=kind, dueling=True)
    rng = np.random.default_rng(4)
    usual = np.full(shape[-2:], 60.4, np.float32)
    seen = np.full(shape, 60, np.uint8)
    things = [(0, 0), (20, 30), (21, 31), (shape[-2] - 1, shape[-1] - 1)]
    for row, column in things:
        seen[..., row, column] = rng.integers(150, 256)
    assert saliency.patch_side(*usual.shape) == side
    probe = saliency.picture(policy, seen, 0, usual)
    probe.work()
    count = -(-shape[-1] // side)
    expected = np.zeros((count, count))
    for row, column in {(row // side, column // side) for row, column in things}:
        changed = seen.copy()
        place = np.s_[row * side : (row + 1) * side, column * side : (column + 1) * side]
        changed[(..., *place)] = 60
        expected[row, column] = q(policy, seen, 0) - q(policy, changed, 0)
    np.testing.assert_allclose(probe.effects, expected, atol=1e-5)
    assert np.abs(expected).max() > 1e-3


def test_only_what_stands_out_is_asked_about_and_the_most_conspicuous_first() -> None:
    policy = policy_for((84, 84), kind="nature")
    usual = np.zeros((84, 84), np.float32)
    seen = np.random.default_rng(0).integers(20, 60, (84, 84)).astype(np.uint8)
    seen[:6, :6] = 255
    probe = saliency.picture(policy, seen, 0, usual)
    passes = []
    ask = policy.q_values

    def counting(observations: np.ndarray) -> np.ndarray:
        passes.append(len(observations))
        return ask(observations)

    policy.q_values = counting  # type: ignore[method-assign]
    probe.work()
    assert sum(passes) == saliency.MOST_PATCHES
    assert probe.effects[0, 0] != 0
    assert np.count_nonzero(probe.effects) <= saliency.MOST_PATCHES
    still = saliency.picture(policy, np.full((84, 84), 7, np.uint8), 0, np.full((84, 84), 7.2, np.float32))
    assert still.done
    assert not still.effects.any()


def test_a_probe_is_worked_out_in_pieces() -> None:
    policy = policy_for((10, 10, 4), kind="minatar")
    seen = np.zeros((10, 10, 4), bool)
    seen[3, :, 0] = True
    whole, pieces = (saliency.picture(policy, seen, 0, np.zeros((10, 10))) for _ in range(2))
    whole.work()
    turns = 0
    while not pieces.work(0.0):
        turns += 1
        assert turns < 20
    # 10 cells, at least one forward pass of 4 a turn.
    assert turns == 2
    np.testing.assert_allclose(pieces.effects, whole.effects, atol=1e-6)


# --- what is usual ---


def test_the_usual_is_mean_and_deviation_of_what_was_seen() -> None:
    usual = saliency.Usual()
    assert usual.mean is None
    assert usual.deviation is None
    seen = np.random.default_rng(7).normal(3, 2, (200, 3)).astype(np.float32)
    for observation in seen:
        usual.see(observation)
    assert usual.mean is not None and usual.deviation is not None
    np.testing.assert_allclose(usual.mean, seen.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(usual.deviation, seen.std(axis=0), atol=1e-4)


def test_what_is_usual_follows_a_change() -> None:
    usual = saliency.Usual()
    for value in [0.0] * 2_000 + [1.0] * 2_000:
        usual.see(np.array([value], np.float32))
    assert usual.mean is not None
    assert usual.mean[0] > 0.95


def test_of_a_stack_only_the_newest_frame_is_new() -> None:
    background = saliency.Background()
    assert background.picture is None
    for value in (10, 200):
        stack = np.zeros((4, 36, 36), np.uint8)
        stack[-1] = value
        background.see(stack)
    assert background.picture is not None
    # The second step is of 64 grey levels at most.
    np.testing.assert_array_equal(background.picture, np.full((36, 36), 74, np.float32))


def test_what_moves_leaves_no_trace_in_the_background_and_what_stays_becomes_part_of_it() -> None:
    background = saliency.Background()
    for step in range(400):
        frame = np.full((40, 40), 80, np.uint8)
        frame[5:9, step % 40] = 255  # on its way across, again and again
        frame[20:24, 30] = 200 if step >= 100 else 80  # there for good, from then on
        background.see(frame)
    assert background.picture is not None
    np.testing.assert_allclose(background.picture[5:9], 80, atol=4)
    np.testing.assert_allclose(background.picture[20:24, 30], 200, atol=4)
