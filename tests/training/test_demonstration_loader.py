"""What a person has played is taken in once, and nothing of it is lost to a disk that fails for a while."""

from __future__ import annotations

import errno
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from arcade_dqn.config import build
from arcade_dqn.storage import demonstrations
from arcade_dqn.storage.atomic import open_regular
from arcade_dqn.storage.demonstrations import Demonstration, save_demonstration
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.training import demonstration_loader as module
from arcade_dqn.training.demonstration_loader import DemonstrationLoader

PLAY = Demonstration(
    np.zeros((4, 4), np.float32), np.ones(3, np.int32), np.ones(3, np.float32), np.zeros(3, bool), True
)


class DemonstrationWriter:
    """Takes everything at once."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self.taken: list[str] = []
        self.waiting = 0

    def take(self, name: str, demonstration: Demonstration) -> None:
        assert len(demonstration) == 3
        self.known.add(name)
        self.taken.append(name)


class Scene:
    def __init__(self, folder: Path) -> None:
        self.run_dir = RunDir.create(folder, build("CartPole-v1", "cartpole"))
        self.writer = DemonstrationWriter()
        game = SimpleNamespace(frame_shape=(4,), frame_dtype=np.dtype(np.float32), n_actions=2, stack=1)
        loop: Any = SimpleNamespace(demonstrations=self.writer, game=game, step=70)
        recorder: Any = SimpleNamespace(demonstration=lambda file, told: None)
        self.events: list[dict[str, Any]] = []
        self.warnings: list[str] = []
        self.loader = DemonstrationLoader(self.run_dir, loop, recorder, self.events.append, self.warnings.append)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setattr(module, "_SECONDS", 0.0)
    return Scene(tmp_path)


@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE, errno.EACCES], ids=errno.errorcode.get)
def test_one_that_cannot_be_read_is_tried_again_and_told_once(
    number: int, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_demonstration(scene.run_dir.path, PLAY)

    def fail(path: Path) -> io.FileIO:
        raise OSError(number, "it fails", str(path))

    monkeypatch.setattr(demonstrations, "open_regular", fail)
    for _ in range(3):
        scene.loader.look()
    assert len(scene.warnings) == 1
    assert scene.warnings[0].startswith(f"cannot read the demonstration {path}: ")
    assert scene.warnings[0].endswith("; it is tried again until it can be read")
    assert (scene.writer.known, scene.events) == (set(), [])
    monkeypatch.setattr(demonstrations, "open_regular", open_regular)
    scene.loader.look()
    assert scene.writer.taken == [path.name]
    assert scene.events == [{"event": "demonstration", "step": 70, "steps": 3, "return": 3.0}]
    scene.loader.look()
    assert len(scene.events) == len(scene.warnings) == 1


def test_one_that_fails_holds_up_no_other(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = sorted(save_demonstration(scene.run_dir.path, PLAY) for _ in range(2))

    def fail(path: Path) -> io.FileIO:
        if path == first:
            raise OSError(errno.EIO, "it fails", str(path))
        return open_regular(path)

    monkeypatch.setattr(demonstrations, "open_regular", fail)
    scene.loader.look()
    assert scene.writer.taken == [second.name]


def test_a_damaged_one_is_left_out_for_good(scene: Scene) -> None:
    path = save_demonstration(scene.run_dir.path, PLAY)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    scene.loader.look()
    path.write_bytes(whole)
    scene.loader.look()
    assert scene.writer.taken == []
    assert len(scene.warnings) == 1
    assert scene.warnings[0].endswith("; it is left out")


def test_a_folder_that_cannot_be_listed_is_told_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save_demonstration(scene.run_dir.path, PLAY)

    def fail(folder: Path, pattern: str) -> Any:
        raise OSError(errno.EIO, "it fails", str(folder))

    with monkeypatch.context() as broken:
        broken.setattr(Path, "glob", fail)
        for _ in range(3):
            scene.loader.look()
    assert scene.warnings == [f"cannot read {path.parent}: it fails"]
    scene.loader.look()
    assert scene.writer.taken == [path.name]
