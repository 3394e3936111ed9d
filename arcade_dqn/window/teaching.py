"""A run in training that learns from what a person plays: their steps are kept, and handed to it as files."""

from __future__ import annotations

from arcade_dqn.errors import ArcadeError
from arcade_dqn.stage.player import Player
from arcade_dqn.stage.source import LiveRun, Source
from arcade_dqn.storage.demonstrations import save_demonstration


class Teaching:
    """Whether a run learns from the person at `player`. What is to be told about it is returned as a line, or ""."""

    def __init__(self, player: Player, source: Source | None) -> None:
        self._player, self._source = player, source

    @property
    def on(self) -> bool:
        return self._player.taping

    def toggle(self, *, live: bool, person: bool) -> str:
        """Let the run learn from now on, if it is `live`, or no longer. `person`: whether one plays already."""
        if self.on:
            self.stop()
            return "your play is no longer learned from"
        if not isinstance(self._source, LiveRun) or not live:
            return "only a run in training can learn from your play"
        self._player.taping = True
        return "your play goes into its replay buffer" if person else "take the controls, and it learns from you"

    def hand_in(self) -> str:
        """Give the run what was played since the last time. Where that fails, the teaching is over."""
        played = self._player.take_tape()
        if played is None or not isinstance(self._source, LiveRun):
            return ""
        try:
            save_demonstration(self._source.run.path, played)
        except ArcadeError as error:
            self._player.taping = False
            return str(error)
        return ""

    def stop(self) -> str:
        """Give the run what is left, and no more."""
        problem = self.hand_in()
        self._player.taping = False
        return problem
