"""What the window's program is told: its options, and the command line that they are read from."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from arcade_dqn.link.text import plain
from arcade_dqn.storage.paths import default_runs_dir


@dataclass
class Options:
    """What a window is to show, and how. Either `target` or `play` is given; a target may look like an option."""

    target: str | None = None
    """A model file, a run, or a game (its best saved model)."""
    beside: str | None = None
    """A second agent, or what an earlier stage of the first one is called (`stage.source.EARLIER`)."""
    play: str | None = None
    """The game that a person plays."""
    runs_dir: Path = field(default_factory=default_runs_dir)
    speed: float = 1.0
    """Times the game's own; infinity: as fast as it goes."""
    episodes: int = 0
    """Close after so many; 0: never."""
    greedy: bool = False
    seed: int | None = None
    size: tuple[int, int] | None = None
    """Of the window, width and height in pixels."""
    fullscreen: bool = False
    sounds: bool = False
    events: bool = False
    allow_dummy: bool = False


class _Parser(argparse.ArgumentParser):
    """Mistakes in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"arcade-dqn: {plain(message, 4000)} (`{self.prog} --help` shows the usage)\n")


def parse(argv: Sequence[str] | None = None) -> Options:
    """The program's arguments. Mistakes end it, as argparse does."""
    parser = _Parser(prog="python -m arcade_dqn.window", description="Watch an agent play, or play yourself.")
    parser.add_argument("target", nargs="?", help="a model file, a run, or a game (its best saved model)")
    parser.add_argument(
        "--beside",
        metavar="OTHER",
        help="a second agent, side by side with the first at the same game and seed; or the first one's own past: "
        "untrained, halfway",
    )
    parser.add_argument(
        "--play", metavar="GAME", help="a person plays this game, beside its best saved agent if there is one"
    )
    parser.add_argument("--runs-dir", type=Path, help="where the runs are (default: $ARCADE_DQN_RUNS, else ./runs)")
    parser.add_argument("--speed", type=_speed, help="times the game's own speed; 0: as fast as it goes")
    parser.add_argument("--episodes", type=_whole, metavar="N", help="close after N episodes")
    parser.add_argument("--greedy", action="store_true", help="never explore, also on a run that does")
    parser.add_argument("--seed", type=_whole, help="seed of the episodes (default: others every time)")
    parser.add_argument("--size", type=_size, metavar="WxH", help="size of the window in pixels")
    parser.add_argument("--fullscreen", action="store_true")
    parser.add_argument("--sounds", action="store_true", help="begin with the sounds on")
    parser.add_argument(
        "--events",
        action="store_true",
        help="tell events as JSON lines on standard output; press the keys that come as JSON lines "
        '({"press": "space"}) on standard input, and close when it ends',
    )
    parser.add_argument("--allow-dummy", action="store_true", help="open even where SDL draws nothing visible")
    options = parser.parse_args(argv, Options())
    if (options.target is None) == (options.play is None):
        parser.error("name either what to watch, or a game after --play")
    if options.beside is not None and options.play is not None:
        parser.error("--beside is for watching two agents; --play has the game's saved agent beside the person anyway")
    return options


def _speed(text: str) -> float:
    value = _number(text)
    if not 0 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"{text} is not allowed; it must be a number from 0 (no limit) to 1000")
    return value or math.inf


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**31:
        raise argparse.ArgumentTypeError(f"{text} is not allowed; it must be a whole number from 0 to {2**31 - 1}")
    return int(text)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and 0 < int(width) <= 16384 and 0 < int(height) <= 16384):
        raise argparse.ArgumentTypeError(f"{text} is not allowed; it must be WIDTHxHEIGHT, such as 1280x720")
    return int(width), int(height)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
