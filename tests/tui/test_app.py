from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from textual import events
from textual.binding import Binding
from textual.command import CommandPalette
from textual.widgets import Input

from arcade_dqn.tui import keys
from arcade_dqn.tui.app import ArcadeApp
from arcade_dqn.tui.commands import ArcadeCommands
from arcade_dqn.tui.screens.help import HelpScreen
from arcade_dqn.tui.screens.home import HomeScreen
from arcade_dqn.tui.screens.training import TrainingScreen


async def settled(ready: Callable[[], bool]) -> None:
    for _ in range(1500):
        if ready():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come")


def texts(app: ArcadeApp) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def test_the_learner_warms_up_behind_the_menu(make_app: Callable[..., ArcadeApp], programs: Any) -> None:
    app = make_app(warm_up=True)
    async with app.run_test(size=(100, 30)):
        assert not programs.started
        await settled(lambda: "learner warming up" in texts(app))
        programs.trainer.says("warm")
        await settled(lambda: "learner ready" in texts(app))


@pytest.mark.parametrize("size", [(59, 24), (80, 19)])
async def test_too_small(make_app: Callable[..., ArcadeApp], size: tuple[int, int]) -> None:
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


async def test_quit_at_rest(make_app: Callable[..., ArcadeApp]) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("ctrl+q")
        await settled(lambda: not app.is_running)
    assert app.return_value == 0


async def test_quit_while_training_asks_and_lets_it_save(make_app: Callable[..., ArcadeApp], programs: Any) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("t")
        await settled(lambda: bool(programs.started) and bool(programs.trainer.sent))
        programs.trainer.begins()
        await settled(lambda: app.services.training.snapshot.status is not None)
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


async def test_help_shows_every_key(make_app: Callable[..., ArcadeApp]) -> None:
    app = make_app()
    async with app.run_test(size=(120, 160)) as pilot:
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        await pilot.pause()
        shown = texts(app)
        for place, bindings in keys.SECTIONS.items():
            assert place in shown
            for binding in bindings:
                assert isinstance(binding, Binding)
                assert binding.tooltip in shown


async def test_help_begins_with_the_keys_of_the_place(make_app: Callable[..., ArcadeApp]) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("question_mark")
        await settled(lambda: "Choose a game with the arrows" in texts(app) and "Games" in texts(app))
        await pilot.press("escape", "r", "question_mark")
        await settled(lambda: "Move the run to the trash folder" in texts(app))
        assert "Choose a game with the arrows" not in texts(app)


def test_every_key_has_an_id_of_its_own_and_a_text() -> None:
    bindings = [binding for section in keys.SECTIONS.values() for binding in section]
    ids = [binding.id for binding in bindings if isinstance(binding, Binding)]
    assert None not in ids
    assert len(set(ids)) == len(ids) == len(bindings)
    assert all(isinstance(binding, Binding) and binding.tooltip and binding.description for binding in bindings)


async def test_palette_lists_all_keys_and_finds(make_app: Callable[..., ArcadeApp], programs: Any) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        provider = ArcadeCommands(app.screen)
        offered = {hit.text async for hit in provider.discover()}
        for binding in [*keys.HOME, *keys.EVERYWHERE]:
            assert isinstance(binding, Binding)
            assert binding.tooltip in offered
        assert {"Train CartPole", "Settings for CartPole", "Models", "Runs"} <= offered
        await pilot.press("ctrl+p")
        assert isinstance(app.screen, CommandPalette)
        app.screen.query_one(Input).value = "train mountain"
        await pilot.pause(0.5)
        await pilot.press("enter", "enter")
        await settled(lambda: bool(programs.started) and bool(programs.trainer.sent))
        assert "MountainCar" in programs.trainer.commands[0][1]["run"]


async def test_the_key_bar_can_be_clicked_and_wraps(make_app: Callable[..., ArcadeApp]) -> None:
    app = make_app()
    async with app.run_test(size=(70, 20)) as pilot:
        await pilot.pause()
        bar = app.screen.query_one("KeyBar")
        assert bar.size.height == 2
        lines = [bar.render_line(y).text for y in range(2)]
        row = next(row for row, line in enumerate(lines) if "? help" in line)
        await pilot.click("KeyBar", offset=(lines[row].index("? help"), row))
        await settled(lambda: isinstance(app.screen, HelpScreen))
        await pilot.press("escape")
        assert isinstance(app.screen, HomeScreen)


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
