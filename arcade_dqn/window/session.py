"""A session: a player on its clock. Decides when steps are taken and says what the HUD has to show; draws nothing."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Set as AbstractSet

import numpy as np

from arcade_dqn.errors import ArcadeError
from arcade_dqn.games.game import Game
from arcade_dqn.games.info import GameInfo
from arcade_dqn.link.board import Status
from arcade_dqn.stage.player import Player, Scene
from arcade_dqn.stage.source import LiveRun, SavedModel, Source
from arcade_dqn.storage.demonstrations import save_demonstration
from arcade_dqn.window.input.keys import game_keys, help_groups, hints
from arcade_dqn.window.panel.agent_info import AT_WORK, gauges, subtitle
from arcade_dqn.window.panel.numbers import number
from arcade_dqn.window.panel.state import HudState, StepValues
from arcade_dqn.window.panel.views.contents import PROBE_SECONDS, VIEWS, AgentViews
from arcade_dqn.window.sound.cues import SoundCues

SPEEDS = (1 / 8, 1 / 4, 1 / 2, 1.0, 2.0, 4.0, 8.0, math.inf)
"""Multiples of the game's own speed; the last one is as fast as it goes."""
POLL_SECONDS = 0.2
HOLD_SECONDS = 0.7
"""How long the last picture of an episode stays, at the game's own speed."""
MESSAGE_SECONDS = 3.0
_UNLIMITED_BUDGET = 0.010
"""Seconds of each window frame that are played at unlimited speed."""
_KEPT_RETURNS = 200
_KEPT_STEPS = 1000


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
        self.stands = False
        """Whether the play stands still because another one is not as far: see `two_players/`."""
        self.one_by_one = False
        """Whether an episode's end is the end, until `begin` is called."""
        self.views = AgentViews(game.info)
        self.held: AbstractSet[str] = frozenset()
        """The game's keys that a person holds now."""
        self.scene: Scene | None = None
        self._own_epsilon = epsilon
        self._status: Status | None = source.status() if source else None
        self._live = source.live if source else False
        self._was_live = self._live
        self._due = 0.0
        """Steps that the clock asks for and that have not been taken; the fraction places the pictures between."""
        self._hold = 0.0
        self._since_poll = math.inf
        self._message = ""
        self._message_left = 0.0
        self._q_range = (0.0, 1e-6)
        self._tapped: str | None = None
        self._history: deque[StepValues] = deque(maxlen=_KEPT_STEPS)
        self.sound_cues = SoundCues(game.info)

    # --- time ---

    @property
    def episodes(self) -> int:
        """Episodes that were shown to their end, their last picture included."""
        return len(self.player.returns) - (1 if self._hold > 0 else 0)

    @property
    def finished(self) -> int:
        """Episodes that were played to their end."""
        return len(self.player.returns)

    def take_sounds(self) -> list[str]:
        """What has happened since the last call that can be heard."""
        return self.sound_cues.take()

    @property
    def over(self) -> bool:
        """Whether the episode on stage has ended."""
        return self.scene is not None and bool(self.scene.ended)

    @property
    def waiting(self) -> bool:
        """Whether there is no agent to watch yet."""
        return self.player.policy is None and not self.person

    @property
    def awaits_key(self) -> bool:
        """Whether an episode waits for a person's first key."""
        return self.person and not self.held and self._tapped is None and self._at_rest()

    def advance(self, seconds: float, *, budget: float | None = 0.012) -> None:
        """Let `seconds` pass. Spends at most about `budget` seconds on steps (None: as many as it takes)."""
        self._pass(seconds, budget)
        if self.scene is not None:
            self.views.consider(self.player.policy, self.scene, None if budget is None else PROBE_SECONDS)

    def _pass(self, seconds: float, budget: float | None) -> None:
        self._since_poll += seconds
        if self._since_poll >= POLL_SECONDS:
            self._since_poll = 0.0
            self._poll()
        if self._message:
            self._message_left -= seconds
            if self._message_left <= 0:
                self._message = ""
        if self.waiting:
            return
        if self.scene is None:
            self._keep(self.player.restart(), shown=True)
        if self.paused or self.stands:
            return
        if self._hold > 0:
            self._hold -= seconds * max(1.0, min(8.0, self.speed))
            if self._hold > 0:
                return
        if self.awaits_key or (self.one_by_one and self.over):
            return
        if math.isinf(self.speed):
            self._play_unlimited(budget or _UNLIMITED_BUDGET)
            return
        self._due += seconds * self.info.fps * self.speed
        end = time.perf_counter() + budget if budget is not None else math.inf
        while self._due >= 1:
            self._due -= 1
            self._step(draw=self._due < 1)
            if self._hold > 0:
                self._due = 0.0
            elif time.perf_counter() > end:
                # The machine cannot keep up: play slower rather than in jerks.
                self._due = min(self._due, 0.999)

    def _play_unlimited(self, budget: float) -> None:
        end = time.perf_counter() + min(budget, _UNLIMITED_BUDGET)
        while time.perf_counter() < end:
            self._step(draw=False)
            if self.one_by_one and self.scene is not None and self.scene.ended:
                self.scene = self.player.drawn(self.scene)
                return
        self._step(draw=True)
        self._hold = 0.0

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

    def _teach(self) -> None:
        """Let the run in training learn from what a person plays, or no longer."""
        if self.player.taping:
            self._hand_in()
            self.player.taping = False
            self.say("your play is no longer learned from")
        elif not isinstance(self.source, LiveRun) or not self._live:
            self.say("only a run in training can learn from your play")
        else:
            self.player.taping = True
            self.say(
                "your play goes into its replay buffer" if self.person else "take the controls, and it learns from you"
            )

    def _hand_in(self) -> None:
        """Give the run what a person has played since the last time."""
        played = self.player.take_tape()
        if played is None or not isinstance(self.source, LiveRun):
            return
        try:
            save_demonstration(self.source.run.path, played)
        except ArcadeError as error:
            self.player.taping = False
            self.say(str(error))

    def _keep(self, scene: Scene, *, shown: bool) -> None:
        self.scene = scene
        if shown:
            self.views.see(scene)
        self.sound_cues.add(scene)
        if scene.q_values is not None:
            low, high = self._q_range
            # The scale widens at once and narrows slowly, so that the bars do not jump with it.
            finite = scene.q_values[np.isfinite(scene.q_values)].tolist()
            low = min([0.0, low * 0.995, *finite])
            high = max([0.0, high * 0.995, *finite])
            self._q_range = (low, high if high > low else low + 1e-6)
            if scene.step <= 1:
                self._history.clear()
            if scene.action is not None:
                self._history.append(StepValues(tuple(scene.q_values.tolist()), scene.explored))
        if scene.ended:
            self._hold = HOLD_SECONDS

    def _at_rest(self) -> bool:
        """Whether the next step is the first of an episode."""
        return self.scene is None or self.scene.step == 0 or bool(self.scene.ended)

    def _poll(self) -> None:
        if self.source is None:
            return
        self.source.poll()
        self._status, self._live = self.source.status(), self.source.live
        if self.player.policy is not self.source.policy:
            self.player.set_policy(self.source.policy)
        if self._was_live and not self._live and self.player.policy is not None:
            self.say("training has ended; this is its last agent")
            self._hand_in()
            self.player.taping = False
        self._was_live = self._live
        epsilon = self._own_epsilon
        if self._live and self._status is not None and not math.isnan(self._status.epsilon):
            epsilon = self._status.epsilon
        self.player.epsilon = 0.0 if self.greedy else epsilon

    # --- commands ---

    def do(self, command: str) -> None:
        """Carry out a command of `keys.BINDINGS` that concerns the play; the others are the window's."""
        match command:
            case "pause":
                self.paused = not self.paused
            case "slower" | "faster":
                index = SPEEDS.index(self.speed) if self.speed in SPEEDS else 3
                index += 1 if command == "faster" else -1
                self.speed = SPEEDS[max(0, min(len(SPEEDS) - 1, index))]
                self._due = min(self._due, 0.999)
            case "step":
                if self.paused and self.scene is not None:
                    self._hold = 0.0
                    self._step(draw=True)
                    self._hold = 0.0
            case "restart":
                self.begin()
            case "greedy":
                self.greedy = not self.greedy
                self._since_poll = math.inf
                self.say("greedy: no random actions" if self.greedy else "random actions as epsilon says")
            case "controls":
                self._hand_over()
            case "teach":
                self._teach()
            case "next_view":
                self.views.next()
            case "help":
                self.help = not self.help
            case view if view in VIEWS:
                self.views.choose(view)

    def begin(self, *, same: bool = False) -> None:
        """Begin an episode, the one under way or the next one; with `same`, also an ended one again."""
        if not self.waiting:
            self._hand_in()
            self._due, self._hold, self._tapped = 0.0, 0.0, None
            self._keep(self.player.restart(same=same), shown=True)

    def press(self, key: str) -> None:
        """A person has pressed one of the game's keys: even a short tap counts for one step."""
        self._tapped = key
        if self.person and self._at_rest():
            self._hold = 0.0
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
        self._message, self._message_left = message, MESSAGE_SECONDS

    def close(self) -> None:
        """Close the game and the source."""
        self._hand_in()
        self.player.close()
        if self.source is not None:
            self.source.close()

    # --- what it looks like ---

    @property
    def picture(self) -> np.ndarray | None:
        """The picture of this instant: while a step's time passes, those on its way come one after the other."""
        if self.scene is None:
            return None
        between = self.scene.between
        if not between or self.paused or self._hold > 0 or self.speed > 1:
            return self.scene.picture
        index = int(min(self._due, 0.999) * (len(between) + 1))
        return between[index] if index < len(between) else self.scene.picture

    @property
    def mode(self) -> str:
        """TRAIN, PAUSED, DEMO or HUMAN."""
        if self.paused or (self._live and not self.person and self._status and self._status.state == "paused"):
            return "PAUSED"
        if self.person:
            return "HUMAN"
        return "TRAIN" if self._live else "DEMO"

    def hud_state(self, frame_rate: int = 0, recording: str = "") -> HudState:
        """What the HUD shows now."""
        scene, player = self.scene, self.player
        chosen_by = ""
        if scene is not None and scene.action is not None:
            by_person = self.person or (scene.action != scene.greedy_action and not scene.explored)
            chosen_by = "you" if by_person else "explored" if scene.explored else "greedy"
        q_values = None
        if scene is not None and scene.q_values is not None:
            q_values = tuple(scene.q_values.tolist())
        return HudState(
            mode=self.mode,
            note=self._note(),
            title=self.info.title,
            subtitle=subtitle(self.source),
            speed=speed_text(self.speed),
            frame_rate=frame_rate,
            episode=scene.episode if scene else 0,
            episode_return=scene.episode_return if scene else None,
            best=max(player.returns, default=None),
            gauges=gauges(self.source, self._status, live=self._live, epsilon=player.epsilon, greedy=self.greedy),
            action_names=self.player.game.action_names,
            q_values=q_values,
            q_range=self._q_range,
            action=scene.action if scene else None,
            chosen_by=chosen_by,
            returns=tuple(player.returns[-_KEPT_RETURNS:]),
            history=tuple(self._history),
            hints=hints(self.info, self.person, agent=player.policy is not None),
            view=self.views.view(
                player.policy, scene, player.epsilon, self.source.temperature if self.source else None
            ),
            recording=recording,
            message=self._message or self._standing_message(),
            waiting=self._waiting_text(),
            help=help_groups(self.info, gamepad=self.gamepad) if self.help else (),
        )

    def _standing_message(self) -> str:
        if self.awaits_key and self._hold <= 0 and game_keys(self.info) and not (self.one_by_one and self.over):
            scene = self.scene
            again = ""
            if scene is not None and scene.ended:
                again = f"{number(scene.episode_return)} point{'' if scene.episode_return == 1 else 's'}. "
            return f"{again}Press a key of the game to begin"
        return ""

    def _waiting_text(self) -> str:
        if self._live or not isinstance(self.source, SavedModel):
            return "Waiting for the first weights"
        return "Loading"

    def _note(self) -> str:
        if self.paused:
            return "the play, not the training" if self._live else "the play"
        if self.person:
            return "your keys, learned from" if self.player.taping else "your keys"
        if self._live and self._status is not None:
            if self._status.state == "paused":
                return "the training"
            return AT_WORK.get(self._status.state, self._status.state)
        return "not learning"


def speed_text(speed: float) -> str:
    """Such as `2x`, `1/8x` or `max`."""
    if math.isinf(speed):
        return "max"
    return f"{speed:g}x" if speed >= 1 else f"1/{round(1 / speed)}x"
