from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import DataTable

from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.config import build
from arcade_dqn.evaluation import Evaluation
from arcade_dqn.storage.model_file import ModelInfo, TrainingSummary, save_model
from arcade_dqn.tui.app import ArcadeApp
from arcade_dqn.tui.screens.demo import DemoScreen
from arcade_dqn.tui.screens.stages import StagesScreen
from arcade_dqn.tui.widgets.picture import Picture


def picture_title(app: ArcadeApp) -> str:
    return str(app.screen.query_one(Picture).border_title)


def save(path: Path, score: float, steps: int = 12_345) -> None:
    settings = build("CartPole-v1", "cartpole")
    info = ModelInfo(
        game="CartPole-v1",
        observation_shape=(4,),
        n_actions=2,
        action_names=("left", "right"),
        network=settings.network,
        environment=settings.environment,
        training=TrainingSummary(preset="cartpole", steps=steps, episodes=67, updates=89, seed=3),
        evaluation=Evaluation.from_returns([score], 1),
        created="2026-01-02",
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    save_model(path, info, initial_weights(settings.network, (4,), 2, 1))


@pytest.fixture
def models(tmp_path: Path) -> Path:
    save(tmp_path / "shipped" / "CartPole-v1" / "agent.safetensors", 500.0)
    save(tmp_path / "runs" / "CartPole-v1" / "mine" / "best.safetensors", 321.5)
    broken = tmp_path / "runs" / "CartPole-v1" / "mine" / "final.safetensors"
    broken.write_bytes(b"not a model at all")
    return tmp_path


async def test_models_shipped_own_and_broken(
    make_app: Callable[..., ArcadeApp], programs: Any, models: Path, settled: Any, rows: Any, about: Any
) -> None:
    app = make_app(display=True)
    models = app.services.library.runs_dir.parent
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m")
        await settled(lambda: len(rows(app)) == 3)
        assert rows(app)[0] == ["CartPole", "500.0", "12,345", "2026-01-02", "shipped/agent"]
        assert rows(app)[1] == ["CartPole", "321.5", "12,345", "2026-01-02", "mine/best"]
        assert rows(app)[2][0] == "cannot be read"
        assert "67 episodes" in about(app)
        await pilot.press("down", "enter")
        await settled(lambda: bool(programs.started))
        assert programs.window.arguments[0] == str(models / "runs" / "CartPole-v1" / "mine" / "best.safetensors")
        await pilot.press("down", "enter")
        await pilot.pause()
        assert "final.safetensors" in about(app)
        assert "final.safetensors" in [*app._notifications][-1].message
        assert len(programs.started) == 1
        assert not app.screen.query_one(DataTable).show_horizontal_scrollbar


async def test_a_shipped_agent_and_what_it_was_before(
    make_app: Callable[..., ArcadeApp], programs: Any, models: Path, settled: Any, rows: Any
) -> None:
    folder = models / "shipped" / "CartPole-v1"
    for step in (0, 6_000):
        save(folder / "stages" / f"step-{step}.safetensors", 20.0, step)
    app = make_app(display=True)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("m")
        await settled(lambda: len(rows(app)) == 3)  # what came before an agent is no agent of the list
        await pilot.press("k")
        await settled(lambda: isinstance(app.screen, StagesScreen) and len(rows(app)) == 3)
        assert [row[1] for row in rows(app)] == ["untrained", "6,000", "12,345"]
        await pilot.press("b")
        await settled(lambda: bool(programs.started))
        stage, agent = str(folder / "stages" / "step-0.safetensors"), str(folder / "agent.safetensors")
        assert programs.window.arguments[:3] == [stage, "--beside", agent]


async def test_a_model_plays_here_without_a_display(
    make_app: Callable[..., ArcadeApp], models: Path, settled: Any, rows: Any
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        for key in ("enter", "v"):
            await pilot.press("m")
            await settled(lambda: len(rows(app)) == 3)
            await pilot.press(key)
            await settled(lambda: isinstance(app.screen, DemoScreen))
            # Paused and left for another screen, it is no longer called so: coming back begins another episode.
            await pilot.press("space")
            assert picture_title(app).endswith("· paused")
            await pilot.press("question_mark", "escape")
            await settled(lambda: isinstance(app.screen, DemoScreen) and not picture_title(app).endswith("paused"))
            await pilot.press("escape", "escape")


async def test_no_models_yet(make_app: Callable[..., ArcadeApp], settled: Any, about: Any) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("m")
        await settled(lambda: "no saved models yet" in about(app))
        await pilot.press("enter", "f5")
