from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable, Static

from arcade_dqn.config import build
from arcade_dqn.experiments.lab import Lab
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.tui.app import ArcadeApp
from arcade_dqn.tui.drawing import to_strips
from arcade_dqn.tui.services.demo_player import Demo, DemoPicture, DemoPlayer
from arcade_dqn.tui.services.programs import Programs
from arcade_dqn.tui.services.terminal import Terminal


class FakeDemoPlayer(DemoPlayer):
    """Shows a red picture of the wanted size; plays nothing."""

    def __init__(self, runs_dir: Path, terminal: Terminal) -> None:
        super().__init__(runs_dir, terminal)
        self.wanted: list[Demo | None] = []

    def show(self, demo: Demo | None, size: tuple[int, int]) -> None:
        self.wanted.append(demo)
        if demo != self._wanted:
            self._paused = False
        self._wanted = demo
        if demo is not None and min(size) > 0:
            self._number += 1
            red = np.full((size[1], size[0], 3), (255, 0, 0), np.uint8)
            self._newest = DemoPicture(
                demo, self._number, to_strips(red, red, self._terminal.capabilities), "episode 1 · score 7"
            )


@pytest.fixture
def make_app(tmp_path: Path, programs: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ArcadeApp]:
    """Makes the app with fake programs and no shipped models; with `display` it believes that a window can open.

    What else is given goes to the app: `preferences`, `file`, `problems`.
    """
    # The app sets these once it has painted; monkeypatch puts them back.
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    monkeypatch.setattr("arcade_dqn.storage.models.saved_models_dir", lambda: shipped)

    def make(*, display: bool = False, warm_up: bool = False, **more: Any) -> ArcadeApp:
        runs_dir = tmp_path / "runs"
        return ArcadeApp(
            runs_dir,
            programs=Programs(runs_dir, {"DISPLAY": ":9"} if display else {}, programs),
            lab=Lab(runs_dir, {}, programs),
            demo_player=FakeDemoPlayer,
            warm_up=warm_up,
            **more,
        )

    return make


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., RunDir]:
    def make(game: str = "CartPole-v1", name: str = "first") -> RunDir:
        return RunDir.create(tmp_path / "runs", build(game, "cartpole"), name)

    return make


async def wait_until(ready: Callable[[], bool]) -> None:
    """Wait until `ready`: things that threads bring come a little later."""
    for _ in range(1500):
        if ready():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come")


@pytest.fixture
def settled() -> Callable[[Callable[[], bool]], Awaitable[None]]:
    """Waits until what it is given is true."""
    return wait_until


@pytest.fixture
def texts() -> Callable[[ArcadeApp], str]:
    """The screen as text."""
    return lambda app: "\n".join(strip.text for strip in app.screen._compositor.render_strips())


@pytest.fixture
def rows() -> Callable[[ArcadeApp], list[list[str]]]:
    """The cells of the screen's table, as text."""

    def read(app: ArcadeApp) -> list[list[str]]:
        table = app.screen.query_one(DataTable)
        return [[str(cell) for cell in table.get_row_at(row)] for row in range(table.row_count)]

    return read


@pytest.fixture
def names(rows: Callable[[ArcadeApp], list[list[str]]]) -> Callable[[ArcadeApp], list[str]]:
    """The names of the runs in the table of runs."""
    return lambda app: [row[2] for row in rows(app)]


@pytest.fixture
def about() -> Callable[[ArcadeApp], str]:
    """What the screen says of the row under the cursor."""
    return lambda app: str(app.screen.query_one("#about", Static).content)


@pytest.fixture
def begin(programs: Any) -> Callable[[ArcadeApp, Pilot[Any]], Awaitable[None]]:
    """Trains the game under the highlight of the home screen until its first numbers are there."""

    async def begin(app: ArcadeApp, pilot: Pilot[Any]) -> None:
        await pilot.press("t")
        await wait_until(lambda: bool(programs.started) and bool(programs.trainer.sent))
        programs.trainer.begins()
        await wait_until(lambda: app.services.training.snapshot.status is not None)

    return begin


@pytest.fixture
def training(begin: Callable[[ArcadeApp, Pilot[Any]], Awaitable[None]]) -> Callable[..., Any]:
    """Runs an app with CartPole in training, at a size."""

    @asynccontextmanager
    async def running(app: ArcadeApp, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Pilot[Any]]:
        async with app.run_test(size=size) as pilot:
            await begin(app, pilot)
            yield pilot

    return running


def _packed(values: list[float]) -> dict[str, Any]:
    array = np.array(values, np.float32)
    return {"dtype": "float32", "shape": [4], "data": base64.b64encode(array.tobytes()).decode()}


def _told(number: int = 900, **changes: Any) -> dict[str, Any]:
    """The trainer's answer, as `training.inspector` makes it."""
    return {
        "event": "replay",
        "id": 3,
        "step": 1000,
        "game": "CartPole-v1",
        "action_names": ["left", "right"],
        "n_step": 1,
        "contents": {
            "size": 400,
            "actions": [100, 300],
            "rewards": [[1.0, 1.0, 400]],
            "ends": 0.05,
            "ages": [[399, 1.0, 0.1], [199, 1.0, 0.0]],
            "errors": [[0.1, 0.316, 64], [0.316, 1.0, 192]],
        },
        "errors_of": 256,
        "found": True,
        "transition": {
            "number": number,
            "age": 1000 - number,
            "oldest": 600,
            "newest": 999,
            "a_tm1": 1,
            "r_t": 1.0,
            "discount_t": 0.99,
            "s_tm1": _packed([0.5, 0, 0.1, 0]),
            "s_t": _packed([0.6, 0, 0.05, 0]),
            "q_tm1": [10.0, 20.0],
            "q_t": [30.0, 15.0],
            "td_error": 10.7,
            "last_error": None,
            **changes,
        },
    }


@pytest.fixture
def told() -> Callable[..., dict[str, Any]]:
    """Makes the trainer's answer to `inspect`."""
    return _told


@pytest.fixture
def every_screen(programs: Any, make_run: Callable[..., RunDir]) -> Callable[..., AsyncIterator[str]]:
    """Goes through every screen of an app under a pilot, with something on each, and yields its name each time."""
    run = make_run(name="older")
    for step in range(1, 40):
        run.append_metrics(
            {"kind": "episode", "step": 10 * step, "episode": step, "return": float(step % 7), "length": 9}
        )
    run.append_metrics({"kind": "evaluation", "step": 200, "mean": 3.0, "std": 1.0, "episodes": 3})

    async def walk(app: ArcadeApp, pilot: Pilot[Any]) -> AsyncIterator[str]:
        async def press(*keys: str) -> None:
            await pilot.press(*keys)
            await pilot.pause()

        await wait_until(lambda: app.painted)
        await pilot.pause()
        yield "home"
        await press("question_mark")
        yield "help"
        await press("escape", "m")
        yield "models"
        await press("escape", "r")
        await wait_until(lambda: app.screen.query_one("DataTable").row_count == 1)  # type: ignore[attr-defined]
        await press("space")
        yield "runs"
        await press("slash")
        yield "filter"
        await press("escape", "c")
        await wait_until(lambda: bool(app.screen.query_one("Chart").plot.traces))  # type: ignore[attr-defined]
        await pilot.pause()
        yield "compare"
        await press("escape", "n")
        await wait_until(lambda: bool(app.screen.query("#ask")))
        yield "ask"
        await press("escape", "escape", "x")
        yield "experiments"
        await press("escape", "c")
        yield "settings"
        app.screen.query_one("Select").focus()
        await press("enter")
        yield "select"
        await press("escape", "escape", "ctrl+p")
        await pilot.pause(0.3)
        yield "palette"
        await press("escape", "t")
        await wait_until(lambda: bool(programs.started) and bool(programs.trainer.sent))
        trainer = programs.trainer
        trainer.begins()
        await wait_until(lambda: app.services.training.snapshot.status is not None)
        episodes = [[step, float(step % 90)] for step in range(10, 900, 10)]
        trainer.says("progress", step=900, episodes=episodes, loss=0.5, mean_q=7.25)
        trainer.says("evaluation", step=1000, mean=60.0, std=1.0, episodes=10, solved=False)
        trainer.says("set", step=500, name="epsilon", value=0.25)
        trainer.says("warning", message="the disk is almost full")
        await wait_until(lambda: len(app.services.training.record.returns) > 0)
        await pilot.pause(0.7)
        yield "training"
        await press("c")
        yield "controls"
        await press("escape", "i")
        await wait_until(lambda: trainer.commands[-1][0] == "inspect")
        trainer.coming.append(_told(999))
        await wait_until(lambda: app.screen.query_one("#replay-after").has_picture)  # type: ignore[attr-defined]
        await pilot.pause()
        yield "replay"
        await press("escape", "k")
        await pilot.pause(0.3)
        yield "saved steps"
        await press("escape", "ctrl+x")
        yield "confirm"
        await press("n", "escape")
        await wait_until(lambda: app.screen.query_one("#banner").display)
        yield "banner"
        app.services.playback.watch_here("", "CartPole-v1", "CartPole · demo")
        await wait_until(lambda: any(picture.has_picture for picture in app.screen.query("Picture")))  # type: ignore[attr-defined]
        await pilot.pause()
        yield "demo"

    return walk
