from __future__ import annotations

from pathlib import Path

import pytest

from arcade_dqn.config import Settings
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.storage.run_names import RunError, check_run_name, game_folder, run_folders


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "a/b", "../a", "a b", ".hidden", "a\n", "x" * 81, "\u00fcber"),
        *("x.", "a..", "x" * 79 + ".", "CON", "nul", "Aux.1", "com1", "LPT9.tar.gz", "prn."),
    ],
)
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(RunError, match="cannot be a run's name"):
        check_run_name(name)


@pytest.mark.parametrize("name", ["x", "a.b", "x" * 80, "console", "nul-1", "com10", "lpt", "-".join(["a"] * 3), "1_"])
def test_what_is_a_name(name: str) -> None:
    check_run_name(name)


def test_game_folders() -> None:
    assert game_folder("MinAtar/Breakout-v1") == "MinAtar-Breakout-v1"
    for game in ("../x", "a b", "/etc", "module:Env", "", "nul", "x."):
        with pytest.raises(RunError, match="is not a game's id"):
            game_folder(game)


def test_no_run_is_made_under_a_name_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be a run's name"):
        RunDir.create(tmp_path, Settings(game="CartPole-v1"), "nul")
    assert not list(tmp_path.iterdir())


def test_the_folders_of_all_runs_are_the_visible_ones_that_can_be_shown(tmp_path: Path) -> None:
    for name in ("CartPole-v1/one", "CartPole-v1/.two.tmp", ".trash/CartPole-v1/three", "ALE-Pong-v5/a\x1b[1m"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "CartPole-v1" / "file").write_text("")
    assert run_folders(tmp_path) == [tmp_path / "CartPole-v1" / "one"]
    assert run_folders(tmp_path / "missing") == []
