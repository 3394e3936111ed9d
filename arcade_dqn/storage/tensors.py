"""The safetensors format: https://github.com/huggingface/safetensors#format

Eight bytes with the header's length, a JSON header, then the raw arrays. The library of that name writes model files.
Here is what it does not offer: reading a header that is not trusted before anything of the size it claims is allocated,
and writing a checkpoint's arrays without copying them, hashed on their way to the disk.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from arcade_dqn.link.commands import parse_object

_NAMES: dict[str, str] = {
    "BOOL": "|b1",
    "U8": "|u1",
    "I8": "|i1",
    "U16": "<u2",
    "I16": "<i2",
    "U32": "<u4",
    "I32": "<i4",
    "U64": "<u8",
    "I64": "<i8",
    "F16": "<f2",
    "F32": "<f4",
    "F64": "<f8",
}
_DTYPES = {name: np.dtype(code) for name, code in _NAMES.items()}
_CODES = {dtype: name for name, dtype in _DTYPES.items()}


@dataclass(frozen=True)
class Entry:
    """Where one array lies: from byte `start` to before byte `end` of the data after the header."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    start: int
    end: int


def parse_header(header: bytes, data_bytes: int) -> tuple[dict[str, str], dict[str, Entry]]:
    """The metadata and the entries of a header, in the order of their data.

    `data_bytes` is the size of the data that follows. Every array must have a known type and exactly the bytes that its
    shape needs, and together they must fill the data without gap or overlap. Nothing is allocated for them here.
    Raises ValueError with the rest of a sentence that begins with the file.
    """
    try:
        table = parse_object(header, len(header))
    except ValueError as error:
        raise ValueError(f"has a header that {error}") from error
    metadata = table.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise ValueError("has metadata that is not text")
    entries = {name: _entry(name, value) for name, value in table.items()}
    in_order = dict(sorted(entries.items(), key=lambda item: (item[1].start, item[1].end)))
    position = 0
    for entry in in_order.values():
        if entry.start != position:
            raise ValueError("has arrays that overlap or leave a gap")
        position = entry.end
    if position > data_bytes:
        raise ValueError(f"is truncated: {position - data_bytes} bytes of {position} are missing")
    if position < data_bytes:
        raise ValueError(f"has {data_bytes - position} bytes too many")
    return metadata, in_order


def _entry(name: str, value: Any) -> Entry:
    wrong = ValueError(f"has a damaged header: the entry {name[:60]!r} is not an array")
    if not isinstance(value, dict) or value.keys() != {"dtype", "shape", "data_offsets"}:
        raise wrong
    dtype, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _DTYPES or not _sizes(shape) or not _sizes(offsets):
        raise wrong
    if len(shape) > 8 or len(offsets) != 2:
        raise wrong
    entry = Entry(_DTYPES[dtype], tuple(shape), *offsets)
    if entry.end - entry.start != math.prod(shape) * entry.dtype.itemsize:
        raise wrong
    return entry


def _sizes(value: Any) -> bool:
    return isinstance(value, list) and all(type(item) is int and 0 <= item < 2**63 for item in value)


def serialise(arrays: Mapping[str, np.ndarray]) -> Iterator[bytes | memoryview]:
    """The bytes of a file with these arrays, piece by piece: the header, then views of the arrays themselves.

    Raises TypeError for an array of a type that the format lacks. Arrays that are not contiguous are copied one by one.
    """
    # Larger items first, as the library does it, so that every array lies aligned in the file.
    names = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))
    header: dict[str, Any] = {}
    position = 0
    for name in names:
        array = arrays[name]
        code = _CODES.get(array.dtype.newbyteorder("<"))
        if code is None:
            raise TypeError(f"{name}: arrays of {array.dtype} cannot be saved")
        header[name] = {
            "dtype": code,
            "shape": list(array.shape),
            "data_offsets": [position, position + array.nbytes],
        }
        position += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    yield len(text).to_bytes(8, "little") + text
    for name in names:
        array = arrays[name]
        if array.size:
            array = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
            yield array.reshape(-1).view(np.uint8).data


def arrays_in(data: np.ndarray, max_header: int) -> dict[str, np.ndarray]:
    """The arrays of a whole file that was read into `data` (uint8, 1-D), as views into it.

    Raises ValueError like `parse_header`.
    """
    length = int.from_bytes(data[:8].tobytes(), "little")
    if data.size < 8 or length > min(max_header, data.size - 8):
        raise ValueError("is truncated or not a safetensors file")
    start = 8 + length
    _, entries = parse_header(data[8:start].tobytes(), data.size - start)
    return {
        name: data[start + entry.start : start + entry.end].view(entry.dtype).reshape(entry.shape)
        for name, entry in entries.items()
    }
