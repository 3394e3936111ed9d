from __future__ import annotations

import numpy as np
import pytest

from arcade_dqn.stage.draw import area_average, fitted, half_blocks

GREY = (9, 9, 9)


def grey(rows: list[list[int]]) -> np.ndarray:
    return np.repeat(np.array(rows, np.uint8)[:, :, None], 3, axis=2)


def test_half_blocks_pair_the_lines() -> None:
    top, bottom = half_blocks(grey([[1, 2], [3, 4], [5, 6], [7, 8]]), 2, 2)
    assert top.shape == bottom.shape == (2, 2, 3)
    assert top.dtype == np.uint8
    assert top[:, :, 0].tolist() == [[1, 2], [5, 6]]
    assert bottom[:, :, 0].tolist() == [[3, 4], [7, 8]]


def test_half_blocks_average_areas() -> None:
    # 4 x 4 pixels into one cell: each half cell is the mean of 2 lines of 4, but the aspect ratio wants 2 x 2 half
    # cells, so that a single column keeps one of them.
    top, bottom = half_blocks(grey([[0, 10, 20, 30], [40, 50, 60, 70], [80, 90, 100, 110], [120, 130, 140, 150]]), 2, 1)
    assert top[0, :, 0].tolist() == [25, 45]
    assert bottom[0, :, 0].tolist() == [105, 125]


def test_half_blocks_letterbox_what_is_too_wide_or_too_high() -> None:
    top, bottom = half_blocks(grey([[50, 50, 50, 50]]), 4, 2, background=GREY)
    # One line of four in 4 x 4 half cells: at the second, (4 - 1) // 2 = 1.
    assert top[:, :, 0].tolist() == [[9] * 4, [9] * 4]
    assert bottom[:, :, 0].tolist() == [[50] * 4, [9] * 4]
    top, bottom = half_blocks(grey([[50], [50], [50], [50]]), 3, 2, background=GREY)
    assert top[:, :, 0].tolist() == bottom[:, :, 0].tolist() == [[9, 50, 9]] * 2


def test_fractions_of_pixels_count_by_their_share() -> None:
    # Three pixels in two: each takes one and a half.
    averaged = area_average(grey([[0, 90, 240]]), 2, 1)
    assert averaged[0, :, 0].tolist() == [30, 190]
    # Two pixels in three: the middle one is half of each.
    assert area_average(grey([[0, 200]]), 3, 1)[0, :, 0].tolist() == [0, 100, 200]


def test_colours_stay_apart() -> None:
    picture = np.zeros((2, 2, 3), np.uint8)
    picture[:, :, 0], picture[0, :, 2] = 200, 100
    assert area_average(picture, 1, 1)[0, 0].tolist() == [200, 0, 50]


@pytest.mark.parametrize(
    ("size", "room", "expected"),
    [
        ((600, 400), (60, 60), (60, 40)),
        ((160, 210), (80, 42), (32, 42)),
        ((10, 10), (40, 30), (30, 30)),
        ((1000, 10), (20, 20), (20, 1)),
        ((10, 10), (0, 5), (0, 0)),
    ],
)
def test_sizes_keep_their_aspect_ratio(size: tuple[int, int], room: tuple[int, int], expected: tuple[int, int]) -> None:
    assert fitted(*size, *room) == expected


def test_no_room_draws_nothing() -> None:
    top, bottom = half_blocks(grey([[1]]), 0, 0)
    assert top.shape == bottom.shape == (0, 0, 3)
