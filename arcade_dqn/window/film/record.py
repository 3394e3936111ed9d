"""A film of an agent at play, made off screen."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pygame

from arcade_dqn.errors import UsageError
from arcade_dqn.stage.source import Source
from arcade_dqn.window.describe import describe
from arcade_dqn.window.film.formats import GIF_FPS, GIF_SIZE, LONGEST_FILM, MP4_FPS, MP4_SIZE, FilmError, film_suffix
from arcade_dqn.window.film.writer import FilmWriter
from arcade_dqn.window.panel.hud import Hud
from arcade_dqn.window.session import Phase, Session

_SIGNATURE = (((), "arcade_dqn"),)
"""Nobody can press keys in a film."""


def record(
    source: Source,
    path: str | os.PathLike[str],
    *,
    episodes: int = 1,
    seconds: float | None = None,
    fps: float | None = None,
    size: tuple[int, int] | None = None,
    seed: int = 0,
    speed: float = 1.0,
    epsilon: float = 0.0,
    on_frame: Callable[[float], None] | None = None,
) -> Path:
    """Film `source` at play with the whole HUD, off screen, and return the file's path.

    Ends after `episodes` episodes or `seconds` of film, whichever comes first. `fps` and `size` have defaults for each
    kind of film. `on_frame(seconds)` is called with the length so far. Raises UsageError, FilmError, or what building
    the game raises; then no file is left. Closes neither `source` nor the display.
    """
    path = Path(path)
    suffix = film_suffix(path)
    if episodes < 1 or speed <= 0 or not math.isfinite(speed) or (seconds is not None and not seconds > 0):
        raise UsageError("a film needs at least one episode, a length and a speed of more than 0")
    fps = fps or (MP4_FPS if suffix == ".mp4" else GIF_FPS)
    size = size or (MP4_SIZE if suffix == ".mp4" else GIF_SIZE)
    if not pygame.display.get_init():
        # Some games initialise the display before they draw into memory; it must not need a screen.
        os.environ["SDL_VIDEODRIVER"] = "dummy"
    film = FilmWriter(path, size, fps)
    try:
        session = Session(source.make_game(), source, seed=seed, speed=speed, epsilon=epsilon)
        try:
            _play_into(session, film, episodes, min(seconds or LONGEST_FILM, LONGEST_FILM), size, on_frame)
        finally:
            session.player.close()
    except BaseException:
        film.abandon()
        raise
    return film.finish()


def _play_into(
    session: Session,
    film: FilmWriter,
    episodes: int,
    seconds: float,
    size: tuple[int, int],
    on_frame: Callable[[float], None] | None,
) -> None:
    surface, hud = pygame.Surface(size), Hud()
    while session.episodes < episodes and film.seconds < seconds - 1e-9:
        session.advance(1 / film.fps, budget=None)
        if session.phase is Phase.NO_AGENT:
            raise FilmError("the run has published no weights yet; film it a little later")
        hud.draw(surface, replace(describe(session, round(film.fps)), hints=_SIGNATURE), session.picture)
        film.add(surface)
        if on_frame is not None:
            on_frame(film.seconds)
