"""The classic-control games: run without wrappers, and saved, because few numbers hold all of their state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from arcade_dqn.games.families.classic.pictures import painter
from arcade_dqn.games.game import GameStateError
from arcade_dqn.games.unwrapped import Painter, UnwrappedGame

_STATE_ATTRIBUTES = ("state", "steps_beyond_terminated", "last_u")
"""All that a classic-control environment remembers between two steps, generator aside."""


class ClassicGame(UnwrappedGame):
    """One of Gymnasium's classic-control games. Frames are float32 [N]."""

    def _painter(self, bare: Any) -> Painter:
        return painter(self.info.id, bare)

    def get_state(self) -> dict[str, Any] | None:
        kept = {name: value for name in _STATE_ATTRIBUTES if (value := getattr(self._bare, name, None)) is not None}
        return {
            "game": self.info.id,
            "elapsed": self._elapsed,
            "random": self._bare.np_random.bit_generator.state,
            "values": {name: np.array(value) for name, value in kept.items()},
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        if state.get("game") != self.info.id:
            raise GameStateError(f"this saved state does not belong to {self.info.title}; it cannot be restored")
        self._elapsed = int(state["elapsed"])
        self._action = None
        self._bare.np_random.bit_generator.state = state["random"]
        for name in _STATE_ATTRIBUTES:
            value = state["values"].get(name)
            # A game that was never reset may lack what it is to remember.
            if value is not None or hasattr(self._bare, name):
                # [()] turns an array of no dimensions back into the number that it was.
                setattr(self._bare, name, None if value is None else np.array(value)[()])
