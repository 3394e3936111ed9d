"""The experiments screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from arcade_dqn.experiments.questions import QUESTIONS, SEEDS
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.storage.summary import Summary
from arcade_dqn.tui.app import ArcadeApp
from arcade_dqn.tui.screens.experiments import ExperimentsScreen


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_screen(
    make_app: Callable[..., ArcadeApp], programs: Any, size: tuple[int, int], settled: Any, texts: Any
) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await pilot.press("x")
        assert isinstance(app.screen, ExperimentsScreen)
        await settled(lambda: "6 short runs" in texts(app))
        await pilot.press("down", "up", "enter")
        await settled(lambda: bool(programs.started) and app.services.experiments.lab.now is not None)
        programs.trainer.says("evaluation", step=1_000, mean=33.0, std=0.0, episodes=10, solved=False)
        programs.trainer.says("evaluation", step=2_000, mean=44.0, std=0.0, episodes=10, solved=False)
        await settled(lambda: "0 of 6 runs done" in texts(app) and "step 2,000" in texts(app))
        programs.trainer.says("ended", reason="steps", step=20_000, message="done", model=None)
        first = programs.trainer
        await settled(lambda: first.input_closed)
        first.exit_code = 0
        await settled(lambda: programs.trainer is not first and app.services.experiments.lab.now is not None)
        await settled(lambda: "1 of 6 runs done" in texts(app))
        await pilot.press("ctrl+x")
        await settled(lambda: not app.services.experiments.lab.running)
        await settled(lambda: "↵/s goes on" in texts(app))


async def test_a_finished_experiment_has_an_answer_and_a_report(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, texts: Any
) -> None:
    app = make_app()
    question = QUESTIONS[0]
    runs = [(variant, seed) for seed in SEEDS for variant in question.variants]
    for variant, seed in runs[:-1]:
        run = RunDir.create(
            app.services.library.runs_dir / ".experiments" / "replay",
            question.settings(variant, seed),
            f"{variant.letter}-seed{seed}",
        )
        run.append_metrics({"kind": "evaluation", "step": 20_000, "mean": 100.0 if variant.letter == "A" else 10.0})
        run.close()
        run.write_summary(Summary(state="done", step=20_000, steps_total=20_000))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("x")
        await settled(lambda: "5 of 6 runs done; ↵/s goes on" in texts(app))
        await pilot.press("r")
        assert not programs.started  # nothing to report yet
        await pilot.press("enter")
        await settled(lambda: bool(programs.started) and app.services.experiments.lab.now is not None)
        trainer = programs.trainer
        trainer.says("evaluation", step=20_000, mean=12.0, std=0.0, episodes=10, solved=False)
        trainer.says("ended", reason="steps", step=20_000, message="done", model=None)
        await settled(lambda: trainer.input_closed)
        trainer.exit_code = 0
        await settled(lambda: any(child.module == "arcade_dqn" for child in programs.started))
        assert programs.newest("arcade_dqn").arguments[:3] == ["experiment", "replay", "--report"]
        await settled(lambda: "the normal buffer scored 100" in texts(app) and "report.png" in texts(app))
        await pilot.press("r")
        await settled(lambda: sum(child.module == "arcade_dqn" for child in programs.started) == 2)


async def test_each_question_is_one_key_away(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, texts: Any
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("x")
        await settled(lambda: "short runs" in texts(app))
        await pilot.press("2")
        await settled(lambda: bool(programs.started) and app.services.experiments.lab.now is not None)
        assert app.services.experiments.lab.question is QUESTIONS[1]
        await settled(lambda: "every 1,000 updates" in texts(app))
