"""What of the play is worth a sound."""

from __future__ import annotations

from collections import deque

from arcade_dqn.games.info import GameInfo
from arcade_dqn.stage.player import Scene

_REMEMBERED = 40
_RARE = 0.25
"""Rewards are news, and heard, while no larger share of the newest steps brings one."""


class SoundCues:
    """Finds in scenes what is worth a sound: `reward`, `end` or `solved`, each the name of a file in assets/sounds."""

    def __init__(self, info: GameInfo) -> None:
        self._solved_at = info.solved_at
        self._rewarded: deque[bool] = deque(maxlen=_REMEMBERED)
        # Where nobody takes them, as in a film, only the newest are kept.
        self._cues: deque[str] = deque(maxlen=16)

    def add(self, scene: Scene) -> None:
        """Take one more scene into account."""
        if scene.action is None:
            self._rewarded.clear()
            return
        gained = scene.reward > 0
        # Where most steps bring a reward, as in CartPole, one more is no news; nor is the second of two in a row.
        after_none = bool(self._rewarded) and not self._rewarded[-1]
        if gained and after_none and sum(self._rewarded) < _RARE * _REMEMBERED:
            self._cues.append("reward")
        self._rewarded.append(gained)
        if scene.ended:
            solved = self._solved_at is not None and scene.episode_return >= self._solved_at
            self._cues.append("solved" if solved else "end")

    def take(self) -> list[str]:
        """The cues since the last call, oldest first."""
        cues = list(self._cues)
        self._cues.clear()
        return cues
