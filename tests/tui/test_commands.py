from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.binding import Binding
from textual.command import CommandPalette
from textual.widgets import Input

from arcade_dqn.tui import keys
from arcade_dqn.tui.app import ArcadeApp
from arcade_dqn.tui.commands import ArcadeCommands


async def test_palette_lists_all_keys_and_finds(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any
) -> None:
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
