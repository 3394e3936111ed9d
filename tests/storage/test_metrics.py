from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from arcade_dqn.storage.atomic import StorageError
from arcade_dqn.storage.metrics import MetricsFile


@pytest.fixture
def metrics(tmp_path: Path) -> MetricsFile:
    return MetricsFile(tmp_path / "metrics.jsonl")


def test_append_and_read(metrics: MetricsFile) -> None:
    assert metrics.read() == []
    assert metrics.size() == 0
    metrics.append({"kind": "episode", "return": 1.5})
    metrics.append({"kind": "train", "loss": float("nan")})
    assert metrics.read() == [{"kind": "episode", "return": 1.5}, {"kind": "train", "loss": None}]
    metrics.close()
    metrics.append({"kind": "set"})
    assert [record["kind"] for record in metrics.read()] == ["episode", "train", "set"]
    assert metrics.size() == metrics.path.stat().st_size


def test_truncate_forgets_what_came_after_a_checkpoint(metrics: MetricsFile) -> None:
    metrics.append({"step": 1})
    size = metrics.size()
    metrics.append({"step": 2})
    metrics.truncate(size)
    metrics.append({"step": 3})
    metrics.truncate(10_000)
    assert metrics.read() == [{"step": 1}, {"step": 3}]
    metrics.truncate(0)
    assert metrics.read() == []


def test_the_size_that_a_checkpoint_keeps_is_on_the_disk(metrics: MetricsFile, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    assert metrics.size(durable=True) == 0 and not synced
    metrics.append({"kind": "episode", "step": 1})
    size = metrics.size(durable=True)
    assert size == metrics.path.stat().st_size and len(synced) == 1
    assert metrics.size() == size and len(synced) == 1


def test_half_a_line_spoils_no_other(metrics: MetricsFile) -> None:
    metrics.path.write_bytes(b'{"step": 1}\n[1]\n\xff\xfe\n{"step": 2, "ret')
    metrics.append({"step": 3})
    assert metrics.read() == [{"step": 1}, {"step": 3}]


def test_a_full_disk_is_told_and_survived(metrics: MetricsFile, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics.append({"step": 1})
    real = os.write

    def half(file: int, data: Any) -> int:
        return real(file, data[: len(data) // 2])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", half)
        with pytest.raises(StorageError, match="cannot write .*metrics.jsonl: the disk is full"):
            metrics.append({"step": 2})
    metrics.append({"step": 3})
    assert metrics.read() == [{"step": 1}, {"step": 3}]


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="the folder does not exist"):
        MetricsFile(tmp_path / "missing" / "metrics.jsonl").append({})


# --- what somebody else wrote ---


def test_only_flat_records_of_numbers_and_clean_text_come_back(metrics: MetricsFile) -> None:
    lines = [
        b'{"kind": "episode\\u001b[2J\\u202e", "step": 1, "return": 2.5, "loss": null, "odd": true}',
        b'{"kind": "episode", "step": [1]}',
        b'{"kind": "episode", "step": {"a": 1}}',
        b'{"kind": "episode", "step": NaN}',
        b'{"kind": "episode", "step": ' + b"9" * 100 + b"}",
        b'{"kind": "episode", "kind": "twice"}',
        b'{"kind": "' + b"x" * 5000 + b'"}',
        b"[" * 3000,
        b'{"kind": "last"}',
    ]
    metrics.path.write_bytes(b"\n".join(lines))
    assert metrics.read() == [
        {"kind": "episode", "step": 1, "return": 2.5, "loss": None, "odd": True},
        {"kind": "last"},
    ]


def test_of_an_endless_file_the_newest_records_are_read(metrics: MetricsFile, monkeypatch: pytest.MonkeyPatch) -> None:
    for step in range(100, 200):
        metrics.append({"step": step})
    # A record is 13 bytes with the end of its line: the file's last 70 bytes begin within the sixth from behind.
    monkeypatch.setattr("arcade_dqn.storage.metrics.MOST_BYTES", 70)
    assert [record["step"] for record in metrics.read()] == [195, 196, 197, 198, 199]


def test_records_of_one_kind_are_found_in_all_of_an_endless_file(
    metrics: MetricsFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics.append({"kind": "set", "step": 5})
    for step in range(100, 200):
        metrics.append({"kind": "episode", "step": step, "why": "set"})
    metrics.append({"kind": "set", "step": 300})
    monkeypatch.setattr("arcade_dqn.storage.metrics.MOST_BYTES", 70)
    assert [record["step"] for record in metrics.read("set")] == [5, 300]


def test_a_pipe_is_not_waited_for(metrics: MetricsFile) -> None:
    os.mkfifo(metrics.path)
    with pytest.raises(StorageError, match="cannot read .*metrics.jsonl: it is not a regular file"):
        metrics.read()
