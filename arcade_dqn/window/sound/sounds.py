"""A few short sounds: a reward, the end of an episode, a game that is solved. Off until they are asked for."""

from __future__ import annotations

import time
from collections.abc import Iterable

import pygame

from arcade_dqn.storage.paths import assets_dir

NAMES = ("reward", "end", "solved")
"""The files in assets/sounds, which `scripts/sounds.py` makes; later ones matter more."""
_APART = 0.12
"""Least seconds between two sounds: at high speeds there is more to hear than ears can tell apart."""


class Sounds:
    """Plays sounds, once they are switched on."""

    def __init__(self) -> None:
        self.on = False
        self._loaded: dict[str, pygame.mixer.Sound] = {}
        self._next = 0.0

    def toggle(self) -> str:
        """Switch them on or off; a line that says so, or why they stay off."""
        if self.on:
            self.on = False
            return "sounds off"
        try:
            if not self._loaded:
                # 22,050 samples a second, 16 bits, one channel, as the files have; a short buffer answers at once.
                pygame.mixer.init(22_050, -16, 1, 512)
                folder = assets_dir() / "sounds"
                self._loaded = {name: pygame.mixer.Sound(str(folder / f"{name}.wav")) for name in NAMES}
        except (pygame.error, FileNotFoundError) as error:
            return f"no sounds here: {error}"
        self.on = True
        return "sounds on"

    def play(self, heard: Iterable[str]) -> None:
        """Play what matters most of what was just heard."""
        names = [name for name in heard if name in NAMES]
        now = time.monotonic()
        if not self.on or not names or now < self._next:
            return
        self._next = now + _APART
        self._loaded[max(names, key=NAMES.index)].play()
