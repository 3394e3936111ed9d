from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, Select, Static

from arcade_dqn.config import Settings, build, setting_table
from arcade_dqn.tui.app import ArcadeApp
from arcade_dqn.tui.screens.settings import SettingsScreen


def field(app: ArcadeApp, name: str) -> Input:
    return app.screen.query_one(f"#{name.replace('.', '--')}", Input)


def verdict(app: ArcadeApp) -> str:
    return str(app.screen.query_one("#verdict", Static).content)


async def test_change_check_copy_and_train(make_app: Callable[..., ArcadeApp], programs: Any, settled: Any) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("c")
        await settled(lambda: isinstance(app.screen, SettingsScreen) and "arcade-dqn train" in verdict(app))
        assert verdict(app) == "arcade-dqn train CartPole-v1"

        field(app, "run.seed").value = "-3"
        await settled(lambda: "run.seed" in verdict(app))
        assert "-3" in verdict(app)
        await pilot.press("ctrl+t")
        await pilot.pause()
        assert isinstance(app.screen, SettingsScreen)
        assert not programs.started

        field(app, "run.seed").value = "7"
        field(app, "network.hidden").value = "32,16"
        expected = "arcade-dqn train CartPole-v1 --set network.hidden=32,16 --set run.seed=7"
        await settled(lambda: verdict(app) == expected)
        assert field(app, "run.seed").has_class("-changed")
        assert not field(app, "run.steps").has_class("-changed")
        await pilot.press("ctrl+y")
        assert app.clipboard == expected

        await pilot.press("ctrl+t")
        await settled(lambda: bool(programs.started) and bool(programs.trainer.sent))
        run = Path(programs.trainer.commands[0][1]["run"])
        settings = Settings.from_json((run / "config.json").read_bytes())
        assert (settings.run.seed, settings.network.hidden, settings.preset) == (7, (32, 16), "cartpole")


async def test_the_chosen_settings_help_is_whole_where_the_form_is_narrow(
    make_app: Callable[..., ArcadeApp], settled: Any
) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("c")
        await settled(lambda: isinstance(app.screen, SettingsScreen) and "arcade-dqn train" in verdict(app))
        for name, setting in setting_table().items():
            field(app, name).focus()
            about = app.screen.query_one("#setting-about", Static)
            await settled(lambda help=setting.help, about=about: str(about.content).startswith(help))
            await pilot.pause()
            shown = "".join(about.render_line(y).text for y in range(about.size.height))
            assert setting.allowed.replace(" ", "") in shown.replace(" ", ""), name


async def test_another_preset(make_app: Callable[..., ArcadeApp], settled: Any) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("c")
        await settled(lambda: isinstance(app.screen, SettingsScreen) and "arcade-dqn train" in verdict(app))
        app.screen.query_one("#preset", Select).value = "tutorial"
        await settled(lambda: verdict(app) == "arcade-dqn train CartPole-v1 --preset tutorial")
        assert field(app, "network.hidden").value == "24"
        assert field(app, "learning.discount").value == "0.95"
        assert not app.screen.show_horizontal_scrollbar


async def test_settings_are_built_once_as_it_opens_and_once_a_key(
    make_app: Callable[..., ArcadeApp], monkeypatch: pytest.MonkeyPatch, settled: Any
) -> None:
    built: list[dict[str, str]] = []

    def counted(game: str, preset: str, overrides: Any = None) -> Settings:
        built.append(dict(overrides or {}))
        return build(game, preset, overrides or {})

    monkeypatch.setattr("arcade_dqn.tui.screens.settings.build", counted)
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("c")
        await settled(lambda: isinstance(app.screen, SettingsScreen) and "arcade-dqn train" in verdict(app))
        await pilot.pause()
        # The preset's own, which stand in the fields, and what would be trained with.
        assert built == [{}, {}]
        built.clear()
        seed = field(app, "run.seed")
        seed.value = ""
        await pilot.pause()
        seed.focus()
        await pilot.press("4", "2")
        await settled(lambda: "--set run.seed=42" in verdict(app))
        assert built == [{"run.seed": ""}, {"run.seed": "4"}, {"run.seed": "42"}]
        # Back to what it was: no override, and no mark.
        built.clear()
        seed.value = str(build("CartPole-v1", "cartpole").run.seed)
        await settled(lambda: verdict(app) == "arcade-dqn train CartPole-v1")
        assert not seed.has_class("-changed")
        assert built == [{}]
