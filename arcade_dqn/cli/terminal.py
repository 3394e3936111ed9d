"""`watch --terminal`: an agent at play in this terminal, in half blocks, with its Q-values on one line."""

from __future__ import annotations

import math
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from typing import Literal

import numpy as np

from arcade_dqn.errors import UsageError
from arcade_dqn.stage.draw import half_blocks
from arcade_dqn.stage.player import Player, Scene
from arcade_dqn.stage.source import Source

PICTURES_A_SECOND = 20
POLLS_A_SECOND = 5
"""How often a live run is asked for newer weights."""
PAUSE_AFTER_EPISODE = 0.7

Depth = Literal["true", "256", "none"]

_SHADES = " ░▒▓█"
_ASCII_SHADES = " .+#@"

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J"
_LEAVE = "\x1b[0m\x1b[?25h\x1b[?1049l"


def watch_in_terminal(source: Source, *, speed: float, episodes: int | None, greedy: bool) -> int:
    """Play until ctrl+c or for `episodes` episodes; returns the exit code. The terminal is left as it was.

    `speed` is in times the game's own; 0 is as fast as it goes.
    """
    if not sys.stdout.isatty():
        raise UsageError("watch --terminal draws in a terminal, but standard output is none")
    player = Player(source.make_game(), source.policy, random.randrange(2**31))
    depth = colour_depth(os.environ)
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.stdout.write(_ENTER)
    try:
        _play(source, player, speed, episodes, greedy, depth)
    finally:
        sys.stdout.write(_LEAVE)
        sys.stdout.flush()
        signal.signal(signal.SIGTERM, previous)
        player.close()
        source.close()
    for number, score in enumerate(player.returns, 1):
        print(f"episode {number}: {score:g}")
    return 0


def _play(source: Source, player: Player, speed: float, episodes: int | None, greedy: bool, depth: Depth) -> None:
    interval = 1 / (player.game.info.fps * speed) if speed else 0.0
    drawn_at = polled_at = float("-inf")
    size = shutil.get_terminal_size()
    due = time.monotonic()
    while episodes is None or len(player.returns) < episodes:
        now = time.monotonic()
        if now - polled_at >= 1 / POLLS_A_SECOND:
            polled_at = now
            source.poll()
            player.set_policy(source.policy)
            status = source.status() if source.live else None
            told = status is not None and not greedy and math.isfinite(status.epsilon)
            player.epsilon = status.epsilon if status is not None and told else 0.0
        # A slow terminal misses pictures; the game never falls behind its clock.
        draw = now - drawn_at >= 1 / PICTURES_A_SECOND
        scene = player.step(draw=draw)
        if draw or scene.ended:
            drawn_at = now
            if (new_size := shutil.get_terminal_size()) != size:
                size = new_size
                sys.stdout.write("\x1b[2J")
            sys.stdout.write(screen(source, player, scene, size, depth))
            sys.stdout.flush()
        due = max(due + interval + (PAUSE_AFTER_EPISODE if scene.ended else 0.0), time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))


def screen(source: Source, player: Player, scene: Scene, size: os.terminal_size, depth: Depth) -> str:
    """The whole screen as text with escapes: picture, Q-values, and how the episode goes."""
    columns, rows = size.columns, max(1, size.lines - 3)
    top, bottom = half_blocks(scene.picture, columns, rows)
    best = f"   best {max(player.returns):g}" if player.returns else ""
    facts = (
        f"{source.info.title}   {'LIVE' if source.live else 'DEMO'}   episode {scene.episode}   step {scene.step}   "
        f"return {scene.episode_return:g}{best}   epsilon {player.epsilon:.3f}"
    )
    blocks = has_blocks(sys.stdout.encoding)
    lines = [*cells(top, bottom, depth, blocks=blocks), q_line(scene, player.game.action_names), facts, "ctrl+c ends"]
    shown = [*lines[:rows], *(line[: columns - 1] for line in lines[rows:])]
    return "\x1b[H" + "\r\n".join(f"{line}\x1b[0m\x1b[K" for line in shown)


def q_line(scene: Scene, names: tuple[str, ...]) -> str:
    """The Q-value of each action; `>` marks the chosen one."""
    chosen = "chance" if scene.explored else "greedy"
    if scene.q_values is None:
        action = "" if scene.action is None else f": {names[scene.action]}"
        return f"Q  no weights yet{action}"
    values = "   ".join(
        f"{'>' if action == scene.action else ' '}{name} {value:.2f}"
        for action, (name, value) in enumerate(zip(names, scene.q_values, strict=True))
    )
    return f"Q  {values}   ({chosen})"


def has_blocks(encoding: str | None) -> bool:
    """Whether text in this encoding has the half block and the shades that pictures are drawn with."""
    try:
        f"▀{_SHADES}".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def cells(top: np.ndarray, bottom: np.ndarray, depth: Depth, *, blocks: bool = True) -> list[str]:
    """One line of text per row of cells (uint8 [rows, columns, 3] twice), colours only where they change.

    Without `blocks` a cell has one colour, the mean of its two, or one of five ASCII characters.
    """
    if depth == "none":
        # Five shades, by how light a cell is.
        shades = _SHADES if blocks else _ASCII_SHADES
        light = (top.astype(float) + bottom) @ [0.2126, 0.7152, 0.0722] / 2
        return ["".join(shades[int(value * 4.999 / 255)] for value in row) for row in light]
    if not blocks:
        top = bottom = ((top.astype(np.uint16) + bottom) // 2).astype(np.uint8)
    lines = []
    for upper, lower in zip(top.tolist(), bottom.tolist(), strict=True):
        line, last = [], None
        for pair in zip(upper, lower, strict=True):
            if pair != last:
                line.append(f"\x1b[{_colour(38, pair[0], depth)};{_colour(48, pair[1], depth)}m")
                last = pair
            line.append("▀" if blocks else " ")
        lines.append("".join(line))
    return lines


def _colour(ground: int, colour: list[int], depth: Depth) -> str:
    red, green, blue = colour
    if depth == "true":
        return f"{ground};2;{red};{green};{blue}"
    # The 6 x 6 x 6 cube of the 256 colours that every such terminal has.
    cube = [round(channel * 5 / 255) for channel in (red, green, blue)]
    return f"{ground};5;{16 + 36 * cube[0] + 6 * cube[1] + cube[2]}"


def colour_depth(environment: Mapping[str, str]) -> Depth:
    """What the terminal says about its colours; NO_COLOR (https://no-color.org) is respected."""
    if environment.get("NO_COLOR") or environment.get("TERM", "dumb") == "dumb":
        return "none"
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit") or "WT_SESSION" in environment:
        return "true"
    return "256"
