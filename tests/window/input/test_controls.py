"""What is pressed, and what it means."""

from __future__ import annotations

from typing import Any

import pygame

from arcade_dqn.window.input.controls import Controls
from arcade_dqn.window.input.gamepads import Input

OWN = frozenset({"left", "right", "space"})
NOBODY: frozenset[str] = frozenset()


def key(kind: int, code: int, typed: str = "") -> pygame.Event:
    facts: dict[str, Any] = {"key": code, "unicode": typed} if kind == pygame.KEYDOWN else {"key": code}
    return pygame.event.Event(kind, facts)


def test_a_key_is_the_games_while_a_person_plays_and_else_a_command() -> None:
    controls = Controls()
    space = key(pygame.KEYDOWN, pygame.K_SPACE, " ")
    assert controls.on(space, NOBODY) == Input(command="pause")
    assert controls.held == frozenset()
    assert controls.on(space, OWN) == Input(pressed=("space",))
    assert controls.held == {"space"}
    assert controls.on(key(pygame.KEYDOWN, pygame.K_p, "p"), OWN) == Input(command="pause")
    assert controls.on(key(pygame.KEYUP, pygame.K_SPACE), OWN) == Input()
    assert controls.held == frozenset()


def test_another_windows_focus_lets_go_of_all_keys() -> None:
    controls = Controls()
    controls.on(key(pygame.KEYDOWN, pygame.K_LEFT), OWN)
    controls.on(key(pygame.KEYDOWN, pygame.K_SPACE, " "), OWN)
    assert controls.held == {"left", "space"}
    assert controls.on(pygame.event.Event(pygame.WINDOWFOCUSLOST), OWN) == Input()
    assert controls.held == frozenset()


def test_a_key_by_its_name_is_pressed_and_let_go_of() -> None:
    controls = Controls()
    assert controls.tap("left", OWN) == Input(pressed=("left",))
    assert controls.held == frozenset()
    assert controls.tap("C", NOBODY) == Input(command="gif")
    assert controls.tap("?", NOBODY) == Input(command="help")
    assert controls.tap("no such key", NOBODY) == Input(command="")


def test_other_events_mean_nothing() -> None:
    event = pygame.event.Event(pygame.MOUSEMOTION, {"pos": (1, 1), "rel": (0, 0), "buttons": (0, 0, 0)})
    assert Controls().on(event, OWN) == Input()
