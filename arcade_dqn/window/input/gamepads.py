"""Gamepads: their D-pad, stick and buttons as the keys of a game, a few buttons as commands. They may come and go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pygame
from pygame._sdl2 import controller

_PRESSED, _RELEASED = 0.5, 0.35
"""How far a stick is pushed when it counts, and how far when it no longer does: between them it stays what it was."""

# Of gamepads that SDL knows the layout of.
_KEYS = {
    pygame.CONTROLLER_BUTTON_DPAD_LEFT: "left",
    pygame.CONTROLLER_BUTTON_DPAD_RIGHT: "right",
    pygame.CONTROLLER_BUTTON_DPAD_UP: "up",
    pygame.CONTROLLER_BUTTON_DPAD_DOWN: "down",
    pygame.CONTROLLER_BUTTON_A: "space",
    pygame.CONTROLLER_BUTTON_B: "space",
    pygame.CONTROLLER_BUTTON_X: "space",
    pygame.CONTROLLER_BUTTON_Y: "space",
}
_COMMANDS = {
    pygame.CONTROLLER_BUTTON_START: "pause",
    pygame.CONTROLLER_BUTTON_BACK: "controls",
    pygame.CONTROLLER_BUTTON_LEFTSHOULDER: "slower",
    pygame.CONTROLLER_BUTTON_RIGHTSHOULDER: "faster",
}
# Of others: the first four buttons are under the thumb, and start is the eighth or the tenth.
_PLAIN_KEYS = dict.fromkeys(range(4), "space")
_PLAIN_COMMANDS = {4: "slower", 5: "faster", 6: "controls", 7: "pause", 8: "controls", 9: "pause"}
_AXES = (("left", "right"), ("up", "down"))
"""The keys at the two ends of the stick's axes, 0 and 1."""


class Input(NamedTuple):
    """What an event of the keyboard or of a gamepad means."""

    pressed: tuple[str, ...] = ()
    """The game's keys that are held from now on."""
    command: str = ""
    """A command of `keys.BINDINGS`."""
    message: str = ""
    """A line to show."""


@dataclass
class _Gamepad:
    device: Any
    """Kept, because a gamepad whose object is gone sends nothing."""
    name: str
    mapped: bool
    """Whether SDL knows its layout: it then sends every event twice, and those of the bare joystick do not count."""
    buttons: dict[int, str] = field(default_factory=dict)
    hat: frozenset[str] = frozenset()
    stick: dict[int, str] = field(default_factory=dict)

    @property
    def held(self) -> frozenset[str]:
        return self.hat | set(self.buttons.values()) | set(self.stick.values())


class Gamepads:
    """All gamepads that are plugged in."""

    def __init__(self) -> None:
        self._gamepads: dict[int, _Gamepad] = {}

    def begin(self) -> None:
        """Look for gamepads from now on; those that are there already come as events. Raises pygame.error."""
        pygame.joystick.init()
        controller.init()

    def __len__(self) -> int:
        return len(self._gamepads)

    @property
    def held(self) -> frozenset[str]:
        """The game's keys that are held on any of them."""
        held: frozenset[str] = frozenset()
        for gamepad in self._gamepads.values():
            held |= gamepad.held
        return held

    def on(self, event: pygame.Event) -> Input:
        """Take an event; those of other things mean nothing here."""
        match event.type:
            case pygame.JOYDEVICEADDED:
                return self._added(event.device_index)
            case pygame.JOYDEVICEREMOVED:
                gone = self._gamepads.pop(event.instance_id, None)
                return Input(message=f"gamepad gone: {gone.name}") if gone else Input()
            case (
                pygame.JOYBUTTONDOWN
                | pygame.JOYBUTTONUP
                | pygame.JOYHATMOTION
                | pygame.JOYAXISMOTION
                | pygame.CONTROLLERBUTTONDOWN
                | pygame.CONTROLLERBUTTONUP
                | pygame.CONTROLLERAXISMOTION
            ):
                gamepad = self._gamepads.get(event.instance_id)
                name = pygame.event.event_name(event.type)
                if gamepad is None or gamepad.mapped != name.startswith("Controller"):
                    return Input()
                before = self.held
                command = self._moved(gamepad, event)
                return Input(tuple(sorted(self.held - before)), command)
        return Input()

    def _added(self, index: int) -> Input:
        try:
            gamepad, number = self._open(index)
        except pygame.error as error:
            return Input(message=f"a gamepad cannot be used: {error}")
        if number in self._gamepads:
            return Input()
        self._gamepads[number] = gamepad
        return Input(message=f"gamepad: {gamepad.name}")

    def _open(self, index: int) -> tuple[_Gamepad, int]:
        if controller.is_controller(index):
            mapped = controller.Controller(index)
            joystick = mapped.as_joystick()
            return _Gamepad(mapped, joystick.get_name(), True), joystick.get_instance_id()
        joystick = pygame.joystick.Joystick(index)
        return _Gamepad(joystick, joystick.get_name(), False), joystick.get_instance_id()

    def _moved(self, gamepad: _Gamepad, event: pygame.Event) -> str:
        """Note what the gamepad holds now; the command that it gives, or ""."""
        keys, commands = (_KEYS, _COMMANDS) if gamepad.mapped else (_PLAIN_KEYS, _PLAIN_COMMANDS)
        match event.type:
            case pygame.CONTROLLERBUTTONDOWN | pygame.JOYBUTTONDOWN:
                if event.button in keys:
                    gamepad.buttons[event.button] = keys[event.button]
                return commands.get(event.button, "")
            case pygame.CONTROLLERBUTTONUP | pygame.JOYBUTTONUP:
                gamepad.buttons.pop(event.button, None)
            case pygame.JOYHATMOTION:
                x, y = event.value
                gamepad.hat = frozenset(
                    key for key, there in (("left", x < 0), ("right", x > 0), ("up", y > 0), ("down", y < 0)) if there
                )
            case pygame.CONTROLLERAXISMOTION | pygame.JOYAXISMOTION if event.axis < len(_AXES):
                # The one counts to 32768, the other to 1.
                value = event.value / 32768 if gamepad.mapped else event.value
                least = _RELEASED if event.axis in gamepad.stick else _PRESSED
                if abs(value) >= least:
                    gamepad.stick[event.axis] = _AXES[event.axis][value > 0]
                else:
                    gamepad.stick.pop(event.axis, None)
        return ""
