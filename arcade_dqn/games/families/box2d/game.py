"""LunarLander, run without wrappers. It cannot be saved: Box2D's world cannot be copied out."""

from __future__ import annotations

from typing import Any

from arcade_dqn.games.families.box2d.pictures import present
from arcade_dqn.games.unwrapped import Painter, UnwrappedGame


class LunarLander(UnwrappedGame):
    """Gymnasium's LunarLander with its four actions. Frames are float32 [8]."""

    def _painter(self, bare: Any) -> Painter:
        return lambda action, elapsed: present(bare, action or 0, elapsed)
