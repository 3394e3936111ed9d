"""The TUI's themes. Each gives every colour that app.tcss and the widgets use, by what the colour means.

`dark` is the palette that the window has, too. `ansi` names the terminal's own sixteen colours and no others.
`colour-blind` stays apart for eyes without red, green or blue cones (after Okabe and Ito, "Color Universal Design",
2008).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.style import Style
from textual.color import Color
from textual.theme import Theme

from arcade_dqn.stage import palette
from arcade_dqn.stage.palette import blend, hex_colour


@dataclass(frozen=True)
class Colours:
    """The colours of one theme, as CSS writes them."""

    background: str
    surface: str
    """Bars and boxes over the background."""
    raised: str
    """What is typed into, and notices."""
    groove: str
    """The empty part of a gauge."""
    line: str
    """Borders and axes."""
    glass: str
    """Behind the games' pictures."""
    glass_text: str
    text: str
    muted: str
    faint: str
    agent: str
    """The agent: its progress, its curve; and what is chosen."""
    on_agent: str
    """Text on the agent's colour."""
    agent_dim: str
    chance: str
    person: str
    calm: str
    pause: str
    good: str
    warning: str
    error: str
    level: str
    """The return at which a game is solved."""
    rule: str
    """Where a person changed something."""
    tones: tuple[str, str, str, str, str]
    """Curves that are compared."""
    chosen: str
    """Behind the row under the cursor."""
    banner: str
    banner_text: str
    veil: str
    """Over the screen under a question."""
    thin_veil: str
    bold: str = "bold"
    """The style of what has the focus, beside its colour."""
    strong: str = "bold"
    """The style of text on the agent's colour."""


def _dark() -> Colours:
    accent, faint = hex_colour(palette.ACCENT), hex_colour(blend(palette.FAINT, palette.MUTED, 0.7))
    background = hex_colour(palette.BACKGROUND)
    return Colours(
        background=background,
        surface=hex_colour(palette.SURFACE),
        raised=hex_colour(palette.RAISED),
        groove=hex_colour(palette.RAISED),
        line=hex_colour(palette.BORDER),
        glass=hex_colour(palette.SCREEN),
        glass_text=hex_colour(palette.MUTED),
        text=hex_colour(palette.TEXT),
        muted=hex_colour(palette.MUTED),
        faint=faint,
        agent=accent,
        on_agent=background,
        agent_dim=hex_colour(palette.ACCENT_DIM),
        chance=hex_colour(palette.EXPLORE),
        person=hex_colour(palette.PERSON),
        calm=hex_colour(palette.CALM),
        pause=hex_colour(palette.PAUSE),
        good=hex_colour(palette.GOOD),
        warning=hex_colour(palette.WARNING),
        error=hex_colour(palette.ERROR),
        level=hex_colour(blend(palette.GOOD, palette.BACKGROUND, 0.4)),
        rule=hex_colour(blend(palette.PERSON, palette.BACKGROUND, 0.4)),
        tones=(
            accent,
            hex_colour(palette.EXPLORE),
            hex_colour(palette.CALM),
            hex_colour(palette.PERSON),
            hex_colour(palette.GOOD),
        ),
        chosen=hex_colour(blend(palette.BACKGROUND, palette.ACCENT, 0.28)),
        banner=hex_colour(palette.ACCENT_DIM),
        banner_text=hex_colour(palette.TEXT),
        veil=f"{background} 60%",
        thin_veil=f"{background} 20%",
    )


_LIGHT = Colours(
    background="#f7f8fb",
    surface="#eaedf3",
    raised="#dfe4ed",
    groove="#d5dbe6",
    line="#b9c2d1",
    # The screens of arcade machines are dark by day, too.
    glass=hex_colour(palette.SCREEN),
    glass_text=hex_colour(palette.MUTED),
    text="#171b24",
    muted="#465064",
    faint="#566076",
    agent="#00695c",
    on_agent="#f7f8fb",
    agent_dim="#4d998d",
    chance="#8a4700",
    person="#a3195b",
    calm="#1a56b0",
    pause="#465064",
    good="#1f6a24",
    warning="#8a4700",
    error="#b3151d",
    level="#4f9153",
    rule="#c2608f",
    tones=("#00796b", "#b35900", "#1a56b0", "#a3195b", "#5a5f00"),
    chosen="#bfe0da",
    banner="#bfe0da",
    banner_text="#171b24",
    veil="#171b24 45%",
    thin_veil="#171b24 15%",
)

_COLOUR_BLIND = Colours(
    background="#0b0d13",
    surface="#121620",
    raised="#1c2230",
    groove="#1c2230",
    line="#30384c",
    glass=hex_colour(palette.SCREEN),
    glass_text=hex_colour(palette.MUTED),
    text="#e9edf5",
    muted="#a3adc2",
    faint="#8b96ad",
    agent="#2bdaff",
    on_agent="#0b0d13",
    agent_dim="#24748c",
    chance="#ff9700",
    person="#d79ac4",
    calm="#a9c1ff",
    pause="#bec6d6",
    good="#f5efa5",
    warning="#ff9700",
    error="#c465ff",
    level="#b5b07c",
    rule="#c9cfdd",
    tones=("#2bdaff", "#ff9700", "#f5efa5", "#ac7a9a", "#46a050"),
    chosen="#15465a",
    banner="#15465a",
    banner_text="#e9edf5",
    veil="#0b0d13 60%",
    thin_veil="#0b0d13 20%",
)

_ANSI = Colours(
    background="ansi_default",
    surface="ansi_default",
    raised="ansi_default",
    groove="ansi_bright_black",
    line="ansi_bright_black",
    glass="ansi_black",
    glass_text="ansi_white",
    # What a terminal makes of its colours is its owner's affair: text that one has to read has its text colour.
    text="ansi_default",
    muted="ansi_default",
    faint="ansi_default",
    agent="ansi_cyan",
    on_agent="ansi_black",
    agent_dim="ansi_blue",
    chance="ansi_yellow",
    person="ansi_magenta",
    calm="ansi_bright_blue",
    pause="ansi_default",
    good="ansi_green",
    warning="ansi_yellow",
    error="ansi_red",
    level="ansi_green",
    rule="ansi_magenta",
    tones=("ansi_cyan", "ansi_yellow", "ansi_bright_blue", "ansi_magenta", "ansi_green"),
    chosen="ansi_default",
    banner="ansi_cyan",
    banner_text="ansi_black",
    veil="transparent",
    thin_veil="transparent",
    bold="bold reverse",
    # Many terminals make bold black grey, and grey on cyan is hard to read.
    strong="none",
)


def _theme(name: str, colours: Colours, *, dark: bool, ansi: bool = False) -> Theme:
    """The colours as a Textual theme: under its own names, so that its widgets fit in, and under ours."""
    c = colours
    variables = {
        "muted": c.muted,
        "faint": c.faint,
        "line": c.line,
        "glass": c.glass,
        "glass-text": c.glass_text,
        "raised": c.raised,
        "groove": c.groove,
        "agent": c.agent,
        "on-agent": c.on_agent,
        "agent-dim": c.agent_dim,
        "chance": c.chance,
        "calm": c.calm,
        "person": c.person,
        "pause": c.pause,
        "level": c.level,
        "rule": c.rule,
        "chosen": c.chosen,
        "banner": c.banner,
        "banner-text": c.banner_text,
        "veil": c.veil,
        "thin-veil": c.thin_veil,
        "bold": c.bold,
        "strong": c.strong,
        **{f"tone-{letter}": tone for letter, tone in zip("abcde", c.tones, strict=True)},
        "text-muted": c.muted,
        "text-disabled": c.faint,
        "text-primary": c.agent,
        "text-success": c.good,
        "text-warning": c.warning,
        "text-error": c.error,
        "block-cursor-foreground": c.on_agent,
        "block-cursor-background": c.agent,
        "block-cursor-blurred-foreground": c.text,
        "block-cursor-blurred-background": c.raised,
        "block-cursor-blurred-text-style": "bold",
        "block-hover-background": c.raised,
        "button-color-foreground": c.on_agent,
        "border": c.agent,
        "border-blurred": c.line,
        "scrollbar": c.line,
        "scrollbar-hover": c.faint,
        "scrollbar-active": c.agent,
        "scrollbar-background": c.surface,
        "scrollbar-background-hover": c.surface,
        "scrollbar-background-active": c.surface,
        "scrollbar-corner-color": c.surface,
        "input-cursor-background": c.text,
        "input-cursor-foreground": c.background,
        "input-selection-background": c.agent_dim,
        "input-selection-foreground": c.text,
    }
    if ansi:
        # A default colour cannot be a cursor on the same default, and a selection wants its text seen. The others are
        # named by Textual's own style sheets, and made by it for all themes but these.
        variables |= {
            "ansi-background": c.background,
            "ansi-foreground": c.text,
            "foreground-disabled": c.faint,
            "surface-active": c.surface,
            "input-cursor-text-style": "reverse",
            "input-selection-background": "ansi_cyan",
            "input-selection-foreground": "ansi_black",
        }
    return Theme(
        name=name,
        dark=dark,
        ansi=ansi,
        primary=c.agent,
        secondary=c.calm,
        accent=c.chance,
        warning=c.warning,
        error=c.error,
        success=c.good,
        foreground=c.text,
        background=c.background,
        surface=c.surface,
        panel=c.raised,
        boost=c.raised,
        variables=variables,
    )


COLOURS: Mapping[str, Colours] = {"dark": _dark(), "light": _LIGHT, "ansi": _ANSI, "colour-blind": _COLOUR_BLIND}
"""The colours of each theme, by its name."""
THEMES: Mapping[str, Theme] = {
    name: _theme(name, colours, dark=name != "light", ansi=name == "ansi") for name, colours in COLOURS.items()
}

_STATES = {
    "starting": ("STARTING", "pause"),
    "warming": ("WARMING UP", "pause"),
    "training": ("TRAINING", "agent"),
    "paused": ("PAUSED", "pause"),
    "evaluating": ("EVALUATING", "calm"),
    "saving": ("SAVING", "calm"),
    "stopping": ("STOPPING", "pause"),
    "done": ("DONE", "success"),
    "stopped": ("STOPPED", "pause"),
    "failed": ("FAILED", "error"),
}


def state_word(state: str) -> tuple[str, str]:
    """The word for a run's state, and the name of its colour among the theme's variables."""
    return _STATES.get(state, (state.upper(), "muted"))


def tone_style(variables: Mapping[str, str], tone: str) -> Style:
    """The colour that `tone` names among a theme's variables, for text that no style sheet reaches."""
    return Style(color=Color.parse(variables[tone]).rich_color)
