"""The app as its owner wants it: themes, no colours, ASCII, no motion, notices."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from rich.color import ColorType
from textual.command import CommandPalette
from textual.widgets import Input

from arcade_dqn.preferences import Preferences, load
from arcade_dqn.tui.app import ArcadeApp
from arcade_dqn.tui.screens.training import TrainingScreen
from arcade_dqn.tui.theme import THEMES
from arcade_dqn.tui.widgets.picture import Picture

Walk = Callable[..., AsyncIterator[str]]


def strips(app: ArcadeApp) -> list[Any]:
    return list(app.screen._compositor.render_strips())


def colours(app: ArcadeApp) -> set[Any]:
    """Every colour that is seen on the screen, as Rich has it: no text is seen in a blank."""
    seen = set()
    for segment in (segment for strip in strips(app) for segment in strip if segment.style is not None):
        seen.add(segment.style.bgcolor)
        if segment.text.strip():
            seen.add(segment.style.color)
    return seen - {None}


async def test_every_screen_in_ascii_without_any_colour(
    make_app: Callable[..., ArcadeApp], every_screen: Walk, texts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "yes")
    app = make_app(preferences=Preferences(theme="ansi", ascii=True))
    seen = []
    async with app.run_test(size=(100, 30)) as pilot:
        async for name in every_screen(app, pilot):
            seen.append(name)
            assert {colour.type for colour in colours(app)} <= {ColorType.DEFAULT}, name
            shown = texts(app)
            assert shown.isascii(), (name, sorted({letter for letter in shown if ord(letter) > 127}))
            assert len({len(line) for line in shown.splitlines()}) == 1, name
            if name == "training":
                # The chart and the words of its keys.
                assert "eps-" in shown
                assert "#" in shown
            if name == "home":
                assert "enter/t train" in shown
    assert len(seen) == len(set(seen)) > 10


@pytest.mark.parametrize("theme", THEMES)
async def test_every_screen_in_every_theme(make_app: Callable[..., ArcadeApp], every_screen: Walk, theme: str) -> None:
    app = make_app(preferences=Preferences(theme=theme))  # type: ignore[arg-type]
    async with app.run_test(size=(80, 24)) as pilot:
        async for name in every_screen(app, pilot):
            kinds = {colour.type for colour in colours(app)}
            if theme == "ansi":
                # The terminal's own colours alone, in pictures, too.
                assert kinds <= {ColorType.DEFAULT, ColorType.STANDARD}, (name, colours(app))
            else:
                assert kinds == {ColorType.TRUECOLOR}, name


async def test_no_color_leaves_greys(
    make_app: Callable[..., ArcadeApp], every_screen: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = make_app()

    def not_grey() -> set[Any]:
        return {colour for colour in colours(app) if len(set(colour.get_truecolor())) > 1}

    async with app.run_test(size=(80, 24)) as pilot:
        async for name in every_screen(app, pilot):
            assert not not_grey(), name
        # It is laid over whatever a theme says: one screen in another theme is enough.
        dark = colours(app)
        app.theme = "light"
        await pilot.pause()
        assert not not_grey()
        assert colours(app) != dark


async def test_no_color_and_the_terminal_s_own_colours_leave_none(
    make_app: Callable[..., ArcadeApp], every_screen: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "yes")
    app = make_app(preferences=Preferences(theme="ansi"))
    async with app.run_test(size=(80, 24)) as pilot:
        async for name in every_screen(app, pilot):
            assert {colour.type for colour in colours(app)} <= {ColorType.DEFAULT}, name


async def test_an_empty_no_color_changes_nothing(
    make_app: Callable[..., ArcadeApp], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "")
    app = make_app()
    assert not app.no_color
    assert "NO_COLOR" not in os.environ


@pytest.mark.parametrize(
    ("preferences", "no_color"),
    [(Preferences(), True), (Preferences(theme="ansi"), False), (Preferences(theme="ansi", ascii=True), True)],
)
async def test_the_focus_is_seen_without_colour(
    make_app: Callable[..., ArcadeApp], monkeypatch: pytest.MonkeyPatch, preferences: Preferences, no_color: bool
) -> None:
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    app = make_app(preferences=preferences)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()

        def reversed_text() -> str:
            found = (segment for strip in strips(app) for segment in strip if segment.style and segment.style.reverse)
            return " ".join(segment.text for segment in found)

        assert "CartPole" in reversed_text()
        assert "Games" in reversed_text()
        await pilot.press("down")
        await pilot.pause()
        assert "Acrobot" in reversed_text()
        assert "CartPole" not in reversed_text()


async def test_a_theme_is_chosen_in_the_palette_and_kept(
    make_app: Callable[..., ArcadeApp], tmp_path: Path, settled: Any
) -> None:
    file = tmp_path / "config" / "preferences.toml"
    app = make_app(file=file)
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(lambda: app.painted)
        before = colours(app)
        await pilot.press("ctrl+p")
        assert isinstance(app.screen, CommandPalette)
        app.screen.query_one(Input).value = "theme light"
        await pilot.pause(0.5)
        await pilot.press("enter", "enter")
        await settled(file.exists)
        await pilot.pause()
        assert app.theme == "light"
        assert colours(app) != before
        assert app.services.terminal.capabilities == app.capabilities
    assert load(file) == (Preferences("light"), [])


async def test_only_our_themes_are_offered(make_app: Callable[..., ArcadeApp]) -> None:
    # Textual's own lack colours that the style sheet names, and would end the app.
    assert set(make_app().available_themes) == set(THEMES)


async def test_a_theme_that_cannot_be_kept_is_told_and_shown(
    make_app: Callable[..., ArcadeApp], tmp_path: Path, settled: Any
) -> None:
    file = tmp_path / "preferences.toml"
    file.write_text('theme = "')
    app = make_app(file=file)
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(lambda: app.painted)
        app.theme = "light"
        await settled(lambda: any("not valid TOML" in notice.message for notice in app._notifications))
        await pilot.pause()
        assert app.theme == "light"
    assert file.read_text() == 'theme = "'


async def test_a_broken_file_does_not_keep_the_arcade_from_starting(
    make_app: Callable[..., ArcadeApp], tmp_path: Path, settled: Any
) -> None:
    file = tmp_path / "preferences.toml"
    file.write_text("not TOML at all")
    preferences, problems = load(file)
    app = make_app(preferences=preferences, problems=problems)
    async with app.run_test(size=(100, 30)):
        await settled(lambda: any("is not valid TOML" in notice.message for notice in app._notifications))
        assert app.theme == "dark"


async def test_nothing_moves_without_animations(make_app: Callable[..., ArcadeApp], settled: Any, texts: Any) -> None:
    app = make_app(preferences=Preferences(animations=False))
    async with app.run_test(size=(100, 30)) as pilot:
        picture = app.screen.query_one("#attract", Picture)
        await settled(lambda: picture.has_picture)
        # One picture stands; the key that plays it is told.
        await settled(lambda: app.services.demo_player.paused)
        assert "d plays it" in texts(app)
        assert app.animation_level == "none"
        await pilot.press("down")
        await settled(lambda: "random play" in texts(app) and picture.has_picture)
        await settled(lambda: app.services.demo_player.paused)
        await pilot.press("r", "slash")
        field = app.screen.query_one(Input)
        assert field.has_focus
        assert not field.cursor_blink
        await pilot.press("escape", "escape")
        # A demo was asked for: it moves.
        app.services.playback.watch_here("", "CartPole-v1", "CartPole")
        await settled(lambda: bool(app.screen.query("#demo")))
        await settled(lambda: not app.services.demo_player.paused)


async def test_textual_s_own_way_to_still_it_works_too(
    make_app: Callable[..., ArcadeApp], monkeypatch: pytest.MonkeyPatch, settled: Any
) -> None:
    # What TEXTUAL_ANIMATIONS=none sets.
    monkeypatch.setattr("textual.constants.TEXTUAL_ANIMATIONS", "none")
    app = make_app()
    async with app.run_test(size=(100, 30)):
        await settled(lambda: app.services.demo_player.paused)


async def test_with_animations_attract_mode_plays_on(make_app: Callable[..., ArcadeApp], settled: Any) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(lambda: app.screen.query_one("#attract", Picture).has_picture)
        await pilot.pause(0.2)
        assert not app.services.demo_player.paused
        await pilot.press("r", "slash")
        assert app.screen.query_one(Input).cursor_blink


@pytest.mark.parametrize(
    ("notice", "reason", "told"),
    [
        ("none", "steps", ""),
        ("bell", "steps", "\a"),
        ("bell", "failed", "\a"),
        # Whoever stops a run is there.
        ("bell", "stopped", ""),
        ("both", "steps", "\a\x1b]9;arcade_dqn: CartPole has ended its training: best evaluation 88.5\x1b\\"),
        ("desktop", "failed", "\x1b]9;arcade_dqn: CartPole has failed: best evaluation 88.5\x1b\\"),
    ],
)
async def test_the_end_of_a_run_is_told(
    make_app: Callable[..., ArcadeApp],
    programs: Any,
    monkeypatch: pytest.MonkeyPatch,
    notice: Any,
    reason: str,
    told: str,
    settled: Any,
    begin: Any,
) -> None:
    app = make_app(preferences=Preferences(notice=notice))
    heard: list[str] = []
    monkeypatch.setattr(app.services.terminal, "write", heard.append)
    async with app.run_test(size=(100, 30)) as pilot:
        await begin(app, pilot)
        programs.trainer.publish(best_evaluation=88.5)
        await settled(
            lambda: (
                app.services.training.snapshot.status is not None
                and app.services.training.snapshot.status.best_evaluation == 88.5
            )
        )
        programs.trainer.says("ended", reason=reason, step=9, message="over", model=None)
        await settled(lambda: app.services.training.snapshot.phase == "ended")
        await app.workers.wait_for_complete()
        await settled(lambda: "".join(heard) == told)
        await pilot.pause(0.3)
        # Once.
        assert "".join(heard) == told


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_machine_is_shown_beside_a_training(
    make_app: Callable[..., ArcadeApp], programs: Any, size: tuple[int, int], settled: Any, texts: Any, begin: Any
) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await begin(app, pilot)
        await settled(lambda: "CPU" in texts(app) and "trainer" in texts(app))
        shown = texts(app)
        assert "memory" in shown
        assert "GiB" in shown


async def test_the_meters_can_be_left_out(
    make_app: Callable[..., ArcadeApp], programs: Any, texts: Any, begin: Any
) -> None:
    app = make_app(preferences=Preferences(meters=False))
    async with app.run_test(size=(120, 40)) as pilot:
        await begin(app, pilot)
        assert isinstance(app.screen, TrainingScreen)
        assert app.services.meters._thread is None
        await pilot.pause()
        assert "CPU" not in texts(app)


async def test_keys_that_do_nothing_are_told_by_more_than_a_colour(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, texts: Any, begin: Any
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await begin(app, pilot)
        await settled(lambda: "s save" in texts(app))
        programs.trainer.says("ended", reason="steps", step=9, message="over", model=None)
        await settled(lambda: "(s) save" in texts(app))
        assert "w window" in texts(app)
