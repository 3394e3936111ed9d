"""Gamepads: their D-pad, stick and buttons as the keys of a game, a few buttons as commands. They may come and go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pygame
from pygame._sdl2 import controller

_PRESSED, _RELEASED = 0.5, 0.35
"""How far a stick is pushed when it counts, and how far when it no longer does: between them it stays what it was."""

# Of pads that SDL knows the layout of.
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


class Signal(NamedTuple):
    """What an event of a gamepad means."""

    pressed: tuple[str, ...] = ()
    """The game's keys that are held from now on."""
    command: str = ""
    """A command of `keys.BINDINGS`."""
    message: str = ""
    """A line to show."""


@dataclass
class _Pad:
    device: Any
    """Kept, because a pad whose object is gone sends nothing."""
    name: str
    mapped: bool
    """Whether SDL knows its layout: it then sends every event twice, and those of the bare joystick are not heard."""
    buttons: dict[int, str] = field(default_factory=dict)
    hat: frozenset[str] = frozenset()
    stick: dict[int, str] = field(default_factory=dict)

    @property
    def held(self) -> frozenset[str]:
        return self.hat | set(self.buttons.values()) | set(self.stick.values())


class Pads:
    """All gamepads that are plugged in."""

    def __init__(self) -> None:
        self._pads: dict[int, _Pad] = {}

    def begin(self) -> None:
        """Look for gamepads from now on; those that are there already come as events. Raises pygame.error."""
        pygame.joystick.init()
        controller.init()

    def __len__(self) -> int:
        return len(self._pads)

    @property
    def held(self) -> frozenset[str]:
        """The game's keys that are held on any of them."""
        held: frozenset[str] = frozenset()
        for pad in self._pads.values():
            held |= pad.held
        return held

    def on(self, event: pygame.Event) -> Signal:
        """Take an event; those of other things mean nothing here."""
        match event.type:
            case pygame.JOYDEVICEADDED:
                return self._added(event.device_index)
            case pygame.JOYDEVICEREMOVED:
                gone = self._pads.pop(event.instance_id, None)
                return Signal(message=f"gamepad gone: {gone.name}") if gone else Signal()
            case (
                pygame.JOYBUTTONDOWN
                | pygame.JOYBUTTONUP
                | pygame.JOYHATMOTION
                | pygame.JOYAXISMOTION
                | pygame.CONTROLLERBUTTONDOWN
                | pygame.CONTROLLERBUTTONUP
                | pygame.CONTROLLERAXISMOTION
            ):
                pad = self._pads.get(event.instance_id)
                name = pygame.event.event_name(event.type)
                if pad is None or pad.mapped != name.startswith("Controller"):
                    return Signal()
                before = self.held
                command = self._moved(pad, event)
                return Signal(tuple(sorted(self.held - before)), command)
        return Signal()

    def _added(self, index: int) -> Signal:
        try:
            pad, number = self._open(index)
        except pygame.error as error:
            return Signal(message=f"a gamepad cannot be used: {error}")
        if number in self._pads:
            return Signal()
        self._pads[number] = pad
        return Signal(message=f"gamepad: {pad.name}")

    def _open(self, index: int) -> tuple[_Pad, int]:
        if controller.is_controller(index):
            mapped = controller.Controller(index)
            joystick = mapped.as_joystick()
            return _Pad(mapped, joystick.get_name(), True), joystick.get_instance_id()
        joystick = pygame.joystick.Joystick(index)
        return _Pad(joystick, joystick.get_name(), False), joystick.get_instance_id()

    def _moved(self, pad: _Pad, event: pygame.Event) -> str:
        """Note what the pad holds now; the command that it gives, or ""."""
        keys, commands = (_KEYS, _COMMANDS) if pad.mapped else (_PLAIN_KEYS, _PLAIN_COMMANDS)
        match event.type:
            case pygame.CONTROLLERBUTTONDOWN | pygame.JOYBUTTONDOWN:
                if event.button in keys:
                    pad.buttons[event.button] = keys[event.button]
                return commands.get(event.button, "")
            case pygame.CONTROLLERBUTTONUP | pygame.JOYBUTTONUP:
                pad.buttons.pop(event.button, None)
            case pygame.JOYHATMOTION:
                x, y = event.value
                pad.hat = frozenset(
                    key for key, there in (("left", x < 0), ("right", x > 0), ("up", y > 0), ("down", y < 0)) if there
                )
            case pygame.CONTROLLERAXISMOTION | pygame.JOYAXISMOTION if event.axis < len(_AXES):
                # The one counts to 32768, the other to 1.
                value = event.value / 32768 if pad.mapped else event.value
                least = _RELEASED if event.axis in pad.stick else _PRESSED
                if abs(value) >= least:
                    pad.stick[event.axis] = _AXES[event.axis][value > 0]
                else:
                    pad.stick.pop(event.axis, None)
        return ""
