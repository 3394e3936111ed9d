"""Families are found by their files: one more is one file more."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.errors import ArcadeError
from arcade_dqn.games import families as package
from arcade_dqn.games.families import families, family_of
from arcade_dqn.games.find import find, outside_the_catalogue
from arcade_dqn.games.info import GameInfo, UnplayableGame
from arcade_dqn.games.make import make

COINS = """
from __future__ import annotations

import numpy as np

from arcade_dqn.games.family import Family
from arcade_dqn.games.game import Game, GameStateError, Outcome
from arcade_dqn.games.info import GameInfo


class Coins(Family):
    title = "Coins"

    def describe(self, wanted, settings):
        if wanted.lower() != "coins/heads-v1":
            return None
        return GameInfo(
            id="Coins/Heads-v1", title="Heads", family="coins", summary="Guess the coin.", observation="1 number",
            actions=("tails", "heads"), solved_at=None, preset="vector", extra=None, fps=1.0,
        )

    def make(self, info, settings, *, render):
        return Heads(info)


class Heads(Game):
    def __init__(self, info):
        self.info, self.frame_shape, self.frame_dtype, self.frames_between = info, (1,), np.dtype(np.float32), []

    def reset(self, seed=None):
        return np.zeros(1, np.float32)

    def step(self, action):
        return Outcome(np.ones(1, np.float32), float(action), True, False, False)

    def render(self):
        return np.zeros((1, 1, 3), np.uint8)

    def get_state(self):
        return None

    def set_state(self, state):
        raise GameStateError("there is none")

    def close(self):
        pass


FAMILY = Coins()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose files count as further families."""
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    families.cache_clear()
    outside_the_catalogue.cache_clear()
    yield tmp_path
    families.cache_clear()
    outside_the_catalogue.cache_clear()
    for path in tmp_path.glob("*.py"):
        sys.modules.pop(f"{package.__name__}.{path.stem}", None)


def test_the_families_in_the_order_of_lists() -> None:
    assert {name: family.title for name, family in families().items()} == {
        "classic": "Classic control",
        "box2d": "Box2D",
        "minatar": "MinAtar",
        "atari": "Atari 2600",
        "gymnasium": "Other",
    }
    assert list(families()) == ["classic", "box2d", "minatar", "atari", "gymnasium"]


def test_a_family_is_added_by_adding_a_file(folder: Path) -> None:
    (folder / "coins.py").write_text(COINS, "utf-8")
    info = find("Coins/heads-v1")
    assert (info.id, info.family) == ("Coins/Heads-v1", "coins")
    assert list(families()) == ["classic", "box2d", "minatar", "atari", "coins", "gymnasium"]
    game = make("Coins/Heads-v1", EnvironmentSettings())
    assert game.reset().tolist() == [0.0]
    assert game.step(1).reward == 1.0
    assert family_of(info).rules == ()
    assert family_of(info).picture_of(info, game.reset()) is None


def test_a_file_without_a_family_is_named(folder: Path) -> None:
    (folder / "empty.py").write_text("", "utf-8")
    with pytest.raises(ArcadeError, match=r"arcade_dqn.games.families.empty is no family of games: it needs FAMILY"):
        families()


def test_a_family_that_is_not_there_is_named() -> None:
    info = GameInfo("Lost-v0", "Lost", "sega", "", "", (), None, "vector", None, 30.0)
    with pytest.raises(
        ArcadeError, match=r"Lost-v0 is of the family 'sega', and games/families has only classic, box2d"
    ):
        make(info, EnvironmentSettings())


@pytest.mark.parametrize(
    ("family", "id"),
    [
        ("classic", "CartPole-v1"),
        ("minatar", "MinAtar/Breakout-v1"),
        ("atari", "ALE/Pong-v5"),
        ("gymnasium", "CartPole-v0"),
    ],
)
def test_action_names_that_are_too_few_are_refused(family: str, id: str) -> None:
    info = GameInfo(id, "Short", family, "", "", ("left",), None, "vector", None, 30.0)
    with pytest.raises(UnplayableGame, match=rf"{id} has [236] actions, and the catalogue names 1"):
        make(info, EnvironmentSettings())
    unnamed = GameInfo(id, "Unnamed", family, "", "", (), None, "vector", None, 30.0)
    game = make(unnamed, EnvironmentSettings())
    assert game.n_actions == len(set(game.action_names)) >= 2


def test_asking_the_families_for_their_titles_loads_no_library() -> None:
    """The lists on the screens show them before anything heavy is loaded."""
    program = (
        "import sys; from arcade_dqn.games.families import families\n"
        "[family.title for family in families().values()]\n"
        "print(*{'numpy', 'pydantic', 'gymnasium', 'ale_py', 'cv2', 'minatar', 'pygame', 'Box2D'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""
