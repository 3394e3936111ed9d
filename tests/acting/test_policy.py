from __future__ import annotations

import numpy as np
import pytest

from arcade_dqn.acting.layers import NetworkError, initial_weights
from arcade_dqn.acting.policy import Policy
from arcade_dqn.config import NetworkSettings


def test_forward_pass_by_hand() -> None:
    weights = {
        "dense1/kernel": np.array([[1.0, -1.0], [2.0, 1.0]], np.float32),
        "dense1/bias": np.array([0.5, 0.0], np.float32),
        "q/kernel": np.array([[1.0, 0.0, -1.0], [3.0, 1.0, 0.0]], np.float32),
        "q/bias": np.array([0.0, 0.25, 1.0], np.float32),
    }
    policy = Policy(NetworkSettings(hidden=(2,)), (2,), 3, weights)
    # [1, 1] -> relu([3.5, 0]) -> [3.5, 0.25, -2.5];  [0, 2] -> relu([4.5, 2]) -> [10.5, 2.25, -3.5]
    q = policy.q_values(np.array([[1, 1], [0, 2]], np.float32))
    assert q.dtype == np.float32
    np.testing.assert_array_equal(q, [[3.5, 0.25, -2.5], [10.5, 2.25, -3.5]])
    assert policy.greedy(np.array([1, 1], np.float32)) == 0


def test_convolution_by_hand() -> None:
    # One filter that adds the four corners of its 3 x 3 window, on a picture of the numbers 0..99.
    network = NetworkSettings(kind="minatar", hidden=())
    weights = initial_weights(network, (10, 10, 1), 1, seed=0)
    kernel = np.zeros((3, 3, 1, 16), np.float32)
    kernel[[0, 0, 2, 2], [0, 2, 0, 2], 0, 0] = 1
    q_kernel = np.zeros((8 * 8 * 16, 1), np.float32)
    q_kernel[(2 * 8 + 5) * 16] = 1  # the place (2, 5) of filter 0
    policy = Policy(network, (10, 10, 1), 1, {**weights, "conv1/kernel": kernel, "q/kernel": q_kernel})
    picture = np.arange(100, dtype=np.float32).reshape(1, 10, 10, 1)
    assert policy.q_values(picture)[0, 0] == 25 + 27 + 45 + 47


def test_the_newest_frame_of_a_stack_is_the_last_channel() -> None:
    network = NetworkSettings(kind="small_atari", hidden=())
    weights = initial_weights(network, (2, 36, 36), 1, seed=0)
    kernel = np.zeros((8, 8, 2, 16), np.float32)
    kernel[:, :, 1, :] = 1  # looks at the newest frame only
    policy = Policy(network, (2, 36, 36), 1, {**weights, "conv1/kernel": kernel})
    old, new = np.zeros((2, 2, 36, 36), np.uint8)
    old[0], new[1] = 255, 255
    assert policy.q_values(old[None])[0, 0] == 0
    assert policy.q_values(new[None])[0, 0] != 0


def test_bytes_are_scaled_to_one() -> None:
    network = NetworkSettings(hidden=())
    weights = {"q/kernel": np.ones((3, 1), np.float32), "q/bias": np.zeros(1, np.float32)}
    policy = Policy(network, (3,), 1, weights)
    assert policy.q_values(np.full((1, 3), 255, np.uint8))[0, 0] == pytest.approx(3.0, abs=1e-6)
    assert policy.q_values(np.ones((1, 3), np.bool_))[0, 0] == 3.0


def test_a_batch_gives_what_its_rows_give() -> None:
    network = NetworkSettings(kind="nature", hidden=(32,))
    policy = Policy(network, (4, 84, 84), 5, initial_weights(network, (4, 84, 84), 5, seed=2))
    pictures = np.random.default_rng(0).integers(0, 256, (3, 4, 84, 84), np.uint8)
    rows = np.concatenate([policy.q_values(picture[None]) for picture in pictures])
    np.testing.assert_allclose(policy.q_values(pictures), rows, atol=1e-5)


def test_weights_are_copied_and_checked() -> None:
    weights = {"q/kernel": np.ones((2, 2), np.float32), "q/bias": np.zeros(2, np.float32)}
    policy = Policy(NetworkSettings(hidden=()), (2,), 2, weights)
    weights["q/kernel"][:] = 7
    assert policy.q_values(np.ones((1, 2), np.float32))[0, 0] == 2
    with pytest.raises(NetworkError, match=r"needs q/kernel of shape \(2, 2\), but got \(2, 3\)"):
        policy.set_weights({"q/kernel": np.ones((2, 3), np.float32), "q/bias": np.zeros(2, np.float32)})
    with pytest.raises(NetworkError, match="needs q/bias of shape .* but got nothing"):
        policy.set_weights({"q/kernel": np.ones((2, 2), np.float32)})


def head_policy(head: str, outputs: list[list[float]], **settings: float) -> Policy:
    """A network without inputs to speak of: its outputs [actions][atoms] are its biases."""
    atoms = len(outputs[0])
    network = NetworkSettings(hidden=(), head=head, atoms=max(2, atoms), **settings)  # type: ignore[arg-type]
    weights = {
        "q/kernel": np.zeros((1, len(outputs) * atoms), np.float32),
        "q/bias": np.array(outputs, np.float32).ravel(),
    }
    return Policy(network, (1,), len(outputs), weights)


def test_c51s_distribution_by_hand() -> None:
    log = np.log
    policy = head_policy("c51", [[log(1), log(2), log(1)], [log(8), log(1), log(1)]], v_min=-2.0, v_max=4.0)
    found = policy.distribution(np.zeros((2, 1), np.float32))
    assert found is not None
    assert found.returns.shape == found.probabilities.shape == (2, 2, 3)
    np.testing.assert_array_equal(found.returns[1], [[-2, 1, 4], [-2, 1, 4]])
    np.testing.assert_allclose(found.probabilities[0], [[0.25, 0.5, 0.25], [0.8, 0.1, 0.1]], atol=1e-6)


def test_qrs_distribution_is_its_quantiles_in_order() -> None:
    policy = head_policy("qr", [[3.0, 1.0], [-1.0, 7.0]])
    found = policy.distribution(np.zeros((1, 1), np.float32))
    assert found is not None
    np.testing.assert_array_equal(found.returns[0], [[1, 3], [-1, 7]])
    np.testing.assert_array_equal(found.probabilities[0], np.full((2, 2), 0.5))


@pytest.mark.parametrize("settings", [{"head": "c51", "v_min": -3.0, "v_max": 8.0}, {"head": "qr"}])
@pytest.mark.parametrize("dueling", [False, True])
def test_a_distributions_mean_is_the_q_value(settings: dict[str, object], dueling: bool) -> None:
    network = NetworkSettings(hidden=(16,), atoms=11, dueling=dueling, **settings)  # type: ignore[arg-type]
    policy = Policy(network, (4,), 3, initial_weights(network, (4,), 3, seed=5))
    seen = np.random.default_rng(1).normal(size=(6, 4)).astype(np.float32)
    found = policy.distribution(seen)
    assert found is not None
    np.testing.assert_allclose(found.probabilities.sum(axis=2), 1, atol=1e-6)
    np.testing.assert_allclose((found.returns * found.probabilities).sum(axis=2), policy.q_values(seen), atol=1e-5)


def test_expected_values_are_no_distribution() -> None:
    policy = head_policy("expected", [[1.0], [2.0]])
    assert policy.distribution(np.zeros((1, 1), np.float32)) is None
