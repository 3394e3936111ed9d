"""A session: a player on its clock. Decides when steps are taken; `describe.py` says what the HUD shows of it."""

from __future__ import annotations

import math
import time
from collections.abc import Set as AbstractSet
from enum import Enum, auto

import numpy as np

from arcade_dqn.games.game import Game
from arcade_dqn.games.info import GameInfo
from arcade_dqn.link.board import Status
from arcade_dqn.stage.player import Player, Scene
from arcade_dqn.stage.source import Source
from arcade_dqn.window.input.keys import game_keys
from arcade_dqn.window.panel.q_history import QHistory
from arcade_dqn.window.panel.views.contents import PROBE_SECONDS, VIEWS, AgentViews
from arcade_dqn.window.sound.cues import SoundCues
from arcade_dqn.window.speeds import end_speed, next_speed
from arcade_dqn.window.teaching import Teaching

POLL_SECONDS = 0.2
END_SECONDS = 0.7
"""How long the last picture of an episode stays, at the game's own speed."""
MESSAGE_SECONDS = 3.0
_UNLIMITED_BUDGET = 0.010
"""Seconds of each window frame that are played at unlimited speed."""


class Phase(Enum):
    """Where a session is in its episode.

        NO_AGENT    -> PLAYING                       with the first weights
        AWAITS_KEY  -> PLAYING                       with a key of the game
        PLAYING     -> END_SHOWN                     as the episode ends
        END_SHOWN   -> PLAYING, AWAITS_KEY or ENDED  after END_SECONDS; at once with a key, a single step, a restart
        ENDED       -> PLAYING or AWAITS_KEY         with `begin`

    Nobody sets it: `Session.phase` tells it from the player, the scene and the keys, in the order below. A pause, or
    the other one of two players, stops the time in any of them.
    """

    NO_AGENT = auto()
    """There is nobody to watch yet: a run has published no weights."""
    END_SHOWN = auto()
    """The episode is over, and its last picture stays for a while."""
    ENDED = auto()
    """The episode is over, and the next one begins when `begin` is called: see `two_players/`."""
    AWAITS_KEY = auto()
    """A person begins the episode with a key of the game."""
    PLAYING = auto()


class Session:
    """Plays `game` for an agent (`source`), a person, or both in turn. Owns both and closes them."""

    def __init__(
        self,
        game: Game,
        source: Source | None,
        *,
        seed: int,
        speed: float = 1.0,
        greedy: bool = False,
        epsilon: float = 0.0,
        person: bool = False,
    ) -> None:
        self.info: GameInfo = game.info
        self.source = source
        self.player = Player(game, source.policy if source else None, seed, epsilon)
        self.speed = speed
        self.greedy = greedy
        self.person = person
        self.paused = False
        self.help = False
        self.gamepad = False
        """Whether the help shall name its buttons."""
        self.waits_for_other = False
        """Whether the time stands still because another player is not as far: see `two_players/`."""
        self.stops_at_end = False
        """Whether an episode's end is the end, until `begin` is called."""
        self.views = AgentViews(game.info)
        self.sound_cues = SoundCues(game.info)
        self.held: AbstractSet[str] = frozenset()
        """The game's keys that a person holds now."""
        self.scene: Scene | None = None
        self.status: Status | None = source.status() if source else None
        """What the trainer said last, if there is one."""
        self.live = source.live if source else False
        """Whether a trainer is at work on the agent."""
        self.message = ""
        """A line over the picture, for a while."""
        self.q_history = QHistory()
        self.teaching = Teaching(self.player, source)
        self._due = 0.0
        """Steps that the clock asks for and that have not been taken; the fraction places the pictures between."""
        self._end_left = 0.0
        """Seconds that the last picture of an episode stays, at the game's own speed; not above 0 at any other time."""
        self._since_poll = math.inf
        self._own_epsilon = epsilon
        self._message_left = 0.0
        self._tapped: str | None = None
        """A key of the game that was pressed, and perhaps let go of, since the last step."""

    # --- time ---

    @property
    def phase(self) -> Phase:
        """Where the session is in its episode."""
        if self.player.policy is None and not self.person:
            return Phase.NO_AGENT
        if self._end_left > 0:
            return Phase.END_SHOWN
        if self.stops_at_end and self.over:
            return Phase.ENDED
        if self.person and not self.held and self._tapped is None and self._at_rest():
            return Phase.AWAITS_KEY
        return Phase.PLAYING

    @property
    def episodes(self) -> int:
        """Episodes that were shown to their end, their last picture included."""
        return len(self.player.returns) - (1 if self.phase is Phase.END_SHOWN else 0)

    @property
    def finished(self) -> int:
        """Episodes that were played to their end."""
        return len(self.player.returns)

    def take_sounds(self) -> list[str]:
        """What has happened since the last call that can be heard."""
        return self.sound_cues.take()

    @property
    def over(self) -> bool:
        """Whether the newest episode has ended."""
        return self.scene is not None and bool(self.scene.ended)

    def advance(self, seconds: float, *, budget: float | None = 0.012) -> None:
        """Let `seconds` pass. Spends at most about `budget` seconds on steps (None: as many as it takes)."""
        self._pass(seconds, budget)
        if self.scene is not None:
            self.views.work(self.player.policy, self.scene, None if budget is None else PROBE_SECONDS)

    def _pass(self, seconds: float, budget: float | None) -> None:
        self._since_poll += seconds
        if self._since_poll >= POLL_SECONDS:
            self._since_poll = 0.0
            self._poll()
        if self.message:
            self._message_left -= seconds
            if self._message_left <= 0:
                self.message = ""
        if self.phase is Phase.NO_AGENT:
            return
        if self.scene is None:
            self._keep(self.player.restart(), shown=True)
        if self.paused or self.waits_for_other:
            return
        if self.phase is Phase.END_SHOWN:
            self._end_left -= seconds * end_speed(self.speed)
        if self.phase is not Phase.PLAYING:
            return
        if math.isinf(self.speed):
            self._play_unlimited(budget or _UNLIMITED_BUDGET)
            return
        self._due += seconds * self.info.fps * self.speed
        end = time.perf_counter() + budget if budget is not None else math.inf
        while self._due >= 1:
            self._due -= 1
            self._step(draw=self._due < 1)
            if self._end_left > 0:
                self._due = 0.0
            elif time.perf_counter() > end:
                # The machine cannot keep up: play slower rather than in jerks.
                self._due = min(self._due, 0.999)

    def _play_unlimited(self, budget: float) -> None:
        end = time.perf_counter() + min(budget, _UNLIMITED_BUDGET)
        while time.perf_counter() < end:
            self._step(draw=False)
            if self.stops_at_end and self.scene is not None and self.scene.ended:
                self.scene = self.player.drawn(self.scene)
                return
        self._step(draw=True)
        self._end_left = 0.0

    def _step(self, *, draw: bool) -> None:
        action = self._persons_action() if self.person else None
        self._keep(self.player.step(action, draw=draw), shown=draw)
        if self.over or self.player.tape_is_full:
            self._hand_in()

    def _persons_action(self) -> int:
        """What a person does in this step: the one place where their keys become an action."""
        held = self.held or ({self._tapped} if self._tapped else frozenset())
        self._tapped = None
        return self.info.action_for(held)

    def _hand_in(self) -> None:
        """Give a run that learns from the person what they have played since the last time."""
        problem = self.teaching.hand_in()
        if problem:
            self.say(problem)

    def _keep(self, scene: Scene, *, shown: bool) -> None:
        self.scene = scene
        if shown:
            self.views.see(scene)
        self.sound_cues.add(scene)
        self.q_history.add(scene)
        if scene.ended:
            self._end_left = END_SECONDS

    def _at_rest(self) -> bool:
        """Whether the next step is the first of an episode."""
        return self.scene is None or self.scene.step == 0 or bool(self.scene.ended)

    def _poll(self) -> None:
        if self.source is None:
            return
        was_live = self.live
        self.source.poll()
        self.status, self.live = self.source.status(), self.source.live
        if self.player.policy is not self.source.policy:
            self.player.set_policy(self.source.policy)
        if was_live and not self.live and self.player.policy is not None:
            self.say("training has ended; this is its last agent")
            problem = self.teaching.stop()
            if problem:
                self.say(problem)
        epsilon = self._own_epsilon
        if self.live and self.status is not None and not math.isnan(self.status.epsilon):
            epsilon = self.status.epsilon
        self.player.epsilon = 0.0 if self.greedy else epsilon

    # --- commands ---

    def do(self, command: str) -> None:
        """Carry out a command of `keys.BINDINGS` that concerns the play; the others are the window's."""
        match command:
            case "pause":
                self.paused = not self.paused
            case "slower" | "faster":
                self.speed = next_speed(self.speed, 1 if command == "faster" else -1)
                self._due = min(self._due, 0.999)
            case "step":
                if self.paused and self.scene is not None:
                    self._end_left = 0.0
                    self._step(draw=True)
                    self._end_left = 0.0
            case "restart":
                self.begin()
            case "greedy":
                self.greedy = not self.greedy
                self._since_poll = math.inf
                self.say("greedy: no random actions" if self.greedy else "random actions as epsilon says")
            case "controls":
                self._hand_over()
            case "teach":
                self.say(self.teaching.toggle(live=self.live, person=self.person))
            case "next_view":
                self.views.next()
            case "help":
                self.help = not self.help
            case view if view in VIEWS:
                self.views.choose(view)

    def begin(self, *, same: bool = False) -> None:
        """Begin an episode, the one under way or the next one; with `same`, also an ended one again."""
        if self.phase is not Phase.NO_AGENT:
            self._hand_in()
            self._due, self._end_left, self._tapped = 0.0, 0.0, None
            self._keep(self.player.restart(same=same), shown=True)

    def press(self, key: str) -> None:
        """A person has pressed one of the game's keys: even a short tap counts for one step."""
        self._tapped = key
        if self.person and self._at_rest():
            self._end_left = 0.0
            self._due = 1.0

    def _hand_over(self) -> None:
        if self.person and self.player.policy is None:
            self.say("there is no saved agent to take over")
            return
        if not self.person and not game_keys(self.info):
            self.say(f"{self.info.title} has no keys to play it with")
            return
        self._hand_in()
        self.person = not self.person
        self.paused = False
        self.say("you play" if self.person else "the agent plays")

    def say(self, message: str) -> None:
        """Show a line over the picture for a while."""
        self.message, self._message_left = message, MESSAGE_SECONDS

    def close(self) -> None:
        """Close the game and the source."""
        self._hand_in()
        self.player.close()
        if self.source is not None:
            self.source.close()

    # --- what is seen ---

    @property
    def picture(self) -> np.ndarray | None:
        """The picture of this instant: while a step's time passes, those on its way come one after the other."""
        if self.scene is None:
            return None
        between = self.scene.between
        if not between or self.paused or self.phase is Phase.END_SHOWN or self.speed > 1:
            return self.scene.picture
        index = int(min(self._due, 0.999) * (len(between) + 1))
        return between[index] if index < len(between) else self.scene.picture

    @property
    def mode(self) -> str:
        """TRAIN, PAUSED, DEMO or HUMAN."""
        if self.paused or (self.live and not self.person and self.status and self.status.state == "paused"):
            return "PAUSED"
        if self.person:
            return "HUMAN"
        return "TRAIN" if self.live else "DEMO"
