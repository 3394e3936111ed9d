"""Make the README's picture of the TUI: `.venv/bin/python scripts/screenshots.py OUT.svg [--game G] [--seconds S]`.

The real app trains the real game, without a terminal; after so many seconds its screen is written as an SVG file. (The
picture of the window is a screenshot taken by the window itself, with its key `s`.)
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import tempfile
from pathlib import Path

from arcade_dqn.games.catalog import find
from arcade_dqn.tui.app import ArcadeApp


async def take(out: Path, game: str, seconds: float, size: tuple[int, int], runs_dir: Path) -> None:
    app = ArcadeApp(runs_dir)
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.pause(8.0)
        app.train(find(game))
        await pilot.pause(seconds)
        out.write_text(app.export_screenshot(title="arcade-dqn"), "utf-8")
        app.cabinet.command("stop")
        await asyncio.to_thread(app.cabinet.close)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--game", default="MinAtar/Breakout-v1")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--size", type=int, nargs=2, default=(140, 42), metavar=("COLUMNS", "LINES"))
    options = parser.parse_args()
    out = options.out.resolve()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        asyncio.run(take(out, options.game, options.seconds, tuple(options.size), Path("runs")))


if __name__ == "__main__":
    main()
