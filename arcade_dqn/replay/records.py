"""Numbered records that are only ever appended, and never changed, while the oldest drop out.

The frames and the transitions of a replay buffer are such records. For a checkpoint they are cut into *pieces* at
fixed numbers, so that a full piece is the same one in every checkpoint, and whoever has it already need not be given it
again: of a million transitions only the newest are copied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

Columns = dict[str, np.ndarray]
Have = Mapping[tuple[str, int], int]
"""The pieces that somebody has already: by the name of the records and the piece's end, its first number."""

_PIECES = 64
_SMALLEST_PIECE = 1024


class Piece(NamedTuple):
    """The records from number `first` to before `end`."""

    first: int
    end: int
    columns: Callable[[], Columns] | None
    """What they hold, as it was when the piece was cut; None for a piece that the caller has already."""


@dataclass(frozen=True)
class Records:
    """All records that are held, from number `start` to before `end`, in pieces without a gap.

    The first piece may begin before `start`, with records that have dropped out since it was cut.
    """

    name: str
    start: int
    end: int
    pieces: tuple[Piece, ...]

    def filled(self) -> Iterator[tuple[np.ndarray, int, Columns]]:
        """For each piece: the numbers [n] of its records that are held, how many come before them, and all columns.

        Raises ValueError for a piece that was not copied.
        """
        for piece in self.pieces:
            if piece.columns is None:
                raise ValueError(f"the {self.name} {piece.first} to {piece.end} are not here")
            dropped = max(0, self.start - piece.first)
            yield np.arange(piece.first + dropped, piece.end), dropped, piece.columns()


def cut(
    name: str,
    start: int,
    end: int,
    capacity: int,
    have: Have | None,
    copy: Callable[[int, int], Callable[[], Columns]],
) -> Records:
    """The records from `start` to before `end`, of `capacity` at most, in pieces of a 64th of that.

    `copy(first, end)` copies what will change, and returns a function that gives the columns at any later time.
    """
    size = max(_SMALLEST_PIECE, -(-capacity // _PIECES))
    pieces = []
    for aligned in range(start - start % size, end, size):
        first, last = max(aligned, start), min(aligned + size, end)
        known = (have or {}).get((name, last))
        if known is not None and known <= first:
            pieces.append(Piece(known, last, None))
        else:
            pieces.append(Piece(first, last, copy(first, last)))
    return Records(name, start, end, tuple(pieces))
