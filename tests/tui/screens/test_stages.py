"""The saved steps of a run: the table, marking, and two side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import DataTable

from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.config import build
from arcade_dqn.evaluation import Evaluation
from arcade_dqn.storage.model_file import ModelInfo, TrainingSummary, save_model
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.tui.app import ArcadeApp
from arcade_dqn.tui.screens.demo import DemoScreen
from arcade_dqn.tui.screens.stages import StagesScreen


def save(path: Path, steps: int, score: float | None) -> None:
    settings = build("CartPole-v1", "cartpole")
    info = ModelInfo(
        game="CartPole-v1",
        observation_shape=(4,),
        n_actions=2,
        action_names=("left", "right"),
        network=settings.network,
        environment=settings.environment,
        training=TrainingSummary(steps=steps, updates=steps // 4),
    )
    if score is not None:
        info = replace(info, evaluation=Evaluation.from_returns([score - 1, score + 1], 1))
    save_model(path, info, initial_weights(settings.network, (4,), 2, 1))


@pytest.fixture
def run(make_run: Callable[..., RunDir]) -> RunDir:
    run = make_run()
    save(run.stage(0), 0, None)
    save(run.stage(5_000), 5_000, 120.0)
    save(run.best, 9_000, 480.0)
    (run.path / "stages" / "step-7.safetensors").write_text("broken")
    return run


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_before_and_after(
    make_app: Callable[..., ArcadeApp],
    programs: Any,
    run: RunDir,
    size: tuple[int, int],
    settled: Any,
    rows: Any,
    about: Any,
) -> None:
    app = make_app(display=True)
    async with app.run_test(size=size) as pilot:
        await pilot.press("r")
        await settled(lambda: "runs" in app.screen.PLACE and bool(rows(app)))
        await pilot.press("k")
        await settled(lambda: isinstance(app.screen, StagesScreen) and len(rows(app)) == 4)
        assert [row[1] for row in rows(app)] == ["-", "untrained", "5,000", "9,000"]
        assert rows(app)[2][2:] == ["120.0 ± 1.0", "2", "1,250", "step-5000.safetensors"]
        assert "unreadable" in rows(app)[0][5]

        # Without a mark: the first one that can be played, and the one under the cursor, or the newest.
        await pilot.press("down")
        await settled(lambda: "b plays untrained beside step 9,000" in about(app))
        await pilot.press("down")
        await settled(lambda: "b plays untrained beside step 5,000" in about(app))
        await pilot.press("up", "up")
        await pilot.press("down", "down", "down")
        await settled(lambda: "b plays untrained beside step 9,000" in about(app))
        await pilot.press("b")
        await settled(lambda: any(child.module == "arcade_dqn.window" for child in programs.started))
        window = programs.window
        assert window.arguments[:3] == [str(run.stage(0)), "--beside", str(run.best)]

        # Marked: A and B, in this order; a third one takes the place of B.
        await pilot.press("space", "up", "space")
        await settled(lambda: [row[0] for row in rows(app)] == [" ", " ", "B", "A"])
        await pilot.press("b")
        await settled(lambda: programs.window is not window)
        assert programs.window.arguments[:3] == [str(run.best), "--beside", str(run.stage(5_000))]
        await pilot.press("up", "space")
        await settled(lambda: [row[0] for row in rows(app)] == [" ", "B", " ", "A"])
        await pilot.press("space")
        await settled(lambda: [row[0] for row in rows(app)] == [" ", " ", " ", "A"])


async def test_without_a_display_one_plays_here_and_two_need_the_window(
    make_app: Callable[..., ArcadeApp], programs: Any, run: RunDir, settled: Any, rows: Any
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("r")
        await settled(lambda: bool(rows(app)))
        await pilot.press("k")
        await settled(lambda: isinstance(app.screen, StagesScreen) and len(rows(app)) == 4)
        await pilot.press("down", "down", "b")
        await settled(lambda: any("need the window" in str(note.message) for note in app._notifications))
        await pilot.press("v")
        await settled(lambda: isinstance(app.screen, DemoScreen))
        await pilot.press("escape")
        await settled(lambda: isinstance(app.screen, StagesScreen))
        await pilot.press("up", "up", "enter")
        await settled(lambda: any("not a model file" in str(note.message) for note in app._notifications))


async def test_a_run_in_training_has_them_too(
    make_app: Callable[..., ArcadeApp], programs: Any, begin: Any, settled: Any, rows: Any, about: Any
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await begin(app, pilot)
        await pilot.press("k")
        await settled(lambda: isinstance(app.screen, StagesScreen))
        await settled(lambda: "has no saved steps yet" in about(app))
        assert app.services.training.snapshot.run is not None
        save(RunDir.open(app.services.training.snapshot.run).stage(0), 0, None)
        await settled(lambda: len(rows(app)) == 1)
        assert "one to play beside it comes with the next evaluation" in about(app)
        assert app.screen.query_one(DataTable).border_subtitle == "1 saved step"
