"""Demonstrations on the disk: whole, checked against the game, and refused in one sentence otherwise."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arcade_dqn.storage.atomic import StorageError
from arcade_dqn.storage.demonstrations import (
    MAX_STEPS,
    Demonstration,
    DemonstrationError,
    list_demonstrations,
    load_demonstration,
    save_demonstration,
)

PLAY = Demonstration(
    frames=np.arange(8, dtype=np.float32).reshape(4, 2),
    a_tm1=np.array([0, 1, 1], np.int32),
    reward=np.array([1.0, 0.0, -2.5], np.float32),
    life_lost=np.array([False, True, False]),
    terminated=True,
)


def load(path: Path, **changes: Any) -> Demonstration:
    game = {"frame_shape": (2,), "frame_dtype": np.dtype(np.float32), "n_actions": 2, **changes}
    return load_demonstration(path, **game)


@pytest.mark.parametrize("terminated", [True, False])
def test_what_was_played_comes_back(tmp_path: Path, terminated: bool) -> None:
    path = save_demonstration(tmp_path, replace(PLAY, terminated=terminated))
    assert list_demonstrations(tmp_path) == [path]
    found = load(path)
    for name in ("frames", "a_tm1", "reward", "life_lost"):
        np.testing.assert_array_equal(getattr(found, name), getattr(PLAY, name))
        assert getattr(found, name).dtype == getattr(PLAY, name).dtype
    assert found.terminated is terminated
    assert len(found) == 3


def test_two_in_the_same_moment_are_two_files(tmp_path: Path) -> None:
    assert save_demonstration(tmp_path, PLAY) != save_demonstration(tmp_path, PLAY)
    assert len(list_demonstrations(tmp_path)) == 2
    assert list_demonstrations(tmp_path / "elsewhere") == []


@pytest.mark.parametrize(
    ("game", "sentence"),
    [
        ({"frame_shape": (3,)}, r"of another game: its frames are float32 \[4, 2\] instead of float32 \[4, 3\]"),
        ({"frame_dtype": np.dtype(np.uint8)}, r"its frames are float32 \[4, 2\] instead of uint8"),
        ({"stack": 4}, r"its frames are float32 \[4, 2\] instead of float32 \[7, 2\]"),
        ({"n_actions": 1}, "has an action that the game does not; its actions are 0 to 0"),
    ],
)
def test_play_of_another_game_is_refused(tmp_path: Path, game: dict[str, Any], sentence: str) -> None:
    path = save_demonstration(tmp_path, PLAY)
    with pytest.raises(DemonstrationError, match=sentence):
        load(path, **game)


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    path = save_demonstration(tmp_path, replace(PLAY, reward=np.array([1.0, np.nan, 0.0], np.float32)))
    with pytest.raises(DemonstrationError, match="not finite"):
        load(path)


def test_too_long_a_play_is_not_saved(tmp_path: Path) -> None:
    steps = MAX_STEPS + 1
    long = Demonstration(
        np.zeros((steps + 1, 2), np.float32), np.zeros(steps, np.int32), np.zeros(steps), np.zeros(steps, bool), False
    )
    with pytest.raises(ValueError, match="4001 steps"):
        save_demonstration(tmp_path, long)


def test_what_is_no_demonstration(tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    other.write_bytes(b"")
    with pytest.raises(DemonstrationError, match="is not a demonstration"):
        load(other)
    with pytest.raises(StorageError, match="cannot read the demonstration"):
        load(tmp_path / "missing.safetensors")
    (tmp_path / "folder.safetensors").mkdir()
    os.mkfifo(tmp_path / "pipe.safetensors")
    for name in ("folder", "pipe"):
        with pytest.raises(DemonstrationError, match="cannot read the demonstration"):
            load(tmp_path / f"{name}.safetensors")
    header = json.dumps({"frames": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}).encode()
    other.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(DemonstrationError, match="truncated"):  # and nothing was allocated for it
        load(other)


@given(st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_the_play_or_the_one_error(tmp_path: Path, data: st.DataObject) -> None:
    path = save_demonstration(tmp_path, PLAY)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    path.write_bytes(bytes(content[:cut]) if data.draw(st.booleans()) else bytes(content))
    try:
        found = load(path)
    except DemonstrationError:
        return
    finally:
        path.unlink()
    assert found.frames.shape == (4, 2)
    assert np.isfinite(found.frames).all()
