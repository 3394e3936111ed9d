from __future__ import annotations

from collections.abc import Callable
from typing import Any

from arcade_dqn.tui.app import ArcadeApp
from arcade_dqn.tui.screens.help import HelpScreen
from arcade_dqn.tui.screens.home import HomeScreen


async def test_the_key_bar_can_be_clicked_and_wraps(make_app: Callable[..., ArcadeApp], settled: Any) -> None:
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
