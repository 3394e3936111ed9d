"""Several runs on one page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from arcade_dqn.errors import ArcadeError, UsageError
from arcade_dqn.experiments.curves import Points, RunCurves
from arcade_dqn.report.comparison import draw_comparison


def run(label: str, seed: int, settings: str = "plain", game: str = "CartPole-v1") -> RunCurves:
    x = np.arange(100.0, 2000.0, 100.0)
    return RunCurves(
        label, game, seed, settings, Points(x, x / 10 + seed), Points(x, x / 5 + seed), Points(x, x / 1000)
    )


def test_a_png_of_the_promised_size(tmp_path: Path) -> None:
    out = tmp_path / "runs.png"
    draw_comparison([run("one", 1), run("two", 2)], out, clock=True)
    with Image.open(out) as picture:
        assert picture.size == (1600, 900)


def test_runs_that_differ_by_their_seed_alone_are_one_curve(tmp_path: Path) -> None:
    out = tmp_path / "runs.svg"
    draw_comparison([run("one", 1), run("two", 2), run("three", 1, "double")], out)
    text = out.read_text("utf-8")
    for words in ("CartPole   3 runs", "one and 1 more (2 seeds)", "three (1 seed)", "95% interval", "step"):
        assert words in text, words
    draw_comparison([run("one", 1), run("two", 2)], out, clock=True)
    assert "seconds of training" in out.read_text("utf-8")


def test_what_cannot_be_compared(tmp_path: Path) -> None:
    out = tmp_path / "runs.png"
    with pytest.raises(UsageError, match="of one game, but these are runs of Acrobot-v1 and CartPole-v1"):
        draw_comparison([run("one", 1), run("two", 1, game="Acrobot-v1")], out)
    with pytest.raises(UsageError, match="of 7 different settings, and at most 6 can be told apart"):
        draw_comparison([run(f"r{number}", 1, f"settings {number}") for number in range(7)], out)
    empty = Points(np.zeros(0), np.zeros(0))
    with pytest.raises(ArcadeError, match="nothing to report"):
        draw_comparison([replace(run("one", 1), returns=empty)], out)
    with pytest.raises(UsageError, match=r"runs\.txt"):
        draw_comparison([run("one", 1)], tmp_path / "runs.txt")
    assert not out.exists()
