"""Whatever else is registered in Gymnasium and can be played by a deep Q-network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcade_dqn.games.family import Family

if TYPE_CHECKING:
    from arcade_dqn.config import EnvironmentSettings
    from arcade_dqn.games.game import Game
    from arcade_dqn.games.info import GameInfo


class Registered(Family):
    """Any registered id. It stands last, so that every other family is asked before it."""

    title = "Other"
    place = 90
    presents = ("observation",)

    def describe(self, wanted: str, settings: EnvironmentSettings) -> GameInfo | None:
        from arcade_dqn.games.families.gymnasium.game import describe

        return describe(wanted, settings)

    def make(self, info: GameInfo, settings: EnvironmentSettings, *, render: bool) -> Game:
        from arcade_dqn.games.families.gymnasium.game import RegisteredGame

        return RegisteredGame(info, settings, render=render)


FAMILY = Registered()
