"""metrics.jsonl: what happened in a run, one JSON object a line, only ever appended to."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from arcade_dqn.link.commands import encode
from arcade_dqn.storage.atomic import StorageError, reason


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

    def read(self) -> list[dict[str, Any]]:
        """The records in order. Lines that are no JSON object are left out: a kill may have cut one."""
        records = []
        try:
            with open(self.path, "rb") as file:
                for line in file:
                    with contextlib.suppress(ValueError, RecursionError):
                        if isinstance(record := json.loads(line), dict):
                            records.append(record)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StorageError(f"cannot read {self.path}: {reason(error)}") from error
        return records

    def size(self) -> int:
        """Bytes so far: a checkpoint keeps it, and the run that goes on from there begins with `truncate`."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

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
