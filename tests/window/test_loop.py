"""What the loop does with a film and a screenshot, without its turns."""

from __future__ import annotations

from pathlib import Path

import pytest

from arcade_dqn.window.describe import describe
from arcade_dqn.window.loop import Window
from arcade_dqn.window.session import Session

pytestmark = pytest.mark.filterwarnings("ignore:Please use Window.get_surface")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_film_that_is_full_is_saved_and_the_play_goes_on(
    dummy_window: Window, person: Session, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arcade_dqn.window.film.recorder.LONGEST_FILM", 0.5)
    dummy_window._do("gif")
    for _ in range(6):
        if dummy_window._recorder.filming:
            dummy_window._film_frame(0.1, 60)
    assert not dummy_window._recorder.filming
    (film,) = folder.iterdir()
    assert film.suffix == ".gif"
    assert describe(person).message == f"saved {film.name}"


def test_half_a_screenshot_is_none(dummy_window: Window, person: Session, folder: Path, full_disk: None) -> None:
    dummy_window._screenshot()
    assert "the screenshot was not saved: cannot write" in describe(person).message
    assert "the disk is full" in describe(person).message
    assert list(folder.iterdir()) == []
