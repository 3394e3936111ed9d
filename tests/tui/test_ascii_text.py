from __future__ import annotations

import pytest
from rich.cells import cell_len

from arcade_dqn.tui.ascii_text import in_words, to_ascii


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
