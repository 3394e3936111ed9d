"""A session, or two side by side, on one surface: the window's, or that of a film."""

from __future__ import annotations

import pygame

from arcade_dqn.window.describe import describe
from arcade_dqn.window.panel.hud import Hud
from arcade_dqn.window.session import Session
from arcade_dqn.window.two_players.describe import describe_two_players
from arcade_dqn.window.two_players.hud import TwoPlayersHud
from arcade_dqn.window.two_players.rounds import TwoPlayers


class Drawing:
    """Draws on `surface` by the one of the two HUDs that it takes."""

    def __init__(self, surface: pygame.Surface) -> None:
        self._surface = surface
        self._hud = Hud()
        self._two_players_hud: TwoPlayersHud | None = None

    @property
    def surface(self) -> pygame.Surface:
        return self._surface

    @surface.setter
    def surface(self, surface: pygame.Surface) -> None:
        self._surface = surface
        self.forget()

    def draw(self, session: Session | TwoPlayers, frame_rate: int, recording: str = "") -> list[pygame.Rect]:
        """Bring the surface up to date; the parts that changed. `recording`: the length of a film, if it is marked."""
        if isinstance(session, TwoPlayers):
            left, right = session.sessions
            self._two_players_hud = self._two_players_hud or TwoPlayersHud()
            pictures = left.picture, right.picture
            return self._two_players_hud.draw(
                self._surface, describe_two_players(session, frame_rate, recording), pictures
            )
        return self._hud.draw(self._surface, describe(session, frame_rate, recording), session.picture)

    def forget(self) -> None:
        """Draw everything again next time."""
        self._hud.forget()
        if self._two_players_hud is not None:
            self._two_players_hud.forget()
