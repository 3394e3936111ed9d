"""A film that is being written: its file, its queue of pictures, and the thread that encodes them."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from queue import Queue

import pygame

from arcade_dqn.link.text import plain
from arcade_dqn.stage import palette
from arcade_dqn.window.film.encoders import Encoder, GifEncoder, Mp4Encoder
from arcade_dqn.window.film.formats import FilmError, film_suffix
from arcade_dqn.window.film.unfinished import Unfinished, remove_left_behind

_QUEUED = 16
"""Pictures that wait for the encoder at most."""


class FilmWriter:
    """A film that is being written, frame after frame. The file appears under its name when `finish` has returned.

    Encoding happens beside the caller, who waits only if it falls far behind. Use `abandon` to leave no file.
    """

    def __init__(self, path: Path, size: tuple[int, int], fps: float) -> None:
        """Begin a film of `size` (width, height) pixels. Raises UsageError or FilmError."""
        suffix = film_suffix(path)
        if path.is_dir() or not path.parent.is_dir():
            raise FilmError(
                f"cannot write the film {path}: {'it' if path.is_dir() else path.parent} is not a "
                f"{'file' if path.is_dir() else 'folder'}"
            )
        self.path = path
        self.fps = fps
        self.frames = 0
        # H.264 with halved colour wants even sizes.
        self._size = (size[0] // 2 * 2, size[1] // 2 * 2)
        remove_left_behind(path.parent, re.escape(path.name))
        try:
            self._unfinished = Unfinished(path)
        except OSError as error:
            raise FilmError(f"cannot write the film {path}: {error.strerror or error}") from error
        encoder = Mp4Encoder if suffix == ".mp4" else GifEncoder
        self._queue: Queue[bytes | None] = Queue(_QUEUED)
        self._problem = ""
        try:
            self._encoder: Encoder = encoder(self._unfinished.path, self._size, fps)
        except BaseException:
            self._unfinished.remove()
            raise
        self._thread = threading.Thread(target=self._work, name="film", daemon=True)
        self._thread.start()

    @property
    def seconds(self) -> float:
        """The length so far."""
        return self.frames / self.fps

    def add(self, surface: pygame.Surface) -> None:
        """Append what `surface` shows now; another size than the film's is fitted into it."""
        if self._problem:
            raise FilmError(f"cannot write the film {self.path}: {self._problem}")
        self._queue.put(pygame.image.tobytes(_fitted(surface, self._size), "RGB"))
        self.frames += 1

    def finish(self) -> Path:
        """Write the rest and put the film in its place. Raises FilmError."""
        self._queue.put(None)
        self._thread.join()
        if not self._problem and self.frames == 0:
            self._problem = "it has no pictures"
        try:
            if self._problem:
                raise FilmError(f"cannot write the film {self.path}: {self._problem}")
            self._unfinished.put_in_place(self.path)
        except OSError as error:
            raise FilmError(f"cannot write the film {self.path}: {error.strerror or error}") from error
        finally:
            self._unfinished.remove()
        return self.path

    def abandon(self) -> None:
        """Stop and leave no file."""
        self._problem = self._problem or "it was given up"
        self._queue.put(None)
        self._thread.join()
        self._unfinished.remove()

    def _work(self) -> None:
        frames = iter(self._queue.get, None)
        try:
            self._encoder.encode(frames)
        except (OSError, FilmError, ValueError) as error:
            self._problem = plain(str(getattr(error, "strerror", None) or error), 300)
        # Whoever adds frames must never wait for an encoder that has given up.
        for _ in frames:
            pass


def _fitted(surface: pygame.Surface, size: tuple[int, int]) -> pygame.Surface:
    width, height = surface.get_size()
    if (width, height) == size:
        return surface
    if width - size[0] in (0, 1) and height - size[1] in (0, 1):
        return surface.subsurface((0, 0, *size))
    scale = min(size[0] / width, size[1] / height)
    fitted = pygame.Surface(size)
    fitted.fill(palette.BACKGROUND)
    image = pygame.transform.smoothscale(surface, (max(1, int(width * scale)), max(1, int(height * scale))))
    fitted.blit(image, image.get_rect(center=fitted.get_rect().center))
    return fitted
