"""Build a game: the one door to Gymnasium, ALE and MinAtar."""

from __future__ import annotations

from typing import Final

from arcade_dqn.config import EnvironmentSettings, as_typed
from arcade_dqn.errors import ArcadeError
from arcade_dqn.games.arguments import require_taken
from arcade_dqn.games.families import family_of
from arcade_dqn.games.find import find
from arcade_dqn.games.game import Game
from arcade_dqn.games.info import GameInfo, MissingExtra, UnplayableGame
from arcade_dqn.link.text import plain

_FOR_SOME: Final = ("observation",)
"""Settings of `environment` that a game refuses unless its family presents something by them."""


def make(game: GameInfo | str, settings: EnvironmentSettings, *, render: bool = False) -> Game:
    """Build one copy of a game.

    `game` is a catalogue entry, or anything that `find` understands. Pictures are only drawn, and `Game.render` only
    works, with render=True. Raises MissingExtra with the install command, UnknownGame, or UnplayableGame, also for a
    setting that the game has no use for.
    """
    info = find(game, settings.imports, settings.arguments) if isinstance(game, str) else game
    if not info.installed():
        raise MissingExtra(f"{info.title} ({info.id}) is not installed; install it with: {info.install_command}")
    family = family_of(info)
    for name in _FOR_SOME:
        value = getattr(settings, name)
        if value != EnvironmentSettings.model_fields[name].default and name not in family.presents:
            raise UnplayableGame(
                f"environment.{name} = {as_typed(value)} is of no use for {info.title}, which shows "
                f"{info.observation}; leave it out"
            )
    if not settings.arguments:
        return family.make(info, settings, render=render)
    require_taken(info.id, settings.arguments)
    try:
        return family.make(info, settings, render=render)
    except ArcadeError:
        raise
    except Exception as error:  # foreign code: whatever it raises is the reason
        names = " ".join(f"--env {name}" for name in settings.arguments)
        reason = plain(f"{type(error).__name__}: {error}", 300)
        raise UnplayableGame(f"{info.id} cannot be started with {names}: {reason}") from error
