"""How the main screens lie, held as text: whoever changes a layout sees here what moved.

`SNAPSHOTS=write pytest tests/tui/test_snapshots.py` writes them anew; look at the difference before it is kept.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from arcade_dqn.preferences import Preferences
from arcade_dqn.tui.app import ArcadeApp

Walk = Callable[[ArcadeApp, Any], AsyncIterator[str]]
FOLDER = Path(__file__).with_name("snapshots")
SCREENS = ("home", "training", "replay", "experiments")


def texts(app: ArcadeApp) -> str:
    """The screen, with what differs from run to run masked by as many signs."""
    lines = [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]
    text = "\n".join(lines)
    text = re.sub(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d", "yyyy-mm-dd_hh-mm-ss", text)
    text = re.sub(r"\d\d:\d\d:\d\d", "hh:mm:ss", text)
    return text + "\n"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_the_screens_lie_as_they_lay(
    make_app: Callable[..., ArcadeApp], every_screen: Walk, size: tuple[int, int]
) -> None:
    app = make_app(preferences=Preferences(meters=False, animations=False))
    different = []
    async with app.run_test(size=size) as pilot:
        async for name in every_screen(app, pilot):
            if name not in SCREENS:
                continue
            kept = FOLDER / f"{name}-{size[0]}x{size[1]}.txt"
            # Of the training screen the frame is held: its log and its chart's edges are of this run.
            look = (lambda: _frame(texts(app))) if name == "training" else (lambda: texts(app))
            if os.environ.get("SNAPSHOTS") == "write":
                await asyncio.sleep(1.5)
                kept.parent.mkdir(exist_ok=True)
                kept.write_text(look(), "utf-8")
                continue
            wanted = kept.read_text("utf-8")
            for _ in range(100):  # what comes from a thread, such as a game's first picture, comes a little later
                if look() == wanted:
                    break
                await asyncio.sleep(0.05)
            else:
                different.append(f"{kept.name}:\n{look()}")
    assert not different, "\n".join(different)


def _frame(text: str) -> str:
    """Titles, borders and keys: what is inside of the boxes becomes blank."""
    lines = []
    for line in text.splitlines():
        if line.startswith("│"):
            line = re.sub(r"│[^│]*(?=│)", lambda inside: "│" + " " * (len(inside[0]) - 1), line)
        lines.append(line)
    return "\n".join(lines) + "\n"
