"""What of the play can be heard."""

from __future__ import annotations

from collections import deque

from arcade_dqn.games.catalog import GameInfo
from arcade_dqn.stage.player import Scene

_REMEMBERED = 40
_RARE = 0.25
"""Rewards are news, and heard, while no larger share of the newest steps brings one."""


class Ear:
    """Listens to scenes for what is worth a sound: `reward`, `end` or `solved`."""

    def __init__(self, info: GameInfo) -> None:
        self._solved_at = info.solved_at
        self._rewarded: deque[bool] = deque(maxlen=_REMEMBERED)
        # Where nobody takes them, as in a film, only the newest are kept.
        self._heard: deque[str] = deque(maxlen=16)

    def hear(self, scene: Scene) -> None:
        """Take one more scene into account."""
        if scene.action is None:
            self._rewarded.clear()
            return
        gained = scene.reward > 0
        # Where most steps bring a reward, as in CartPole, one more is no news; nor is the second of two in a row.
        after_none = bool(self._rewarded) and not self._rewarded[-1]
        if gained and after_none and sum(self._rewarded) < _RARE * _REMEMBERED:
            self._heard.append("reward")
        self._rewarded.append(gained)
        if scene.ended:
            solved = self._solved_at is not None and scene.episode_return >= self._solved_at
            self._heard.append("solved" if solved else "end")

    def take(self) -> list[str]:
        """What was heard since the last call, oldest first."""
        heard = list(self._heard)
        self._heard.clear()
        return heard
