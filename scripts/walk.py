"""Walk through the arcade as a person would, and leave a picture of every place.

    .venv/bin/python scripts/walk.py OUT [--size 120x40] [--game "MinAtar Breakout"] [--theme light --ascii --no-color]

The real program runs in tmux, its window on a virtual screen (Xvfb); keys go in by `tmux send-keys` and `xdotool`.
After each step the terminal is written to OUT as text and as a PNG, and the virtual screen as a PNG. A place that does
not appear within its time ends the walk with the terminal's last content and exit code 1. Needs tmux, Xvfb, xdotool.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageGrab
from rich.ansi import AnsiDecoder
from rich.color import Color
from rich.style import Style
from rich.text import Text

from arcade_dqn.games.catalog import GAMES
from arcade_dqn.tui.theme import COLOURS

ROOT = Path(__file__).resolve().parents[1]
FONTS = ("JetBrainsMono-Medium.ttf", "Inter-Medium.otf")
"""Of assets/fonts; the second one for signs that the first lacks."""
INK, PAPER = (233, 237, 245), (11, 13, 19)
PATIENCE = 90.0
TITLES = tuple(info.title for info in GAMES)


@dataclass(frozen=True)
class Stop:
    """A place on the walk: the keys that lead there, what it shows, and how long to look around."""

    name: str
    keys: tuple[str, ...]
    shows: tuple[str, ...]
    seconds: float = 1.0
    window: str = ""
    """Keys for the window (xdotool), after which the screen is photographed; "" leaves it alone, "look" only looks."""


def route(game: str) -> list[Stop]:
    """The walk. A short run of `game` is trained on the way."""
    down = ("Down",) * TITLES.index(game)
    return [
        Stop("home", (), ("ARCADE DQN", "CartPole"), 4.0),
        Stop("help", ("?",), ("This list of keys",)),
        Stop("settings", ("Escape", *down, "c"), ("Settings for",), 1.5),
        # CartPole is solved within two seconds, if nobody slows it down.
        Stop("training-begins", ("Escape", "T" if game == "CartPole" else "t"), ("steps/s",), 1.0),
        Stop("training", ("-", "-") if game == "CartPole" else (), ("steps/s",), 9.0),
        Stop("controls", ("c",), ("target period",), 1.0),
        Stop("controls-moved", ("Right", "Right"), ("Controls",), 1.5),
        Stop("replay", ("Escape", "i"), ("What it holds", "Transition"), 2.5),
        Stop("replay-end", ("e",), ("discount",), 2.0),
        Stop("saved-steps", ("Escape", "k"), ("saved steps",), 2.0),
        Stop("before-and-after", ("b",), ("saved steps",), 6.0, "look"),
        Stop("window", ("Escape", "w"), ("Agent",), 6.0, "look"),
        Stop("window-insight", (), ("Agent",), 1.0, "i"),
        Stop("window-help", (), ("Agent",), 1.0, "question"),
        Stop("paused", ("w", "Space"), ("PAUSED",), 1.0),
        Stop("stop", ("Space", "C-x"), ("Stop the training?",), 0.5),
        Stop("stopped", ("y",), ("STOPPED",), 1.0),
        Stop("runs", ("Escape", "r"), ("runs", "stopped"), 1.5),
        Stop("compare", ("Space", "c"), ("Return over steps",), 2.0),
        Stop("models", ("Escape", "Escape", "m"), ("Saved models",), 2.0),
        Stop("experiments", ("Escape", "x"), ("Questions",), 1.5),
        Stop("palette", ("Escape", "C-p"), ("Search",), 1.0),
    ]


class Walk:
    """The program in its terminal, and the screen for its window."""

    def __init__(self, out: Path, size: tuple[int, int], folder: Path, look: Mapping[str, str]) -> None:
        self._out = out
        self._size = size
        self._tmux = ["tmux", "-S", str(folder / "tmux"), "-f", os.devnull]
        self._screen = subprocess.Popen(
            ["Xvfb", "-displayfd", "1", "-screen", "0", "1366x800x24", "-nolisten", "tcp"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._screen.stdout is not None
        self.display = f":{self._screen.stdout.readline().strip()}"
        environment = {**os.environ, "DISPLAY": self.display, "COLORTERM": "truecolor", **look}
        # In a folder of its own, so that the pictures show `runs/...` as everyone has it.
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        command = [sys.executable, "-P", "-m", "arcade_dqn", "--runs-dir", "runs"]
        columns, rows = map(str, size)
        line = f"{shlex.join(command)}; echo the end: $?; sleep 1000"
        subprocess.run(
            [*self._tmux, "new-session", "-d", "-x", columns, "-y", rows, line], check=True, env=environment, cwd=folder
        )
        # Colours of 24 bits pass through to the capture.
        subprocess.run([*self._tmux, "set-option", "-sa", "terminal-overrides", ",*:Tc"], check=True)
        self._number = 0

    def go(self, stop: Stop) -> None:
        """Press the keys, wait until everything is there, look, and take the pictures."""
        for key in stop.keys:
            self.send(key)
            time.sleep(0.3)
        self._wait_for(stop)
        time.sleep(stop.seconds)
        self._number += 1
        name = f"{self._number:02}-{stop.name}"
        (self._out / f"{name}.txt").write_text(self._capture(), "utf-8")
        picture(self.capture(), self._size).save(self._out / f"{name}.png")
        if stop.window:
            if stop.window != "look":
                self._press(stop.window)
            ImageGrab.grab(xdisplay=self.display).save(self._out / f"{name}-screen.png")
        print(name, flush=True)

    def send(self, key: str) -> None:
        """Press a key in the terminal."""
        subprocess.run([*self._tmux, "send-keys", key], check=True)

    def capture(self) -> str:
        """The terminal's content with its escape codes, to the last cell of each line."""
        return self._capture("-e", "-N")

    def window(self, size: tuple[int, int] | None = None) -> Image.Image | None:
        """The part of the screen where the arcade's window is; None if there is none.

        With a `size` in pixels the window is brought to it first, and is None until it has it.
        """
        found = self._windows()
        if not found:
            return None
        told = subprocess.run(
            ["xdotool", "getwindowgeometry", "--shell", found[-1]],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "DISPLAY": self.display},
        ).stdout
        facts = dict(line.split("=", 1) for line in told.split() if "=" in line)
        if not facts:
            return None  # it closed just now
        left, top, width, height = (int(facts[name]) for name in ("X", "Y", "WIDTH", "HEIGHT"))
        if size is not None and (width, height) != size:
            subprocess.run(
                ["xdotool", "windowsize", found[-1], *map(str, size)],
                check=False,  # it may have closed just now
                env={**os.environ, "DISPLAY": self.display},
            )
            return None
        return ImageGrab.grab(xdisplay=self.display).crop((left, top, left + width, top + height))

    def _windows(self) -> list[str]:
        return subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--class", "."],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "DISPLAY": self.display},
        ).stdout.split()

    def _wait_for(self, stop: Stop) -> None:
        deadline = time.monotonic() + PATIENCE
        while not all(word in (text := self._capture()) for word in stop.shows):
            if time.monotonic() > deadline:
                raise SystemExit(f"{stop.name}: waited for {' and '.join(stop.shows)}; the terminal shows\n{text}")
            time.sleep(0.1)

    def _press(self, key: str) -> None:
        found = self._windows()
        if not found:
            raise SystemExit("there is no window of the arcade on the screen")
        subprocess.run(
            ["xdotool", "windowfocus", found[-1], "key", key], check=True, env={**os.environ, "DISPLAY": self.display}
        )
        time.sleep(1.5)

    def _last_sight(self) -> str:
        """The terminal's content, or the end if the terminal is gone."""
        seen = subprocess.run([*self._tmux, "capture-pane", "-p"], check=False, capture_output=True, text=True)
        return "the end: no terminal" if seen.returncode else seen.stdout

    def _capture(self, *options: str) -> str:
        command = [*self._tmux, "capture-pane", "-p", *options]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def leave(self) -> None:
        """Quit as a person does, then close the terminal and the screen."""
        subprocess.run([*self._tmux, "send-keys", "C-q"], check=False)
        # A run in training is asked about, and saved first: its folder must not go before it has ended.
        asked = False
        deadline = time.monotonic() + PATIENCE
        while "the end:" not in (seen := self._last_sight()) and time.monotonic() < deadline:
            if not asked and "Save and quit" in seen:
                asked = True
                subprocess.run([*self._tmux, "send-keys", "y"], check=False)
            time.sleep(0.1)
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)
        self._screen.terminate()
        self._screen.wait(5.0)


# --- the terminal as a picture ---


def picture(ansi: str, size: tuple[int, int]) -> Image.Image:
    """A terminal's content, with its escape codes, drawn cell by cell."""
    width, height = round(_font(0).getlength("M")), 20
    columns, rows = size
    image = Image.new("RGB", (columns * width, rows * height), PAPER)
    draw = ImageDraw.Draw(image)
    decoder = AnsiDecoder()  # a style goes on until it is changed, over the ends of lines
    for row, line in enumerate(ansi.split("\n")[:rows]):
        for column, (letter, style) in enumerate(_cells(decoder.decode_line(line))):
            ink, paper = _colours(style)
            left, top = column * width, row * height
            if paper != PAPER:
                draw.rectangle((left, top, left + width - 1, top + height - 1), fill=paper)
            if not _block(draw, letter, (left, top, width, height), ink) and letter.strip():
                draw.text((left + width / 2, top), letter, font=_font(_which(letter)), fill=ink, anchor="ma")
    return image


@cache
def _font(which: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(ROOT / "assets" / "fonts" / FONTS[which]), 16)


@cache
def _which(letter: str) -> int:
    """The first font that draws this letter as something else than its box for what it lacks."""

    def has(which: int) -> bool:
        return bytes(_font(which).getmask(letter)) != bytes(_font(which).getmask("\U0010ffff"))

    return next((which for which in range(len(FONTS)) if has(which)), 0)


def _cells(text: Text) -> list[tuple[str, Style]]:
    styles = [Style() for _ in text.plain]
    for span in text.spans:
        style = span.style if isinstance(span.style, Style) else Style.parse(str(span.style))
        for place in range(span.start, min(span.end, len(styles))):
            styles[place] += style
    return list(zip(text.plain, styles, strict=True))


def _colours(style: Style) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    ink = _rgb(style.color, INK)
    paper = _rgb(style.bgcolor, PAPER)
    if style.reverse:
        ink, paper = paper, ink
    if style.dim:
        ink = tuple((a + b) // 2 for a, b in zip(ink, paper, strict=True))  # type: ignore[assignment]
    return ink, paper


def _rgb(colour: Color | None, default: tuple[int, int, int]) -> tuple[int, int, int]:
    if colour is None or colour.is_default:
        return default
    return tuple(colour.get_truecolor())  # type: ignore[return-value]


def _block(draw: ImageDraw.ImageDraw, letter: str, cell: tuple[int, int, int, int], ink: tuple[int, int, int]) -> bool:
    """Draw block elements and braille to the pixel, as terminals do; False for other letters."""
    left, top, width, height = cell
    code = ord(letter)
    if letter == "▀":
        draw.rectangle((left, top, left + width - 1, top + height // 2 - 1), fill=ink)
    elif 0x2581 <= code <= 0x2588:
        filled = height * (code - 0x2580) // 8
        draw.rectangle((left, top + height - filled, left + width - 1, top + height - 1), fill=ink)
    elif 0x2589 <= code <= 0x258F:
        filled = max(round(width * (0x2590 - code) / 8), 1)
        draw.rectangle((left, top, left + filled - 1, top + height - 1), fill=ink)
    elif 0x2800 <= code <= 0x28FF:
        for bit, (x, y) in enumerate(((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))):
            if (code - 0x2800) >> bit & 1:
                across, down = left + width * (1 + 2 * x) // 4, top + height * (1 + 2 * y) // 8
                draw.ellipse((across - 1, down - 1, across + 1, down + 1), fill=ink)
    else:
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", default="120x40", help="columns x rows of the terminal")
    parser.add_argument("--game", choices=TITLES, default="MinAtar Breakout", help="what is trained on the way")
    parser.add_argument("--theme", choices=sorted(COLOURS), default="dark")
    parser.add_argument("--ascii", action="store_true", help="nothing but ASCII characters")
    parser.add_argument("--no-color", action="store_true", help="as with NO_COLOR set")
    options = parser.parse_args()
    missing = [program for program in ("tmux", "Xvfb", "xdotool") if shutil.which(program) is None]
    if missing:
        raise SystemExit(f"the walk needs {' and '.join(missing)}")
    columns, _, rows = options.size.partition("x")
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        preferences = Path(folder) / "preferences.toml"
        preferences.write_text(f'theme = "{options.theme}"\nascii = {str(options.ascii).lower()}\n', "utf-8")
        look = {"ARCADE_DQN_CONFIG": str(preferences)} | ({"NO_COLOR": "1"} if options.no_color else {})
        walk = Walk(options.out, (int(columns), int(rows)), Path(folder), look)
        try:
            for stop in route(options.game):
                walk.go(stop)
        finally:
            walk.leave()


if __name__ == "__main__":
    main()
