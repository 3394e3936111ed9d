from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from arcade_dqn.tui.widgets.titlebar import TitleBar


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (90, " ▚ ARCADE DQN  MinAtar Breakout · first MinAtar Breakout · training 20% "),
        (60, " ▚ ARCADE DQN  MinAtar Breakout · first training 20% "),
    ],
)
async def test_where_there_is_little_room_the_game_is_named_once(width: int, line: str) -> None:
    class Shown(App[None]):
        def compose(self) -> ComposeResult:
            yield TitleBar("MinAtar Breakout · first")

    async with Shown().run_test(size=(width, 3)) as pilot:
        bar = pilot.app.query_one(TitleBar)
        bar.set_right("MinAtar Breakout · training 20%", "busy")
        assert " ".join(bar.render_line(0).text.split()) == " ".join(line.split())
        assert bar.render_line(0).cell_length == width
