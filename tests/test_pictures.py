"""The pure parts of the scripts that make the README's pictures."""

from __future__ import annotations

import importlib
import math
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

from arcade_dqn.stage import palette

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"


@pytest.fixture(params=["film", "gif", "wall"])
def script(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    # The scripts find one another in their own folder.
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return importlib.import_module(request.param)


@pytest.mark.parametrize("script", ["wall"], indirect=True)
@pytest.mark.parametrize(("tiles", "across"), [(1, 1), (10, 5), (12, 4), (13, 5)])
def test_the_wall_is_filled_as_well_as_it_can_be(script: ModuleType, tiles: int, across: int) -> None:
    # 13 agents (with the three Atari games) leave two places free in 3 rows of 5, and three in 4 rows of 4.
    assert script.columns(tiles) == across


@pytest.mark.parametrize("script", ["wall"], indirect=True)
def test_a_small_picture_grows_by_whole_factors_and_a_large_one_shrinks(script: ModuleType) -> None:
    assert script._fitted(Image.new("RGB", (40, 40)), (180, 135)).size == (120, 120)
    assert script._fitted(Image.new("RGB", (600, 400)), (180, 135)).size == (180, 120)


@pytest.mark.parametrize("script", ["film"], indirect=True)
def test_a_picture_is_shown_until_the_next_one_was_taken(script: ModuleType) -> None:
    # Taken at 0, 164, 328 and 1004 ms: in steps of 10 ms at 0, 160, 330 and 1000.
    assert script.durations([5.0, 5.164, 5.328, 6.004], 1.5) == [160, 170, 670, 1500]


@pytest.mark.parametrize("script", ["film"], indirect=True)
def test_the_film_reads_the_best_evaluation_off_the_screen(script: ModuleType) -> None:
    assert script.best("mean \x1b[1m9.4\x1b[0m   best eval \x1b[1;38;2;233;237;245m487.9\x1b[0m   updates/s") == 487.9
    assert script.best("best eval -78.2") == -78.2
    assert script.best("episode 0") == -math.inf


@pytest.mark.parametrize("script", ["gif"], indirect=True)
def test_a_gif_keeps_every_change_its_times_and_the_colours_that_mean_something(
    script: ModuleType, tmp_path: Path
) -> None:
    pictures = []
    for place in range(3):
        picture = Image.new("RGB", (480, 120), palette.BACKGROUND)
        picture.paste(palette.ACCENT, (place * 40, 20, place * 40 + 30, 50))
        pictures.append(picture)
    script.save(tmp_path / "a.gif", pictures, [100, 160, 2500])
    with Image.open(tmp_path / "a.gif") as film:
        assert getattr(film, "n_frames", 1) == 3  # only pictures that move have it
        assert film.info["loop"] == 0
        for place, shown in enumerate([100, 160, 2500]):
            film.seek(place)
            assert film.info["duration"] == shown
            frame = film.convert("RGB")
            for at, meant in (((place * 40 + 15, 35), palette.ACCENT), ((470, 100), palette.BACKGROUND)):
                seen = frame.getpixel(at)
                assert isinstance(seen, tuple)
                assert max(abs(a - b) for a, b in zip(seen, meant, strict=True)) <= 4
            if place:
                assert frame.getpixel((place * 40 - 25, 35)) == frame.getpixel((470, 100))
