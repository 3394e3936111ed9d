"""Build a game: the one door to Gymnasium, ALE and MinAtar."""

from __future__ import annotations

from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.games.families import family_of
from arcade_dqn.games.find import find
from arcade_dqn.games.game import Game
from arcade_dqn.games.info import GameInfo, MissingExtra


def make(game: GameInfo | str, settings: EnvironmentSettings, *, render: bool = False) -> Game:
    """Build one copy of a game.

    `game` is a catalogue entry, or anything that `find` understands. Pictures are only drawn, and `Game.render` only
    works, with render=True. Raises MissingExtra with the install command, UnknownGame, or UnplayableGame.
    """
    info = find(game, settings.imports) if isinstance(game, str) else game
    if not info.installed():
        raise MissingExtra(f"{info.title} ({info.id}) is not installed; install it with: {info.install_command}")
    return family_of(info).make(info, settings, render=render)
