"""Gamepads, by the events that SDL would send."""

from __future__ import annotations

from typing import Any

import pygame
import pytest

from arcade_dqn.window.describe import describe
from arcade_dqn.window.input.gamepads import Gamepads, Input, _Gamepad
from arcade_dqn.window.input.keys import game_keys
from arcade_dqn.window.loop import Window
from arcade_dqn.window.session import Phase, Session

MAPPED, PLAIN = 7, 9


class OneGamepad(Gamepads):
    """Gamepads that are opened without being there: device 0 is one that SDL knows, device 1 is not."""

    def _open(self, index: int) -> tuple[_Gamepad, int]:
        if index == 2:
            raise pygame.error("no permission")
        return _Gamepad(object(), ("Known", "Plain")[index], index == 0), (MAPPED, PLAIN)[index]


@pytest.fixture
def gamepads() -> Gamepads:
    made = OneGamepad()
    made.on(event(pygame.JOYDEVICEADDED, device_index=0))
    made.on(event(pygame.JOYDEVICEADDED, device_index=1))
    return made


def event(kind: int, **facts: Any) -> pygame.Event:
    return pygame.event.Event(kind, facts)


def test_pads_come_and_go() -> None:
    gamepads = OneGamepad()
    assert gamepads.on(event(pygame.JOYDEVICEADDED, device_index=0)).message == "gamepad: Known"
    assert len(gamepads) == 1
    assert gamepads.on(event(pygame.JOYDEVICEADDED, device_index=0)) == Input(), "it is there already"
    gamepads.on(event(pygame.CONTROLLERBUTTONDOWN, instance_id=MAPPED, button=pygame.CONTROLLER_BUTTON_DPAD_LEFT))
    assert gamepads.held == {"left"}
    assert gamepads.on(event(pygame.JOYDEVICEREMOVED, instance_id=MAPPED)).message == "gamepad gone: Known"
    assert gamepads.held == frozenset(), "what it held is held no longer"
    assert gamepads.on(event(pygame.JOYDEVICEREMOVED, instance_id=MAPPED)) == Input()
    assert "no permission" in gamepads.on(event(pygame.JOYDEVICEADDED, device_index=2)).message


def test_the_d_pad_and_the_buttons_of_a_known_pad(gamepads: Gamepads) -> None:
    def button(kind: int, number: int) -> Input:
        return gamepads.on(event(kind, instance_id=MAPPED, button=number))

    down, up = pygame.CONTROLLERBUTTONDOWN, pygame.CONTROLLERBUTTONUP
    assert button(down, pygame.CONTROLLER_BUTTON_DPAD_UP) == Input(("up",))
    assert button(down, pygame.CONTROLLER_BUTTON_A) == Input(("space",))
    assert button(down, pygame.CONTROLLER_BUTTON_B) == Input(), "the same key again"
    assert gamepads.held == {"up", "space"}
    button(up, pygame.CONTROLLER_BUTTON_A)
    assert gamepads.held == {"up", "space"}, "the other button still holds it"
    button(up, pygame.CONTROLLER_BUTTON_B)
    assert gamepads.held == {"up"}
    assert button(down, pygame.CONTROLLER_BUTTON_START).command == "pause"
    assert button(down, pygame.CONTROLLER_BUTTON_BACK).command == "controls"
    assert button(down, pygame.CONTROLLER_BUTTON_RIGHTSHOULDER).command == "faster"
    assert button(up, pygame.CONTROLLER_BUTTON_START) == Input()


def test_the_stick_has_a_dead_middle_and_does_not_flutter(gamepads: Gamepads) -> None:
    def stick(value: float, axis: int = 0) -> frozenset[str]:
        gamepads.on(event(pygame.CONTROLLERAXISMOTION, instance_id=MAPPED, axis=axis, value=round(value * 32767)))
        return gamepads.held

    assert stick(0.45) == frozenset()
    assert stick(0.6) == {"right"}
    assert stick(0.45) == {"right"}
    assert stick(0.2) == frozenset()
    assert stick(-0.9) == {"left"}
    assert stick(0.9) == {"right"}
    assert stick(-0.8, axis=1) == {"right", "up"}
    assert stick(1.0, axis=4) == {"right", "up"}, "a trigger is no direction"


def test_the_bare_events_of_a_known_pad_are_not_counted_twice(gamepads: Gamepads) -> None:
    # SDL sends them as well, with the numbers of the joystick.
    assert gamepads.on(event(pygame.JOYBUTTONDOWN, instance_id=MAPPED, button=7)) == Input()
    assert gamepads.held == frozenset()
    assert gamepads.on(event(pygame.CONTROLLERBUTTONDOWN, instance_id=PLAIN, button=6)) == Input()


def test_a_pad_of_unknown_layout(gamepads: Gamepads) -> None:
    assert gamepads.on(event(pygame.JOYHATMOTION, instance_id=PLAIN, hat=0, value=(-1, 1))).pressed == ("left", "up")
    assert gamepads.held == {"left", "up"}
    gamepads.on(event(pygame.JOYHATMOTION, instance_id=PLAIN, hat=0, value=(0, 0)))
    assert gamepads.held == frozenset()
    gamepads.on(event(pygame.JOYAXISMOTION, instance_id=PLAIN, axis=1, value=0.7))
    assert gamepads.held == {"down"}
    assert gamepads.on(event(pygame.JOYBUTTONDOWN, instance_id=PLAIN, button=2)).pressed == ("space",)
    assert gamepads.on(event(pygame.JOYBUTTONDOWN, instance_id=PLAIN, button=9)).command == "pause"


def test_two_pads_hold_together_and_strangers_nothing(gamepads: Gamepads) -> None:
    gamepads.on(event(pygame.CONTROLLERBUTTONDOWN, instance_id=MAPPED, button=pygame.CONTROLLER_BUTTON_DPAD_LEFT))
    gamepads.on(event(pygame.JOYBUTTONDOWN, instance_id=PLAIN, button=0))
    gamepads.on(event(pygame.JOYBUTTONDOWN, instance_id=99, button=1))
    assert gamepads.held == {"left", "space"}
    assert gamepads.on(event(pygame.MOUSEMOTION, pos=(1, 1), rel=(0, 0), buttons=(0, 0, 0))) == Input()


def test_looking_for_pads_finds_none_where_there_are_none() -> None:
    gamepads = Gamepads()
    gamepads.begin()
    try:
        assert len(gamepads) == 0
    finally:
        pygame.joystick.quit()


@pytest.mark.filterwarnings("ignore:Please use Window.get_surface")
def test_a_gamepad_plays_and_commands_in_the_window(dummy_window: Window, person: Session) -> None:
    window = dummy_window
    window._controls.gamepads = OneGamepad()
    own = game_keys(person.info)

    def post(kind: int, **facts: Any) -> None:
        pygame.event.post(event(kind, **facts))
        window._handle_events()

    post(pygame.JOYDEVICEADDED, device_index=0)
    assert describe(person).message == "gamepad: Known"
    assert person.gamepad
    post(pygame.CONTROLLERBUTTONDOWN, instance_id=MAPPED, button=pygame.CONTROLLER_BUTTON_A)
    assert window._controls.held & own == frozenset(), "CartPole has no use for it"
    assert person.phase is Phase.AWAITS_KEY
    right = pygame.CONTROLLER_BUTTON_DPAD_RIGHT
    post(pygame.CONTROLLERBUTTONDOWN, instance_id=MAPPED, button=right)
    assert window._controls.held & own == {"right"}
    post(pygame.CONTROLLERBUTTONUP, instance_id=MAPPED, button=right)
    person.advance(0.0)
    assert describe(person).action == 1, "a short tap is one step to the right"
    post(pygame.CONTROLLERBUTTONDOWN, instance_id=MAPPED, button=pygame.CONTROLLER_BUTTON_START)
    assert person.paused
    post(pygame.JOYDEVICEREMOVED, instance_id=MAPPED)
    assert not person.gamepad
