"""From pictures to the bytes of a film: MP4 by ffmpeg, GIF by Pillow."""

from __future__ import annotations

import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

import numpy as np

from arcade_dqn.link.process import find_program, start
from arcade_dqn.stage import palette
from arcade_dqn.window.film.formats import FilmError

if TYPE_CHECKING:
    from PIL import Image


class Encoder(ABC):
    @abstractmethod
    def encode(self, frames: Iterator[bytes]) -> None:
        """Write all frames (RGB bytes) to the file and return when it is whole."""


class Mp4Encoder(Encoder):
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


class GifEncoder(Encoder):
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

        # Only the smallest box of what has changed is written, with _CLEAR for what in it has not:
        # shown 1 1 1 1, newest 1 2 1 3  ->  from column 1: 2 _CLEAR 3; equal pictures lengthen the one before them.
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
