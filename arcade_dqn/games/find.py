"""From what a person calls a game to the facts about it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from arcade_dqn.games import imports
from arcade_dqn.games.arguments import typed
from arcade_dqn.games.catalog import GAMES
from arcade_dqn.games.families import families
from arcade_dqn.games.info import AmbiguousGame, GameInfo, UnknownGame
from arcade_dqn.games.names import bare, short_names, unknown
from arcade_dqn.link.text import plain

_BY_ID: Final = {info.id: info for info in GAMES}


def find(text: str, trained_with: Sequence[str] = (), arguments: Mapping[str, Any] | None = None) -> GameInfo:
    """The game with this id or name.

    `text` is an id in any case, a folder name (`ALE-Pong-v5`), a short name (`cartpole`, `pong`, `minatar breakout`),
    any `ALE/...-v5`, or another registered Gymnasium id. Only for the last two is a game library imported, and for them
    also what a person asked for (`imports`). Raises UnknownGame with the nearest names (also when a short name fits two
    games) and UnplayableGame with the reason.

    `trained_with` is what a file says of the modules that its game came from. None of them is imported for that; where
    the game is unknown, the sentence names them. `arguments` are those that the environment will be made with, by
    default what was typed: what a game shows and does may depend on them.
    """
    wanted = text.strip()
    if wanted in _BY_ID:
        return _BY_ID[wanted]
    if ":" in wanted:
        raise UnknownGame(
            f"the game {text[:80]!r} names a module to import, which is refused here; give --import MODULE and the id"
        )
    fitting = [info for info in GAMES if bare(wanted) in short_names(info)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        ids = " or ".join(info.id for info in fitting)
        raise AmbiguousGame(f"{text!r} is the name of more than one game; write {ids}")
    try:
        given = typed() if arguments is None else arguments
        return outside_the_catalogue(wanted, json.dumps(given, sort_keys=True))
    except UnknownGame as error:
        raise _with_modules(error, wanted, trained_with) from error


def _with_modules(error: UnknownGame, wanted: str, trained_with: Sequence[str]) -> UnknownGame:
    """The error, and in which module the game may be."""
    failed = "; ".join(imports.failures())
    missing = [word for word in trained_with if not imports.is_asked(word)]
    if missing:
        names = " and ".join(plain(word, 200) for word in missing)
        return UnknownGame(
            f"the game {wanted[:80]!r} is not registered here; it was trained with the module {names}. Importing a "
            f"module runs its code: if you trust it, add {imports.options(missing)}"
            + (f" ({failed})" if failed else "")
        )
    if failed:
        return UnknownGame(f"there is no game named {wanted[:80]!r}; {failed}")
    if asked := imports.asked():
        known = imports.registered(asked)
        shown = ", ".join(known[:4]) + (f" and {len(known) - 4} more" if len(known) > 4 else "")
        return UnknownGame(f"{error}; {' and '.join(map(os.path.basename, asked))} registered {shown or 'no game'}")
    if re.fullmatch(r"\S+-v\d+", wanted):
        return UnknownGame(f"{error}; a game of a package of its own needs --import MODULE, too")
    return error


@lru_cache(maxsize=256)
def outside_the_catalogue(wanted: str, arguments: str = "{}") -> GameInfo:
    """The game with this id, made with these arguments (as JSON), in the first family that knows it."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?", wanted) or len(wanted) > 120:
        raise unknown(wanted)
    imports.import_asked()
    from arcade_dqn.config import EnvironmentSettings

    settings = EnvironmentSettings(arguments=json.loads(arguments))
    for family in families().values():
        info = family.describe(wanted, settings)
        if info is not None:
            return info
    raise unknown(wanted)
