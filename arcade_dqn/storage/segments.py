"""Segments: the pieces of the replay buffer on the disk, each written once and shared by all checkpoints that need it.

A checkpoint of a million transitions holds almost the same ones as the checkpoint before it. So a piece of records
(`replay.records`) is a file of its own, `checkpoints/segments/NAME-FIRST-END.safetensors`, and a checkpoint's manifest
names those it needs, with size and SHA-256, like its own files. Only the pieces that are new since the last checkpoint
are written: the newest one, which is not full yet, anew each time.

A program may die at any point, and this is why a checkpoint is never less than whole:

- A segment, and then the folder's list of names, are forced to the disk before the manifest that names it is written.
  One that was cut off in the middle is named by nobody.
- A segment is never changed or replaced. If there is a file of that name already (of a run that went on from an older
  checkpoint and came by here again), the new one gets another number.
- It is removed only when no finished checkpoint names it; what lies around without a name is removed before the next
  checkpoint is written. If a manifest cannot be read just now, nothing is removed.

What the sharing costs: a disk that spoils a segment spoils the replay buffer of every checkpoint that names it. The
weights, the optimiser and the counters, which each checkpoint has for itself, can then still be loaded without it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from arcade_dqn.replay.records import Have, Piece, Records
from arcade_dqn.storage.atomic import StorageError, need_space, sync_folder
from arcade_dqn.storage.manifest import SEGMENT, SEGMENTS, SegmentLine, read_manifest, write_file
from arcade_dqn.storage.tensors import serialise

Lines = dict[str, SegmentLine]


class Segments:
    """The segments of one run, for its one writer; it knows which belong to the newest checkpoint."""

    def __init__(self, checkpoints: Path) -> None:
        self._folder = checkpoints / SEGMENTS
        self._newest: Lines = {}

    @property
    def have(self) -> Have:
        """The pieces that need not be copied for the next checkpoint."""
        return {(line.records, line.end): line.first for line in self._newest.values()}

    def go_on_from(self, lines: Lines) -> None:
        """The newest checkpoint, just written or just loaded, is the one with these segments."""
        self._newest = dict(lines)

    def write(self, records: Iterable[Records]) -> Lines:
        """Write the pieces that are not there yet; the lines of all pieces, for the manifest.

        Raises OSError, or StorageError if segments of the newest checkpoint are gone; then the next call of `have`
        names none, and everything is written again.
        """
        known = {(line.records, line.end): (name, line) for name, line in self._newest.items()}
        lines: Lines = {}
        for one in records:
            for piece in one.pieces:
                if piece.columns is None:
                    name, line = known[one.name, piece.end]
                    self._check_there(name, line)
                else:
                    name, line = self._write_piece(one.name, piece)
                lines[name] = line
        if self._folder.is_dir():
            sync_folder(self._folder)
        return lines

    def _check_there(self, name: str, line: SegmentLine) -> None:
        with contextlib.suppress(OSError):
            if os.stat(self._folder / name).st_size == line.size:
                return
        self._newest = {}
        raise StorageError(f"{self._folder / name} is gone or damaged; the next checkpoint writes all of them again")

    def _write_piece(self, records: str, piece: Piece) -> tuple[str, SegmentLine]:
        assert piece.columns is not None
        columns = piece.columns()
        if not self._folder.is_dir():
            self._folder.mkdir()
            sync_folder(self._folder.parent)
        need_space(self._folder, sum(column.nbytes for column in columns.values()))
        stem = f"{records}-{piece.first}-{piece.end}"
        number, name = 1, f"{stem}.safetensors"
        while (self._folder / name).exists():
            number += 1
            name = f"{stem}-{number}.safetensors"
        try:
            size, digest = write_file(self._folder / name, serialise(columns))
        except OSError:
            # On a full disk the half of a segment would stay in the way.
            with contextlib.suppress(OSError):
                os.unlink(self._folder / name)
            raise
        return name, SegmentLine(size, digest, records, piece.first, piece.end)

    def remove_unused(self, checkpoints: Iterable[Path]) -> None:
        """Remove the segments that none of these checkpoints, all that there are, names; other files stay.

        Raises OSError.
        """
        if not self._folder.is_dir():
            return
        used = set(self._newest)
        for checkpoint in checkpoints:
            # One that is damaged is of no use to anybody, and neither are segments that it alone names.
            with contextlib.suppress(ValueError, FileNotFoundError):
                used |= read_manifest(checkpoint).segments.keys()
        for entry in os.scandir(self._folder):
            if entry.name not in used and SEGMENT.fullmatch(entry.name):
                os.unlink(entry.path)
