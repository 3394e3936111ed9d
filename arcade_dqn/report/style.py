"""How all reports look: the palette that the window and the TUI share, on a page of 1,600 x 900 pixels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from arcade_dqn.errors import UsageError
from arcade_dqn.stage import palette
from arcade_dqn.stage.palette import hex_colour
from arcade_dqn.storage.atomic import write_bytes

SUFFIXES = (".png", ".svg", ".pdf")
MOST_POINTS = 4_000
"""More dots than this are thinned: the picture is 1,600 pixels wide."""

_STYLE: Any = {
    "figure.facecolor": hex_colour(palette.BACKGROUND),
    "savefig.facecolor": hex_colour(palette.BACKGROUND),
    "axes.facecolor": hex_colour(palette.SURFACE),
    "axes.edgecolor": hex_colour(palette.BORDER),
    "axes.labelcolor": hex_colour(palette.MUTED),
    "axes.titlecolor": hex_colour(palette.TEXT),
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": hex_colour(palette.RAISED),
    "grid.linewidth": 0.8,
    "text.color": hex_colour(palette.TEXT),
    "xtick.color": hex_colour(palette.MUTED),
    "ytick.color": hex_colour(palette.MUTED),
    "legend.frameon": False,
    "legend.labelcolor": hex_colour(palette.TEXT),
    "legend.fontsize": 9,
    "font.size": 10,
    "lines.linewidth": 1.8,
    "svg.fonttype": "none",
}


class Look(NamedTuple):
    """How one of several curves is drawn: by colour, by its line and by its mark, so that each alone tells it."""

    colour: str
    line: str
    mark: str


LOOKS = tuple(
    Look(hex_colour(colour), line, mark)
    for colour, line, mark in (
        (palette.ACCENT, "-", "o"),
        (palette.EXPLORE, "--", "s"),
        (palette.CALM, "-.", "^"),
        (palette.PERSON, ":", "D"),
        (palette.GOOD, "-", "v"),
        (palette.PAUSE, "--", "P"),
    )
)
"""For the curves of a comparison, in their order."""


def check_name(out: Path) -> None:
    """Raise UsageError unless the file's name ends as a picture's."""
    if out.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{out}: the name of a report must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")


@contextmanager
def slide(title: str, out: Path, subtitle: str = "") -> Iterator[Figure]:
    """A page with a title, to be drawn on in the block and written to `out` at its end, whole or not at all.

    Raises UsageError for another suffix, StorageError if `out` cannot be written.
    """
    check_name(out)
    with rc_context(_STYLE):
        figure = Figure(figsize=(16, 9), layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12))
        # A dollar sign in a name is no mathematics.
        figure.suptitle(title, x=0.012, ha="left", fontsize=17, fontweight="bold", parse_math=False)
        if subtitle:
            figure.supxlabel(
                subtitle, x=0.012, ha="left", fontsize=12, color=hex_colour(palette.MUTED), parse_math=False
            )
        yield figure
        whole = BytesIO()
        figure.savefig(whole, dpi=100, format=out.suffix[1:].lower())
        write_bytes(out, whole.getbuffer())
