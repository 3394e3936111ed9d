"""The manifest of a checkpoint: every file that belongs to it, with its size and SHA-256."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from arcade_dqn.link.commands import parse_object
from arcade_dqn.link.text import plain
from arcade_dqn.storage.atomic import open_regular

FORMAT = 3
STATE = "state.json"
SEGMENTS = "segments"
"""The folder of the segments, beside the checkpoints."""

_MANIFEST = "manifest.json"
_MAX_MANIFEST = 1024 * 1024
_FILE = re.compile(r"state\.json|[a-z][a-z0-9_]{0,40}\.safetensors")
SEGMENT = re.compile(r"[a-z][a-z0-9_]{0,40}-\d{1,18}-\d{1,18}(-\d{1,6})?\.safetensors")


class OtherFormat(ValueError):
    """A checkpoint of an older or newer version."""


class FileLine(NamedTuple):
    """A file as it was written."""

    size: int
    sha256: str


class SegmentLine(NamedTuple):
    """A segment as it was written, and the records in it: from number `first` to before `end`."""

    size: int
    sha256: str
    records: str
    first: int
    end: int


@dataclass(frozen=True)
class Manifest:
    """The content of a manifest: the checkpoint's own files, and the segments that it shares with others, by name."""

    step: int
    files: dict[str, FileLine]
    segments: dict[str, SegmentLine]


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it into the checkpoint's folder. Raises OSError."""
    table = {
        "format": FORMAT,
        "step": manifest.step,
        "files": {name: line._asdict() for name, line in manifest.files.items()},
        "segments": {name: line._asdict() for name, line in manifest.segments.items()},
    }
    write_file(folder / _MANIFEST, [json.dumps(table, indent=1).encode()])


def read_manifest(folder: Path) -> Manifest:
    """The manifest in the checkpoint's folder. Raises OSError, or ValueError with the end of a sentence about it."""
    with open_regular(folder / _MANIFEST) as file:
        text = file.read(_MAX_MANIFEST + 1)
    try:
        table = parse_object(text, _MAX_MANIFEST)
    except ValueError as error:
        raise ValueError(f"its manifest {error}") from error
    version = table.get("format")
    if version != FORMAT:
        raise OtherFormat(f"has format {plain(str(version), 20)}; this version reads format {FORMAT}")
    wrong = ValueError("its manifest lists other files than it should")
    step, files, segments = table.get("step"), table.get("files"), table.get("segments")
    if not _whole(step) or not isinstance(files, dict) or not isinstance(segments, dict) or STATE not in files:
        raise wrong
    if not all(_FILE.fullmatch(name) for name in files) or not all(SEGMENT.fullmatch(name) for name in segments):
        raise wrong
    try:
        own = {name: FileLine(**line) for name, line in files.items()}
        shared = {name: SegmentLine(**line) for name, line in segments.items()}
    except TypeError:
        raise wrong from None
    lines: list[FileLine | SegmentLine] = [*own.values(), *shared.values()]
    for line in lines:
        if not _whole(line.size) or not isinstance(line.sha256, str):
            raise wrong
    for segment in shared.values():
        if not isinstance(segment.records, str) or not _whole(segment.first) or not _whole(segment.end):
            raise wrong
    assert isinstance(step, int)
    return Manifest(step, own, shared)


def _whole(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def write_file(path: Path, pieces: Iterable[bytes | memoryview]) -> FileLine:
    """Write a file that must not exist yet, force it to the disk, and return its line. Raises OSError."""
    size, digest = 0, hashlib.sha256()
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        for piece in pieces:
            digest.update(piece)
            rest = memoryview(piece)
            while rest:
                written = os.write(file, rest)
                rest, size = rest[written:], size + written
        os.fsync(file)
    finally:
        os.close(file)
    return FileLine(size, digest.hexdigest())


def read_verified(path: Path, line: FileLine | SegmentLine) -> np.ndarray:
    """The file's content, uint8 [size]. Raises OSError, or ValueError if the file is not the one that was written."""
    with open_regular(path) as file:
        _compare_size(path, os.fstat(file.fileno()).st_size, line)
        content = np.empty(line.size, np.uint8)
        rest = content.data
        while rest:
            if not (count := file.readinto(rest)):
                raise ValueError(f"{path.name} became shorter while it was read")
            rest = rest[count:]
    _compare_digest(path, hashlib.sha256(content.data).hexdigest(), line)
    return content


def _compare_size(path: Path, size: int, line: FileLine | SegmentLine) -> None:
    if size != line.size:
        raise ValueError(f"{path.name} has {size} bytes instead of {line.size}")


def _compare_digest(path: Path, digest: str, line: FileLine | SegmentLine) -> None:
    if digest != line.sha256:
        raise ValueError(f"{path.name} is not what was written (its SHA-256 differs)")
