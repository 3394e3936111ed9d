"""The families of games. Each is a module here, a file or a folder, and nothing else in the program knows their names.

To add one, add a file with `FAMILY = YourFamily()`, where the class is a `games.family.Family`. The file itself stays
light, for the lists on the screens ask it for its title: what runs the games, and the library behind it, is imported
by the methods. A family whose code would fill more than a file is a folder: the face in its `__init__`, the games in
`game.py`, their pictures beside them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from arcade_dqn.errors import ArcadeError
from arcade_dqn.games.family import Family
from arcade_dqn.games.info import GameInfo


@cache
def families() -> Mapping[str, Family]:
    """Every family by its module's name, in the order of their places. The libraries that they need are not loaded."""
    found: dict[str, Family] = {}
    for module in pkgutil.iter_modules(__path__):
        face = importlib.import_module(f"{__name__}.{module.name}")
        family = getattr(face, "FAMILY", None)
        if not isinstance(family, Family):
            raise ArcadeError(f"{face.__name__} is no family of games: it needs FAMILY, an object of a class of Family")
        found[module.name] = family
    return dict(sorted(found.items(), key=lambda item: (item[1].place, item[0])))


def family_of(info: GameInfo) -> Family:
    """The family of a game. Raises ArcadeError where the catalogue names one that is not here."""
    try:
        return families()[info.family]
    except KeyError:
        known = ", ".join(families())
        raise ArcadeError(f"{info.id} is of the family {info.family!r}, and games/families has only {known}") from None
