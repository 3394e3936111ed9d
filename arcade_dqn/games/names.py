"""By which names a person may call a game, and which one was meant by a name that fits none."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection

from arcade_dqn.games.catalog import GAMES
from arcade_dqn.games.info import GameInfo, UnknownGame


def bare(text: str) -> str:
    """Letters and digits only, in lower case: the form in which names are compared."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def short_names(info: GameInfo) -> set[str]:
    """Every name by which a person may call the game, in bare form."""
    space, _, name = info.id.rpartition("/")
    unversioned = name.rsplit("-v", 1)[0]
    return {bare(text) for text in (info.id, info.title, unversioned, space + unversioned, info.family + unversioned)}


def unknown(wanted: str, further: Collection[str] = ()) -> UnknownGame:
    """The error for a name that fits nothing, naming the nearest ids among the catalogue and `further` ones."""
    by_name = {bare(known): known for known in further}
    for info in GAMES:
        by_name |= dict.fromkeys(short_names(info), info.id)
    near = difflib.get_close_matches(bare(wanted), by_name, n=3, cutoff=0.6)
    ids = list(dict.fromkeys(by_name[name] for name in near))
    hint = f"did you mean {' or '.join(ids)}?" if ids else "`arcade-dqn games` lists the games"
    return UnknownGame(f"there is no game named {wanted[:80]!r}; {hint}")
