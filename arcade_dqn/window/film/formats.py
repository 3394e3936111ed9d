"""The two kinds of film, MP4 and GIF: their names, rates and sizes."""

from __future__ import annotations

from pathlib import Path

from arcade_dqn.errors import ArcadeError, UsageError

SUFFIXES = (".mp4", ".gif")
MP4_FPS, GIF_FPS = 30.0, 20.0
"""A GIF's times are whole hundredths of a second, and many viewers slow down what is faster than 20 or 25 frames/s."""
MP4_SIZE, GIF_SIZE = (1280, 720), (960, 540)
LONGEST_FILM = 3600.0
"""Seconds after which a film ends by itself: an agent that never loses, or a window that is left open, would fill the
disk."""


class FilmError(ArcadeError):
    """A film that could not be written."""


def film_suffix(path: Path) -> str:
    """.mp4 or .gif. Raises UsageError for anything else."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(f"{path}: a film's name must end in .mp4 or .gif")
    return suffix
