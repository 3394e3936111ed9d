from __future__ import annotations

import numpy as np
import pytest
from rich.cells import cell_len
from rich.color import ColorType

from arcade_dqn.tui.ascii_text import in_words, to_ascii
from arcade_dqn.tui.capabilities import Capabilities, heed_no_color
from arcade_dqn.tui.drawing import to_strips


@pytest.mark.parametrize(
    ("text", "ascii"),
    [
        ("plain", "plain"),
        ("╭─ Games ──╮", "+- Games --+"),
        ("│ ◆ 12.5 ± 3 │", "| * 12.5 ~ 3 |"),
        ("███▌   ", "###|   "),
        ("└┤┼", "+++"),
        ("ε 0.50 · ★", "e 0.50 . *"),
        # The level at which a game is solved is another line than a curve's.
        ("─ ╌", "- ="),
        ("Café", "Cafe"),
        ("🔎", "> "),
        # What nobody thought of still keeps its width.
        ("漢字", "????"),
        ("☃", "?"),
    ],
)
def test_characters_become_ascii(text: str, ascii: str) -> None:
    assert to_ascii(text) == ascii


def test_every_character_keeps_its_width() -> None:
    for code in (*range(0x80, 0x2FFF), *range(0x1F300, 0x1F700)):
        letter = chr(code)
        if letter.isprintable() and cell_len(letter):
            told = to_ascii(letter)
            assert told.isascii()
            assert len(told) == cell_len(letter), hex(code)


@pytest.mark.parametrize(
    ("dots", "letter"),
    [
        # Dots by their numbers: 1 2 3 7 down the left, 4 5 6 8 down the right.
        ("", " "),
        ("1", "'"),
        ("14", '"'),
        ("25", "-"),
        ("36", "-"),
        ("78", "_"),
        ("7", "."),
        ("1237", "|"),
        ("4568", "|"),
        ("1268", "\\"),
        ("3745", "/"),
        ("12345678", "#"),
    ],
)
def test_braille_cells_become_what_looks_like_them(dots: str, letter: str) -> None:
    bits = sum(1 << int(number) - 1 for number in dots)
    assert to_ascii(chr(0x2800 + bits)) == letter


@pytest.mark.parametrize(
    ("shown", "words"), [("↵/t", "enter/t"), ("↑", "up"), ("↑↓", "up/down"), ("ε-", "eps-"), ("^p", "^p"), ("F5", "F5")]
)
def test_keys_in_words(shown: str, words: str) -> None:
    assert in_words(shown) == words


def test_an_empty_no_color_does_not_count() -> None:
    empty, said = {"NO_COLOR": "", "TERM": "x"}, {"NO_COLOR": "1"}
    heed_no_color(empty)
    heed_no_color(said)
    assert empty == {"TERM": "x"}
    assert said == {"NO_COLOR": "1"}


# Pictures: one row of black, a dark red, a light red, and white over black.
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
