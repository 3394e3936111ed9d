"""What the trainer tells of its buffer, as lines of text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from arcade_dqn.tui.inspection import Inspection

Told = Callable[..., dict[str, Any]]


def test_the_buffer_in_lines(told: Told) -> None:
    lines = Inspection.read(told()).contents(30, 40).plain.splitlines()
    assert lines[:2] == ["400 transitions, single steps", "1 in 20 reaches the end"]
    assert "left" in lines[4]
    assert lines[4].endswith("25%")
    assert lines[5].endswith("75%")
    assert lines[8].strip().startswith("1 ")
    assert lines[8].endswith("100%")
    assert "TD errors of 256 of all ages" in lines[10]
    assert all(len(line) <= 30 for line in lines)


def test_no_heading_stands_without_its_bars(told: Told) -> None:
    found = Inspection.read(told())
    whole = found.contents(30, 40).plain.splitlines()
    assert "TD errors" in whole[10]
    for height in (9, 10, 11):
        assert found.contents(30, height).plain.splitlines() == whole[:9]
    assert found.contents(30, 12).plain.splitlines() == whole


def test_a_transition_in_lines(told: Told) -> None:
    found = Inspection.read(told())
    assert found.facts().plain.splitlines() == [
        "TD error +10.7   action right",
        "reward 1, discount 0.99",
    ]
    left, right = found.q_lines(60).plain.splitlines()
    assert right.startswith("▸ right")
    assert left.startswith("  left")
    assert "30◆" in left  # the best one after
    ended = Inspection.read(told(discount_t=0.0, last_error=0.25)).facts().plain
    assert "nothing follows (discount 0)" in ended
    assert "priority from 0.25" in ended


def test_many_actions_share_a_line(told: Told) -> None:
    event = told()
    event["action_names"] = [f"a{number}" for number in range(18)]
    event["contents"]["actions"] = [10 * number for number in range(18)]
    lines = Inspection.read(event).contents(30, 40).plain
    assert "a17" in lines
    assert "13 others" in lines
    assert "a12" not in lines


@pytest.mark.parametrize("damage", [{"dtype": "object"}, {"data": "?"}, {"shape": [3]}])
def test_what_is_not_whole_is_refused(told: Told, damage: dict[str, Any]) -> None:
    event = told()
    event["transition"]["s_t"].update(damage)
    with pytest.raises(ValueError, match=r"."):
        Inspection.read(event)
