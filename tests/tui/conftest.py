from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arcade_dqn.config import build
from arcade_dqn.experiments.lab import Lab
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.tui.app import ArcadeApp
from arcade_dqn.tui.cabinet import Cabinet
from arcade_dqn.tui.projector import Programme, Projector, Showing
from arcade_dqn.tui.widgets.picture import to_strips


class FakeProjector(Projector):
    """Shows a red picture of the wanted size; plays nothing."""

    def __init__(self) -> None:
        super().__init__(Path())
        self.wanted: list[Programme | None] = []

    def show(self, programme: Programme | None, size: tuple[int, int]) -> None:
        self.wanted.append(programme)
        self._wanted = programme
        if programme is not None and min(size) > 0:
            self._number += 1
            red = np.full((size[1], size[0], 3), (255, 0, 0), np.uint8)
            self._showing = Showing(programme, self._number, to_strips(red, red), "episode 1 · score 7")


@pytest.fixture
def make_app(tmp_path: Path, programs: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ArcadeApp]:
    """Makes the app with fake programs and no shipped models; with `display` it believes that a window can open."""
    # The app sets these once it has painted; monkeypatch puts them back.
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    monkeypatch.setattr("arcade_dqn.storage.model_file.saved_models_dir", lambda: shipped)

    def make(*, display: bool = False, warm_up: bool = False) -> ArcadeApp:
        runs_dir = tmp_path / "runs"
        cabinet = Cabinet(runs_dir, {"DISPLAY": ":9"} if display else {}, programs)
        app = ArcadeApp(runs_dir, cabinet=cabinet, warm_up=warm_up)
        app.projector = FakeProjector()
        app.lab = Lab(runs_dir, {}, programs)
        return app

    return make


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., RunDir]:
    def make(game: str = "CartPole-v1", name: str = "first") -> RunDir:
        return RunDir.create(tmp_path / "runs", build(game, "cartpole"), name)

    return make
