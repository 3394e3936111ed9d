"""The shared palette as a Textual theme."""

from __future__ import annotations

from textual.theme import Theme

from arcade_dqn.stage import palette
from arcade_dqn.stage.palette import hex_colour

ARCADE = Theme(
    name="arcade",
    dark=True,
    primary=hex_colour(palette.ACCENT),
    secondary=hex_colour(palette.CALM),
    accent=hex_colour(palette.EXPLORE),
    warning=hex_colour(palette.WARNING),
    error=hex_colour(palette.ERROR),
    success=hex_colour(palette.GOOD),
    foreground=hex_colour(palette.TEXT),
    background=hex_colour(palette.BACKGROUND),
    surface=hex_colour(palette.SURFACE),
    panel=hex_colour(palette.RAISED),
    boost=hex_colour(palette.RAISED),
    variables={
        "muted": hex_colour(palette.MUTED),
        "faint": hex_colour(palette.FAINT),
        "line": hex_colour(palette.BORDER),
        "glass": hex_colour(palette.SCREEN),
        "raised": hex_colour(palette.RAISED),
        "agent": hex_colour(palette.ACCENT),
        "agent-dim": hex_colour(palette.ACCENT_DIM),
        "chance": hex_colour(palette.EXPLORE),
        "calm": hex_colour(palette.CALM),
        "person": hex_colour(palette.PERSON),
        "tone-a": hex_colour(palette.ACCENT),
        "tone-b": hex_colour(palette.EXPLORE),
        "tone-c": hex_colour(palette.CALM),
        "tone-d": hex_colour(palette.PERSON),
        "tone-e": hex_colour(palette.GOOD),
        "pause": hex_colour(palette.PAUSE),
        "block-cursor-foreground": hex_colour(palette.BACKGROUND),
        "block-cursor-background": hex_colour(palette.ACCENT),
        "block-cursor-blurred-background": hex_colour(palette.RAISED),
        "block-hover-background": hex_colour(palette.RAISED),
        "border": hex_colour(palette.ACCENT),
        "border-blurred": hex_colour(palette.BORDER),
        "scrollbar": hex_colour(palette.BORDER),
        "scrollbar-hover": hex_colour(palette.FAINT),
        "scrollbar-active": hex_colour(palette.ACCENT),
        "scrollbar-background": hex_colour(palette.SURFACE),
        "scrollbar-background-hover": hex_colour(palette.SURFACE),
        "scrollbar-background-active": hex_colour(palette.SURFACE),
        "scrollbar-corner-color": hex_colour(palette.SURFACE),
        "input-selection-background": hex_colour(palette.ACCENT_DIM),
    },
)

TRAINING_STATES = {
    "starting": ("STARTING", palette.PAUSE),
    "warming": ("WARMING UP", palette.PAUSE),
    "training": ("TRAINING", palette.ACCENT),
    "paused": ("PAUSED", palette.PAUSE),
    "evaluating": ("EVALUATING", palette.CALM),
    "saving": ("SAVING", palette.CALM),
    "stopping": ("STOPPING", palette.PAUSE),
    "done": ("DONE", palette.GOOD),
    "stopped": ("STOPPED", palette.PAUSE),
    "failed": ("FAILED", palette.ERROR),
}
"""What is shown for each state of a run: its word and its colour."""


def state_word(state: str) -> tuple[str, str]:
    """The word for a run's state and its colour as #rrggbb."""
    word, colour = TRAINING_STATES.get(state, (state.upper(), palette.MUTED))
    return word, hex_colour(colour)
