from __future__ import annotations

from pathlib import Path

import pytest

from arcade_dqn.storage import paths


def test_a_checkout_has_them_beside_the_package() -> None:
    root = Path(paths.__file__).resolve().parents[2]
    assert paths.saved_models_dir() == root / "saved_models"
    assert paths.assets_dir() == root / "assets"


def test_a_wheel_has_them_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "_PACKAGE", tmp_path / "arcade_dqn")
    (tmp_path / "arcade_dqn" / "_saved_models").mkdir(parents=True)
    assert paths.saved_models_dir() == tmp_path / "arcade_dqn" / "_saved_models"
    assert paths.assets_dir() == tmp_path / "assets"


def test_the_runs_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARCADE_DQN_RUNS", raising=False)
    assert paths.default_runs_dir() == Path("runs")
    monkeypatch.setenv("ARCADE_DQN_RUNS", "/somewhere/else")
    assert paths.default_runs_dir() == Path("/somewhere/else")
