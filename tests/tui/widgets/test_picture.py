from __future__ import annotations

import numpy as np
from textual.app import App, ComposeResult

from arcade_dqn.tui.capabilities import Capabilities
from arcade_dqn.tui.drawing import to_strips
from arcade_dqn.tui.widgets.picture import Picture


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
