"""Every theme: all its colours are there, its text can be read, and what is told apart by colour stays apart."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import astuple
from pathlib import Path

import pytest
from textual.color import Color
from textual.filter import monochrome_style
from textual.theme import BUILTIN_THEMES

from arcade_dqn import tui
from arcade_dqn.preferences import DEFINITIONS
from arcade_dqn.tui.theme import COLOURS, THEMES, Colours, state_word, tone_style

RGB = tuple[float, float, float]
IN_COLOUR = [name for name in THEMES if name != "ansi"]

# What an eye without one kind of cones sees of linear red, green and blue (Machado, Oliveira and Fernandes 2009).
BLIND = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
    "all cones": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
}


def linear(colour: Color) -> RGB:
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in (value / 255 for value in colour.rgb)
    )
    return red, green, blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.1, of #rrggbb colours."""
    lights = sorted(
        0.2126 * red + 0.7152 * green + 0.0722 * blue
        for red, green, blue in (linear(Color.parse(colour)) for colour in (one, other))
    )
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def lab(rgb: RGB) -> RGB:
    """CIE L*a*b* (D65) of linear red, green and blue."""
    rows = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
    x, y, z = (
        sum(factor * channel for factor, channel in zip(row, rgb, strict=True)) / white
        for row, white in zip(rows, (0.95047, 1.0, 1.08883), strict=True)
    )
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(one: str, other: str, eye: str) -> float:
    """How different two colours are to an eye: the distance in L*a*b*, where 2.3 is just seen."""
    seen = []
    for colour in (one, other):
        rgb = linear(Color.parse(colour))
        red, green, blue = (
            min(max(sum(factor * channel for factor, channel in zip(row, rgb, strict=True)), 0.0), 1.0)
            for row in BLIND[eye]
        )
        seen.append(lab((red, green, blue)))
    return math.dist(*seen)


def grey(colour: str) -> str:
    """What Textual makes of a colour where none are wanted."""
    return Color.parse(colour).monochrome.hex


def text_pairs(c: Colours) -> dict[str, tuple[str, str]]:
    """(text, background) by name, of all that app.tcss and the widgets put together."""
    words = ("text", "muted", "faint", "agent", "chance", "calm", "person", "pause", "good", "warning", "error")
    pairs = {
        f"{word} on {ground}": (getattr(c, word), getattr(c, ground))
        for word in words
        for ground in ("background", "surface")
    }
    pairs |= {f"tone {index}": (tone, c.background) for index, tone in enumerate(c.tones)}
    pairs |= {f"{word} on raised": (getattr(c, word), c.raised) for word in ("text", "muted", "faint", "chance")}
    pairs |= {f"a button's text on {word}": (c.on_agent, getattr(c, word)) for word in ("warning", "error")}
    pairs["a button that warns"] = (c.warning, c.raised)
    pairs["a button that is meant"] = (c.agent, c.raised)
    return pairs | {
        "the row under the cursor": (c.text, c.chosen),
        "the brand, a cursor": (c.on_agent, c.agent),
        "the banner": (c.banner_text, c.banner),
        "a word in a picture's place": (c.glass_text, c.glass),
        "what is selected in a field": (c.text, c.agent_dim),
    }


def test_the_contrast_of_known_colours() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    # Examples of WebAIM's contrast checker.
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert lab(linear(Color.parse("#ff0000"))) == pytest.approx((53.24, 80.09, 67.20), abs=0.05)


def test_the_preference_names_the_themes() -> None:
    assert DEFINITIONS["theme"].allowed == tuple(THEMES)
    assert not set(THEMES) & set(BUILTIN_THEMES)


@pytest.mark.parametrize("name", IN_COLOUR)
@pytest.mark.parametrize("colours", ["all", "none"])
def test_text_can_be_read(name: str, colours: str) -> None:
    for where, (text, ground) in text_pairs(COLOURS[name]).items():
        pair = (text, ground) if colours == "all" else (grey(text), grey(ground))
        assert contrast(*pair) >= 4.5, (where, pair)


@pytest.mark.parametrize("name", IN_COLOUR)
def test_curves_and_gauges_can_be_seen(name: str) -> None:
    c = COLOURS[name]
    for drawn in (c.agent, c.chance, c.calm, c.level, c.rule, c.agent_dim, *c.tones):
        assert contrast(drawn, c.background) >= 3
    for filled in (c.agent, c.chance):
        assert contrast(filled, c.groove) >= 3


@pytest.mark.parametrize("eye", BLIND)
def test_the_colour_blind_theme_stays_apart(eye: str) -> None:
    c = COLOURS["colour-blind"]
    sets = {
        "curves that are compared": (c.tones, 25),
        "one run's chart": ((c.agent, c.chance, c.level, c.rule, c.agent_dim), 15),
        "how things stand": ((c.agent, c.good, c.warning, c.error), 30),
        "a gauge": ((c.agent, c.chance, c.groove), 30),
    }
    for what, (together, least) in sets.items():
        for one, other in itertools.combinations(together, 2):
            assert distance(one, other, eye) >= least, (what, one, other)


def test_the_dark_theme_would_not_do() -> None:
    # The measure tells something: in the usual theme, two curves are near each other for eyes without green cones.
    tones = COLOURS["dark"].tones
    assert min(distance(one, other, "deuteranopia") for one, other in itertools.combinations(tones, 2)) < 15


def test_the_terminal_s_own_colours_are_all_that_ansi_names() -> None:
    flat = [part for value in astuple(COLOURS["ansi"]) for part in (value if isinstance(value, tuple) else (value,))]
    assert {colour for colour in flat if not colour.startswith("ansi_")} == {"transparent", "bold reverse", "none"}
    for value in THEMES["ansi"].to_color_system().generate().values():
        assert not value.startswith("#"), value


@pytest.mark.parametrize("name", THEMES)
def test_every_theme_has_every_colour_that_is_used(name: str) -> None:
    folder = Path(tui.__file__).parent
    sheet = (folder / "app.tcss").read_text("utf-8")
    assert not re.search(r"#[0-9a-fA-F]{6}", sheet)
    used = set(re.findall(r"\$([a-z][a-z-]*)", sheet))
    for path in folder.rglob("*.py"):
        for words in re.findall(r'"(?:bold )?\$([a-z][a-z-]*)"', path.read_text("utf-8")):
            used.add(words)
    assert {"muted", "primary", "tone-a", "groove"} <= used
    known = {**THEMES[name].to_color_system().generate(), **THEMES[name].variables}
    assert used <= set(known)


@pytest.mark.parametrize("name", THEMES)
def test_the_colour_of_a_state(name: str) -> None:
    variables = {**THEMES[name].to_color_system().generate(), **THEMES[name].variables}
    for state in ("starting", "training", "paused", "done", "failed", "something new"):
        word, tone = state_word(state)
        assert word == word.upper()
        assert tone_style(variables, tone).color == Color.parse(variables[tone]).rich_color


def test_greys_are_what_textual_makes() -> None:
    style = tone_style({"agent": "#3ddcc0"}, "agent")
    made = monochrome_style(style).color
    assert made is not None
    assert made.get_truecolor().hex == grey("#3ddcc0").lower()
