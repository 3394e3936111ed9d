"""The one face of a family: games that are run in one way, such as Atari's in the Arcade Learning Environment.

A family is a module in `families` with an object `FAMILY` of a class like this one. Everything that the rest of the
program does differently for some games is asked here, so that no other file knows a family by its name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from arcade_dqn.config import EnvironmentSettings
    from arcade_dqn.games.game import Game, Picture
    from arcade_dqn.games.info import GameInfo


class Family(ABC):
    """What a family of games can be asked. Imports its library only in `describe`, `make` and `picture_of`."""

    title: str
    """The heading of its games in lists."""
    place: int = 50
    """Where it stands among the families, in lists and in being asked to describe an id: the least comes first."""
    rules: tuple[str, ...] = ()
    """The settings of `environment` that change its games, besides `max_episode_steps` and how frames are presented."""
    presents: tuple[str, ...] = ()
    """The settings of `environment` that say how its games' own observations are presented, and are for few families
    only: `observation`. Others refuse them (`games.make`)."""
    pictures_match: bool = False
    """Whether a person's picture shows all of a picture that the agent sees, in the same places."""

    @abstractmethod
    def describe(self, wanted: str, settings: EnvironmentSettings) -> GameInfo | None:
        """The facts about the game of this id (in any case), which is not in the catalogue; None for another's.

        `settings` have the arguments that the game would be made with.

        Raises UnknownGame (`names.unknown`) where the id could only be this family's, and UnplayableGame with the
        reason where it is and cannot be played.
        """

    @abstractmethod
    def make(self, info: GameInfo, settings: EnvironmentSettings, *, render: bool) -> Game:
        """Build one copy of a game of this family, whose packages are installed. See `games.make.make`."""

    def picture_of(self, info: GameInfo, observation: NDArray[Any]) -> Picture | None:
        """What an agent sees, uint8 [H, W, 3], drawn from one observation alone; None where that cannot be drawn.

        Of stacked grey pictures it is the newest one. A family of vectors draws them itself, if it can.
        """
        from arcade_dqn.games.pixels import newest_picture

        return newest_picture(observation)
