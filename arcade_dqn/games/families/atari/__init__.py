"""Atari 2600 games in the Arcade Learning Environment."""

from __future__ import annotations

import re
from collections.abc import Collection
from importlib.util import find_spec
from typing import TYPE_CHECKING

from arcade_dqn.games.family import Family

if TYPE_CHECKING:
    from arcade_dqn.config import EnvironmentSettings
    from arcade_dqn.games.game import Game
    from arcade_dqn.games.info import GameInfo


class Atari(Family):
    """Every `ALE/...-v5`, a few of them in the catalogue."""

    title = "Atari 2600"
    place = 40
    rules = ("frame_skip", "sticky_actions", "noop_max")
    pictures_match = True

    def describe(self, wanted: str, settings: EnvironmentSettings) -> GameInfo | None:
        if not wanted.lower().startswith("ale/"):
            return None
        from arcade_dqn.games.info import GameInfo
        from arcade_dqn.games.names import unknown

        if find_spec("ale_py") is None:
            # Without ALE nobody can say which names it knows; making the game says what to install.
            if not re.fullmatch(r"[A-Z][A-Za-z0-9]*-v5", wanted[4:]):
                raise unknown(wanted)
            ids: Collection[str] = (wanted,)
        else:
            from arcade_dqn.games.families.atari.game import registered_ids

            ids = registered_ids()
        found = next((known for known in ids if known.lower() == wanted.lower()), None)
        if found is None:
            raise unknown(wanted, ids)
        title = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", found[4:].removesuffix("-v5"))
        return GameInfo(
            id=found,
            title=title,
            family="atari",
            summary=f"The Atari 2600 game {title}, in the Arcade Learning Environment.",
            observation="84 x 84 grey picture, the newest 4",
            actions=(),
            solved_at=None,
            preset="atari",
            extra="atari",
            # The console draws 60 frames a second and an agent's action is held for 4 of them.
            fps=15.0,
        )

    def make(self, info: GameInfo, settings: EnvironmentSettings, *, render: bool) -> Game:
        from arcade_dqn.games.families.atari.game import AtariGame

        return AtariGame(info, settings, render=render)


FAMILY = Atari()
