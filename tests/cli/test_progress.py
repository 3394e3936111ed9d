from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from arcade_dqn.cli.progress import Bar, Lines, duration


def progress(step: int, *returns: float) -> dict[str, Any]:
    episodes = [[step, score] for score in returns]
    return {"event": "progress", "step": step, "episodes": episodes, "loss": 0.1, "mean_q": 1.0, "epsilon": 0.25}


def test_duration_by_hand() -> None:
    assert [duration(seconds) for seconds in (0, 59.6, 75, 3700, -3)] == ["0:00", "1:00", "1:15", "1:01:40", "0:00"]


def test_lines_tell_progress_at_most_every_five_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([100.0, 103.0, 110.0])
    monkeypatch.setattr("arcade_dqn.cli.progress.time.monotonic", lambda: next(clock))
    with Lines(1000) as view:
        view.show(progress(100, 10.0))
        view.show(progress(200, 30.0))
        view.show(progress(300))
    # 200 steps in 10 s, so 700 more take 35 s; the mean of 10 and 30 is 20.
    assert capsys.readouterr().out.splitlines() == [
        "step 300 of 1,000 (30%): return 20.0, epsilon 0.250, 0:35 left",
    ]


def test_lines_keep_what_matters(capsys: pytest.CaptureFixture[str]) -> None:
    with Lines(1000) as view:
        view.show({"event": "state", "state": "training"})
        view.show({"event": "evaluation", "step": 500, "mean": 475.25, "std": 3.0, "episodes": 10, "solved": True})
        view.show({"event": "saved", "step": 500, "path": "run", "model": "run/saved-500.safetensors"})
        view.show({"event": "warning", "message": "the \x1b[31mdisk\r\nis full"})
    assert capsys.readouterr().out.splitlines() == [
        "step 500: evaluation 475.2 ± 3.0 over 10 episodes, solved",
        "step 500: saved run/saved-500.safetensors",
        "warning: the disk is full",
    ]


def test_the_bar_shows_steps_returns_and_epsilon() -> None:
    screen = io.StringIO()
    with Bar(1000, Console(file=screen, force_terminal=True, width=120)) as view:
        view.show({"event": "state", "state": "training"})
        view.show(progress(250, 42.0))
        view.say("a [bracket] stays")
    text = screen.getvalue()
    assert "training" in text
    assert "250/1000" in text
    assert "return 42.0  epsilon 0.250" in text
    assert "a [bracket] stays" in text
