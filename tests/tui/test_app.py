from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from textual import events

from arcade_dqn.tui.app import ArcadeApp
from arcade_dqn.tui.screens.home import HomeScreen
from arcade_dqn.tui.screens.training import TrainingScreen


async def test_the_learner_warms_up_behind_the_menu(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, texts: Any
) -> None:
    app = make_app(warm_up=True)
    async with app.run_test(size=(100, 30)):
        assert not programs.started
        await settled(lambda: "learner warming up" in texts(app))
        programs.trainer.says("warm")
        await settled(lambda: "learner ready" in texts(app))


@pytest.mark.parametrize("size", [(59, 24), (80, 19)])
async def test_too_small(make_app: Callable[..., ArcadeApp], size: tuple[int, int], settled: Any, texts: Any) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        shown = texts(app)
        assert f"This terminal is {size[0]} x {size[1]}" in shown
        assert "60 x 20" in shown
        assert "Games" not in shown
        await pilot.resize_terminal(80, 24)
        await settled(lambda: "Games" in texts(app))
        # The list has the focus again, so that the arrows work.
        await settled(lambda: app.screen.focused is not None)
        await pilot.press("down")
        assert isinstance(app.screen, HomeScreen)
        assert app.screen.game.id == "Acrobot-v1"
        await pilot.press("t")
        await pilot.resize_terminal(*size)
        await settled(lambda: "This terminal is" in texts(app))


async def test_quit_at_rest(make_app: Callable[..., ArcadeApp], settled: Any) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("ctrl+q")
        await settled(lambda: not app.is_running)
    assert app.return_value == 0


async def test_quit_while_training_asks_and_lets_it_save(
    make_app: Callable[..., ArcadeApp], programs: Any, begin: Any, settled: Any, texts: Any
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await begin(app, pilot)
        await pilot.press("ctrl+q")
        await settled(lambda: "Quit while training?" in texts(app))
        # An impatient key comes several times; only the first one answers.
        for _ in range(3):
            app.screen.post_message(events.Key("n", "n"))
        await settled(lambda: isinstance(app.screen, TrainingScreen))
        # So does the question itself.
        await pilot.press("ctrl+q", "ctrl+q")
        await settled(lambda: "Quit while training?" in texts(app))
        await pilot.press("n")
        await settled(lambda: isinstance(app.screen, TrainingScreen))
        await pilot.pause()
        assert programs.trainer.alive
        await pilot.press("ctrl+q")
        await settled(lambda: "Quit while training?" in texts(app))
        await pilot.press("y")
        await settled(lambda: not app.is_running)
    # The end of its input is what makes a trainer save and stop.
    assert programs.trainer.input_closed
    assert not programs.trainer.alive


def test_first_paint_loads_nothing_heavy() -> None:
    code = """
import asyncio, sys
from pathlib import Path
from arcade_dqn.tui.app import ArcadeApp

async def main():
    app = ArcadeApp(Path(sys.argv[1]), warm_up=False)
    loaded = []
    app._painted = lambda: (loaded.extend(sys.modules), app.exit())
    async with app.run_test(size=(100, 30)) as pilot:
        while app.is_running:
            await pilot.pause(0.01)
    print(*sorted({name.partition(".")[0] for name in loaded}))

asyncio.run(main())
"""
    result = subprocess.run(
        [sys.executable, "-c", code, "runs-that-are-not-there"], capture_output=True, text=True, check=True
    )
    loaded = set(result.stdout.split())
    assert "textual" in loaded
    assert not loaded & {"tensorflow", "keras", "pygame", "gymnasium", "ale_py", "minatar", "matplotlib", "pydantic"}
