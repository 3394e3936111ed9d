"""Where everything lies in the window, held as numbers: whoever changes the layout sees here what moved.

`SNAPSHOTS=write pytest tests/window/test_layout_kept.py` writes them anew.
"""

from __future__ import annotations

import json
import os
from dataclasses import fields
from pathlib import Path
from typing import Any

import pygame
import pytest

from arcade_dqn.window.panel.layout import lay_out

KEPT = Path(__file__).with_name("layout_kept.json")
PICTURES = {"CartPole": ((600, 400), 2), "MinAtar Breakout": ((160, 160), 3), "Pong": ((160, 210), 6)}
SIZES = ((760, 520), (1280, 720), (1920, 1080), (3840, 2160))


def plain(value: Any) -> Any:
    if isinstance(value, pygame.Rect):
        return list(value)
    return [plain(item) for item in value] if isinstance(value, tuple) else value


def laid_out() -> dict[str, Any]:
    found = {}
    for game, (picture, actions) in PICTURES.items():
        for size in SIZES:
            layout = lay_out(size, 3, actions, picture, chart=True)
            found[f"{game} {size[0]}x{size[1]}"] = {
                field.name: plain(getattr(layout, field.name)) for field in fields(layout)
            }
    return found


def test_the_window_lies_as_it_lay() -> None:
    found = json.loads(json.dumps(laid_out()))
    if os.environ.get("SNAPSHOTS") == "write":
        KEPT.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    wanted = json.loads(KEPT.read_text("utf-8"))
    for name, layout in found.items():
        assert layout == wanted[name], name


@pytest.mark.parametrize("name", list(PICTURES))
def test_nothing_lies_outside_or_on_the_picture(name: str) -> None:
    picture, actions = PICTURES[name]
    for size in SIZES:
        layout = lay_out(size, 3, actions, picture, chart=True)
        window = pygame.Rect((0, 0), size)
        for field in fields(layout):
            place = getattr(layout, field.name)
            assert not isinstance(place, pygame.Rect) or window.contains(place), (field.name, size)
        assert not layout.screen.colliderect(layout.panel)
        assert layout.screen.contains(layout.picture)
