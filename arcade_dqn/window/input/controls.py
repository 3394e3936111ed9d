"""From what is pressed - on the keyboard, on gamepads, by the program that started the window - to what it means.

A key of the game, while a person plays, is held and pressed; any other gives the command that `keys.BINDINGS` has for
it. The loop carries out what concerns the window, `Session.do` what concerns the play.
"""

from __future__ import annotations

import pygame

from arcade_dqn.window.input.gamepads import Gamepads, Input
from arcade_dqn.window.input.keys import command_for


class Controls:
    """The keyboard and all gamepads. `own`, everywhere, is the game's keys while a person plays, else nothing."""

    def __init__(self) -> None:
        self.gamepads = Gamepads()
        self._held: set[str] = set()

    @property
    def held(self) -> frozenset[str]:
        """The keys that are held, on the keyboard or on gamepads; these may hold some that the game has no use for."""
        return self.gamepads.held | self._held

    def on(self, event: pygame.Event, own: frozenset[str]) -> Input:
        """Take an event; those of other things mean nothing here."""
        match event.type:
            case pygame.KEYDOWN:
                return self._pressed(event.key, event.unicode, own)
            case pygame.KEYUP:
                self._held.discard(pygame.key.name(event.key).lower())
            case pygame.WINDOWFOCUSLOST:
                # The keys' release would be told to another window.
                self._held.clear()
            case _:
                return self.gamepads.on(event)
        return Input()

    def tap(self, key: str, own: frozenset[str]) -> Input:
        """Press a key, by pygame's name or by the character that it types, and let go of it at once."""
        try:
            code = pygame.key.key_code(key)
        except ValueError:
            code = 0
        meant = self._pressed(code, key if len(key) == 1 else "", own)
        self._held.discard(key)
        return meant

    def _pressed(self, key: int, typed: str, own: frozenset[str]) -> Input:
        name = pygame.key.name(key).lower()
        if name in own:
            self._held.add(name)
            return Input(pressed=(name,))
        return Input(command=command_for(key, typed, own))
