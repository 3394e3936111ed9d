"""Two at the same game, side by side, from the same seed: two agents, or a person and an agent. Draws nothing.

They play in rounds. Both begin a round together, from the same start; who is through first waits for the other, and the
higher return wins it.
"""

from __future__ import annotations

import math
from collections.abc import Set as AbstractSet

from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.errors import UsageError
from arcade_dqn.games.families import family_of
from arcade_dqn.games.info import GameInfo
from arcade_dqn.stage.source import Source
from arcade_dqn.window.panel.views.contents import VIEWS
from arcade_dqn.window.session import Phase, Session
from arcade_dqn.window.speeds import end_speed

ROUND_SECONDS = 2.0
"""How long the end of a round stays, at the game's own speed."""


class TwoPlayers:
    """Two sessions of one game, which were made with one seed; owns and closes them. Commands act on both."""

    def __init__(self, left: Session, right: Session) -> None:
        self.sessions = (left, right)
        self.info: GameInfo = left.info
        self.help = False
        self.gamepad = False
        self.rounds: list[tuple[float, float]] = []
        """The returns of both in each round that is over, oldest first."""
        self._end_left: float | None = None
        """For how many seconds more the end of a round is shown, whose result is counted; None while it is played."""
        left.stops_at_end = right.stops_at_end = True

    # --- what the window asks of a session ---

    @property
    def source(self) -> Source | None:
        return self.sessions[0].source

    @property
    def person(self) -> bool:
        """Whether a person plays, on the left."""
        return self.sessions[0].person

    @property
    def held(self) -> AbstractSet[str]:
        """The game's keys that a person holds now."""
        return self.sessions[0].held

    @held.setter
    def held(self, keys: AbstractSet[str]) -> None:
        self.sessions[0].held = keys

    @property
    def end_is_shown(self) -> bool:
        """Whether the newest round is over and counted, and its end still stands there."""
        return self._end_left is not None

    @property
    def finished(self) -> int:
        """Rounds that were played to their end."""
        return len(self.rounds)

    @property
    def episodes(self) -> int:
        """Rounds that were shown to their end, the last picture included."""
        return len(self.rounds) - (1 if self.end_is_shown else 0)

    def press(self, key: str) -> None:
        """A person has pressed one of the game's keys."""
        if not self.sessions[0].over:
            self.sessions[0].press(key)

    def say(self, message: str) -> None:
        """Show a line in the window for a while."""
        self.sessions[0].say(message)

    def take_sounds(self) -> list[str]:
        """What has happened since the last call that can be heard: of a person's play where one plays."""
        mine, other = (session.sound_cues.take() for session in self.sessions)
        return mine if self.person else mine + other

    def close(self) -> None:
        """Close both sessions."""
        for session in self.sessions:
            session.close()

    # --- time ---

    def advance(self, seconds: float, *, budget: float | None = 0.012) -> None:
        """Let `seconds` pass for both. Spends at most about `budget` seconds on steps (None: as many as it takes)."""
        left, right = self.sessions
        absent = Phase.NO_AGENT in (left.phase, right.phase)
        left.waits_for_other = absent
        # A person begins when they are ready, and the agent with them.
        right.waits_for_other = absent or left.phase is Phase.AWAITS_KEY
        for session in self.sessions:
            session.advance(seconds, budget=None if budget is None else budget / 2)
        if left.over and right.over:
            self._after_round(seconds)

    def _after_round(self, seconds: float) -> None:
        left, right = self.sessions
        if self._end_left is None:
            assert left.scene is not None and right.scene is not None
            self.rounds.append((left.scene.episode_return, right.scene.episode_return))
            self._end_left = ROUND_SECONDS
        elif not left.paused:
            self._end_left -= seconds * end_speed(left.speed)
            if self._end_left <= 0 or math.isinf(left.speed):
                self._begin(same=False)

    def _begin(self, *, same: bool) -> None:
        for session in self.sessions:
            session.begin(same=same)
        self._end_left = None

    # --- commands ---

    def do(self, command: str) -> None:
        """Carry out a command of `keys.BINDINGS` for both; the controls are the left one's."""
        left, right = self.sessions
        match command:
            case "restart":
                # After the end of a round it is the next one, as it is with an episode.
                self._begin(same=not self.end_is_shown)
            case "step":
                if left.paused and self.end_is_shown:
                    self._begin(same=False)
                else:
                    for session in self.sessions:
                        if not session.over:
                            session.do("step")
            case "controls" | "teach":
                left.do(command)
                right.paused = left.paused
            case "help":
                self.help = not self.help
            case "next_view":
                left.views.next()
                right.views.name = left.views.name
            case view if view in VIEWS:
                left.views.choose(view)
                right.views.name = left.views.name
            case _:
                for session in self.sessions:
                    session.do(command)


def check_same_game(left: Source, right: Source) -> None:
    """Raise UsageError if the two do not play the same game."""
    if left.info.id != right.info.id:
        raise UsageError(
            f"{left.title} plays {left.info.id} and {right.title} plays {right.info.id}; "
            "side by side, both must play the same game"
        )


def other_rules(info: GameInfo, left: EnvironmentSettings, right: EnvironmentSettings) -> str:
    """A sentence where the two know the game by different rules, so that equal seeds are not equal games; or ""."""
    names = (*family_of(info).rules, "max_episode_steps")
    different = [
        f"{name} {getattr(left, name):g} and {getattr(right, name):g}"
        for name in names
        if getattr(left, name) != getattr(right, name)
    ]
    return f"not quite the same game: {', '.join(different)}" if different else ""
