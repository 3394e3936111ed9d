"""JSON lines to the window: presses of keys, and what is none."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

_PROGRAM = """
from arcade_dqn.window.wire import Link
link = Link()
link.ended.wait()
while not link.presses.empty():
    link.tell("pressed", key=link.presses.get())
"""


def told(*lines: str) -> list[dict[str, str]]:
    """What the window's side says to these lines."""
    text = "".join(f"{line}\n" for line in lines)
    done = subprocess.run([sys.executable, "-c", _PROGRAM], input=text, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_presses_come_in_their_order() -> None:
    assert told('{"press": "space"}', '{"press": "s"}') == [
        {"event": "pressed", "key": "space"},
        {"event": "pressed", "key": "s"},
    ]


@pytest.mark.parametrize(
    "line", ['{"press": 1}', '{"press": ""}', "{}", '{"press": "s", "twice": true}', "[]", "press"]
)
def test_what_is_no_press_is_told_and_left_out(line: str) -> None:
    first, second = told(line, '{"press": "q"}')
    assert first["event"] == "error"
    assert first["message"].startswith("the line ")
    assert second == {"event": "pressed", "key": "q"}
