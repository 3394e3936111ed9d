"""From what a person calls a game to the facts about it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from arcade_dqn.games.catalog import GAMES
from arcade_dqn.games.families import families
from arcade_dqn.games.info import AmbiguousGame, GameInfo, UnknownGame
from arcade_dqn.games.names import bare, short_names, unknown

_BY_ID: Final = {info.id: info for info in GAMES}


def find(text: str) -> GameInfo:
    """The game with this id or name.

    `text` is an id in any case, a folder name (`ALE-Pong-v5`), a short name (`cartpole`, `pong`, `minatar breakout`),
    any `ALE/...-v5`, or another registered Gymnasium id. Only for the last two is a game library imported. Raises
    UnknownGame with the nearest names (also when a short name fits two games) and UnplayableGame with the reason.
    """
    wanted = text.strip()
    if wanted in _BY_ID:
        return _BY_ID[wanted]
    if ":" in wanted:
        raise UnknownGame(
            f"the game {text[:80]!r} names a module to import, which is refused; give a registered id alone"
        )
    fitting = [info for info in GAMES if bare(wanted) in short_names(info)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        ids = " or ".join(info.id for info in fitting)
        raise AmbiguousGame(f"{text!r} is the name of more than one game; write {ids}")
    return outside_the_catalogue(wanted)


@lru_cache(maxsize=256)
def outside_the_catalogue(wanted: str) -> GameInfo:
    """The game with this id in the first family that knows it."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?", wanted) or len(wanted) > 120:
        raise unknown(wanted)
    for family in families().values():
        info = family.describe(wanted)
        if info is not None:
            return info
    raise unknown(wanted)
