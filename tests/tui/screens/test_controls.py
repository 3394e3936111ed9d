"""The screen over a training that moves its controls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.command import CommandPalette

from arcade_dqn.tui.app import ArcadeApp
from arcade_dqn.tui.screens.controls import ControlsScreen
from arcade_dqn.tui.screens.help import HelpScreen
from arcade_dqn.tui.screens.training import TrainingScreen

TOLD = {"epsilon": None, "learning_rate": 1e-3, "target_period": 250, "updates_per_train": 64, "speed_limit": 0.0}


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_person_moves_the_levers(
    make_app: Callable[..., ArcadeApp], programs: Any, size: tuple[int, int], settled: Any, texts: Any
) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await pilot.press("t")
        await settled(lambda: bool(programs.started) and bool(programs.trainer.sent))
        trainer = programs.trainer
        trainer.says("started", controls=TOLD)
        trainer.publish(steps_per_second=900.0)
        await settled(
            lambda: app.services.training.snapshot.status is not None and bool(app.services.training.record.controls)
        )
        await pilot.press("c")
        await settled(lambda: isinstance(app.screen, ControlsScreen) and "on its schedule" in texts(app))
        for words in ("learning rate", "0.001", "target period", "250", "updates", "64", "speed limit", "unlimited"):
            assert words in texts(app), words

        # Faster than the trainer answers: each key counts from the value asked for last.
        await pilot.press("down", "right", "right")
        assert [arguments["value"] for _, arguments in trainer.commands[1:]] == [2e-3, 5e-3]
        await settled(lambda: "0.005" in texts(app))
        trainer.says("set", step=1500, name="learning_rate", value=5e-3)
        await settled(lambda: app.services.training.record.interventions == [1500.0])
        assert app.services.training.record.controls["learning_rate"] == 5e-3

        # The training screen under it goes on showing what happens.
        trainer.publish(step=4_321)
        await settled(lambda: "4,321 / 10,000" in texts(app))

        # A rate that falls over the run stays what was set, and what is left of it stands beside.
        trainer.publish(learning_share=0.4)
        await settled(lambda: "0.005, fallen to 0.002" in texts(app))

        # A value typed, one that cannot be first.
        await pilot.press("down", "enter", *"0", "enter")
        await settled(lambda: "target_period = 0 is not allowed" in texts(app))
        assert len(trainer.commands) == 3
        await pilot.press("backspace", *"125", "enter")
        await settled(lambda: trainer.commands[-1] == ("set", {"name": "target_period", "value": 125}))

        # The run's own setting, and epsilon's schedule.
        await pilot.press("0")
        assert trainer.commands[-1] == ("set", {"name": "target_period", "value": 250})
        await pilot.press("up", "up", "0")
        assert trainer.commands[-1] == ("set", {"name": "epsilon", "value": None})
        # The keys of everywhere are those of here, too.
        await pilot.press("question_mark")
        await settled(lambda: isinstance(app.screen, HelpScreen) and "Lower its value" in texts(app))
        assert texts(app).index("Controls of a training") < texts(app).index("Everywhere")
        await pilot.press("escape", "ctrl+p")
        await settled(lambda: isinstance(app.screen, CommandPalette))
        await pilot.press("escape")
        await settled(lambda: isinstance(app.screen, ControlsScreen))
        await pilot.press("escape")
        await settled(lambda: isinstance(app.screen, TrainingScreen))


async def test_the_levers_move_before_the_learner_is_ready(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("t")
        await settled(lambda: bool(programs.started) and bool(programs.trainer.sent))
        await settled(lambda: app.services.training.snapshot.running)
        await pilot.press("minus", "minus", "left_square_bracket")
        # From what the run's settings say: no limit, and CartPole's epsilon at the start.
        assert [(one["name"], one["value"]) for name, one in programs.trainer.commands if name == "set"] == [
            ("speed_limit", 5_000.0),
            ("speed_limit", 2_000.0),
            ("epsilon", 0.95),
        ]


async def test_the_speed_has_keys_of_its_own(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, texts: Any
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("t")
        await settled(lambda: bool(programs.started) and bool(programs.trainer.sent))
        trainer = programs.trainer
        trainer.says("started", controls=TOLD)
        trainer.publish(steps_per_second=900.0)
        await settled(
            lambda: app.services.training.snapshot.status is not None and bool(app.services.training.record.controls)
        )
        await pilot.press("minus", "minus", "plus")
        asked = [arguments for name, arguments in trainer.commands if name == "set"]
        assert asked == [{"name": "speed_limit", "value": value} for value in (500.0, 200.0, 500.0)]
        trainer.says("set", step=2000, name="speed_limit", value=500.0)
        await settled(lambda: "speed limit set to 500 steps/s" in texts(app))
