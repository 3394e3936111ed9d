from __future__ import annotations

import subprocess
import sys

import pytest

from arcade_dqn.errors import UsageError
from arcade_dqn.games import info as facts
from arcade_dqn.games.catalog import GAMES
from arcade_dqn.games.families import atari
from arcade_dqn.games.find import find, outside_the_catalogue
from arcade_dqn.games.info import GameInfo, UnknownGame, UnplayableGame


@pytest.mark.parametrize("info", GAMES, ids=lambda info: info.slug)
def test_every_game_is_found_by_each_of_its_names(info: GameInfo) -> None:
    for name in (info.id, info.id.lower(), info.slug, info.title + "  "):
        if info.id in ("ALE/Breakout-v5", "ALE/Freeway-v5") and name.strip() == info.title:
            continue  # MinAtar has a game of that name too
        assert find(name) is info


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("cartpole", "CartPole-v1"),
        ("lunar-lander", "LunarLander-v3"),
        ("pong", "ALE/Pong-v5"),
        ("Atari Breakout", "ALE/Breakout-v5"),
        ("ale/freeway", "ALE/Freeway-v5"),
        ("minatar/freeway", "MinAtar/Freeway-v1"),
        ("seaquest", "MinAtar/Seaquest-v1"),
        ("Space Invaders", "MinAtar/SpaceInvaders-v1"),
    ],
)
def test_short_names(name: str, id: str) -> None:
    assert find(name).id == id


def test_a_name_of_two_games_asks_which() -> None:
    with pytest.raises(UnknownGame, match=r"more than one game; write MinAtar/Breakout-v1 or ALE/Breakout-v5$"):
        find("breakout")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("cartpol", "did you mean CartPole-v1"),
        ("CartPole-v9", "did you mean CartPole-v1"),
        ("minatar/brakeout", "did you mean MinAtar/Breakout-v1"),
        ("ALE/Pongg-v5", "did you mean ALE/Pong-v5"),
        ("xyzzy", "`arcade-dqn games` lists the games"),
        ("", "lists the games"),
        ("../../etc/passwd", "lists the games"),
        ("a" * 5000, "lists the games"),
    ],
)
def test_an_unknown_game_is_answered_with_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(UnknownGame) as caught:
        find(name)
    assert hint in str(caught.value)
    assert len(str(caught.value)) < 300
    assert isinstance(caught.value, UsageError)
    assert caught.value.exit_code == 2


def test_an_id_that_names_a_module_is_refused() -> None:
    with pytest.raises(UnknownGame, match="names a module to import, which is refused"):
        find("antigravity:CartPole-v1")
    assert "antigravity" not in sys.modules


def test_any_ale_id() -> None:
    info = find("ale/spaceinvaders-v5")
    assert (info.id, info.title, info.family, info.preset) == (
        "ALE/SpaceInvaders-v5",
        "Space Invaders",
        "atari",
        "atari",
    )
    assert info.slug == "ALE-SpaceInvaders-v5"
    assert info.extra == "atari"


def test_an_ale_id_without_ale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atari, "find_spec", lambda name: None)
    monkeypatch.setattr(facts, "find_spec", lambda name: None)
    outside_the_catalogue.cache_clear()
    info = find("ALE/MsPacman-v5")
    assert not info.installed()
    assert info.install_command == 'pip install "arcade-dqn[atari]"'
    with pytest.raises(UnknownGame, match="did you mean ALE/Pong-v5"):
        find("ale/pong-v6")
    outside_the_catalogue.cache_clear()


def test_other_registered_ids() -> None:
    info = find("cartpole-V0")
    assert (info.id, info.family, info.preset, info.solved_at) == ("CartPole-v0", "gymnasium", "vector", 195.0)
    assert info.actions == ("action 0", "action 1")
    assert find("MountainCarContinuous-v0").actions == ()
    assert find("BipedalWalker-v3").actions == ()
    assert find("frozenlake-v1").actions == ("action 0", "action 1", "action 2", "action 3")


@pytest.mark.parametrize(
    ("id", "reason"),
    [
        ("Ant-v5", "cannot be started: MuJoCo is not installed"),
    ],
)
def test_games_that_cannot_be_played_say_why(id: str, reason: str) -> None:
    with pytest.raises(UnplayableGame) as caught:
        find(id)
    assert reason in str(caught.value)
    assert id in str(caught.value)


def test_action_for_the_keys_held() -> None:
    pong = find("pong")
    assert pong.action_for(()) == 0
    assert pong.action_for({"up"}) == 2
    assert pong.action_for({"up", "space", "x"}) == 4
    assert find("cartpole").action_for({"left", "right"}) == 0
    assert find("mountaincar").action_for({"z"}) == 1


def test_the_catalogue_is_light() -> None:
    """A text interface shows it before anything heavy is loaded."""
    program = (
        "import sys; from arcade_dqn.games.catalog import GAMES; from arcade_dqn.games.find import find\n"
        "find('pong'); [info.installed() for info in GAMES]\n"
        "print(*{'numpy', 'gymnasium', 'ale_py', 'cv2', 'minatar', 'pygame', 'Box2D'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""
