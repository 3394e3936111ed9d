from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.widgets import DataTable, Static

from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.storage.summary import Summary
from arcade_dqn.tui.app import ArcadeApp
from arcade_dqn.tui.screens.ask import AskScreen
from arcade_dqn.tui.screens.confirm import ConfirmScreen
from arcade_dqn.tui.screens.demo import DemoScreen
from arcade_dqn.tui.screens.runs import RunsScreen, _age
from arcade_dqn.tui.screens.training import TrainingScreen


async def test_runs_and_their_states(
    make_app: Callable[..., ArcadeApp],
    programs: Any,
    make_run: Callable[..., RunDir],
    tmp_path: Path,
    settled: Any,
    rows: Any,
    names: Any,
) -> None:
    run = make_run(name="half")
    run.write_summary(Summary(state="stopped", step=400, steps_total=1_000, best_evaluation=88.25))
    done = make_run(name="whole")
    done.write_summary(Summary(state="done", step=1_000, steps_total=1_000))
    (tmp_path / "runs" / "CartPole-v1" / "strange").mkdir()
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("r")
        await settled(lambda: len(rows(app)) == 3)
        by_name = {row[2]: row[1:] for row in rows(app)}
        assert by_name["half"][:6] == ["CartPole", "half", "stopped", "400 / 1,000", "88.2", "-"]
        assert by_name["whole"][2] == "done"
        assert by_name["strange"][2] == "broken"
        table = app.screen.query_one(DataTable)
        names = [row[2] for row in rows(app)]
        table.move_cursor(row=names.index("strange"))
        await pilot.press("r")
        await pilot.pause()
        assert "config.json" in [*app._notifications][-1].message
        table.move_cursor(row=names.index("whole"))
        await pilot.press("r")
        await pilot.pause()
        assert "nothing to resume" in [*app._notifications][-1].message
        table.move_cursor(row=names.index("half"))
        await pilot.press("v")
        await settled(lambda: isinstance(app.screen, DemoScreen))
        await pilot.press("escape")
        table.move_cursor(row=names.index("half"))
        await pilot.press("enter")
        await settled(lambda: isinstance(app.screen, TrainingScreen) and bool(programs.started))
        await settled(lambda: bool(programs.trainer.sent))
        assert programs.trainer.commands == [("open", {"run": str(run.path)})]


async def test_a_run_in_the_window(
    make_app: Callable[..., ArcadeApp], programs: Any, make_run: Callable[..., RunDir], settled: Any, rows: Any
) -> None:
    run = make_run()
    app = make_app(display=True)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("r")
        await settled(lambda: len(rows(app)) == 1)
        await pilot.press("w")
        await settled(lambda: bool(programs.started))
        assert programs.window.arguments[0] == str(run.path)


async def test_runs_are_filtered_ordered_renamed_and_thrown_away(
    make_app: Callable[..., ArcadeApp], make_run: Callable[..., RunDir], settled: Any, rows: Any, names: Any
) -> None:
    for number, (name, best) in enumerate((("apple", 10.0), ("pear", 30.0), ("plum", 20.0))):
        run = make_run(name=name)
        run.write_summary(
            Summary(state="done" if name == "plum" else "stopped", step=number, steps_total=9, best_evaluation=best)
        )
    app = make_app()
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.press("r")
        await settled(lambda: len(rows(app)) == 3)
        await pilot.press("o")
        assert names(app) == ["apple", "pear", "plum"]
        await pilot.press("o")
        assert names(app) == ["pear", "plum", "apple"]

        width = app.screen.query_one(DataTable).size.width
        await pilot.press("slash", *"cart stopped")
        await settled(lambda: names(app) == ["pear", "apple"])
        # The table stays as wide as it was: at 80 columns it has none to give away.
        assert app.screen.query_one(DataTable).size.width == width
        await pilot.press("enter", "escape")
        await settled(lambda: len(rows(app)) == 3)

        # The cursor is on the first one, pear. A name that is taken or is none is told while it is typed.
        app.screen.query_one(DataTable).move_cursor(row=0)
        await pilot.press("n")
        await settled(lambda: isinstance(app.screen, AskScreen))
        await pilot.press(*"plum")
        await settled(lambda: "named so already" in str(app.screen.query_one("#ask-verdict", Static).content))
        await pilot.press("enter")
        assert isinstance(app.screen, AskScreen)
        await pilot.press("slash")
        await settled(lambda: "cannot be a run's name" in str(app.screen.query_one("#ask-verdict", Static).content))
        await pilot.press("backspace", "2", "enter")
        await settled(lambda: isinstance(app.screen, RunsScreen) and "plum2" in names(app))
        assert (app.services.library.runs_dir / "CartPole-v1" / "plum2").is_dir()

        app.screen.query_one(DataTable).move_cursor(row=names(app).index("apple"))
        await pilot.press("delete")
        await settled(lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("n")
        await settled(lambda: isinstance(app.screen, RunsScreen))
        assert (app.services.library.runs_dir / "CartPole-v1" / "apple").is_dir()
        await pilot.press("delete")
        await settled(lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await settled(lambda: isinstance(app.screen, RunsScreen) and sorted(names(app)) == ["plum", "plum2"])
        assert (app.services.library.runs_dir / ".trash" / "CartPole-v1" / "apple" / "config.json").is_file()


async def test_no_runs_yet(make_app: Callable[..., ArcadeApp], settled: Any, about: Any) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("r")
        await settled(lambda: "There are no runs" in about(app))
        await pilot.press("enter", "w", "v", "f5")


@pytest.mark.parametrize(
    ("seconds", "text"), [(4.9, "4 s"), (125, "2 min"), (7_300, "2 h"), (200_000, "2 d"), (-5, "0 s")]
)
def test_age(seconds: float, text: str) -> None:
    assert _age(seconds) == text


async def test_runs_grow_older_while_nothing_changes(
    make_app: Callable[..., ArcadeApp],
    make_run: Callable[..., RunDir],
    monkeypatch: pytest.MonkeyPatch,
    settled: Any,
    rows: Any,
    about: Any,
) -> None:
    make_run()
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("r")
        await settled(lambda: rows(app) and rows(app)[0][-1].endswith(" s"))
        now = time.time()
        monkeypatch.setattr("arcade_dqn.tui.screens.runs.time", SimpleNamespace(time=lambda: now + 3 * 3600 + 60))
        # The next look into the folder, two seconds later, finds the same runs.
        await settled(lambda: rows(app)[0][-1] == "3 h")
        assert about(app).endswith("3 h ago")


async def test_the_screen_comes_to_the_front_once(
    make_app: Callable[..., ArcadeApp], monkeypatch: pytest.MonkeyPatch, settled: Any, about: Any
) -> None:
    called: list[str] = []
    for name in ("completed", "appear"):
        method = getattr(RunsScreen, name)
        monkeypatch.setattr(RunsScreen, name, lambda self, n=name, m=method: (called.append(n), m(self)))
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("r")
        await settled(lambda: "There are no runs" in about(app))
        await pilot.pause()
        assert called == ["completed", "appear"]
