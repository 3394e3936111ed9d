"""Two at the same game, side by side, from the same seed: two agents, or a person and an agent. Draws nothing.

They play in rounds. Both begin a round together, from the same start; who is through first waits for the other, and the
higher return wins it.
"""

from __future__ import annotations

import math
from collections.abc import Set as AbstractSet

from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.errors import UsageError
from arcade_dqn.games.catalog import GameInfo
from arcade_dqn.stage.source import Source
from arcade_dqn.window.facts import way_of
from arcade_dqn.window.insight import LOOKS
from arcade_dqn.window.keys import help_groups, hints
from arcade_dqn.window.show import Show, speed_text
from arcade_dqn.window.view import Contender, DuelView, number

ROUND_SECONDS = 2.0
"""How long the end of a round stays, at the game's own speed."""
_KEPT_ROUNDS = 200


class Duel:
    """Two shows of one game, which were made with one seed; owns and closes them. Commands act on both."""

    def __init__(self, left: Show, right: Show) -> None:
        self.shows = (left, right)
        self.info: GameInfo = left.info
        self.help = False
        self.gamepad = False
        self.rounds: list[tuple[float, float]] = []
        """The returns of both in each round that is over, oldest first."""
        self._ended = False
        """Whether this round has been counted."""
        self._pause = 0.0
        left.one_by_one = right.one_by_one = True

    # --- what the window asks of a show ---

    @property
    def source(self) -> Source | None:
        return self.shows[0].source

    @property
    def person(self) -> bool:
        """Whether a person plays, on the left."""
        return self.shows[0].person

    @property
    def held(self) -> AbstractSet[str]:
        """The game's keys that a person holds now."""
        return self.shows[0].held

    @held.setter
    def held(self, keys: AbstractSet[str]) -> None:
        self.shows[0].held = keys

    @property
    def finished(self) -> int:
        """Rounds that were played to their end."""
        return len(self.rounds)

    @property
    def episodes(self) -> int:
        """Rounds that were shown to their end, the last picture included."""
        return len(self.rounds) - (1 if self._ended and self._pause > 0 else 0)

    def press(self, key: str) -> None:
        """A person has pressed one of the game's keys."""
        if not self.shows[0].over:
            self.shows[0].press(key)

    def say(self, message: str) -> None:
        """Show a line in the window for a while."""
        self.shows[0].say(message)

    def take_sounds(self) -> list[str]:
        """What has happened since the last call that can be heard: of a person's play where one plays."""
        mine, other = (show.ear.take() for show in self.shows)
        return mine if self.person else mine + other

    def close(self) -> None:
        """Close both shows."""
        for show in self.shows:
            show.close()

    # --- time ---

    def advance(self, seconds: float, *, budget: float | None = 0.012) -> None:
        """Let `seconds` pass for both. Spends at most about `budget` seconds on steps (None: as many as it takes)."""
        left, right = self.shows
        absent = left.waiting or right.waiting
        left.stands = absent
        # A person begins when they are ready, and the agent with them.
        right.stands = absent or (left.awaits_key and not left.over)
        for show in self.shows:
            show.advance(seconds, budget=None if budget is None else budget / 2)
        if left.over and right.over:
            self._after_round(seconds)

    def _after_round(self, seconds: float) -> None:
        left, right = self.shows
        if not self._ended:
            assert left.scene is not None and right.scene is not None
            self.rounds.append((left.scene.episode_return, right.scene.episode_return))
            self._ended, self._pause = True, ROUND_SECONDS
        elif not left.paused:
            self._pause -= seconds * max(1.0, min(8.0, left.speed))
            if self._pause <= 0 or math.isinf(left.speed):
                self._begin(same=False)

    def _begin(self, *, same: bool) -> None:
        for show in self.shows:
            show.begin(same=same)
        self._ended, self._pause = False, 0.0

    # --- commands ---

    def do(self, command: str) -> None:
        """Carry out a command of `keys.BINDINGS` for both; the controls are the left one's."""
        left, right = self.shows
        match command:
            case "restart":
                # After the end of a round it is the next one, as it is with an episode.
                self._begin(same=not self._ended)
            case "step":
                if left.paused and self._ended:
                    self._begin(same=False)
                else:
                    for show in self.shows:
                        if not show.over:
                            show.do("step")
            case "controls" | "teach":
                left.do(command)
                right.paused = left.paused
            case "help":
                self.help = not self.help
            case "next_look":
                left.insight.next()
                right.insight.name = left.insight.name
            case look if look in LOOKS:
                left.insight.choose(look)
                right.insight.name = left.insight.name
            case _:
                for show in self.shows:
                    show.do(command)

    # --- what it looks like ---

    def view(self, frame_rate: int = 0, recording: str = "") -> DuelView:
        """What the window shows now."""
        left, right = self.shows
        sides = self._contender(0), self._contender(1)
        state = left.state if left.state != "DEMO" else right.state
        first = sides[0].view.episode
        return DuelView(
            title=self.info.title,
            state=state,
            round=first,
            drawn=sum(mine == other for mine, other in self.rounds),
            rounds=tuple(self.rounds[-_KEPT_ROUNDS:]),
            speed=speed_text(left.speed),
            frame_rate=frame_rate,
            sides=sides,
            hints=hints(
                self.info, self.person, agent=left.player.policy is not None, waits=left.over and not right.over
            ),
            recording=recording,
            message=sides[0].view.message or sides[1].view.message or self._result(),
            help=help_groups(self.info, gamepad=self.gamepad) if self.help else (),
        )

    def _contender(self, side: int) -> Contender:
        show, other = self.shows[side], self.shows[1 - side]
        returns = [pair[side] for pair in self.rounds]
        return Contender(
            name=self._name(side),
            kind="your keys" if show.person else way_of(show.source) if show.source else "no agent",
            view=show.view(),
            mean=sum(returns) / len(returns) if returns else None,
            won=sum(pair[side] > pair[1 - side] for pair in self.rounds),
            waits=show.over and not other.over,
        )

    def _name(self, side: int) -> str:
        titles = ["You" if show.person else show.source.title if show.source else "Nobody" for show in self.shows]
        if titles[0] == titles[1]:
            return f"{('Left', 'Right')[side]}: {titles[side]}"
        return titles[side]

    def _result(self) -> str:
        """Who has won the round, while its end is shown."""
        if not self._ended:
            return ""
        mine, other = self.rounds[-1]
        if mine == other:
            return f"both {number(mine)}: a draw"
        winner = self._name(0 if mine > other else 1)
        won = "win" if winner == "You" else "wins"
        return f"{winner} {won}, {number(max(mine, other))} to {number(min(mine, other))}"


def check_same_game(left: Source, right: Source) -> None:
    """Raise UsageError if the two do not play the same game."""
    if left.info.id != right.info.id:
        raise UsageError(
            f"{left.title} plays {left.info.id} and {right.title} plays {right.info.id}; "
            "side by side, both must play the same game"
        )


_RULES: dict[str, tuple[str, ...]] = {
    "atari": ("frame_skip", "sticky_actions", "noop_max"),
    "minatar": ("sticky_actions",),
}


def other_rules(info: GameInfo, left: EnvironmentSettings, right: EnvironmentSettings) -> str:
    """A sentence where the two know the game by different rules, so that equal seeds are not equal games; or ""."""
    names = (*_RULES.get(info.family, ()), "max_episode_steps")
    different = [
        f"{name} {getattr(left, name):g} and {getattr(right, name):g}"
        for name in names
        if getattr(left, name) != getattr(right, name)
    ]
    return f"not quite the same game: {', '.join(different)}" if different else ""
