from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from arcade_dqn.config import build
from arcade_dqn.errors import ArcadeError, UsageError
from arcade_dqn.games.find import find
from arcade_dqn.report.run import draw
from arcade_dqn.storage.atomic import StorageError

SETTINGS, GAME = build("CartPole-v1", "tutorial"), find("CartPole-v1")


def records(episodes: int = 40) -> list[dict[str, Any]]:
    """What metrics.jsonl holds of a short run, with unknown values, an intervention and a line that is no record."""
    found: list[dict[str, Any]] = [{}]
    for i in range(1, episodes + 1):
        step = 20 * i
        found.append({"kind": "episode", "step": step, "episode": i, "return": float(i), "length": 20})
        loss = None if i < 5 else 1.0 / i
        found.append({"kind": "train", "step": step, "loss": loss, "mean_q": loss, "epsilon": 1 / i, "replay": step})
    found.append({"kind": "evaluation", "step": 400, "mean": 20.0, "std": 2.0, "episodes": 10})
    found.append({"kind": "set", "step": 300, "name": "epsilon", "value": None})
    return found


def test_a_png_of_the_promised_size(tmp_path: Path) -> None:
    out = tmp_path / "run.png"
    draw(records(), SETTINGS, GAME, "first", out)
    with Image.open(out) as picture:
        assert picture.size == (1600, 900)


def test_the_picture_says_what_it_shows(tmp_path: Path) -> None:
    out = tmp_path / "run.svg"
    draw(records(), SETTINGS, GAME, "first", out)
    text = out.read_text("utf-8")
    for words in (
        "CartPole   first",
        "return of an episode",
        "evaluation, greedy",
        "epsilon",
        "replay",
        "mean Q",
        "475",
    ):
        assert words in text
    assert "epsilon = schedule" in text, "interventions are marked"


@pytest.mark.parametrize("kind", ["episode", "train"])
def test_half_a_run_can_be_drawn(kind: str, tmp_path: Path) -> None:
    draw([record for record in records(3) if record.get("kind") == kind], SETTINGS, GAME, "x", tmp_path / "x.png")


def test_records_and_a_name_from_somebody_else_are_drawn_as_what_they_are(tmp_path: Path) -> None:
    strange: list[dict[str, Any]] = [
        {"kind": "episode", "step": "text", "return": 1.0},
        {"kind": "episode", "step": 5, "return": "text"},
        {"kind": "episode", "return": 1.0},
        {"kind": "train", "step": 10**400, "loss": 10**400},
        {"kind": "set"},
        {"kind": "set", "step": 10, "name": "$\\frac{1}{$", "value": "x" * 500},
    ]
    draw(records() + strange, SETTINGS, GAME, "$x_{$ \x1b[2J", tmp_path / "x.svg")
    text = (tmp_path / "x.svg").read_text("utf-8")
    assert "$x_{$" in text
    assert "\x1b" not in text


def test_nothing_to_draw_yet(tmp_path: Path) -> None:
    with pytest.raises(ArcadeError, match="first"):
        draw([], SETTINGS, GAME, "first", tmp_path / "run.png")


def test_a_name_that_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"run\.txt"):
        draw(records(), SETTINGS, GAME, "first", tmp_path / "run.txt")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot write .*: the folder does not exist"):
        draw(records(), SETTINGS, GAME, "first", tmp_path / "no" / "run.png")


def test_a_picture_that_fails_leaves_the_old_one(tmp_path: Path, full_disk: None) -> None:
    out = tmp_path / "run.png"
    out.write_text("old")
    with pytest.raises(StorageError, match="the disk is full"):
        draw(records(), SETTINGS, GAME, "first", out)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("run.png", "old")]
