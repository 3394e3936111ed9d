"""Records cut into pieces: by hand, and for a buffer that is saved piece by piece however it grows."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arcade_dqn.config import ReplaySettings
from arcade_dqn.replay import records
from arcade_dqn.replay.buffer import ReplayBuffer
from arcade_dqn.replay.nstep import EpisodeWriter
from arcade_dqn.replay.records import Columns, Have, Records, cut

EXAMPLES = int(os.environ.get("PROPERTY_EXAMPLES", "60"))


def copy(first: int, end: int) -> Callable[[], Columns]:
    columns = {"number": np.arange(first, end)}
    return lambda: columns


def ranges(found: Records) -> list[tuple[int, int, bool]]:
    return [(piece.first, piece.end, piece.columns is not None) for piece in found.pieces]


def test_pieces_by_hand() -> None:
    # 64 pieces of 100,000 are 1,563 records each.
    assert ranges(cut("x", 0, 0, 100_000, None, copy)) == []
    assert ranges(cut("x", 0, 2000, 100_000, None, copy)) == [(0, 1563, True), (1563, 2000, True)]
    have = {("x", 1563): 0, ("x", 2000): 1563, ("y", 3126): 0}
    assert ranges(cut("x", 0, 2000, 100_000, have, copy)) == [(0, 1563, False), (1563, 2000, False)]
    assert ranges(cut("x", 0, 3500, 100_000, have, copy)) == [(0, 1563, False), (1563, 3126, True), (3126, 3500, True)]
    # Of the first piece 1,000 records have dropped out: who has all of it can use it, who has it not gets the rest.
    assert ranges(cut("x", 1000, 1600, 100_000, have, copy)) == [(0, 1563, False), (1563, 1600, True)]
    assert ranges(cut("x", 1000, 1600, 100_000, None, copy)) == [(1000, 1563, True), (1563, 1600, True)]
    assert ranges(cut("x", 500, 1600, 100_000, {("x", 1563): 1000}, copy))[0] == (500, 1563, True)
    # A small ring is one piece, or two where it crosses a thousand and twenty-four.
    assert ranges(cut("x", 990, 1090, 100, None, copy)) == [(990, 1024, True), (1024, 1090, True)]


def test_what_has_dropped_out_is_left_out() -> None:
    (one,) = cut("x", 3, 6, 100, None, lambda first, end: copy(0, end)).pieces
    records = Records("x", 3, 6, (one._replace(first=0),))
    (found,) = records.filled()
    assert (found[0].tolist(), found[1]) == ([3, 4, 5], 3)


def test_a_piece_that_was_not_copied_cannot_be_restored() -> None:
    with pytest.raises(ValueError, match="the x 0 to 5 are not here"):
        list(cut("x", 0, 5, 100, {("x", 5): 0}, copy).filled())


class Disk:
    """Keeps the pieces that it was given, as the segments of checkpoints do."""

    def __init__(self) -> None:
        self.pieces: dict[tuple[str, int], Any] = {}
        self.copied = 0

    @property
    def have(self) -> Have:
        return {key: piece.first for key, piece in self.pieces.items()}

    def keep(self, state: dict[str, Any]) -> dict[str, Any]:
        """The whole state, its pieces taken from here where they are missing."""
        return {key: self._whole(value) if isinstance(value, Records) else value for key, value in state.items()}

    def _whole(self, found: Records) -> Records:
        kept = {}
        for piece in found.pieces:
            key = (found.name, piece.end)
            if piece.columns is not None:
                self.copied += piece.end - piece.first
                columns = piece.columns()
                kept[key] = piece._replace(columns=lambda columns=columns: columns)
            else:
                kept[key] = self.pieces[key]
        self.pieces = {key: piece for key, piece in self.pieces.items() if key[0] != found.name} | kept
        return replace(found, pieces=tuple(kept.values()))


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    capacity=st.integers(1, 60),
    stack=st.integers(1, 3),
    compression=st.sampled_from(["none", "lz4"]),
    exponent=st.sampled_from([0.0, 0.5]),
    spans=st.lists(st.integers(0, 70), min_size=1, max_size=6),
)
def test_a_buffer_saved_piece_by_piece_comes_back_to_the_last_bit(
    same: Callable[[Any, Any], bool], capacity: int, stack: int, compression: str, exponent: float, spans: list[int]
) -> None:
    original = records._SMALLEST_PIECE
    records._SMALLEST_PIECE = 8  # so that a small buffer has many
    try:
        chosen = ReplaySettings.model_validate(
            {"capacity": capacity, "learning_start": 1, "compression": compression, "priority_exponent": exponent}
        )
        shape = (1, 2) if stack > 1 else (2,)
        buffer, other = (ReplayBuffer(chosen, shape, np.dtype(np.int32), stack, seed, 2) for seed in (0, 1))
        writer, disk, time = EpisodeWriter(buffer, 0.5, 2), Disk(), 0
        writer.begin(np.zeros(shape, np.int32))
        for span in spans:
            for _ in range(span):
                time += 1
                writer.step(
                    time % 5, float(time), np.full(shape, time, np.int32), terminated=False, ended=time % 9 == 0
                )
                if time % 9 == 0:
                    writer.begin(np.full(shape, -time, np.int32))
            if len(buffer):
                _, numbers = buffer.sample(1, 4)
                buffer.update_priorities(numbers, np.arange(4.0)[None])
            whole = disk.keep(buffer.get_state(disk.have))
            assert same(whole, buffer.get_state())
        other.set_state(whole)
        assert same(other.get_state(), buffer.get_state())
        if len(buffer):
            for left, right in zip(buffer.sample(2, 5)[0], other.sample(2, 5)[0], strict=True):
                np.testing.assert_array_equal(left, right)
    finally:
        records._SMALLEST_PIECE = original


@pytest.mark.parametrize("compression", ["none", "lz4"])
def test_of_a_large_buffer_only_what_is_new_is_copied(compression: str) -> None:
    chosen = ReplaySettings.model_validate({"capacity": 70_000, "learning_start": 1, "compression": compression})
    buffer, disk = ReplayBuffer(chosen, (1,), np.dtype(np.uint8), 1, 0), Disk()
    writer = EpisodeWriter(buffer, 0.5)
    writer.begin(np.zeros(1, np.uint8))

    def play(steps: int) -> int:
        for time in range(steps):
            writer.step(0, 0.0, np.full(1, time % 256, np.uint8), terminated=False, ended=False)
        before = disk.copied
        disk.keep(buffer.get_state(disk.have))
        return disk.copied - before

    assert play(80_000) >= 140_000
    # New ones of both kinds, and the rest of the two pieces in which they begin.
    assert play(500) <= 2 * (500 + 1250)
    assert play(0) == 0


def test_a_state_does_not_change_with_its_buffer(same: Callable[[Any, Any], bool]) -> None:
    for compression in ("none", "lz4"):
        chosen = ReplaySettings.model_validate({"capacity": 5, "learning_start": 1, "compression": compression})
        buffer = ReplayBuffer(chosen, (1,), np.dtype(np.uint8), 1, 0)
        writer = EpisodeWriter(buffer, 0.5)
        writer.begin(np.zeros(1, np.uint8))
        for time in range(4):
            writer.step(time, 0.0, np.full(1, time, np.uint8), terminated=False, ended=False)
        state, other = buffer.get_state(), ReplayBuffer(chosen, (1,), np.dtype(np.uint8), 1, 0)
        other.set_state(state)
        for _ in range(40):
            writer.step(9, 9.0, np.full(1, 9, np.uint8), terminated=False, ended=False)
        assert same(state, other.get_state())
        assert not same(state, buffer.get_state())
