"""Plays agents for the terminal view: one background thread, one demo at a time, the newest picture kept.

The screen asks for the newest picture when it has time to draw. If it has none (a slow terminal, a busy machine),
pictures are dropped and nothing queues up.
"""

from __future__ import annotations

import gc
import math
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.strip import Strip

from arcade_dqn.tui.drawing import draw
from arcade_dqn.tui.services.terminal import Terminal

if TYPE_CHECKING:
    from arcade_dqn.stage.player import Player, Scene
    from arcade_dqn.stage.source import Source

FRAMES_PER_SECOND = 15
_HOLD = 0.8
"""Seconds that the last picture of an episode stays."""
_POLL = 0.2
"""Seconds between two looks for newer weights."""


@dataclass(frozen=True)
class Demo:
    """What to show: the agent that `target` names, or, if that is "", the game `game` played at random."""

    game: str
    target: str = ""


@dataclass(frozen=True)
class DemoPicture:
    """The newest picture of a demo, ready to be drawn, and what to write beside it."""

    demo: Demo
    number: int
    """Counts the pictures of this player."""
    strips: tuple[Strip, ...] = ()
    caption: str = ""
    """Episode and score."""
    who: str = ""
    """How the agent plays if it is not simply its best: "random play" or its epsilon."""
    problem: str = ""
    """Why there is nothing to see."""


class DemoPlayer:
    """Owns the thread. All methods may be called from the event loop and return at once, but for `close`."""

    def __init__(self, runs_dir: Path, terminal: Terminal) -> None:
        self._runs_dir = runs_dir
        self._terminal = terminal
        self._changed = threading.Condition()
        self._wanted: Demo | None = None
        self._size = (0, 0)
        self._paused = False
        self._closing = False
        self._loaded: set[str] = set()
        self._number = 0
        self._newest: DemoPicture | None = None
        self._thread: threading.Thread | None = None

    def show(self, demo: Demo | None, size: tuple[int, int]) -> None:
        """Show `demo` at `size` (columns, rows); None stops. The same demo goes on where it is."""
        with self._changed:
            if (demo, size) == (self._wanted, self._size):
                return
            if demo != self._wanted:
                self._newest = None
                self._paused = False
            self._wanted, self._size = demo, size
            self._changed.notify_all()
        if self._thread is None and demo is not None:
            self._thread = threading.Thread(target=self._run, name="demo player", daemon=True)
            self._thread.start()

    def pause(self, paused: bool) -> None:
        """Hold the picture, or go on."""
        with self._changed:
            self._paused = paused
            self._changed.notify_all()

    @property
    def paused(self) -> bool:
        return self._paused

    def newest(self, after: int = 0) -> DemoPicture | None:
        """The newest picture of the wanted demo; None if there is none yet, or none after the one with that number."""
        newest = self._newest
        return newest if newest is not None and newest.demo == self._wanted and newest.number > after else None

    def close(self) -> None:
        """End the thread; waits at most 2 s for a game that is just loading (the thread is a daemon)."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(2.0)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._closing and (self._wanted is None or min(self._size) <= 0):
                    self._changed.wait()
                if self._closing:
                    return
                demo = self._wanted
            assert demo is not None
            try:
                self._perform(demo)
            except Exception as error:  # noqa: BLE001 - a game library may raise anything: the reason is shown in the picture's place
                self._number += 1
                self._newest = DemoPicture(demo, self._number, problem=_sentence(error))
                with self._changed:
                    while not self._closing and self._wanted == demo:
                        self._changed.wait()

    def _perform(self, demo: Demo) -> None:
        """Play until something else is wanted."""
        # Imported here, behind the first paint: this loads Gymnasium and the game's library.
        from arcade_dqn.stage.player import Player

        source, player = None, None
        try:
            if demo.target:
                from arcade_dqn.stage.source import open_source

                source = open_source(demo.target, self._runs_dir)
                player = Player(source.make_game(), source.policy, seed=_fresh_seed())
                steps_per_second = source.info.fps
            else:
                from arcade_dqn.config import build
                from arcade_dqn.games.find import find
                from arcade_dqn.games.make import make

                info = find(demo.game)
                environment = build(info.id, info.preset).environment
                player = Player(make(info, environment, render=True), None, seed=_fresh_seed())
                steps_per_second = info.fps
            if demo.game not in self._loaded:
                # The game's modules stay for good. The garbage collector need not look through them again and again:
                # its full rounds would hold up the event loop for 80 ms each.
                self._loaded.add(demo.game)
                gc.freeze()
            self._play(demo, player, source, steps_per_second)
        finally:
            if player is not None:
                player.close()
            if source is not None:
                source.close()

    def _play(self, demo: Demo, player: Player, source: Source | None, steps_per_second: float) -> None:
        next_step = next_picture = next_poll = time.monotonic()
        while self._still(demo):
            now = time.monotonic()
            if source is not None and now >= next_poll:
                next_poll = now + _POLL
                source.poll()
                player.set_policy(source.policy)
                status = source.status() if source.live else None
                player.epsilon = status.epsilon if status is not None and math.isfinite(status.epsilon) else 0.0
            due = now >= next_picture - 0.005
            scene = player.step(draw=due)
            if due or scene.ended:
                next_picture = now + 1 / FRAMES_PER_SECOND
                self._publish(demo, scene, player, source)
            # A late step is not made up for: the play slows down instead of falling behind.
            next_step = max(next_step + 1 / steps_per_second, time.monotonic())
            self._wait(demo, next_step + (_HOLD if scene.ended else 0.0))

    def _publish(self, demo: Demo, scene: Scene, player: Player, source: Source | None) -> None:
        size = self._size
        if min(size) <= 0:
            return
        strips = draw(scene.picture, size, self._terminal.capabilities)
        who = "" if player.policy is not None else "random play"
        if source is not None and source.live and player.policy is not None:
            who = f"ε {player.epsilon:.2f}"
        caption = f"episode {scene.episode} · score {scene.episode_return:,.4g}"
        self._number += 1
        self._newest = DemoPicture(demo, self._number, strips, caption, who)

    def _still(self, demo: Demo) -> bool:
        """Whether `demo` is still wanted; waits while it is paused or has no room."""
        with self._changed:
            while not self._closing and self._wanted == demo and (self._paused or min(self._size) <= 0):
                self._changed.wait()
            return not self._closing and self._wanted == demo

    def _wait(self, demo: Demo, until: float) -> None:
        """Sleep until then, or until something else is wanted."""
        with self._changed:
            while not self._closing and self._wanted == demo and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)


def _fresh_seed() -> int:
    """Another seed for every showing: attract mode is not a recording."""
    return time.time_ns() % 2**31


def _sentence(error: Exception) -> str:
    from arcade_dqn.errors import ArcadeError

    return str(error) if isinstance(error, ArcadeError) else f"{type(error).__name__}: {error}"
