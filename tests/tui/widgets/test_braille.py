from __future__ import annotations

import math

import numpy as np
import pytest

from arcade_dqn.tui.widgets import braille


def floats(*values: float) -> np.ndarray:
    return np.array(values, np.float64)


def test_extents_of_each_slice() -> None:
    # Slices of [0, 8): 0-2, 2-4, 4-6, 6-8; the third one is empty. 8, the right edge, belongs to the last.
    low, high = braille.extents(floats(0, 1, 2, 3, 6, 8), floats(5, 3, 7, 9, 1, 4), 0, 8, 4)
    np.testing.assert_array_equal(low, [3, 7, np.nan, 1])
    np.testing.assert_array_equal(high, [5, 9, np.nan, 4])


def test_extents_leave_out_what_lies_outside() -> None:
    low, high = braille.extents(floats(0, 5, 6, 20), floats(100, 1, 2, 200), 4, 8, 2)
    np.testing.assert_array_equal(low, [1, 2])
    np.testing.assert_array_equal(high, [1, 2])


def test_extents_without_points() -> None:
    low, _ = braille.extents(floats(), floats(), 0, 1, 3)
    assert np.isnan(low).all()


def test_a_million_points_keep_their_peaks() -> None:
    y = np.zeros(1_000_000)
    y[[3, 777_777]] = 5.0, -5.0
    low, high = braille.extents(np.arange(1_000_000.0), y, 0, 999_999, 200)
    assert high[0] == 5.0
    assert low[155] == -5.0
    assert np.count_nonzero(high) == np.count_nonzero(low) == 1


def test_rows_count_from_the_top() -> None:
    # Five rows for 0..4, and values outside go to the edge.
    assert braille.to_rows(floats(4, 0, 2, 9, -9), 0, 4, 5).tolist() == [0, 4, 2, 0, 4]


def picture(dots: np.ndarray) -> list[str]:
    return ["".join("#" if dot else "." for dot in row) for row in dots]


def test_a_line_joins_its_points() -> None:
    # Column 0 at the bottom, column 1 at the top: the right one reaches down to just above the left one.
    y = floats(0, 3)
    assert picture(braille.line(y, y, 0, 3, 4)) == [".#", ".#", ".#", "#."]


def test_a_line_crosses_empty_columns() -> None:
    y = floats(0, math.nan, 2)
    assert picture(braille.line(y, y, 0, 2, 3)) == ["..#", ".#.", "#.."]


def test_a_line_spans_the_extent_of_its_column() -> None:
    assert picture(braille.line(floats(0, 1), floats(3, 1), 0, 3, 4)) == ["#.", "#.", "##", "#."]


def test_scattered_dots_are_not_joined() -> None:
    assert picture(braille.scatter(floats(0, math.nan, 3), floats(2, math.nan, 3), 0, 3, 4)) == [
        "..#",
        "#..",
        "...",
        "#..",
    ]


def test_bits_of_a_cell() -> None:
    # The dots of a braille cell are numbered 1 2 3 7 down the left and 4 5 6 8 down the right.
    dots = np.zeros((4, 4), np.bool_)
    dots[0, 0] = dots[3, 1] = True
    dots[:, 2:] = True
    assert braille.cells(dots).tolist() == [[0x01 | 0x80, 0xFF]]


@pytest.mark.parametrize(("span", "parts", "step"), [(100, 5, 20), (1, 4, 0.5), (7, 7, 1), (0.03, 3, 0.01), (0, 3, 1)])
def test_nice_steps(span: float, parts: int, step: float) -> None:
    assert braille.nice_step(span, parts) == pytest.approx(step)


def test_ticks_are_round_and_inside() -> None:
    assert braille.ticks(-110, 95, 4) == [-100, 0]
    assert braille.ticks(0, 500, 5) == [0, 100, 200, 300, 400, 500]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (475, "475"),
        (1500, "1500"),
        (20_000, "20k"),
        (1_250_000, "1.25M"),
        (0.00033, "0.00033"),
        (-3.14159, "-3.14"),
    ],
)
def test_short_numbers(value: float, text: str) -> None:
    assert braille.short(value) == text
