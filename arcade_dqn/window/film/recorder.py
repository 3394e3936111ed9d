"""Screenshots and films of the open window."""

from __future__ import annotations

import re
import time
from io import BytesIO
from pathlib import Path

import pygame

from arcade_dqn.errors import ArcadeError
from arcade_dqn.storage.atomic import StorageError, write_bytes
from arcade_dqn.window.film.formats import GIF_FPS, LONGEST_FILM, MP4_FPS
from arcade_dqn.window.film.unfinished import remove_left_behind
from arcade_dqn.window.film.writer import FilmWriter


class ScreenshotError(ArcadeError):
    """A screenshot that could not be saved."""


class Recorder:
    """Keeps what the window shows in `folder`, under names that begin with `stem`; never over another file."""

    def __init__(self, folder: Path, stem: str) -> None:
        self._folder = folder
        self._stem = stem
        self._film: FilmWriter | None = None
        self._owed = 0.0

    @property
    def filming(self) -> bool:
        return self._film is not None

    @property
    def full(self) -> bool:
        """Whether the film is as long as one may be, and takes no more: it is to be ended."""
        return self._film is not None and self._film.seconds >= LONGEST_FILM - 1e-9

    @property
    def recording(self) -> str:
        """The length of the film so far, such as `0:12`; "" while there is none."""
        if self._film is None:
            return ""
        seconds = int(self._film.seconds)
        return f"{seconds // 60}:{seconds % 60:02d}"

    def screenshot(self, surface: pygame.Surface) -> Path:
        """Save `surface` as PNG. Raises ScreenshotError."""
        path = self._new_file(".png")
        whole = BytesIO()
        try:
            pygame.image.save(surface, whole, path.name)
            write_bytes(path, whole.getbuffer())
        except (pygame.error, StorageError) as error:
            raise ScreenshotError(f"the screenshot was not saved: {error}") from error
        return path

    def begin(self, suffix: str, size: tuple[int, int]) -> None:
        """Begin a film, `.mp4` or `.gif`, of pictures of `size`. Raises FilmError."""
        remove_left_behind(self._folder, rf"{re.escape(self._stem)}-\d{{8}}-\d{{6}}(-\d+)?\.(mp4|gif)")
        fps = GIF_FPS if suffix == ".gif" else MP4_FPS
        self._film = FilmWriter(self._new_file(suffix), size, fps)
        self._owed = 1 / fps

    def record(self, surface: pygame.Surface, elapsed: float) -> None:
        """Give the film as many frames as time has passed for. Raises FilmError, and then the film is gone."""
        if self._film is None:
            return
        self._owed += elapsed
        try:
            while self._owed >= 1 / self._film.fps and not self.full:
                self._owed -= 1 / self._film.fps
                self._film.add(surface)
        except ArcadeError:
            self._film.abandon()
            self._film = None
            raise

    def end(self) -> Path:
        """Finish the film. Raises FilmError."""
        film, self._film = self._film, None
        assert film is not None
        return film.finish()

    def _new_file(self, suffix: str) -> Path:
        stem = f"{self._stem}-{time.strftime('%Y%m%d-%H%M%S')}"
        path = self._folder / f"{stem}{suffix}"
        number = 1
        while path.exists():
            number += 1
            path = self._folder / f"{stem}-{number}{suffix}"
        return path
