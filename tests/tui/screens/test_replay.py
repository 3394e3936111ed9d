"""The replay inspector: the event read, its lines, and the screen that asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from arcade_dqn.tui.app import ArcadeApp
from arcade_dqn.tui.screens.replay import ReplayScreen
from arcade_dqn.tui.screens.training import TrainingScreen
from arcade_dqn.tui.widgets.picture import Picture

Told = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_person_looks_into_the_buffer(
    make_app: Callable[..., ArcadeApp],
    programs: Any,
    told: Told,
    size: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
    begin: Any,
    settled: Any,
    texts: Any,
) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await begin(app, pilot)
        trainer = programs.trainer
        await pilot.press("i")
        await settled(lambda: isinstance(app.screen, ReplayScreen) and trainer.commands[-1][0] == "inspect")
        assert trainer.commands[-1][1] == {"number": None, "jump": ""}
        # From here on only keys ask, however slow the machine is.
        monkeypatch.setattr("arcade_dqn.tui.screens.replay._EVERY", 3600.0)
        monkeypatch.setattr("arcade_dqn.tui.screens.replay._PATIENCE", 3600.0)
        trainer.coming.append(told(999))
        await settled(lambda: "Transition 999 of 600 to 999" in texts(app))
        for words in (
            "400 transitions",
            "age 1, following the newest",
            "Q-values before and after",
            "TD error +10.7",
            "reward 1",
            "Before",
            "After",
            "▸ right",
        ):
            # The lines of the Q-values make room for themselves a moment later.
            await settled(lambda words=words: words in texts(app))  # type: ignore[misc]
        await settled(lambda: app.screen.query_one("#replay-before", Picture).has_picture)

        def asked() -> list[dict[str, Any]]:
            return [arguments for name, arguments in trainer.commands if name == "inspect"]

        async def answered(number: int, **changes: Any) -> None:
            """Every question but the newest has been answered."""
            trainer.coming.append({**told(number), **changes})
            await settled(lambda: not trainer.coming)
            await pilot.pause(0.15)

        # From the first key on the transition stays. One question at a time: those in between are left out.
        before = len(asked())
        await pilot.press("left", "left", "left", "pageup")
        assert asked()[before:] == [{"number": 998, "jump": ""}]
        await answered(998)
        assert asked()[before + 1 :] == [{"number": 896, "jump": ""}]
        await answered(896)
        await settled(lambda: "Transition 896 of" in texts(app))
        assert "following" not in texts(app)
        for key, question in (
            ("e", {"number": 896, "jump": "end"}),
            ("s", {"number": 880, "jump": "surprise"}),
            ("home", {"number": 0, "jump": ""}),
            ("end", {"number": 999, "jump": ""}),
            ("f", {"number": None, "jump": ""}),
        ):
            await pilot.press(key)
            await settled(lambda question=question: asked()[-1] == question)  # type: ignore[misc]
            await answered(880 if key == "e" else 999)
        await pilot.press("r")
        await answered(999, found=False)
        await settled(lambda: any("No transition in the buffer" in str(note.message) for note in app._notifications))
        await pilot.press("escape")
        await settled(lambda: isinstance(app.screen, TrainingScreen))


async def test_without_a_training_it_says_so(
    make_app: Callable[..., ArcadeApp], programs: Any, settled: Any, texts: Any
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("t")
        await settled(lambda: bool(programs.started) and bool(programs.trainer.sent))
        programs.trainer.begins()
        programs.trainer.publish(replay_size=0)
        await settled(
            lambda: (
                app.services.training.snapshot.status is not None
                and app.services.training.snapshot.status.replay_size == 0
            )
        )
        await pilot.press("i")
        await settled(lambda: "the buffer is empty still" in texts(app))
        assert "inspect" not in [name for name, _ in programs.trainer.commands]
