from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.widgets import DataTable, Static

from arcade_dqn.config import build
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.tui.app import ArcadeApp
from arcade_dqn.tui.screens.compare import CompareScreen
from arcade_dqn.tui.screens.runs import RunsScreen
from arcade_dqn.tui.widgets.chart import Chart


async def test_marked_runs_are_compared(
    make_app: Callable[..., ArcadeApp], tmp_path: Path, settled: Any, rows: Any, names: Any
) -> None:
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
    make_app: Callable[..., ArcadeApp], make_run: Callable[..., RunDir], settled: Any, texts: Any, rows: Any
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


async def test_many_episodes_are_smoothed_more(
    make_app: Callable[..., ArcadeApp], tmp_path: Path, settled: Any, rows: Any
) -> None:
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
