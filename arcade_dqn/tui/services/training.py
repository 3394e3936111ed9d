"""The training as the screens see it: begun, resumed or replaced, told commands, and announced at its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from arcade_dqn.errors import ArcadeError
from arcade_dqn.tui.record import RunRecord
from arcade_dqn.tui.services.background import Background
from arcade_dqn.tui.services.navigation import Answer, Navigation
from arcade_dqn.tui.services.notices import Notices
from arcade_dqn.tui.services.programs import Programs
from arcade_dqn.tui.services.terminal import Terminal
from arcade_dqn.tui.snapshot import Notice, Snapshot

if TYPE_CHECKING:
    from arcade_dqn.config import Settings
    from arcade_dqn.games.info import GameInfo

_WARM_UP = 1.5
"""Seconds after which the learner begins to warm up: after the first paint, and after a run that has ended."""
_POLL = 0.1
"""Seconds between two looks for the end of a run that another one replaces."""


class Coming(Enum):
    """Where the next run is, of which the trainer does not know yet. No other one is begun meanwhile."""

    NOTHING = auto()
    WAITING = auto()
    """For the one in training to be saved: a while, in which the keys work."""
    MADE = auto()
    """Its folder is being made or read, and given to the trainer."""


class Training:
    """For the event loop.

    What is coming goes NOTHING -> MADE -> NOTHING for a run that is begun or resumed, and NOTHING -> WAITING -> MADE ->
    NOTHING for one that replaces another; a run that cannot be begun leads home.

    With `keep_warm` a trainer is kept ready for the next run, and `preload` called once it has been started. `ending`
    is how a person who looks elsewhere wants to be told that a run has ended.
    """

    def __init__(
        self,
        runs_dir: Path,
        programs: Programs,
        notices: Notices,
        background: Background,
        navigation: Navigation,
        terminal: Terminal,
        *,
        keep_warm: bool,
        preload: Callable[[], None],
        ending: Literal["none", "bell", "desktop", "both"],
    ) -> None:
        self._runs_dir = runs_dir
        self._programs = programs
        self._trainer = programs.trainer
        self._notices = notices
        self._background = background
        self._navigation = navigation
        self._terminal = terminal
        self._keep_warm = keep_warm
        self._preload = preload
        self._ending = ending
        self._coming = Coming.NOTHING
        self._closing = False
        self.snapshot = Snapshot()
        """What was known at the last `poll`."""

    @property
    def running(self) -> bool:
        """Whether a run is under way, just now."""
        return self._trainer.running

    @property
    def record(self) -> RunRecord:
        """Curves and log of the newest run."""
        return self._trainer.record

    @property
    def replay(self) -> Mapping[str, Any] | None:
        """What the trainer told last of its replay buffer."""
        return self._trainer.replay

    @property
    def cluster(self) -> Mapping[str, Any] | None:
        """What it told last of its actors; None for a run without any."""
        return self._trainer.cluster

    def command(self, name: str, /, **arguments: Any) -> bool:
        """Send the trainer a command; False, with the reason shown, if that is not possible."""
        try:
            self._trainer.command(name, **arguments)
        except ArcadeError as error:
            self._notices.complain(error)
            return False
        return True

    # --- looking ---

    def poll(self) -> Snapshot:
        """Look at the programs, and tell a person what is new."""
        before, now = self.snapshot, self._programs.poll()
        self.snapshot = now
        for notice in now.notices:
            self._tell(notice)
        if not self._closing:
            if before.running and not now.running and now.state != "stopped":
                self._announce(now.ending)
            if (before.learner, now.learner, now.phase) == ("busy", "off", "ended"):
                # The trainer ended with its run: have another one ready for the next run.
                self.warm_up_soon()
        return now

    def _tell(self, notice: Notice) -> None:
        self._notices.tell(notice.text, notice.severity, 12 if notice.severity == "error" else 6)
        if notice.resume is not None:
            self._background.task(self._offer_resume(notice.text, notice.resume, self.snapshot.game))

    async def _offer_resume(self, what: str, run: Path, game: str) -> None:
        answers = [Answer("r", "Resume", "resume", "primary"), Answer("n", "Not now", "")]
        if await self._navigation.ask(f"{game} has stopped", what, answers) == "resume":
            self.resume(run, game)

    def _announce(self, text: str) -> None:
        """Tell a person who looks elsewhere that a run has ended, if they want to be told."""
        if (how := self._ending) != "none":
            from arcade_dqn.link.notify import tell

            self._background.run(lambda: tell(text, how, self._programs.environment, self._terminal.write))

    def warm_up_soon(self) -> None:
        """Start a trainer behind the menu, if one is to be kept ready."""
        if self._keep_warm:
            self._background.after(_WARM_UP, lambda: self._background.run(self._trainer.warm_up, self._preload))

    def close(self) -> None:
        """The program is being left: what ends from now on needs no word, and no other trainer."""
        self._closing = True

    # --- beginning ---

    def train(self, info: GameInfo, settings: Settings | None = None) -> None:
        """Train `info` with its default preset or these settings; asks first if another run is in training."""
        if not self._notices.installed(info):
            return
        if self._coming is not Coming.NOTHING:
            self._navigation.go_to_training()
        elif not self.running:
            self._begin(info.title, lambda: self._make_run(info, settings))
        elif settings is None and self.snapshot.game == info.title:
            self._navigation.go_to_training()
        else:
            self._background.task(self._replace(info, settings))

    def resume(self, run: Path, game: str) -> None:
        """Go on with the run in this folder."""
        if self._coming is not Coming.NOTHING or (self.running and self.snapshot.run == run):
            self._navigation.go_to_training()
        elif self.running:
            complaint = f"{self.snapshot.game} is training; stop it before another run is resumed"
            self._notices.complain(ArcadeError(complaint))
        else:
            self._begin(game, lambda: run, load=True)

    async def _replace(self, info: GameInfo, settings: Settings | None) -> None:
        running = self.snapshot.game
        answer = await self._navigation.ask(
            f"{running} is training",
            f"Stop and save {running}, and train {info.title}?",
            [Answer("b", f"Back to {running}", "back"), Answer("y", f"Train {info.title}", "train", "warning")],
        )
        if answer == "back":
            self._navigation.go_to_training()
        elif answer == "train" and self._coming is Coming.NOTHING:
            self._coming = Coming.WAITING
            if self.running:
                self.command("stop")
            while self.running:
                await asyncio.sleep(_POLL)
            self._begin(info.title, lambda: self._make_run(info, settings))

    def _make_run(self, info: GameInfo, settings: Settings | None) -> Path:
        from arcade_dqn.config import build
        from arcade_dqn.storage.run_dir import RunDir

        return RunDir.create(self._runs_dir, settings or build(info.id, info.preset)).path

    def _begin(self, game: str, make_run: Callable[[], Path], load: bool = False) -> None:
        """Show the training screen at once, then make the run and give it to the trainer."""
        self._coming = Coming.MADE
        self._navigation.go_to_training()
        self._background.task(self._give(game, make_run, load))

    async def _give(self, game: str, make_run: Callable[[], Path], load: bool) -> None:
        def give() -> None:
            run = make_run()
            if load:
                self._trainer.warm_up()  # while the record is read
            self._trainer.open(run, game, _read_record(run) if load else None)

        try:
            await asyncio.to_thread(give)
        except (ArcadeError, OSError) as error:
            self._notices.complain(error)
            self._navigation.go_home()
        finally:
            self._coming = Coming.NOTHING


def _read_record(run: Path) -> RunRecord:
    """What a run has written down so far."""
    from arcade_dqn.storage.run_dir import RunDir

    record = RunRecord()
    record.load(RunDir.open(run).read_metrics())
    return record
