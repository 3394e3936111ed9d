from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from arcade_dqn.cli.terminal import cells, colour_depth, has_blocks, q_line
from arcade_dqn.stage.player import Scene

RED, BLUE = [255, 0, 0], [0, 0, 255]


def pixels(*colours: list[int]) -> np.ndarray:
    """One row of cells."""
    return np.array([colours], np.uint8)


def test_a_cell_is_its_upper_and_lower_colour_told_once() -> None:
    (line,) = cells(pixels(RED, RED, BLUE), pixels(BLUE, BLUE, BLUE), "true")
    assert line == "\x1b[38;2;255;0;0;48;2;0;0;255m▀▀\x1b[38;2;0;0;255;48;2;0;0;255m▀"


def test_256_colours_by_hand() -> None:
    # 16 + 36 * 5 = 196 is the cube's red, 16 + 5 = 21 its blue.
    assert cells(pixels(RED), pixels(BLUE), "256") == ["\x1b[38;5;196;48;5;21m▀"]


def test_without_colours_lightness_is_a_shade() -> None:
    black, grey, white = [0] * 3, [128] * 3, [255] * 3
    assert cells(pixels(black, grey, white), pixels(black, grey, white), "none") == [" ▒█"]


def test_where_there_are_no_blocks_a_cell_has_one_colour() -> None:
    black, grey, white = [0] * 3, [128] * 3, [255] * 3
    assert cells(pixels(black, grey, white), pixels(black, grey, white), "none", blocks=False) == [" +@"]
    assert cells(pixels(RED), pixels(BLUE), "true", blocks=False) == ["\x1b[38;2;127;0;127;48;2;127;0;127m "]
    assert [has_blocks(encoding) for encoding in ("utf-8", "cp437", "latin-1", "ascii", "none such", None)] == [
        *(True, True, False, False, False, False)
    ]


@pytest.mark.parametrize(
    ("environment", "depth"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "true"),
        ({"TERM": "xterm-256color"}, "256"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, "none"),
        ({"TERM": "dumb"}, "none"),
        ({}, "none"),
    ],
)
def test_colour_depth(environment: dict[str, str], depth: str) -> None:
    assert colour_depth(environment) == depth


def scene(q_values: list[float] | None, action: int, explored: bool) -> Scene:
    picture = np.zeros((2, 2, 3), np.uint8)
    values = None if q_values is None else np.array(q_values, np.float32)
    return Scene(picture, (), np.zeros(2), values, action, explored, 1, 0.0, 1, 1, 0.0, "", np.zeros(2))


def test_the_q_line_marks_the_choice_and_says_who_made_it() -> None:
    names = ("left", "right")
    assert q_line(scene([1.0, 2.5], 1, False), names) == "Q   left 1.00   >right 2.50   (greedy)"
    assert q_line(scene([1.0, 2.5], 0, True), names) == "Q  >left 1.00    right 2.50   (chance)"
    assert q_line(scene(None, 0, True), names) == "Q  no weights yet: left"


@pytest.mark.parametrize(("encoding", "drawn"), [("utf-8", "▀"), ("ascii", "m  ")])
def test_watching_in_a_terminal_draws_and_leaves_it_as_it_was(model: Path, encoding: str, drawn: str) -> None:
    controller, terminal = os.openpty()
    command = [sys.executable, "-m", "arcade_dqn", "watch", str(model), "--terminal", "--speed", "0", "--episodes", "2"]
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": "60", "LINES": "20"}
    environment.pop("NO_COLOR", None)
    environment["PYTHONIOENCODING"] = encoding
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment) as child:
        os.close(terminal)
        output = b""
        while True:
            try:
                output += os.read(controller, 65536)
            except OSError:  # the last one who had the terminal open is gone
                break
    os.close(controller)
    text = output.decode()
    assert child.returncode == 0, text
    assert text.startswith("\x1b[?1049h\x1b[?25l")
    assert drawn in text
    assert "\\u" not in text
    assert "push left" in text
    assert "episode 2:" in text.rpartition("\x1b[?25h\x1b[?1049l")[2]
