"""Films of what the window shows: MP4 or GIF, from the window itself or off screen."""

from __future__ import annotations

import math
import os
import subprocess
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from queue import Queue
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

import numpy as np
import pygame

from arcade_dqn.errors import ArcadeError, UsageError
from arcade_dqn.link.process import find_program, start
from arcade_dqn.link.text import plain
from arcade_dqn.stage import palette
from arcade_dqn.stage.source import Source
from arcade_dqn.window.hud import Hud
from arcade_dqn.window.show import Show

if TYPE_CHECKING:
    from PIL import Image

SUFFIXES = (".mp4", ".gif")
MP4_FPS, GIF_FPS = 30.0, 20.0
"""A GIF's times are whole hundredths of a second, and many viewers slow down what is faster than 20 or 25 frames/s."""
MP4_SIZE, GIF_SIZE = (1280, 720), (960, 540)
LONGEST_FILM = 3600.0
"""Seconds after which a film ends by itself: an agent that never loses would fill the disk."""
_QUEUED = 16
_SIGNATURE = (((), "arcade_dqn"),)
"""Nobody can press keys in a film."""


class FilmError(ArcadeError):
    """A film that could not be written."""


def film_suffix(path: Path) -> str:
    """.mp4 or .gif. Raises UsageError for anything else."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(f"{path}: a film's name must end in .mp4 or .gif")
    return suffix


class Film:
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
        self._unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            self._unfinished.touch()
        except OSError as error:
            raise FilmError(f"cannot write the film {path}: {error.strerror or error}") from error
        encoder = _Mp4 if suffix == ".mp4" else _Gif
        self._queue: Queue[bytes | None] = Queue(_QUEUED)
        self._problem = ""
        try:
            self._encoder: _Encoder = encoder(self._unfinished, self._size, fps)
        except BaseException:
            self._unfinished.unlink(missing_ok=True)
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
            self._unfinished.replace(self.path)
        except OSError as error:
            raise FilmError(f"cannot write the film {self.path}: {error.strerror or error}") from error
        finally:
            self._unfinished.unlink(missing_ok=True)
        return self.path

    def abandon(self) -> None:
        """Stop and leave no file."""
        self._problem = self._problem or "it was given up"
        self._queue.put(None)
        self._thread.join()
        self._unfinished.unlink(missing_ok=True)

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


class _Encoder(ABC):
    @abstractmethod
    def encode(self, frames: Iterator[bytes]) -> None:
        """Write all frames (RGB bytes) to the file and return when it is whole."""


class _Mp4(_Encoder):
    """H.264 by the ffmpeg that imageio-ffmpeg carries."""

    def __init__(self, path: Path, size: tuple[int, int], fps: float) -> None:
        import imageio_ffmpeg

        try:
            program = find_program(imageio_ffmpeg.get_ffmpeg_exe())
        except RuntimeError:
            program = None
        if program is None:
            raise FilmError(
                "MP4 films need ffmpeg, and imageio-ffmpeg brings none for this machine; "
                "name the film .gif, or install ffmpeg"
            )
        # fmt: off
        self._command = [
            program, "-y", "-loglevel", "error", "-nostdin",
            "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", f"{fps:g}", "-i", "pipe:0",
            "-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p",
            "-movflags", "+faststart", "-f", "mp4", f"file:{path}",  # whatever it begins with: a dash, or `http:`
        ]
        # fmt: on

    def encode(self, frames: Iterator[bytes]) -> None:
        with TemporaryFile() as log:
            try:
                process = start(self._command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log, bufsize=0)
            except OSError as error:
                raise FilmError(f"ffmpeg does not start: {error.strerror or error}") from error
            assert process.stdin is not None
            with process:
                try:
                    for frame in frames:
                        _write_all(process.stdin, frame)
                    process.stdin.close()
                except OSError:
                    # It has ended early; what it wrote last says why.
                    process.kill()
            if process.returncode != 0:
                log.seek(0)
                lines = log.read().decode("utf-8", "replace").strip().splitlines()
                raise FilmError(lines[-1] if lines else f"ffmpeg ended with {process.returncode}")


def _write_all(pipe: IO[bytes], data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[pipe.write(rest) :]


class _Gif(_Encoder):
    """Pillow; one palette for the whole film, made from its first picture and the HUD's colours.

    Pictures are written as they come, each with what it changes alone, so that a long film takes no more memory than a
    short one. (Pillow's own films are written when their last picture is there.)
    """

    _CLEAR = 255
    """The palette's entry for what stays as it was."""
    _LONGEST = 655_350
    """Milliseconds that one picture can stand: 16 bits of hundredths of a second."""

    def __init__(self, path: Path, size: tuple[int, int], fps: float) -> None:
        self._path, self._size = path, size
        self._milliseconds = max(20, round(100 / fps) * 10)

    def encode(self, frames: Iterator[bytes]) -> None:
        from PIL import GifImagePlugin, Image

        first = next(frames, None)
        if first is None:
            return
        common = self._palette(first)

        def indices(frame: bytes) -> np.ndarray:
            image = Image.frombytes("RGB", self._size, frame).quantize(palette=common, dither=Image.Dither.NONE)
            found = np.asarray(image)
            return np.where(found == self._CLEAR, 0, found).astype(np.uint8)

        def image(picture: np.ndarray) -> Image.Image:
            made = Image.frombytes("P", (picture.shape[1], picture.shape[0]), np.ascontiguousarray(picture).tobytes())
            made.putpalette(common.getpalette() or [])
            return made

        def write(picture: np.ndarray, offset: tuple[int, int], milliseconds: int) -> None:
            data = GifImagePlugin.getdata(
                image(picture), offset, duration=min(milliseconds, self._LONGEST), disposal=1, transparency=self._CLEAR
            )
            file.write(b"".join(data))

        with self._path.open("wb") as file:
            shown = change = indices(first)
            offset, milliseconds = (0, 0), self._milliseconds
            file.write(b"".join(GifImagePlugin.getheader(image(shown), info={"loop": 0})[0]))
            for frame in frames:
                newest = indices(frame)
                rows, columns = np.nonzero(newest != shown)
                if not len(rows):
                    milliseconds += self._milliseconds
                    continue
                write(change, offset, milliseconds)
                offset, milliseconds = (int(columns.min()), int(rows.min())), self._milliseconds
                box = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
                change = np.where(newest[box] == shown[box], self._CLEAR, newest[box]).astype(np.uint8)
                shown = newest
            write(change, offset, milliseconds)
            file.write(b";")

    def _palette(self, first: bytes) -> Image.Image:
        """A picture with the film's palette of 256 colours, `_CLEAR` the same as the first of them."""
        from PIL import Image

        # Every one of the HUD's colours gets a patch, so that a badge that appears later finds its colour.
        colours = [value for value in vars(palette).values() if isinstance(value, tuple)]
        swatch = Image.new("RGB", (self._size[0], self._size[1] + 12 * len(colours)))
        swatch.paste(Image.frombytes("RGB", self._size, first))
        for index, colour in enumerate(colours):
            swatch.paste(colour, (0, self._size[1] + 12 * index, self._size[0], self._size[1] + 12 * (index + 1)))
        common = swatch.quantize(self._CLEAR, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        found = list(common.getpalette() or [])
        common.putpalette(found + found[:3] * (256 - len(found) // 3))
        return common


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
    film = Film(path, size, fps)
    try:
        show = Show(source.make_game(), source, seed=seed, speed=speed, epsilon=epsilon)
        try:
            _shoot(show, film, episodes, min(seconds or LONGEST_FILM, LONGEST_FILM), size, on_frame)
        finally:
            show.player.close()
    except BaseException:
        film.abandon()
        raise
    return film.finish()


def _shoot(
    show: Show,
    film: Film,
    episodes: int,
    seconds: float,
    size: tuple[int, int],
    on_frame: Callable[[float], None] | None,
) -> None:
    surface, hud = pygame.Surface(size), Hud()
    while show.episodes < episodes and film.seconds < seconds - 1e-9:
        show.advance(1 / film.fps, budget=None)
        if show.waiting:
            raise FilmError("the run has published no weights yet; film it a little later")
        hud.draw(surface, replace(show.view(round(film.fps)), hints=_SIGNATURE), show.picture)
        film.add(surface)
        if on_frame is not None:
            on_frame(film.seconds)
