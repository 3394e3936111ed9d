from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Static

from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.config import build
from arcade_dqn.evaluation import Evaluation
from arcade_dqn.games.catalog import GAMES
from arcade_dqn.games.info import GameInfo
from arcade_dqn.storage.model_file import ModelInfo, save_model
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.tui.app import ArcadeApp
from arcade_dqn.tui.screens.demo import DemoScreen
from arcade_dqn.tui.screens.help import HelpScreen
from arcade_dqn.tui.screens.home import GameList, HomeScreen, _card
from arcade_dqn.tui.screens.models import ModelsScreen
from arcade_dqn.tui.screens.runs import RunsScreen
from arcade_dqn.tui.screens.training import TrainingScreen
from arcade_dqn.tui.services.demo_player import Demo


@pytest.fixture
def model(tmp_path: Path) -> Path:
    settings = build("CartPole-v1", "cartpole")
    info = ModelInfo(
        game="CartPole-v1",
        observation_shape=(4,),
        n_actions=2,
        action_names=("left", "right"),
        network=settings.network,
        environment=settings.environment,
        evaluation=Evaluation.from_returns([499.0, 500.0], 1),
        created="2026-01-02",
    )
    path = tmp_path / "runs" / "CartPole-v1" / "good" / "best.safetensors"
    path.parent.mkdir(parents=True)
    save_model(path, info, initial_weights(settings.network, (4,), 2, 1))
    return path


def home(app: ArcadeApp) -> HomeScreen:
    assert isinstance(app.screen, HomeScreen)
    return app.screen


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (160, 50)])
async def test_it_lists_every_game_with_its_facts(
    make_app: Callable[..., ArcadeApp], size: tuple[int, int], texts: Any
) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        shown = texts(app)
        for info in GAMES:
            assert info.title.removeprefix("MinAtar ") in shown
        for words in ("Balance a pole", "4 numbers", "push left", "475", "no saved agent yet"):
            assert words in shown
        for key in ("t train", "d demo", "p play", "m models", "r runs", "? help", "^p palette", "^q quit"):
            assert key in shown
        assert not app.screen.show_horizontal_scrollbar


async def test_arrows_choose_and_the_highlighted_game_plays(
    make_app: Callable[..., ArcadeApp], model: Path, settled: Any, texts: Any
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        projector: Any = app.services.demo_player
        await settled(lambda: bool(projector.wanted) and projector.wanted[-1] is not None)
        assert projector.wanted[-1] == Demo("CartPole-v1", str(model))
        await settled(lambda: "score 7" in texts(app))
        assert "Attract mode" in texts(app)
        assert "499.5" in texts(app)
        await pilot.press("down")
        assert home(app).game.id == "Acrobot-v1"
        await settled(lambda: projector.wanted[-1] == Demo("Acrobot-v1"))
        await settled(lambda: "random play" in texts(app))


async def test_a_click_chooses_and_does_not_train(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await pilot.click(GameList, offset=(5, 4))
        assert home(app).game.id == "MountainCar-v0"
        assert not programs.started
        await pilot.double_click(GameList, offset=(5, 4))
        await settled(lambda: isinstance(app.screen, TrainingScreen))


@pytest.mark.parametrize("key", ["t", "enter"])
async def test_train(make_app: Callable[..., ArcadeApp], programs: Any, key: str, settled: Any) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("down", key)
        assert isinstance(app.screen, TrainingScreen)
        await settled(lambda: bool(programs.started) and bool(programs.trainer.sent))
        (name, arguments) = programs.trainer.commands[0]
        run = Path(arguments["run"])
        assert name == "open"
        assert run.parent == app.services.library.runs_dir / "Acrobot-v1"
        assert (run / "config.json").is_file()


async def test_train_slowly_enough_to_follow(make_app: Callable[..., ArcadeApp], programs: Any, settled: Any) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("T")
        await settled(lambda: bool(programs.started) and bool(programs.trainer.sent))
        settings = RunDir.open(programs.trainer.commands[0][1]["run"]).settings()
        assert settings.run.speed_limit == 20 * 50  # CartPole's own speed is 50 steps a second
        assert settings.learning == build("CartPole-v1", "cartpole").learning


async def test_the_way_back_and_the_banner(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, texts: Any
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("t")
        await settled(lambda: bool(programs.started) and bool(programs.trainer.sent))
        programs.trainer.begins()
        await pilot.press("escape")
        await settled(lambda: "CartPole is training: 1,000 of 10,000" in texts(app))
        await pilot.press("enter")
        assert isinstance(app.screen, TrainingScreen)
        assert len(programs.started) == 1
        await pilot.press("escape")
        await settled(lambda: home(app).query_one("#banner").display)
        await pilot.click("#banner")
        assert isinstance(app.screen, TrainingScreen)


async def test_the_banner_keeps_the_way_back_where_there_is_little_room(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any
) -> None:
    app = make_app()
    async with app.run_test(size=(60, 24)) as pilot:
        await pilot.press("t")
        await settled(lambda: bool(programs.started) and bool(programs.trainer.sent))
        programs.trainer.begins()
        await pilot.press("escape")

        def banner() -> str:
            return str(home(app).query_one("#banner", Static).content)

        await settled(lambda: "CartPole is training" in banner())
        assert banner().endswith(": back to it") and len(banner()) <= 58
        await pilot.press("down")
        # The same key would train Acrobot now.
        await settled(lambda: banner().endswith("click: back to it"))


async def test_another_game_asks_before_it_replaces_the_one_in_training(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, texts: Any
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("t")
        await settled(lambda: bool(programs.started) and bool(programs.trainer.sent))
        first = programs.trainer
        first.begins()
        await pilot.press("escape", "down", "t")
        await settled(lambda: "Stop and save CartPole, and train Acrobot?" in texts(app))
        await pilot.press("y")
        await settled(lambda: ("stop", {}) in first.commands)
        first.says("ended", reason="stopped", step=5, message="stopped", model=None)
        await settled(lambda: programs.trainer is not first and bool(programs.trainer.sent))
        assert "Acrobot" in programs.trainer.commands[0][1]["run"]


async def test_demo_in_the_window_or_here(
    make_app: Callable[..., ArcadeApp], programs: Any, model: Path, settled: Any, texts: Any
) -> None:
    app = make_app(display=True)
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(lambda: bool(home(app)._best))
        await pilot.press("d")
        await settled(lambda: bool(programs.started))
        assert programs.window.arguments[0] == str(model)
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(lambda: bool(home(app)._best))
        await pilot.press("d")
        assert isinstance(app.screen, DemoScreen)
        await settled(lambda: "score 7" in texts(app))
        await pilot.press("space")
        assert app.services.demo_player.paused
        assert "paused" in texts(app)
        await pilot.press("escape")
        assert isinstance(app.screen, HomeScreen)


async def test_demo_without_a_saved_agent_says_so(make_app: Callable[..., ArcadeApp], programs: Any) -> None:
    app = make_app(display=True)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("d")
        await pilot.pause()
        assert "no saved agent of CartPole yet" in [*app._notifications][-1].message
        assert not programs.started


async def test_before_and_after(make_app: Callable[..., ArcadeApp], programs: Any, model: Path, settled: Any) -> None:
    app = make_app(display=True)
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(lambda: bool(home(app)._best))
        await pilot.press("b")
        await settled(lambda: "how the agent of CartPole began" in _newest(app))
        assert not programs.started
        first = model.parent / "stages" / "step-0.safetensors"
        first.parent.mkdir()
        shutil.copy(model, first)
        await pilot.press("b")
        await settled(lambda: bool(programs.started))
        assert programs.window.arguments[:3] == [str(first), "--beside", str(model)]
        await pilot.press("down", "b")  # Acrobot
        await settled(lambda: "no saved agent of Acrobot yet" in _newest(app))


def _newest(app: ArcadeApp) -> str:
    """The notice that came last."""
    return [*app._notifications][-1].message if len(app._notifications) else ""


async def test_play_opens_the_window_for_a_person(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any
) -> None:
    app = make_app(display=True)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("p")
        await settled(lambda: bool(programs.started))
        assert programs.window.arguments[:2] == ["--play", "CartPole-v1"]
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("p")
        await pilot.pause()
        assert "there is no display" in [*app._notifications][-1].message


async def test_other_places(make_app: Callable[..., ArcadeApp]) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        for key, screen in (("m", ModelsScreen), ("r", RunsScreen), ("question_mark", HelpScreen)):
            await pilot.press(key)
            assert isinstance(app.screen, screen)
            await pilot.press("escape")
            assert isinstance(app.screen, HomeScreen)


async def test_a_game_whose_extra_is_missing_is_listed_with_the_command(
    make_app: Callable[..., ArcadeApp], monkeypatch: pytest.MonkeyPatch, programs: Any, settled: Any, texts: Any
) -> None:
    monkeypatch.setattr(GameInfo, "installed", lambda self: self.extra != "box2d")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("down", "down", "down", "down")
        assert home(app).game.id == "LunarLander-v3"
        assert "+box2d" in texts(app)
        await settled(lambda: 'pip install "arcade-dqn[box2d]"' in texts(app))
        await pilot.press("t")
        await pilot.pause()
        assert "not installed" in [*app._notifications][-1].message
        assert not programs.started


async def test_an_unwritable_runs_folder_is_told_and_home_stays(
    make_app: Callable[..., ArcadeApp], programs: Any, tmp_path: Path, settled: Any
) -> None:
    app = make_app()
    (tmp_path / "runs").write_text("a file where the folder should be")
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("t")
        await settled(lambda: bool(app._notifications))
        await settled(lambda: isinstance(app.screen, HomeScreen))
        message = [*app._notifications][-1].message
        assert str(tmp_path / "runs") in message
        assert not programs.started


async def test_a_runs_folder_that_cannot_be_read_is_told_and_the_shipped_agents_stay(
    make_app: Callable[..., ArcadeApp], model: Path, tmp_path: Path, settled: Any
) -> None:
    shipped = tmp_path / "shipped" / "CartPole-v1" / "agent.safetensors"
    shipped.parent.mkdir(parents=True)
    model.rename(shipped)
    app = make_app()
    shutil.rmtree(tmp_path / "runs")
    (tmp_path / "runs").write_text("a file where the folder should be")
    async with app.run_test(size=(100, 30)):
        await settled(lambda: home(app)._best.keys() == {"CartPole-v1"})
        assert f"Cannot read the runs in {tmp_path / 'runs'}" in [*app._notifications][-1].message


async def test_a_hasty_key_begins_one_run(make_app: Callable[..., ArcadeApp], programs: Any, settled: Any) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        for _ in range(2):
            app.services.training.train(GAMES[0])
        await settled(lambda: bool(programs.started) and bool(programs.trainer.sent))
        programs.trainer.begins()
        await settled(lambda: app.services.training.snapshot.status is not None)
        await pilot.pause()
        assert isinstance(app.screen, TrainingScreen)
        assert [name for name, _ in programs.trainer.commands] == ["open"]
        assert len(list((app.services.library.runs_dir / "CartPole-v1").iterdir())) == 1
        assert not app._notifications


async def test_while_one_run_is_saved_for_another_a_third_is_not_begun(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, texts: Any
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("t")
        await settled(lambda: bool(programs.started) and bool(programs.trainer.sent))
        first = programs.trainer
        first.begins()
        await pilot.press("escape", "down", "t")
        await settled(lambda: "train Acrobot?" in texts(app))
        await pilot.press("y")
        await settled(lambda: ("stop", {}) in first.commands)
        app.go_home()
        await pilot.press("down", "t")
        assert isinstance(app.screen, TrainingScreen)
        first.says("ended", reason="stopped", step=5, message="stopped", model=None)
        await settled(lambda: programs.trainer is not first and bool(programs.trainer.sent))
        await pilot.pause()
        assert sorted(one.name for one in app.services.library.runs_dir.iterdir()) == ["Acrobot-v1", "CartPole-v1"]


def test_the_card_keeps_its_width() -> None:
    for info in GAMES:
        lines = _card(info, None, True, 44).plain.splitlines()
        assert max(map(len, lines)) <= 44
        assert len(lines) <= 14
