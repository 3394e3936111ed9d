"""Box2D: LunarLander."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcade_dqn.games.family import Family

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from arcade_dqn.config import EnvironmentSettings
    from arcade_dqn.games.game import Game, Picture
    from arcade_dqn.games.info import GameInfo


class Box2D(Family):
    """LunarLander; Gymnasium's other two Box2D games are none that a deep Q-network can play from the catalogue."""

    title = "Box2D"
    place = 20

    def describe(self, wanted: str, settings: EnvironmentSettings) -> GameInfo | None:
        return None

    def make(self, info: GameInfo, settings: EnvironmentSettings, *, render: bool) -> Game:
        from arcade_dqn.games.families.box2d.game import LunarLander

        return LunarLander(info, settings, render=render)

    def picture_of(self, info: GameInfo, observation: NDArray[Any]) -> Picture | None:
        from arcade_dqn.games.families.box2d.pictures import seen

        return seen([float(value) for value in observation.ravel()])


FAMILY = Box2D()
