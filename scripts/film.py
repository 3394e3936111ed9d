"""Make the README's film: an agent learns CartPole in the arcade, with the window beside it.

    .venv/bin/python scripts/film.py [--out assets/film.gif] [--seconds 40]

The real programs, as `walk.py` drives them: `shift+t` on the games' screen (training at 20 times the game's own speed,
so that one can follow), `w` for the window, until an evaluation solves the game. The terminal and the screen are
photographed together, several times a second, and laid side by side as they are, pixel for pixel; each pair is shown as
long as it took until the next one. Needs tmux, Xvfb and xdotool.
"""

from __future__ import annotations

import argparse
import itertools
import math
import re
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gif import save
from PIL import Image, ImageDraw
from walk import Stop, Walk, picture

from arcade_dqn.games.find import find
from arcade_dqn.stage import palette

ROOT = Path(__file__).resolve().parents[1]
TERMINAL = (80, 32)
"""Columns and rows."""
WINDOW = (760, 520)
"""The window's size: its smallest, so that its words stay large in the README."""
TERMINAL_AT, WINDOW_AT = (10, 10), (492, 72)
"""The window hides the terminal's right column, and neither its curves nor its header and keys."""
SIZE = (1264, 660)
EVERY = 0.16
"""Seconds from one picture to the next."""
LEAD, REST, LINGER = 0.8, 1.5, 1.2
"""Seconds on the games' screen, of training after it is solved, and of the last picture."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "assets" / "film.gif")
    parser.add_argument("--seconds", type=float, default=40.0, help="of training in which it must be solved")
    options = parser.parse_args()
    solved_at = find("CartPole-v1").solved_at
    assert solved_at is not None
    with tempfile.TemporaryDirectory() as folder:
        walk = Walk(Path(folder), TERMINAL, Path(folder), {})
        try:
            walk.go(Stop("home", (), ("ARCADE DQN", "learner ready"), 1.0))
            shots = _shoot(walk, LEAD)
            walk.send("T")
            shots += _shoot(walk, 0.5)
            walk.send("w")
            shots += _shoot(walk, options.seconds, until=solved_at)
            if best(shots[-1].ansi) < solved_at:
                raise SystemExit(f"CartPole was not solved within {options.seconds:g} seconds; is the machine busy?")
            shots += _shoot(walk, REST)
        finally:
            walk.leave()
    save(options.out, [_composed(shot) for shot in shots], durations([shot.time for shot in shots], LINGER))
    took = shots[-1].time - shots[0].time
    print(f"{options.out}: {len(shots)} pictures, {took:.1f} s, {options.out.stat().st_size / 2**20:.1f} MiB")


@dataclass(frozen=True)
class Shot:
    """What there was to see at one moment (`time`: seconds of the monotonic clock)."""

    time: float
    ansi: str
    """The terminal's content with its escape codes."""
    window: Image.Image | None


def best(ansi: str) -> float:
    """The best evaluation that the training screen shows; minus infinity where it shows none."""
    found = re.search(r"best eval\s+(-?\d+(?:\.\d+)?)", re.sub(r"\x1b\[[0-9;:]*m", "", ansi))
    return float(found[1]) if found else -math.inf


def durations(times: Sequence[float], last: float) -> list[int]:
    """How many milliseconds to show each picture, of the `times` in seconds at which they were taken.

    GIFs count in 10 ms; what rounding takes from one picture it gives to the next. The last one stays for `last`
    seconds.
    """
    moments = [round((time - times[0]) * 100) * 10 for time in times]
    return [later - earlier for earlier, later in itertools.pairwise(moments)] + [round(last * 1000)]


def _shoot(walk: Walk, seconds: float, until: float = math.inf) -> list[Shot]:
    """Take pictures for so long, or until the best evaluation is at least `until`."""
    shots: list[Shot] = []
    begun = time.monotonic()
    while (now := time.monotonic()) - begun < seconds:
        shots.append(Shot(now, walk.capture(), walk.window(WINDOW)))
        if best(shots[-1].ansi) >= until:
            break
        time.sleep(max(0.0, EVERY - (time.monotonic() - now)))
    return shots


def _composed(shot: Shot) -> Image.Image:
    """The terminal, and the window over its right side."""
    whole = Image.new("RGB", SIZE, palette.RAISED)
    _framed(whole, picture(shot.ansi, TERMINAL), TERMINAL_AT)
    if shot.window is not None:
        _framed(whole, shot.window, WINDOW_AT)
    return whole


def _framed(whole: Image.Image, part: Image.Image, place: tuple[int, int]) -> None:
    left, top = place
    frame = (left - 2, top - 2, left + part.width + 1, top + part.height + 1)
    ImageDraw.Draw(whole).rectangle(frame, outline=palette.FAINT, width=2)
    whole.paste(part, place)


if __name__ == "__main__":
    main()
