from __future__ import annotations

from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pygame
import pytest
from PIL import Image

from arcade_dqn.errors import UsageError
from arcade_dqn.games.paint import HERO
from arcade_dqn.stage import palette
from arcade_dqn.stage.source import SavedModel
from arcade_dqn.window.film.formats import FilmError
from arcade_dqn.window.film.record import record
from arcade_dqn.window.film.recorder import Recorder
from arcade_dqn.window.film.writer import FilmWriter


def surface(colour: palette.Colour, size: tuple[int, int] = (64, 48)) -> pygame.Surface:
    made = pygame.Surface(size)
    made.fill(colour)
    return made


def read_mp4(path: Path) -> tuple[dict[str, object], list[np.ndarray]]:
    frames = imageio_ffmpeg.read_frames(str(path))
    about = next(frames)
    width, height = about["size"]
    return about, [np.frombuffer(frame, np.uint8).reshape(height, width, 3) for frame in frames]


def shows_a_cart(pixels: np.ndarray) -> bool:
    """Whether most of what has about the cart's colour in the picture's place, at the left, is as large as the cart."""
    rows, columns = np.nonzero((np.abs(pixels[80:240, 60:340].astype(int) - HERO) < 30).all(axis=-1))
    return 200 < rows.size < 2000 and np.ptp(rows) < np.ptp(columns) < 80


def test_an_mp4_of_an_agent_at_play(model: Path, tmp_path: Path) -> None:
    lengths: list[float] = []
    path = record(
        SavedModel(model),
        tmp_path / "film.mp4",
        seconds=0.5,
        fps=10,
        size=(641, 481),
        on_frame=lengths.append,
    )
    about, frames = read_mp4(path)
    assert about["size"] == (640, 480)
    assert about["fps"] == 10
    assert str(about["pix_fmt"]).startswith("yuv420p")
    assert len(frames) == 5
    assert lengths == [0.1, 0.2, 0.3, 0.4, 0.5]
    # The window's background in the corner, and CartPole's cart in the middle of the left side.
    assert np.abs(frames[-1][2, 2].astype(int) - palette.BACKGROUND).max() < 12
    assert shows_a_cart(frames[-1])
    assert [file.name for file in tmp_path.iterdir()] == ["film.mp4"]


def test_a_gif_of_an_agent_at_play(model: Path, tmp_path: Path) -> None:
    path = record(SavedModel(model), tmp_path / "film.gif", seconds=0.4, size=(640, 480))
    with Image.open(path) as image:
        assert image.size == (640, 480)
        assert image.n_frames == 8
        assert image.info["duration"] == 50
        assert image.info["loop"] == 0
        image.seek(7)
        pixels = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(pixels[2, 2] - palette.BACKGROUND).max() < 8
    assert shows_a_cart(pixels)


def test_a_film_ends_with_the_episodes(model: Path, tmp_path: Path) -> None:
    source = SavedModel(model)
    path = record(source, tmp_path / "film.gif", episodes=2, fps=20, size=(320, 240), speed=1000, epsilon=1.0, seed=1)
    with Image.open(path) as image:
        assert 0 < image.n_frames < 60


def test_a_gif_holds_every_picture_for_its_time(tmp_path: Path) -> None:
    film = FilmWriter(tmp_path / "steps.gif", (64, 48), 20)
    made = []
    for number in range(6):
        picture = surface(palette.BACKGROUND)
        picture.fill(palette.ACCENT, (4 * (number // 2), 8, 6, 5))  # each of three places twice
        picture.fill(palette.TEXT, (50, 40, 2, 2))
        film.add(picture)
        made.append(pygame.surfarray.array3d(picture).swapaxes(0, 1).astype(int))
    with Image.open(film.finish()) as image:
        assert (image.n_frames, image.info["loop"]) == (3, 0)
        for number in range(3):
            image.seek(number)
            assert image.info["duration"] == 100
            assert np.abs(np.asarray(image.convert("RGB")).astype(int) - made[2 * number]).max() < 8


@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
def test_a_film_of_the_window_lasts_as_long_as_what_it_shows(tmp_path: Path, suffix: str) -> None:
    recorder = Recorder(tmp_path, "window")
    recorder.begin(suffix, (64, 48))
    for number in range(60):
        picture = surface(palette.BACKGROUND)
        picture.fill(palette.ACCENT, (number, 8, 4, 5))
        recorder.record(picture, 1 / 30)
    path = recorder.end()
    if suffix == ".mp4":
        about, frames = read_mp4(path)
        seconds = len(frames) / float(str(about["fps"]))
    else:
        with Image.open(path) as image:
            seconds = 0.0
            for number in range(image.n_frames):
                image.seek(number)
                seconds += image.info["duration"] / 1000
    assert seconds == pytest.approx(2.0, abs=0.11)


def test_a_film_of_the_window_is_full_after_an_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arcade_dqn.window.film.recorder.LONGEST_FILM", 0.5)
    recorder = Recorder(tmp_path, "window")
    assert not recorder.full
    recorder.begin(".gif", (64, 48))
    assert not recorder.full
    for number in range(30):
        picture = surface(palette.BACKGROUND)
        picture.fill(palette.ACCENT, (number, 8, 4, 5))
        recorder.record(picture, 1 / 30)
    assert recorder.full
    with Image.open(recorder.end()) as image:
        assert image.n_frames == 10  # of 20 a second
    assert not recorder.full


def test_a_gif_is_written_while_it_is_filmed(tmp_path: Path) -> None:
    film = FilmWriter(tmp_path / "noise.gif", (64, 48), 20)
    generator = np.random.default_rng(0)
    picture = pygame.Surface((64, 48))
    for _ in range(60):
        pygame.surfarray.blit_array(picture, generator.integers(0, 256, (64, 48, 3)))
        film.add(picture)
    # The queue holds a few of them; the others have gone to the disk, of some kB each.
    (unfinished,) = tmp_path.iterdir()
    assert unfinished.stat().st_size > 50_000
    film.abandon()


def test_colours_that_appear_late_are_in_the_gif(tmp_path: Path) -> None:
    film = FilmWriter(tmp_path / "late.gif", (64, 48), 20)
    film.add(surface(palette.BACKGROUND))
    film.add(surface(palette.PERSON))
    with Image.open(film.finish()) as image:
        image.seek(1)
        assert np.abs(np.asarray(image.convert("RGB"))[10, 10].astype(int) - palette.PERSON).max() < 8


def test_a_resized_window_is_fitted_into_its_film(tmp_path: Path) -> None:
    film = FilmWriter(tmp_path / "film.gif", (64, 48), 10)
    film.add(surface((255, 255, 255)))
    film.add(surface((255, 255, 255), (128, 24)))
    with Image.open(film.finish()) as image:
        image.seek(1)
        column = np.asarray(image.convert("RGB"))[:, 32].astype(int)
    # 128 x 24 at half size: 12 lines of 48, in the middle.
    white = np.flatnonzero(column.min(axis=1) > 240)
    assert white.tolist() == list(range(18, 30))


@pytest.mark.parametrize("name", ["film.avi", "film", "film.mp4.txt"])
def test_other_suffixes_are_refused(model: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"must end in \.mp4 or \.gif"):
        record(SavedModel(model), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_written_are_named(model: Path, tmp_path: Path) -> None:
    with pytest.raises(FilmError, match="gone is not a folder"):
        record(SavedModel(model), tmp_path / "gone" / "film.mp4")
    (tmp_path / "folder.gif").mkdir()
    with pytest.raises(FilmError, match=r"folder\.gif: it is not a file"):
        record(SavedModel(model), tmp_path / "folder.gif")


@pytest.mark.parametrize("wrong", [{"episodes": 0}, {"seconds": 0.0}, {"speed": 0.0}, {"speed": float("inf")}])
def test_films_without_a_length_are_refused(model: Path, tmp_path: Path, wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="at least one episode"):
        record(SavedModel(model), tmp_path / "film.gif", **wrong)  # type: ignore[arg-type]


def test_an_encoder_that_fails_is_told_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "ffmpeg"
    broken.write_text("#!/bin/sh\necho 'no room left' >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", lambda: str(broken))
    film = FilmWriter(tmp_path / "film.mp4", (64, 48), 10)
    for _ in range(3):
        film.add(surface((1, 2, 3)))
    with pytest.raises(FilmError, match=r"film\.mp4: no room left"):
        film.finish()
    assert [file.name for file in tmp_path.iterdir()] == ["ffmpeg"]


@pytest.mark.parametrize("name", ["film.mp4", "film.gif"])
def test_an_abandoned_film_leaves_nothing_and_the_old_one_stays(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("old")
    film = FilmWriter(tmp_path / name, (64, 48), 10)
    film.add(surface((1, 2, 3)))
    film.abandon()
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [(name, "old")]


def test_a_film_without_pictures_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FilmError, match="it has no pictures"):
        FilmWriter(tmp_path / "film.mp4", (64, 48), 10).finish()
    assert list(tmp_path.iterdir()) == []
