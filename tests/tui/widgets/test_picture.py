from __future__ import annotations

import numpy as np
from textual.app import App, ComposeResult

from arcade_dqn.tui.capabilities import Capabilities
from arcade_dqn.tui.drawing import shrunk, to_strips
from arcade_dqn.tui.widgets.picture import Picture


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


async def test_all_within_the_border_is_glass_whatever_the_theme() -> None:
    class Shown(App[None]):
        CSS = "Picture { background: white; } Picture > .picture--glass { background: #000001; color: #aaaaaa; }"

        def compose(self) -> ComposeResult:
            yield Picture("hi")

    async with Shown().run_test(size=(6, 3)) as pilot:
        picture = pilot.app.query_one(Picture)

        def papers() -> set[object]:
            styles = [segment.style for y in range(3) for segment in picture.render_line(y)]
            return {style.bgcolor.get_truecolor() for style in styles if style is not None and style.bgcolor}

        assert papers() == {(0, 0, 1)}
        # Characters bring no background of their own, and are as bright as on glass.
        light = np.full((1, 2, 3), 250, np.uint8)
        picture.show(to_strips(light, light, Capabilities(ascii=True)))
        assert papers() == {(0, 0, 1)}


async def test_widget_centres_its_picture_and_words() -> None:
    class Shown(App[None]):
        CSS = "Picture { width: 6; height: 3; }"

        def compose(self) -> ComposeResult:
            yield Picture("hi")

    async with Shown().run_test(size=(6, 3)) as pilot:
        picture = pilot.app.query_one(Picture)
        assert [picture.render_line(y).text for y in range(3)] == ["      ", "  hi  ", "      "]
        top = np.zeros((1, 2, 3), np.uint8)
        picture.show(to_strips(top, top + 200))
        assert [picture.render_line(y).text for y in range(3)] == ["      ", "  ▀▀  ", "      "]
        assert picture.has_picture
        picture.say("no")
        assert picture.render_line(1).text == "  no  "
        assert not picture.has_picture


async def test_characters_lie_on_the_glass() -> None:
    class Shown(App[None]):
        CSS = "Picture { width: 6; height: 3; background: #050607; }"

        def compose(self) -> ComposeResult:
            yield Picture("hi")

    async with Shown().run_test(size=(6, 3)) as pilot:
        picture = pilot.app.query_one(Picture)
        grey = np.full((3, 6, 3), 128, np.uint8)
        for capabilities in (Capabilities(ascii=True), Capabilities(ascii=True, colours="none")):
            picture.show(to_strips(grey, grey, capabilities))
            for segment in picture.render_line(1):
                assert segment.style is not None
                assert segment.style.bgcolor is not None
                assert segment.style.bgcolor.get_truecolor() == (5, 6, 7)
