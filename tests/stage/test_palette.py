from __future__ import annotations

import pytest

from arcade_dqn.stage import palette


def luminance(colour: palette.Colour) -> float:
    """Relative luminance (WCAG 2.1)."""
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: palette.Colour, other: palette.Colour) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", ["TEXT", "MUTED", "ACCENT", "EXPLORE", "PERSON", "CALM", "PAUSE", "GOOD", "ERROR"])
def test_words_in_these_colours_can_be_read(name: str) -> None:
    for ground in (palette.BACKGROUND, palette.SURFACE, palette.SCREEN):
        assert contrast(getattr(palette, name), ground) >= 4.5


def test_the_chosen_thing_is_much_lighter_than_the_others() -> None:
    assert contrast(palette.ACCENT, palette.ACCENT_DIM) >= 3


def test_colours_as_text_and_mixed() -> None:
    assert palette.hex_colour((255, 0, 10)) == "#ff000a"
    assert palette.blend((0, 100, 200), (100, 100, 0), 0.25) == (25, 100, 150)
