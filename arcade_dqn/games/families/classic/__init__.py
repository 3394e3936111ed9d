"""Classic control: Gymnasium's small physics problems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcade_dqn.games.family import Family

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from arcade_dqn.config import EnvironmentSettings
    from arcade_dqn.games.game import Game, Picture
    from arcade_dqn.games.info import GameInfo


class Classic(Family):
    """The catalogue's classic-control games; what else Gymnasium has of them is played as any registered game."""

    title = "Classic control"
    place = 10

    def describe(self, wanted: str, settings: EnvironmentSettings) -> GameInfo | None:
        return None

    def make(self, info: GameInfo, settings: EnvironmentSettings, *, render: bool) -> Game:
        from arcade_dqn.games.families.classic.game import ClassicGame

        return ClassicGame(info, settings, render=render)

    def picture_of(self, info: GameInfo, observation: NDArray[Any]) -> Picture | None:
        from arcade_dqn.games.families.classic.pictures import seen

        return seen(info.id, [float(value) for value in observation.ravel()])


FAMILY = Classic()
