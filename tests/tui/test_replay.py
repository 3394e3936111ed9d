"""The replay inspector: the event read, its lines, and the screen that asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from arcade_dqn.tui.app import ArcadeApp
from arcade_dqn.tui.inspection import Inspection
from arcade_dqn.tui.screens.replay import ReplayScreen
from arcade_dqn.tui.screens.training import TrainingScreen
from arcade_dqn.tui.widgets.picture import Picture

Told = Callable[..., dict[str, Any]]


async def settled(ready: Callable[[], bool]) -> None:
    for _ in range(1500):
        if ready():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come")


def texts(app: ArcadeApp) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def test_the_buffer_in_lines(told: Told) -> None:
    lines = Inspection.read(told()).contents(30, 40).plain.splitlines()
    assert lines[:2] == ["400 transitions, single steps", "1 in 20 reaches the end"]
    assert "left" in lines[4]
    assert lines[4].endswith("25%")
    assert lines[5].endswith("75%")
    assert lines[8].strip().startswith("1 ")
    assert lines[8].endswith("100%")
    assert "TD errors of 256 of all ages" in lines[10]
    assert all(len(line) <= 30 for line in lines)


def test_no_heading_stands_without_its_bars(told: Told) -> None:
    found = Inspection.read(told())
    whole = found.contents(30, 40).plain.splitlines()
    assert "TD errors" in whole[10]
    for height in (9, 10, 11):
        assert found.contents(30, height).plain.splitlines() == whole[:9]
    assert found.contents(30, 12).plain.splitlines() == whole


def test_a_transition_in_lines(told: Told) -> None:
    found = Inspection.read(told())
    assert found.facts().plain.splitlines() == [
        "TD error +10.7   action right",
        "reward 1, discount 0.99",
    ]
    left, right = found.q_lines(60).plain.splitlines()
    assert right.startswith("▸ right")
    assert left.startswith("  left")
    assert "30◆" in left  # the best one after
    ended = Inspection.read(told(discount_t=0.0, last_error=0.25)).facts().plain
    assert "nothing follows (discount 0)" in ended
    assert "priority from 0.25" in ended


def test_many_actions_share_a_line(told: Told) -> None:
    event = told()
    event["action_names"] = [f"a{number}" for number in range(18)]
    event["contents"]["actions"] = [10 * number for number in range(18)]
    lines = Inspection.read(event).contents(30, 40).plain
    assert "a17" in lines
    assert "13 others" in lines
    assert "a12" not in lines


@pytest.mark.parametrize("damage", [{"dtype": "object"}, {"data": "?"}, {"shape": [3]}])
def test_what_is_not_whole_is_refused(told: Told, damage: dict[str, Any]) -> None:
    event = told()
    event["transition"]["s_t"].update(damage)
    with pytest.raises(ValueError, match=r"."):
        Inspection.read(event)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_person_looks_into_the_buffer(
    make_app: Callable[..., ArcadeApp],
    programs: Any,
    told: Told,
    size: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await pilot.press("t")
        await settled(lambda: bool(programs.started) and bool(programs.trainer.sent))
        trainer = programs.trainer
        trainer.begins()
        await settled(lambda: app.services.training.snapshot.status is not None)
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


async def test_without_a_training_it_says_so(make_app: Callable[..., ArcadeApp], programs: Any) -> None:
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
