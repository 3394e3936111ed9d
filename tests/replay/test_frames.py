from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from arcade_dqn.replay.frames import ArrayFrames, Lz4Frames


@pytest.mark.parametrize("store_type", [ArrayFrames, Lz4Frames])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.bool_])
def test_the_newest_frames_come_back_as_they_were(store_type: Any, dtype: Any) -> None:
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 2, (25, 3, 5)).astype(dtype)
    store = store_type(10, (3, 5), np.dtype(dtype))
    assert [store.add(frame) for frame in frames] == list(range(25))
    ids = np.array([[15, 24], [20, 20]])
    gathered = store.gather(ids % 10)
    assert gathered.dtype == dtype
    np.testing.assert_array_equal(gathered, frames[ids])


@pytest.mark.parametrize("store_type", [ArrayFrames, Lz4Frames])
def test_a_frame_is_copied_when_it_is_added(store_type: Any) -> None:
    store = store_type(4, (2,), np.dtype(np.uint8))
    frame = np.array([1, 2], np.uint8)
    store.add(frame)
    frame[:] = 9
    assert store.gather(np.array(0)).tolist() == [1, 2]


def test_lz4_counts_its_bytes_through_overwriting() -> None:
    store = Lz4Frames(3, (84, 84), np.dtype(np.uint8))
    noise = np.random.default_rng(0).integers(0, 256, (84, 84), np.uint8)
    for _ in range(3):
        store.add(noise)
    assert store.nbytes > 3 * 84 * 84
    for _ in range(3):
        store.add(np.zeros((84, 84), np.uint8))
    assert store.nbytes < 3 * 100
