"""MinAtar: five Atari games on a grid of 10 x 10 cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcade_dqn.games.family import Family

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from arcade_dqn.config import EnvironmentSettings
    from arcade_dqn.games.game import Game, Picture
    from arcade_dqn.games.info import GameInfo


class MinAtar(Family):
    """All five are in the catalogue."""

    title = "MinAtar"
    place = 30
    rules = ("sticky_actions",)
    pictures_match = True

    def describe(self, wanted: str, settings: EnvironmentSettings) -> GameInfo | None:
        return None

    def make(self, info: GameInfo, settings: EnvironmentSettings, *, render: bool) -> Game:
        from arcade_dqn.games.arguments import ArgumentError
        from arcade_dqn.games.families.minatar.game import MinAtarGame

        for name in settings.arguments:
            raise ArgumentError(f"{info.id} takes no argument {name}; the settings of environment are all that it has")
        return MinAtarGame(info, settings, render=render)

    def picture_of(self, info: GameInfo, observation: NDArray[Any]) -> Picture | None:
        from arcade_dqn.games.families.minatar.drawing import draw
        from arcade_dqn.games.families.minatar.game import channels_of

        return draw(observation.astype(bool), channels_of(info.id))


FAMILY = MinAtar()
