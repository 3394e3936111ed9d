from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import DataTable, Static

from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.config import build
from arcade_dqn.evaluation import Evaluation
from arcade_dqn.storage.model_file import ModelInfo, TrainingSummary, save_model
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.storage.summary import Summary
from arcade_dqn.tui.app import ArcadeApp
from arcade_dqn.tui.screens.ask import AskScreen
from arcade_dqn.tui.screens.compare import CompareScreen
from arcade_dqn.tui.screens.confirm import ConfirmScreen
from arcade_dqn.tui.screens.demo import DemoScreen
from arcade_dqn.tui.screens.runs import RunsScreen, _age
from arcade_dqn.tui.screens.stages import StagesScreen
from arcade_dqn.tui.screens.training import TrainingScreen
from arcade_dqn.tui.widgets.chart import Chart
from arcade_dqn.tui.widgets.picture import Picture


async def settled(ready: Callable[[], bool]) -> None:
    for _ in range(1500):
        if ready():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come")


def rows(app: ArcadeApp) -> list[list[str]]:
    table = app.screen.query_one(DataTable)
    return [[str(cell) for cell in table.get_row_at(index)] for index in range(table.row_count)]


def texts(app: ArcadeApp) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def picture_title(app: ArcadeApp) -> str:
    return str(app.screen.query_one(Picture).border_title)


def about(app: ArcadeApp) -> str:
    return str(app.screen.query_one("#about", Static).content)


def save(path: Path, score: float, steps: int = 12_345) -> None:
    settings = build("CartPole-v1", "cartpole")
    info = ModelInfo(
        game="CartPole-v1",
        observation_shape=(4,),
        n_actions=2,
        action_names=("left", "right"),
        network=settings.network,
        environment=settings.environment,
        training=TrainingSummary(preset="cartpole", steps=steps, episodes=67, updates=89, seed=3),
        evaluation=Evaluation.from_returns([score], 1),
        created="2026-01-02",
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    save_model(path, info, initial_weights(settings.network, (4,), 2, 1))


@pytest.fixture
def models(tmp_path: Path) -> Path:
    save(tmp_path / "shipped" / "CartPole-v1" / "agent.safetensors", 500.0)
    save(tmp_path / "runs" / "CartPole-v1" / "mine" / "best.safetensors", 321.5)
    broken = tmp_path / "runs" / "CartPole-v1" / "mine" / "final.safetensors"
    broken.write_bytes(b"not a model at all")
    return tmp_path


async def test_models_shipped_own_and_broken(make_app: Callable[..., ArcadeApp], programs: Any, models: Path) -> None:
    app = make_app(display=True)
    models = app.services.library.runs_dir.parent
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m")
        await settled(lambda: len(rows(app)) == 3)
        assert rows(app)[0] == ["CartPole", "500.0", "12,345", "2026-01-02", "shipped/agent"]
        assert rows(app)[1] == ["CartPole", "321.5", "12,345", "2026-01-02", "mine/best"]
        assert rows(app)[2][0] == "cannot be read"
        assert "67 episodes" in about(app)
        await pilot.press("down", "enter")
        await settled(lambda: bool(programs.started))
        assert programs.window.arguments[0] == str(models / "runs" / "CartPole-v1" / "mine" / "best.safetensors")
        await pilot.press("down", "enter")
        await pilot.pause()
        assert "final.safetensors" in about(app)
        assert "final.safetensors" in [*app._notifications][-1].message
        assert len(programs.started) == 1
        assert not app.screen.query_one(DataTable).show_horizontal_scrollbar


async def test_a_shipped_agent_and_what_it_was_before(
    make_app: Callable[..., ArcadeApp], programs: Any, models: Path
) -> None:
    folder = models / "shipped" / "CartPole-v1"
    for step in (0, 6_000):
        save(folder / "stages" / f"step-{step}.safetensors", 20.0, step)
    app = make_app(display=True)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("m")
        await settled(lambda: len(rows(app)) == 3)  # what came before an agent is no agent of the list
        await pilot.press("k")
        await settled(lambda: isinstance(app.screen, StagesScreen) and len(rows(app)) == 3)
        assert [row[1] for row in rows(app)] == ["untrained", "6,000", "12,345"]
        await pilot.press("b")
        await settled(lambda: bool(programs.started))
        stage, agent = str(folder / "stages" / "step-0.safetensors"), str(folder / "agent.safetensors")
        assert programs.window.arguments[:3] == [stage, "--beside", agent]


async def test_a_model_plays_here_without_a_display(make_app: Callable[..., ArcadeApp], models: Path) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        for key in ("enter", "v"):
            await pilot.press("m")
            await settled(lambda: len(rows(app)) == 3)
            await pilot.press(key)
            await settled(lambda: isinstance(app.screen, DemoScreen))
            # Paused and left for another screen, it is no longer called so: coming back begins another episode.
            await pilot.press("space")
            assert picture_title(app).endswith("· paused")
            await pilot.press("question_mark", "escape")
            await settled(lambda: isinstance(app.screen, DemoScreen) and not picture_title(app).endswith("paused"))
            await pilot.press("escape", "escape")


async def test_no_models_yet(make_app: Callable[..., ArcadeApp]) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("m")
        await settled(lambda: "no saved models yet" in about(app))
        await pilot.press("enter", "f5")


async def test_runs_and_their_states(
    make_app: Callable[..., ArcadeApp], programs: Any, make_run: Callable[..., RunDir], tmp_path: Path
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
    make_app: Callable[..., ArcadeApp], programs: Any, make_run: Callable[..., RunDir]
) -> None:
    run = make_run()
    app = make_app(display=True)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("r")
        await settled(lambda: len(rows(app)) == 1)
        await pilot.press("w")
        await settled(lambda: bool(programs.started))
        assert programs.window.arguments[0] == str(run.path)


def names(app: ArcadeApp) -> list[str]:
    return [row[2] for row in rows(app)]


async def test_runs_are_filtered_ordered_renamed_and_thrown_away(
    make_app: Callable[..., ArcadeApp], make_run: Callable[..., RunDir]
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


async def test_marked_runs_are_compared(make_app: Callable[..., ArcadeApp], tmp_path: Path) -> None:
    for seed, score in ((1, 20.0), (2, 40.0), (3, 30.0)):
        changes = {"run.seed": seed, "learning.double": seed == 3}
        run = RunDir.create(tmp_path / "runs", build("CartPole-v1", "cartpole", changes), f"seed{seed}")
        for step in (100, 200):
            run.append_metrics({"kind": "episode", "step": step, "return": score, "length": 10})
            run.append_metrics({"kind": "train", "step": step, "seconds": step / 50, "loss": 1.0})
            run.append_metrics({"kind": "evaluation", "step": step, "mean": score, "seconds": step / 50})
        run.close()
    app = make_app()
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.press("r")
        await settled(lambda: len(rows(app)) == 3)
        await pilot.press("o", "b")
        assert app._notifications and f"--logdir {app.services.library.runs_dir}" in [*app._notifications][-1].message
        app.screen.query_one(DataTable).move_cursor(row=0)
        await pilot.press("space", "space", "space")
        assert [row[0] for row in rows(app)] == ["●", "●", "●"]
        await pilot.press("b")
        assert "--logdir_spec CartPole-v1/seed1:" in [*app._notifications][-1].message
        await pilot.press("c")
        await settled(lambda: isinstance(app.screen, CompareScreen) and len(chart(app).plot.traces) == 6)
        assert [trace.x.tolist() for trace in chart(app).plot.traces[::2]] == [[100, 200]] * 3
        assert "seed2 · seed 2 · 200 steps · best 40.0, last 40.0" in legend(app)
        assert "mean of 20 episodes" in str(chart(app).border_subtitle)
        await pilot.press("right", "right", "right", "x")
        assert "mean of 200 episodes" in str(chart(app).border_subtitle)
        assert chart(app).plot.traces[0].x.tolist() == [2.0, 4.0]
        # The two seeds of one setting are averaged: 30, and their interval by hand: 12.706 * 14.142 / sqrt(2).
        await pilot.press("v", "x")
        await settled(lambda: "± 127.1" in legend(app))
        assert "seed1 and 1 more · 2 seeds · 30.0" in legend(app)
        assert "seed3 · 1 seed · 30.0 at 200" in legend(app)
        await pilot.press("x")
        await settled(lambda: "seed3 · 1 seed · 30.0 at 4 s" in legend(app))
        await pilot.press("escape")
        await settled(lambda: isinstance(app.screen, RunsScreen))

        # Marks that the filter hides count; a run that is gone is told once, and the others are still drawn.
        await pilot.press("slash", *"seed3", "enter")
        await settled(lambda: names(app) == ["seed3"])
        await pilot.press("c")
        await settled(lambda: isinstance(app.screen, CompareScreen) and len(chart(app).plot.traces) == 6)
        told = len(app._notifications)
        shutil.rmtree(app.services.library.runs_dir / "CartPole-v1" / "seed2")
        for _ in range(2):
            app.screen._read()  # type: ignore[attr-defined]
            await settled(lambda: len(chart(app).plot.traces) == 4)
            await app.workers.wait_for_complete()
        assert len(app._notifications) == told + 1


async def test_a_comparison_without_anything_to_draw_says_so(
    make_app: Callable[..., ArcadeApp], make_run: Callable[..., RunDir]
) -> None:
    make_run()
    app = make_app()
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.press("r")
        await settled(lambda: len(rows(app)) == 1)
        await pilot.press("c")
        await settled(lambda: isinstance(app.screen, CompareScreen) and "no episode has ended yet" in texts(app))
        await pilot.press("v")
        await settled(lambda: "no evaluation yet" in texts(app))


async def test_many_episodes_are_smoothed_more(make_app: Callable[..., ArcadeApp], tmp_path: Path) -> None:
    run = RunDir.create(tmp_path / "runs", build("CartPole-v1", "cartpole", {}), "long")
    for step in range(6_000):
        run.append_metrics({"kind": "episode", "step": step, "return": 1.0, "length": 1})
    run.close()
    app = make_app()
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.press("r")
        await settled(lambda: len(rows(app)) == 1)
        await pilot.press("space", "c")
        # A fiftieth of them is 120: the next notch.
        await settled(lambda: "mean of 200 episodes" in str(chart(app).border_subtitle))
        await pilot.press("left")
        assert "mean of 100 episodes" in str(chart(app).border_subtitle)


def chart(app: ArcadeApp) -> Chart:
    return app.screen.query_one("#compare-chart", Chart)


def legend(app: ArcadeApp) -> str:
    return str(app.screen.query_one("#compare-legend", Static).content)


async def test_no_runs_yet(make_app: Callable[..., ArcadeApp]) -> None:
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
