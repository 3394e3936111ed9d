from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save

from arcade_dqn.storage.tensors import Entry, arrays_in, parse_header, serialise

ARRAYS = {
    "a": np.arange(6, dtype=np.float32).reshape(2, 3),
    "b/c": np.array([True, False, True]),
    "d": np.array(2.5),
    "e": np.zeros((0, 4), np.uint8),
    "f": np.array([-1, 2**62], np.int64),
    "g": np.array([1, 2, 3], np.uint8),
    "h": np.arange(12, dtype=np.uint16).reshape(3, 4).T,
    "i": np.array([1.5, 2.5], ">f8"),
}


def test_the_library_reads_what_is_written_here(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"".join(serialise(ARRAYS)))
    found = load_file(tmp_path / "file")
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert found[name].shape == array.shape
        np.testing.assert_array_equal(found[name], array)


def test_what_the_library_writes_is_read_here() -> None:
    arrays = {name: np.asarray(array, order="C") for name, array in ARRAYS.items() if name != "i"}
    for data in (save(arrays), b"".join(serialise(ARRAYS))):
        found = arrays_in(np.frombuffer(data, np.uint8).copy(), 10_000)
        for name, array in arrays.items():
            assert (found[name].shape, found[name].dtype) == (array.shape, array.dtype)
            np.testing.assert_array_equal(found[name], array)
            assert found[name].flags.writeable
            assert found[name].flags.aligned


def test_nothing_is_copied() -> None:
    array = np.arange(1000, dtype=np.float32)
    _, view = serialise({"a": array})
    assert np.shares_memory(np.frombuffer(view, np.uint8), array)


@pytest.mark.parametrize("array", [np.array(["text"]), np.array([None]), np.zeros(2, np.complex128)])
def test_types_that_the_format_lacks(array: np.ndarray) -> None:
    with pytest.raises(TypeError, match=r"^x: arrays of .* cannot be saved"):
        list(serialise({"x": array}))


def header(**entries: object) -> bytes:
    return json.dumps(entries).encode()


def entry(dtype: object = "F32", shape: object = (2,), offsets: object = (0, 8)) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def test_a_good_header() -> None:
    metadata, entries = parse_header(header(b=entry(offsets=(8, 16)), a=entry(), __metadata__={"k": "v"}), 16)
    assert metadata == {"k": "v"}
    assert list(entries.items()) == [
        ("a", Entry(np.dtype("<f4"), (2,), 0, 8)),
        ("b", Entry(np.dtype("<f4"), (2,), 8, 16)),
    ]


@pytest.mark.parametrize(
    ("given", "size", "sentence"),
    [
        (b"", 0, "has a header that is not JSON"),
        (b"[]", 0, "has a header that is not a JSON object"),
        (b'{"a": 1, "a": 2}', 0, "has a header that names the same key twice"),
        (header(__metadata__=[]), 0, "has metadata that is not text"),
        (header(__metadata__={"a": 1}), 0, "has metadata that is not text"),
        (header(a=[]), 0, "the entry 'a' is not an array"),
        (header(a={"dtype": "F32"}), 0, "the entry 'a' is not an array"),
        (header(a={**entry(), "more": 1}), 8, "the entry 'a' is not an array"),
        (header(a=entry("F31")), 8, "the entry 'a' is not an array"),
        (header(a=entry(["F32"])), 8, "the entry 'a' is not an array"),
        (header(a=entry(shape=[-2])), 8, "the entry 'a' is not an array"),
        (header(a=entry(shape=[2.0])), 8, "the entry 'a' is not an array"),
        (header(a=entry(shape=[True, 2])), 8, "the entry 'a' is not an array"),
        (header(a=entry(shape=[1] * 9, offsets=[0, 4])), 4, "the entry 'a' is not an array"),
        (header(a=entry(shape=[2**62, 2**62])), 8, "the entry 'a' is not an array"),
        (header(a=entry(shape=[2**64])), 8, "the entry 'a' is not an array"),
        (header(a=entry(offsets=[0, 4])), 8, "the entry 'a' is not an array"),
        (header(a=entry(offsets=[8, 0])), 8, "the entry 'a' is not an array"),
        (header(a=entry(offsets=[0])), 8, "the entry 'a' is not an array"),
        (header(a=entry(offsets=[4, 12])), 12, "overlap or leave a gap"),
        (header(a=entry(), b=entry()), 8, "overlap or leave a gap"),
        (header(a=entry(), b=entry(offsets=[4, 12])), 12, "overlap or leave a gap"),
        (header(a=entry()), 7, "is truncated: 1 bytes of 8 are missing"),
        (header(a=entry(shape=[2**40], offsets=[0, 2**42])), 8, "is truncated"),
        (header(a=entry()), 9, "has 1 bytes too many"),
        (header(), 9, "has 9 bytes too many"),
    ],
)
def test_what_can_be_wrong_with_a_header(given: bytes, size: int, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse_header(given, size)


@pytest.mark.parametrize("data", [b"", b"\1", b"\xff" * 8, b"\xff" * 100, b"\x64" + bytes(7) + b"{}"])
def test_what_is_no_file_of_arrays(data: bytes) -> None:
    with pytest.raises(ValueError, match="is truncated or not a safetensors file"):
        arrays_in(np.frombuffer(data, np.uint8), 10_000)
