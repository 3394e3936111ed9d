"""A terminal that is slow: pictures are left out, and keys are answered."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from textual.drivers._writer_thread import WriterThread
from textual.drivers.headless_driver import HeadlessDriver

from arcade_dqn.tui import backpressure
from arcade_dqn.tui.app import ArcadeApp
from arcade_dqn.tui.backpressure import keeps_up
from arcade_dqn.tui.screens.help import HelpScreen


class Line(io.StringIO):
    """What a terminal is written to; takes nothing while it is `held`."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()
        self.free.set()
        self.writes = 0

    def write(self, text: str) -> int:
        self.free.wait(60)
        self.writes += 1
        return len(text)


class LineDriver(HeadlessDriver):
    """Writes through Textual's own thread, as its drivers for terminals do, to a `Line` of the test's."""

    line: Line

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._writer_thread = WriterThread(self.line)
        self._writer_thread.start()

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self._writer_thread.write(data)

    def stop_application_mode(self) -> None:
        self._writer_thread.stop()


async def test_a_slow_line_gets_no_pictures_and_keys_are_answered(
    make_app: Callable[..., ArcadeApp], monkeypatch: pytest.MonkeyPatch, settled: Any
) -> None:
    line = Line()
    driver = type("Slow", (LineDriver,), {"line": line})
    app = make_app()
    monkeypatch.setattr("textual.drivers.headless_driver.HeadlessDriver", driver)
    async with app.run_test(size=(100, 30)) as pilot:
        assert isinstance(app._driver, LineDriver)
        picture: Any = app.screen.query_one("#attract")
        await settled(lambda: picture.has_picture and app.services.terminal.keeps_up())
        line.free.clear()
        try:
            shown: list[object] = []
            monkeypatch.setattr(picture, "show", shown.append)
            # Something is written all the time, and nothing is taken.
            for _ in range(10):
                app.services.terminal.write("\a")
            assert not app.services.terminal.keeps_up()
            shown.clear()
            projector: Any = app.services.demo_player
            for columns in range(10, 20):
                projector.show(projector.wanted[-1], (columns, 5))
                await asyncio.sleep(0.05)
            assert shown == []
            # The app is alive meanwhile: Textual's queue has room for what a key draws.
            await pilot.press("question_mark")
            assert isinstance(app.screen, HelpScreen)
        finally:
            line.free.set()
        await settled(app.services.terminal.keeps_up)


def driver(**more: Any) -> Any:
    return SimpleNamespace(is_headless=False, **more)


def test_without_a_known_queue_the_system_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    # Another version of Textual may write another way: that must be no error.
    odd = [
        driver(),
        driver(_writer_thread=None),
        driver(_writer_thread=SimpleNamespace()),
        driver(_writer_thread=SimpleNamespace(_queue=SimpleNamespace(qsize=3))),
        driver(_writer_thread=SimpleNamespace(_queue=SimpleNamespace(qsize=lambda: None))),
    ]
    for takes in (True, False):
        monkeypatch.setattr(backpressure, "_takes_more", lambda takes=takes: takes)
        assert [keeps_up(one) for one in odd] == [takes] * len(odd)


@pytest.mark.parametrize(("waiting", "good"), [(0, True), (3, True), (4, False), (30, False)])
def test_what_waits_in_the_queue_counts(waiting: int, good: bool) -> None:
    assert keeps_up(driver(_writer_thread=SimpleNamespace(_queue=SimpleNamespace(qsize=lambda: waiting)))) is good


def test_no_terminal_is_never_slow() -> None:
    assert keeps_up(None)
    assert keeps_up(SimpleNamespace(is_headless=True))


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo-terminals")
def test_the_system_tells_when_a_terminal_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.openpty()
    monkeypatch.setattr("sys.__stdout__", SimpleNamespace(fileno=lambda: writer))
    try:
        assert backpressure._takes_more()
        os.set_blocking(writer, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writer, b"x" * 1024)
        assert not backpressure._takes_more()
    finally:
        os.close(reader)
        os.close(writer)
