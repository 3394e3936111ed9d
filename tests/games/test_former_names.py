"""Old names of games lead to today's."""

from __future__ import annotations

import pytest

from arcade_dqn.games.find import find
from arcade_dqn.games.former_names import _NAMES, former
from arcade_dqn.games.names import bare


@pytest.mark.parametrize(
    ("old", "today", "differs"),
    [
        ("PongNoFrameskip-v4", "ALE/Pong-v5", "which it did not there: --set environment.sticky_actions=0 compares"),
        ("PongDeterministic-v0", "ALE/Pong-v5", "which it did there, too"),
        ("SpaceInvadersDeterministic-v4", "ALE/SpaceInvaders-v5", "held for 4 frames"),
        ("Breakout-v0", "ALE/Breakout-v5", "2 to 4 frames by chance"),
        ("CartPole-v0", "CartPole-v1", "up to 500 steps instead of 200"),
        ("LunarLander-v2", "LunarLander-v3", "wind"),
        ("Taxi-v3", "Taxi-v4", "without them it is the same"),
    ],
)
def test_an_old_name(old: str, today: str, differs: str) -> None:
    found = former(old)
    assert found is not None
    assert found.id == today
    assert differs in found.differs


@pytest.mark.parametrize("text", ["CartPole-v1", "ALE/Pong-v5", "Snake-v0", "pong", "runs/CartPole-v0", "", "my-v4"])
def test_what_is_no_old_name_stays(text: str) -> None:
    assert former(text) is None


def test_every_name_leads_to_a_game_that_is_known() -> None:
    for old, today in _NAMES.items():
        assert old != today.id
        assert bare(find(today.id).id) == bare(today.id)
