"""Choices that come faster than they are written."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from arcade_dqn import preferences
from arcade_dqn.tui.services.preferences_file import PreferencesFile


class Threads:
    """Runs each step in a thread, as the app does."""

    def __init__(self) -> None:
        self.started: list[threading.Thread] = []

    def run(self, step: Callable[[], Any]) -> None:
        self.started.append(threading.Thread(target=step))
        self.started[-1].start()


def test_the_last_choice_stays_however_slowly_the_first_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "preferences.toml"
    writing, go_on = threading.Event(), threading.Event()
    save, written = preferences.save, []

    def slowly(file: Path, name: str, value: Any) -> None:
        written.append(value)
        if value == "light":
            writing.set()
            assert go_on.wait(30)
        save(file, name, value)

    monkeypatch.setattr(preferences, "save", slowly)
    threads: Any = Threads()
    keeper = PreferencesFile(path, threads)
    keeper.keep("theme", "light")
    assert writing.wait(30)
    keeper.keep("theme", "ansi")
    keeper.keep("theme", "colour-blind")
    go_on.set()
    for thread in threads.started:
        thread.join(30)
    # What was chosen and given up meanwhile is not written at all.
    assert written[0] == "light" and written[-1] == "colour-blind"
    assert preferences.load(path)[0].theme == "colour-blind"
