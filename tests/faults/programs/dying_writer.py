"""Let every call that touches the disk be the last one, or fail, while something is saved over something older.

    python dying_writer.py WHAT HOW FOLDER

WHAT is `checkpoint`, `model` or `json`. HOW is `die` (the process ends within the call; of a write, half is done) or
`fail` (the call raises "disk full"). For each k the older thing is saved, a forked process saves the newer one with a
fault in its k-th call, and then it must be possible to load one of the two, whole, and to save a third. A program of
its own because it forks, which a process with TensorFlow in it must not. Prints how often the older and the newer one
was found, as a JSON object.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.config import EnvironmentSettings, NetworkSettings
from arcade_dqn.replay.records import cut
from arcade_dqn.storage.atomic import StorageError, remove_unfinished
from arcade_dqn.storage.checkpoint import load_newest
from arcade_dqn.storage.checkpoint_writer import CheckpointWriter
from arcade_dqn.storage.model_file import ModelInfo, load_model, save_model
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.storage.summary import Summary, read_summary

CALLS = ("open", "write", "fsync", "rename", "replace", "mkdir", "unlink", "rmdir")
FAILED = 3


class Saved:
    """A thing that is saved in a folder as version 1, 2 or 3."""

    def prepare(self, folder: Path) -> None:
        """Save version 1, and get ready to save the next one."""
        self.save(folder, 1)

    def save(self, folder: Path, version: int) -> None:
        raise NotImplementedError

    def load(self, folder: Path) -> int:
        """The version that is there, after a look at everything in it."""
        raise NotImplementedError


class ACheckpoint(Saved):
    """With records, of which some are new and some drop out, and an older checkpoint to remove."""

    capacity = 3000

    def prepare(self, folder: Path) -> None:
        self.writer = CheckpointWriter(folder / "checkpoints", keep=2)
        self.save(folder, 0)
        self.save(folder, 1)

    def save(self, folder: Path, version: int) -> None:
        end = 2500 + 1500 * version

        def copy(first: int, last: int) -> Callable[[], dict[str, np.ndarray]]:
            return lambda: {"number": np.arange(first, last)}

        records = cut("numbers", max(0, end - self.capacity), end, self.capacity, self.writer.have, copy)
        state = {"learner": {"weights": np.full(1000, version)}, "version": version, "replay": {"numbers": records}}
        self.writer.begin(version, state)
        assert self.writer.result(wait=True) is not None

    def load(self, folder: Path) -> int:
        found = load_newest(folder / "checkpoints")
        assert found is not None
        assert found[0].damaged == (), found[0].damaged
        state, version = found[1], found[0].step
        assert state["version"] == version
        assert (state["learner"]["weights"] == version).all()
        records = state["replay"]["numbers"]
        assert (records.start, records.end) == (max(0, records.end - self.capacity), 2500 + 1500 * version)
        kept = np.concatenate([columns["number"][dropped:] for _, dropped, columns in records.filled()])
        assert (kept == np.arange(records.start, records.end)).all()
        self.writer = CheckpointWriter(folder / "checkpoints", keep=2)  # as a new process would go on
        self.writer.go_on_from(found[0].path)
        return version


class AModel(Saved):
    network = NetworkSettings(hidden=(3,))

    def save(self, folder: Path, version: int) -> None:
        info = ModelInfo(
            game="CartPole-v1", observation_shape=(4,), n_actions=2, action_names=("left", "right"),
            network=self.network, environment=EnvironmentSettings(), title=str(version),
        )  # fmt: skip
        save_model(folder / "best.safetensors", info, initial_weights(self.network, (4,), 2, seed=version))

    def load(self, folder: Path) -> int:
        info, weights = load_model(folder / "best.safetensors")
        expected = initial_weights(self.network, (4,), 2, seed=int(info.title))
        assert all(np.array_equal(weights[name], array) for name, array in expected.items())
        return int(info.title)


class AJson(Saved):
    def save(self, folder: Path, version: int) -> None:
        RunDir(folder, None).write_summary(Summary(step=version, message=f"version {version}"))  # type: ignore[arg-type]

    def load(self, folder: Path) -> int:
        summary = read_summary(folder / "summary.json")
        assert summary is not None and summary.message == f"version {summary.step}"
        return summary.step


def with_fault(save: Callable[[], None], at: int, how: str, count: Path) -> None:
    """Run `save` with a fault in its `at`-th call; write the number of calls to `count` if it gets to its end."""
    made, lock = 0, threading.Lock()

    def wrap(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **keywords: Any) -> Any:
            nonlocal made
            with lock:
                made += 1
                mine = made
            if mine == at and how == "die":
                if name == "write":
                    real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                os._exit(FAILED)
            if mine == at:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(*arguments, **keywords)

        return call

    originals = {name: getattr(os, name) for name in CALLS}
    for name, real in originals.items():
        setattr(os, name, wrap(name, real))
    try:
        save()
    finally:
        for name, real in originals.items():
            setattr(os, name, real)
    count.write_text(str(made))


def save_with_fault(thing: Saved, folder: Path, at: int, how: str, count: Path) -> int:
    """The exit code of the forked process."""
    try:
        with_fault(lambda: thing.save(folder, 2), at, how, count)
    except StorageError:
        return FAILED  # told, as it should be
    except BaseException as error:  # noqa: BLE001 - the parent takes any other exit code for a failed test
        print(f"call {at}: {error!r}", file=sys.stderr)
        return 99
    return 0


def main() -> None:
    what, how, root = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    kinds: dict[str, type[Saved]] = {"checkpoint": ACheckpoint, "model": AModel, "json": AJson}
    found = {1: 0, 2: 0}
    count, calls, at = root / "count", 0, 0
    while not calls or at <= calls:
        folder = root / "saved"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        thing = kinds[what]()
        thing.prepare(folder)
        child = os.fork()
        if child == 0:
            os._exit(save_with_fault(thing, folder, at, how, count))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if at == 0:
            assert code == 0, "without a fault it is saved"
            calls = int(count.read_text())
        assert code in (0, FAILED), f"call {at} of {calls}: exit code {code}"
        version = thing.load(folder)
        assert version in found, f"call {at} of {calls}: version {version}"
        assert code == FAILED or version == 2, f"call {at} of {calls}: it says that it is saved, but it is not"
        found[version] += at > 0
        remove_unfinished(folder)
        thing.save(folder, 3)
        assert thing.load(folder) == 3, f"call {at} of {calls}: the next one"
        left = sorted(path.name for path in folder.rglob("*") if path.name.endswith(".tmp"))
        assert not left, f"call {at} of {calls}: {left} are left"
        at += 1
    print(json.dumps({"what": what, "how": how, "calls": calls, "older": found[1], "newer": found[2]}))


if __name__ == "__main__":
    main()
