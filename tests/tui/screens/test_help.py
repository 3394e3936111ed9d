from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.binding import Binding

from arcade_dqn.tui import keys
from arcade_dqn.tui.app import ArcadeApp
from arcade_dqn.tui.screens.help import HelpScreen


async def test_help_shows_every_key(make_app: Callable[..., ArcadeApp], texts: Any) -> None:
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


async def test_help_begins_with_the_keys_of_the_place(
    make_app: Callable[..., ArcadeApp], settled: Any, texts: Any
) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("question_mark")
        await settled(lambda: "Choose a game with the arrows" in texts(app) and "Games" in texts(app))
        await pilot.press("escape", "r", "question_mark")
        await settled(lambda: "Move the run to the trash folder" in texts(app))
        assert "Choose a game with the arrows" not in texts(app)
