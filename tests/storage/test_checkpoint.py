from __future__ import annotations

import errno
import json
import os
import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arcade_dqn.replay.records import Columns, Records, cut
from arcade_dqn.storage.atomic import StorageError
from arcade_dqn.storage.checkpoint import (
    CheckpointError,
    Found,
    list_checkpoints,
    load_checkpoint,
    load_newest,
)
from arcade_dqn.storage.checkpoint_writer import CheckpointWriter
from arcade_dqn.storage.manifest import write_file


def save_checkpoint(folder: Path, step: int, state: dict[str, Any], keep: int, protect: tuple[int, ...] = ()) -> Path:
    """With a writer of its own, as after a restart."""
    return saved(CheckpointWriter(folder, keep), step, state, protect)


def saved(writer: CheckpointWriter, step: int, state: dict[str, Any], protect: tuple[int, ...] = ()) -> Path:
    """Write a checkpoint and wait for it."""
    writer.begin(step, state, protect)
    path = writer.result(wait=True)
    assert path is not None
    return path


def newest(folder: Path) -> Found:
    """The checkpoint that a run would go on from."""
    found = load_newest(folder)
    assert found is not None
    return found[0]


CAPACITY = 3000


def numbers(end: int, have: Any = None, start: int | None = None) -> Records:
    """Records that hold their own number; pieces of 1024."""

    def copy(first: int, last: int) -> Callable[[], Columns]:
        columns = {"number": np.arange(first, last)}
        return lambda: columns

    return cut("numbers", max(0, end - CAPACITY) if start is None else start, end, CAPACITY, have, copy)


def held(records: Records) -> list[int]:
    """What a reader finds in them, in order."""
    found: list[int] = []
    for ids, dropped, columns in records.filled():
        assert ids.tolist() == columns["number"][dropped:].tolist()
        found += ids.tolist()
    return found


def state(step: int, have: Any = None) -> dict[str, Any]:
    learner = {"weights": np.full((2, 3), step, np.float32), "updates": step}
    return {"learner": learner, "step": step, "replay": {"numbers": numbers(step * 10, have)}}


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_everything_comes_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    given: dict[str, Any] = {
        "learner": {
            "weights": {"dense1/kernel": rng.random((4, 3), np.float32), "dense1/bias": np.zeros(3, np.float32)},
            "slots": [np.arange(3.0), np.array(7), np.zeros((0, 2), bool)],
            "rate": 0.1,
            "nothing": None,
            "a.b": np.array([1]),
            "a": {"b": np.array([2])},
        },
        "rng": np.random.default_rng(2).bit_generator.state,
        "replay": {
            "frames": rng.integers(0, 255, (5, 8, 8), np.uint8)[:, ::2],
            "cursor": np.int64(3),
            "full": np.bool_(1),
        },
        "window": (1, 2.5, "text \u00fc", True, float("inf")),
        "big": 2**127 + 1,
    }
    path = save_checkpoint(tmp_path / "checkpoints", 1000, given, keep=3)
    assert path == tmp_path / "checkpoints" / "step-1000"
    assert names(path) == ["learner.safetensors", "manifest.json", "replay.safetensors", "state.json"]
    assert names(path.parent) == ["step-1000"]
    found = load_checkpoint(path)
    assert found.keys() == given.keys()
    for name, array in given["learner"]["weights"].items():
        np.testing.assert_array_equal(found["learner"]["weights"][name], array)
        assert found["learner"]["weights"][name].dtype == array.dtype
    for before, after in zip(given["learner"]["slots"], found["learner"]["slots"], strict=True):
        assert (after.dtype, after.shape) == (before.dtype, before.shape)
        np.testing.assert_array_equal(after, before)
    assert (found["learner"]["rate"], found["learner"]["nothing"]) == (0.1, None)
    assert (found["learner"]["a.b"].tolist(), found["learner"]["a"]["b"].tolist()) == ([1], [2])
    assert found["rng"] == given["rng"]
    restored = np.random.default_rng()
    restored.bit_generator.state = found["rng"]
    assert restored.random() == np.random.default_rng(2).random()
    np.testing.assert_array_equal(found["replay"]["frames"], given["replay"]["frames"])
    assert (found["replay"]["cursor"], found["replay"]["full"]) == (3, True)
    assert found["window"] == list(given["window"])
    assert found["big"] == given["big"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"a": {1: 2}},
        {"a": {"$array": "b"}},
        {"a": object()},
        {"a": np.array(["text"])},
        {"a": b"bytes"},
    ],
)
def test_what_cannot_be_saved(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        save_checkpoint(tmp_path / "checkpoints", 1, wrong, keep=1)
    assert list_checkpoints(tmp_path / "checkpoints") == []
    with pytest.raises(ValueError, match="other records named 'numbers'"):
        save_checkpoint(tmp_path / "checkpoints", 1, {"a": numbers(5), "b": numbers(5)}, keep=1)
    with pytest.raises(ValueError, match="cannot be a part of a checkpoint"):
        save_checkpoint(tmp_path / "checkpoints", 1, {"../a": 1}, keep=1)


def test_order_is_by_step_and_old_ones_go(tmp_path: Path) -> None:
    for step in (9, 10, 100, 95):
        save_checkpoint(tmp_path, step, state(step), keep=3)
    # 95, 10 and 9 are the newest three of a run that stands at 95.
    assert [step for step, _ in list_checkpoints(tmp_path)] == [100, 95, 10, 9]
    os.utime(tmp_path / "step-10", (9e9, 9e9))
    found = newest(tmp_path)
    assert (found.step, found.path, found.damaged) == (100, tmp_path / "step-100", ())
    save_checkpoint(tmp_path, 200, state(200), keep=1, protect=(10,))
    assert [step for step, _ in list_checkpoints(tmp_path)] == [200, 10]


def test_a_run_that_went_on_from_before_damaged_ones_keeps_what_it_saves(tmp_path: Path) -> None:
    for step in (10, 70, 80, 90):
        save_checkpoint(tmp_path, step, state(step), keep=4)
    for step in (70, 80, 90):
        flip(tmp_path / f"step-{step}" / "state.json")
    for step in (20, 30, 40):
        save_checkpoint(tmp_path, step, state(step), keep=2)
        assert newest(tmp_path).step == step
    assert [step for step, _ in list_checkpoints(tmp_path)] == [90, 80, 70, 40, 30]
    save_checkpoint(tmp_path, 100, state(100), keep=2)
    save_checkpoint(tmp_path, 110, state(110), keep=2)
    assert [step for step, _ in list_checkpoints(tmp_path)] == [110, 100]


def test_a_second_checkpoint_of_a_step_does_not_replace_the_first(tmp_path: Path) -> None:
    for value in range(11):
        path = save_checkpoint(tmp_path, 5, state(value), keep=100)
    assert path.name == "step-5-11"
    found = load_newest(tmp_path)
    assert found is not None
    assert found[0].path == path
    assert found[1]["step"] == 10
    save_checkpoint(tmp_path, 5, state(12), keep=2)
    assert names(tmp_path) == ["segments", "step-5-11", "step-5-12"]


def test_none(tmp_path: Path) -> None:
    assert load_newest(tmp_path / "missing") is None
    assert load_newest(tmp_path) is None
    (tmp_path / "step-x").mkdir()
    (tmp_path / "step-5.tmp").mkdir()
    (tmp_path / "step-6").write_text("a file")
    assert load_newest(tmp_path) is None


# --- damage ----------------------------------------------------------------------------------------------------------


def flip(path: Path, at: int = -1) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def manifest(text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "manifest.json").write_text(text)


def replace_by_pipe(folder: Path) -> None:
    (folder / "state.json").unlink()
    os.mkfifo(folder / "state.json")


def segment(folder: Path, end: int) -> Path:
    (path,) = (folder.parent / "segments").glob(f"numbers-*-{end}*.safetensors")
    return path


def empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


STRANGE_PATH = json.dumps(
    {"format": 3, "step": 1, "files": {"state.json": {}, "../../etc/passwd": {"size": 1, "sha256": ""}}, "segments": {}}
)
DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "an array changed": (lambda folder: flip(folder / "learner.safetensors"), "SHA-256 differs"),
    "arrays cut": (lambda folder: os.truncate(folder / "learner.safetensors", 50), "has 50 bytes instead of"),
    "arrays gone": (lambda folder: (folder / "learner.safetensors").unlink(), "learner.safetensors is missing"),
    "scalars changed": (lambda folder: flip(folder / "state.json"), "SHA-256 differs"),
    "no manifest": (lambda folder: (folder / "manifest.json").unlink(), "manifest.json is missing"),
    "manifest empty": (manifest(""), "is damaged"),
    "manifest a list": (manifest("[1]"), "is damaged"),
    "manifest of nothing": (
        manifest('{"format": 3, "step": 1, "files": {}, "segments": {}}'),
        "lists other files than",
    ),
    "manifest with a path": (manifest(STRANGE_PATH), "lists other files than it should"),
    "an older format": (manifest('{"format": 2, "files": {}}'), "step-30 has format 2; this version reads format 3"),
    "a segment changed": (lambda folder: flip(segment(folder, 300)), "SHA-256 differs"),
    "a segment cut": (lambda folder: os.truncate(segment(folder, 300), 50), "has 50 bytes instead of"),
    "a segment gone": (lambda folder: segment(folder, 300).unlink(), "numbers-0-300.safetensors is missing"),
    "a pipe": (replace_by_pipe, "not a regular file"),
    "empty": (empty, "manifest.json is missing"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_newest_is_named_and_the_one_before_is_used(tmp_path: Path, damage: str) -> None:
    for step in (10, 20, 30):
        save_checkpoint(tmp_path, step, state(step), keep=5)
    spoil, words = DAMAGE[damage]
    spoil(tmp_path / "step-30")
    loaded = load_newest(tmp_path)
    assert loaded is not None
    found, content = loaded
    assert (found.step, found.path) == (20, tmp_path / "step-20")
    assert len(found.damaged) == 1
    assert str(tmp_path / "step-30") in found.damaged[0]
    assert words in found.damaged[0]
    assert content["learner"]["weights"].tolist() == [[20] * 3] * 2
    with pytest.raises(CheckpointError, match="step-30"):
        load_checkpoint(tmp_path / "step-30")


def test_a_manifest_that_fits_nonsense(tmp_path: Path) -> None:
    """Files that are as the manifest says, but no checkpoint."""
    for scalars in (
        b"[]",
        b"{}",
        b'{"format": 3}',
        b'{"format": 3, "state": {"a": {"$array": "a"}}}',
        b'{"format": 3, "state": {"a": {"$records": "a", "start": 0, "end": 5}}}',
        b'{"format": 3, "state": {"a": {"$records": "a"}}}',
        b'{"format": 3, "state": {"a": {"$records": [], "start": 0, "end": 0}}}',
        b"\xff",
        b"[" * 10**5,
    ):
        folder = tmp_path / "step-1"
        folder.mkdir()
        files = {"state.json": write_file(folder / "state.json", [scalars])._asdict()}
        manifest = {"format": 3, "step": 1, "files": files, "segments": {}}
        write_file(folder / "manifest.json", [json.dumps(manifest).encode()])
        with pytest.raises(CheckpointError, match="step-1 is damaged"):
            load_checkpoint(folder)
        shutil.rmtree(folder)


def test_all_damaged(tmp_path: Path) -> None:
    for step in (10, 20):
        flip(save_checkpoint(tmp_path, step, state(step), keep=5) / "state.json")
    with pytest.raises(CheckpointError, match=r"no checkpoint in .* can be used: .*step-20.*step-10"):
        load_newest(tmp_path)


# --- faults while saving ---------------------------------------------------------------------------------------------

CALLS = ("open", "write", "fsync", "rename", "mkdir")


class Stop(BaseException):
    """Stands for the end of the process."""


def inject(monkeypatch: pytest.MonkeyPatch, fail_at: int, error: BaseException) -> list[str]:
    made: list[str] = []

    def wrap(name: str) -> None:
        real = getattr(os, name)

        def call(*arguments: Any, **keywords: Any) -> Any:
            made.append(name)
            if len(made) == fail_at:
                raise error
            return real(*arguments, **keywords)

        monkeypatch.setattr(os, name, call)

    for name in CALLS:
        wrap(name)
    return made


def count_calls(folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    save_checkpoint(folder, 1, state(1), keep=2)
    with monkeypatch.context() as patch:
        made = inject(patch, -1, OSError())
        save_checkpoint(folder, 2, state(2), keep=2)
    assert set(made) == set(CALLS)
    shutil.rmtree(folder)
    return len(made)


@pytest.mark.parametrize("kind", ["full disk", "killed"])
def test_whatever_fails_a_whole_checkpoint_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    folder = tmp_path / "checkpoints"
    results = []
    for fail_at in range(1, count_calls(folder, monkeypatch) + 1):
        save_checkpoint(folder, 1, state(1), keep=2)
        with monkeypatch.context() as patch:
            if kind == "killed":
                # A killed process cleans nothing up.
                patch.setattr(shutil, "rmtree", lambda *arguments, **keywords: None)
                error: BaseException = Stop()
            else:
                error = OSError(errno.ENOSPC, "No space left on device")
            inject(patch, fail_at, error)
            with pytest.raises(Stop if kind == "killed" else StorageError):
                save_checkpoint(folder, 2, state(2), keep=2)
        found = load_newest(folder)
        assert found is not None
        assert found[0].damaged == ()
        assert found[1]["step"] == found[1]["learner"]["updates"] == found[0].step
        np.testing.assert_array_equal(found[1]["learner"]["weights"], np.full((2, 3), found[0].step, np.float32))
        assert held(found[1]["replay"]["numbers"]) == list(range(found[0].step * 10))
        results.append(found[0].step)
        assert save_checkpoint(folder, 3, state(3), keep=1).name == "step-3", "the next one succeeds"
        assert names(folder) == ["segments", "step-3"]
        assert len(names(folder / "segments")) == 1
        shutil.rmtree(folder)
    assert results == sorted(results)
    assert set(results) == {1, 2}


def test_free_space_is_looked_at_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_checkpoint(tmp_path, 1, state(1), keep=2)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(2**30, 2**30 - 1000, 1000))
    with pytest.raises(StorageError, match="1.0 MiB are needed and 1 MiB to spare, 0.0 MiB are free"):
        save_checkpoint(tmp_path, 2, {"a": np.zeros(2**20, np.uint8)}, keep=2)
    assert names(tmp_path) == ["segments", "step-1"]


def test_an_old_one_that_cannot_be_removed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_checkpoint(tmp_path, 1, state(1), keep=1)
    real = os.rename

    def rename(source: Path, target: Path) -> None:
        if source.name == "step-1":
            raise PermissionError(errno.EACCES, "Permission denied")
        real(source, target)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(
        StorageError, match=r"step-2 is saved, but the older .*step-1 cannot be removed: permission denied"
    ):
        save_checkpoint(tmp_path, 2, state(2), keep=1)
    found = newest(tmp_path)
    assert found.step == 2


# --- segments: only what is new is written ---------------------------------------------------------------------------


class Written:
    """A writer for one run, and what it writes into the folder of segments."""

    def __init__(self, folder: Path, keep: int = 2) -> None:
        self.folder = folder
        self.writer = CheckpointWriter(folder, keep)
        self._before: set[str] = set()

    def save(self, end: int) -> list[str]:
        """Save with the records up to `end`; the segments that are new."""
        saved(self.writer, end, {"replay": numbers(end, self.writer.have)})
        new = set(names(self.folder / "segments")) - self._before
        self._before |= new
        return sorted(name.removesuffix(".safetensors") for name in new)

    def newest(self) -> list[int]:
        found = load_newest(self.folder)
        assert found is not None and found[0].damaged == ()
        return held(found[1]["replay"])


def test_only_new_pieces_are_written_and_old_ones_go_when_nobody_needs_them(tmp_path: Path) -> None:
    it = Written(tmp_path)
    assert it.save(1500) == ["numbers-0-1024", "numbers-1024-1500"]
    assert it.save(1500) == [], "nothing is new"
    assert it.save(2048) == ["numbers-1024-2048"]
    assert it.save(2500) == ["numbers-2048-2500"]
    assert it.newest() == list(range(2500))
    assert names(tmp_path) == ["segments", "step-2048", "step-2500"]
    # The ring has come around: records up to 1,200 have dropped out, and with them the first segment.
    assert it.save(4200) == ["numbers-2048-3072", "numbers-3072-4096", "numbers-4096-4200"]
    assert it.newest() == list(range(1200, 4200))
    assert it.save(4300) == ["numbers-4096-4300"]
    assert names(tmp_path / "segments") == [
        f"numbers-{piece}.safetensors" for piece in ("1024-2048", "2048-3072", "3072-4096", "4096-4200", "4096-4300")
    ]


def test_a_run_that_goes_on_shares_the_segments_of_its_checkpoint(tmp_path: Path) -> None:
    Written(tmp_path).save(2500)
    it = Written(tmp_path)
    found = newest(tmp_path)
    it.writer.go_on_from(found.path)
    it._before = set(names(tmp_path / "segments"))
    assert it.save(2600) == ["numbers-2048-2600"]
    assert it.newest() == list(range(2600))


def test_a_run_that_goes_on_from_an_older_checkpoint_replaces_no_segment(tmp_path: Path) -> None:
    it = Written(tmp_path, keep=5)
    it.save(1500)
    it.save(2500)
    before = {path: path.read_bytes() for path in (tmp_path / "segments").iterdir()}
    again = Written(tmp_path, keep=5)
    again.writer.go_on_from(tmp_path / "step-1500")
    again._before = set(names(tmp_path / "segments"))
    assert again.save(2500) == ["numbers-1024-2048-2", "numbers-2048-2500-2"]
    assert all(path.read_bytes() == content for path, content in before.items())
    assert again.newest() == list(range(2500))


def test_a_segment_that_somebody_removed_is_told_and_everything_is_written_again(tmp_path: Path) -> None:
    it = Written(tmp_path)
    it.save(2500)
    (tmp_path / "segments" / "numbers-0-1024.safetensors").unlink()
    with pytest.raises(
        StorageError, match=r"numbers-0-1024.safetensors is gone or damaged; the next checkpoint writes"
    ):
        it.save(2600)
    it.save(2700)
    assert it.newest() == list(range(2700))


def test_a_gap_between_segments_is_damage(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path, 1, {"replay": numbers(2500)}, keep=1)
    table = json.loads((path / "manifest.json").read_text())
    del table["segments"]["numbers-1024-2048.safetensors"]
    (path / "manifest.json").write_text(json.dumps(table))
    with pytest.raises(CheckpointError, match="is damaged: the segments of numbers have a gap"):
        load_checkpoint(path)


def test_a_half_written_segment_and_lonely_ones_are_removed_by_the_next_checkpoint(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, 1, state(1), keep=2)
    (tmp_path / "segments" / "numbers-10-20.safetensors").write_bytes(b"half")
    save_checkpoint(tmp_path, 2, state(2), keep=2)
    assert names(tmp_path / "segments") == ["numbers-0-10.safetensors", "numbers-0-20.safetensors"]


def test_what_is_no_segment_is_not_removed(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, 1, state(1), keep=2)
    (tmp_path / "segments" / "letter.txt").write_text("mine")
    save_checkpoint(tmp_path, 2, state(2), keep=2)
    assert (tmp_path / "segments" / "letter.txt").read_text() == "mine"


def test_nothing_is_removed_while_a_manifest_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_checkpoint(tmp_path, 1, state(1), keep=2)
    real = os.open

    def unreadable(path: Any, *arguments: Any, **keywords: Any) -> int:
        if str(path).endswith("step-1/manifest.json"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path, *arguments, **keywords)

    monkeypatch.setattr(os, "open", unreadable)
    with pytest.raises(StorageError, match="cannot save the checkpoint of step 2 .*: input/output error"):
        save_checkpoint(tmp_path, 2, state(2), keep=2)
    assert names(tmp_path / "segments") == ["numbers-0-10.safetensors"]


def test_what_is_saved_is_what_was_there_when_it_began(tmp_path: Path) -> None:
    writer = CheckpointWriter(tmp_path, 1)
    weights, losses = np.zeros(3), [1.0]
    writer.begin(1, {"a": {"weights": weights, "losses": losses}})
    weights[:] = 9
    losses.clear()
    path = writer.result(wait=True)
    assert path is not None
    assert writer.result(wait=True) is None, "it is told once"
    found = load_checkpoint(path)["a"]
    assert (found["weights"].tolist(), found["losses"]) == ([0, 0, 0], [1.0])
