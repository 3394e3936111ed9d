"""metrics.jsonl: what happened in a run, one JSON object a line, only ever appended to."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from arcade_dqn.link.commands import encode, parse_object, read_lines
from arcade_dqn.link.text import plain
from arcade_dqn.storage.atomic import StorageError, open_regular, reason

MOST_BYTES = 64 * 1024 * 1024
"""What is read of a file at most: the records of more than half a million episodes."""
_LONGEST_LINE = 4096


class MetricsFile:
    """Appends to and reads the metrics at `path`. The file is opened by the first `append` and kept open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def append(self, record: Mapping[str, Any]) -> None:
        """Append one line. Numbers that are not finite become null. Raises StorageError."""
        line = encode(record)
        try:
            if self._file is None:
                flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
                self._file = os.open(self.path, flags, 0o666)
                if os.fstat(self._file).st_size:
                    os.lseek(self._file, -1, os.SEEK_END)
                    if os.read(self._file, 1) != b"\n":
                        line = b"\n" + line  # a killed or failed writer left half a line
            written = os.write(self._file, line)
        except OSError as error:
            self.close()
            raise StorageError(f"cannot write {self.path}: {reason(error)}") from error
        if written != len(line):
            self.close()  # so that the next record looks at the end of the file again
            raise StorageError(f"cannot write {self.path}: the disk is full")

    def read(self, kind: str = "") -> list[dict[str, Any]]:
        """The records in order, of a file of more than `MOST_BYTES` the newest. Raises StorageError.

        Those of one `kind` are found in all of the file, however large it is; an episode or a score is of too many.

        A record holds numbers and short texts; lines that are anything else are left out, for a kill may have cut one
        and a stranger may have written another. Texts come without control codes.
        """
        records = []
        try:
            with open_regular(self.path) as raw, io.BufferedReader(raw) as file:
                beyond = os.fstat(raw.fileno()).st_size - MOST_BYTES
                if beyond > 0 and not kind:
                    file.seek(beyond)
                    file.readline(_LONGEST_LINE)
                for line in read_lines(file, _LONGEST_LINE):
                    if kind.encode() not in line:
                        continue
                    record = _parsed(line)
                    if record is not None and (not kind or record.get("kind") == kind):
                        records.append(record)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StorageError(f"cannot read {self.path}: {reason(error)}") from error
        return records

    def size(self, *, durable: bool = False) -> int:
        """Bytes so far: a checkpoint keeps it, and the run that goes on from there begins with `truncate`.

        With `durable` they are on the disk before it returns, as the checkpoint is. Raises StorageError.
        """
        try:
            if durable and self._file is not None:
                os.fsync(self._file)
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise StorageError(f"cannot read {self.path}: {reason(error)}") from error

    def truncate(self, size: int) -> None:
        """Forget everything after the first `size` bytes. Raises StorageError."""
        if size >= self.size():
            return
        self.close()
        try:
            os.truncate(self.path, size)
        except OSError as error:
            raise StorageError(f"cannot write {self.path}: {reason(error)}") from error

    def close(self) -> None:
        """Close the file if it is open; the next `append` opens it again."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The record on a line; None if it is none."""
    try:
        record = parse_object(line, _LONGEST_LINE)
    except ValueError:
        return None
    for name, value in record.items():
        if isinstance(value, str):
            record[name] = value if value.isprintable() and len(value) <= 200 else plain(value, 200)
        elif not (value is None or isinstance(value, int | float)):
            return None
    return record
