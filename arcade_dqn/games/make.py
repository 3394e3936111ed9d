"""Build a game: the one door to Gymnasium, ALE and MinAtar."""

from __future__ import annotations

from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.errors import ArcadeError
from arcade_dqn.games.catalog import GameInfo, find
from arcade_dqn.games.game import Frame, Game, GameStateError, Outcome, Picture

__all__ = ["Frame", "Game", "GameStateError", "MissingExtra", "Outcome", "Picture", "make"]


class MissingExtra(ArcadeError):
    """The game is known, but the packages that it needs are not installed."""


def make(game: GameInfo | str, settings: EnvironmentSettings, *, render: bool = False) -> Game:
    """Build one copy of a game.

    `game` is a catalogue entry, or anything that `catalog.find` understands. Pictures are only drawn, and `Game.render`
    only works, with render=True. Raises MissingExtra with the install command, UnknownGame, or UnplayableGame.
    """
    info = find(game) if isinstance(game, str) else game
    if not info.installed():
        raise MissingExtra(f"{info.title} ({info.id}) is not installed; install it with: {info.install_command}")
    # Each family loads its own library, and only when it is wanted.
    match info.family:
        case "minatar":
            from arcade_dqn.games.minatar import MinAtarGame

            return MinAtarGame(info, settings, render=render)
        case "atari":
            from arcade_dqn.games.atari import AtariGame

            return AtariGame(info, settings, render=render)
        case "classic" | "box2d":
            from arcade_dqn.games.control import ControlGame

            return ControlGame(info, settings, render=render)
        case "other":
            from arcade_dqn.games.generic import GenericGame

            return GenericGame(info, settings, render=render)
