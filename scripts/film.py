"""Make the README's film: an agent learns CartPole in the arcade, with the window beside it.

    .venv/bin/python scripts/film.py [--out assets/film.gif] [--seconds 21]

The real programs, as `walk.py` drives them: `shift+t` on the games' screen (training at 20 times the game's own speed,
so that one can follow), `w` for the window. The terminal and the screen are photographed together, several times a
second, and shown at the speed at which they were taken. Needs tmux, Xvfb and xdotool.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from gif import save
from PIL import Image, ImageDraw
from walk import Stop, Walk, picture

from arcade_dqn.stage import palette

ROOT = Path(__file__).resolve().parents[1]
TERMINAL = (96, 30)
"""Columns and rows."""
SIZE = (960, 620)
WINDOW = 500
"""Width at which the window is shown."""
MILLISECONDS = 160


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "assets" / "film.gif")
    parser.add_argument("--seconds", type=float, default=21.0, help="of the training")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        walk = Walk(Path(folder), TERMINAL, Path(folder), {})
        try:
            walk.go(Stop("home", (), ("ARCADE DQN", "learner ready"), 1.0))
            shots = _shoot(walk, 1.4)
            walk.send("T")
            shots += _shoot(walk, 1.2)
            walk.send("w")
            shots += _shoot(walk, options.seconds)
        finally:
            walk.leave()
    pictures = [_composed(ansi, screen) for ansi, screen in shots]
    durations = [MILLISECONDS] * len(pictures)
    durations[-1] = 2500
    save(options.out, pictures, durations)
    print(f"{options.out}: {len(pictures)} pictures, {options.out.stat().st_size / 2**20:.1f} MiB")


def _shoot(walk: Walk, seconds: float) -> list[tuple[str, Image.Image | None]]:
    """The terminal's content and the window, again and again for so long."""
    shots = []
    begun = time.monotonic()
    while (passed := time.monotonic() - begun) < seconds:
        shots.append((walk.capture(), walk.window()))
        due = (len(shots) * MILLISECONDS) / 1000
        time.sleep(max(0.0, due - passed - (time.monotonic() - begun - passed)))
    return shots


def _composed(ansi: str, window: Image.Image | None) -> Image.Image:
    """The terminal, and the window over its lower right corner."""
    whole = Image.new("RGB", SIZE, palette.BACKGROUND)
    terminal = picture(ansi, TERMINAL)
    whole.paste(terminal, (0, 0))
    if window is not None:
        height = window.height * WINDOW // window.width
        small = window.resize((WINDOW, height), Image.Resampling.LANCZOS)
        left, top = SIZE[0] - WINDOW - 8, SIZE[1] - height - 8
        ImageDraw.Draw(whole).rectangle(
            (left - 2, top - 2, left + WINDOW + 1, top + height + 1), outline=palette.BORDER, width=2
        )
        whole.paste(small, (left, top))
    return whole


if __name__ == "__main__":
    main()
