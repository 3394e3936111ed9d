from __future__ import annotations

import numpy as np
from rich.color import ColorType

from arcade_dqn.tui.capabilities import Capabilities
from arcade_dqn.tui.drawing import shrunk, to_strips


def test_equal_neighbours_become_one_run() -> None:
    top = np.zeros((1, 4, 3), np.uint8)
    bottom = np.zeros((1, 4, 3), np.uint8)
    bottom[0, 2:] = 255, 0, 0
    (strip,) = to_strips(top, bottom)
    assert [segment.text for segment in strip] == ["  ", "▀▀"]
    black, both = (segment.style for segment in strip)
    assert black is not None
    assert black.bgcolor is not None
    assert black.bgcolor.get_truecolor() == (0, 0, 0)
    assert both is not None
    assert both.color is not None
    assert both.bgcolor is not None
    assert (both.color.get_truecolor(), both.bgcolor.get_truecolor()) == ((0, 0, 0), (255, 0, 0))


def test_almost_equal_colours_run_together() -> None:
    top = np.array([[[100, 100, 100], [101, 101, 101]]], np.uint8)
    (strip,) = to_strips(top, top)
    assert len(list(strip)) == 1


def test_shrinking_averages_whole_blocks() -> None:
    picture = np.zeros((4, 6, 3), np.uint8)
    picture[:2, :2, 0] = [[10, 20], [30, 40]]
    # Blocks of 2 x 2: the largest that divides 4 and 6 and leaves at least 3 x 2 pixels.
    small = shrunk(picture, 3, 2)
    assert small.shape == (2, 3, 3)
    assert small[0, 0].tolist() == [25, 0, 0]
    assert not small[0, 1:].any()
    assert not small[1].any()


def test_shrinking_leaves_small_pictures_alone() -> None:
    picture = np.ones((10, 10, 3), np.uint8)
    assert shrunk(picture, 8, 8) is picture
    assert shrunk(picture, 0, 0) is picture


TOP = np.array([[[0, 0, 0], [120, 0, 0], [255, 150, 150], [255, 255, 255]]], np.uint8)


BOTTOM = TOP.copy()


BOTTOM[0, 3] = 0


def test_a_picture_in_ascii_is_a_ramp() -> None:
    (strip,) = to_strips(TOP, BOTTOM, Capabilities(ascii=True))
    assert strip.text.isascii()
    assert strip.cell_length == 4
    black, dark, light, half = strip.text
    ramp = " .:-=+*#%@"
    assert black == " "
    assert ramp.index(black) <= ramp.index(dark) < ramp.index(light)
    # White over black is a middle grey.
    assert ramp.index(half) in (4, 5)
    # The colour is as light as it can be: the character tells how light the cell is.
    colours = [segment.style.color for segment in strip if segment.style is not None]
    assert any(colour is not None and colour.get_truecolor() == (255, 0, 0) for colour in colours)


def test_a_picture_without_colours_is_shaded() -> None:
    for capabilities in (Capabilities(colours="none"), Capabilities(ascii=True, colours="none")):
        (strip,) = to_strips(TOP, BOTTOM, capabilities)
        assert len(set(strip.text)) >= 3
        assert all(segment.style is None or segment.style.color is None for segment in strip)


def test_a_picture_in_sixteen_colours_names_no_others() -> None:
    for capabilities in (Capabilities(colours="sixteen"), Capabilities(ascii=True, colours="sixteen")):
        (strip,) = to_strips(TOP, BOTTOM, capabilities)
        for segment in strip:
            assert segment.style is not None
            for colour in (segment.style.color, segment.style.bgcolor):
                assert colour is None or colour.type is ColorType.STANDARD
    (strip,) = to_strips(TOP, BOTTOM, Capabilities(colours="sixteen"))
    assert strip.text == "   ▀"
    numbers = [segment.style.color.number for segment in strip if segment.style and segment.style.color]
    # Black, and the one with white above; the reds are nearest to black and to bright white or red.
    assert numbers[0] == 0
    assert numbers[-1] == 15
