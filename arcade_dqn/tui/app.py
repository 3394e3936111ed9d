"""The app: makes the services and the screens, goes from one screen to another, and leaves in good order."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.app import App

from arcade_dqn.experiments.lab import Lab
from arcade_dqn.preferences import Preferences
from arcade_dqn.tui import keys
from arcade_dqn.tui.configured_app import ConfiguredApp
from arcade_dqn.tui.screens.base import ArcadeScreen, front
from arcade_dqn.tui.screens.home import HomeScreen
from arcade_dqn.tui.services.background import Background, is_open
from arcade_dqn.tui.services.bundle import Services
from arcade_dqn.tui.services.demo_player import Demo, DemoPlayer
from arcade_dqn.tui.services.experiments import Experiments
from arcade_dqn.tui.services.library import Library
from arcade_dqn.tui.services.meters import Meters
from arcade_dqn.tui.services.navigation import Answer
from arcade_dqn.tui.services.notices import Notices
from arcade_dqn.tui.services.playback import Playback
from arcade_dqn.tui.services.preferences_file import PreferencesFile
from arcade_dqn.tui.services.programs import Programs
from arcade_dqn.tui.services.terminal import Terminal
from arcade_dqn.tui.services.training import Training

if TYPE_CHECKING:
    from textual.command import Provider

    from arcade_dqn.games.info import GameInfo

_WIDTHS = [(0, "-narrow"), (100, "-medium"), (140, "-wide")]
_HEIGHTS = [(0, "-short"), (32, "-middle"), (44, "-tall")]
_POLL = 0.1
"""Seconds between two looks at the other programs."""
_PAINT = 0.05
"""Seconds that the first paint is given before anything else begins to load."""


def commands_provider() -> type[Provider]:
    """The palette's commands, imported when the palette is opened first."""
    from arcade_dqn.tui.commands import ArcadeCommands

    return ArcadeCommands


class ArcadeApp(ConfiguredApp):
    """The control room.

    `warm_up` says whether a trainer is started behind the menu. A theme that is chosen is kept in `file`, if there is
    one; `problems` are sentences on it that a person should see. `programs`, `lab` and `demo_player` may be replaced in
    tests; the last one is made by what is given, out of the terminal that it draws for.
    """

    TITLE = "arcade_dqn"
    CSS_PATH = "app.tcss"
    BINDINGS = keys.EVERYWHERE
    COMMANDS = App.COMMANDS | {commands_provider}
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS
    NOTIFICATION_TIMEOUT = 6

    def __init__(
        self,
        runs_dir: Path,
        *,
        programs: Programs | None = None,
        lab: Lab | None = None,
        demo_player: Callable[[Path, Terminal], DemoPlayer] = DemoPlayer,
        warm_up: bool = True,
        preferences: Preferences | None = None,
        file: Path | None = None,
        problems: Sequence[str] = (),
    ) -> None:
        super().__init__(preferences or Preferences(), file, problems)
        self._programs = programs = programs or Programs(runs_dir)
        self._lab = lab = lab or Lab(runs_dir, programs.environment)
        terminal = Terminal(self, self.capabilities)
        notices = Notices(self)
        background = Background(self, notices)
        training = Training(
            runs_dir,
            programs,
            notices,
            background,
            self,
            terminal,
            keep_warm=warm_up,
            preload=_preload,
            ending=self.preferences.notice,
        )
        self.services = Services(
            training=training,
            playback=Playback(programs.window, notices, background, self, self.key),
            demo_player=demo_player(runs_dir, terminal),
            library=Library(runs_dir),
            experiments=Experiments(lab, notices, background),
            meters=Meters(lambda: programs.trainer.pid),
            terminal=terminal,
            navigation=self,
            notices=notices,
            background=background,
        )
        self._preferences_file = None if file is None else PreferencesFile(file, background)
        self.painted = False
        """Whether the first screen stands, so that slower things may begin."""
        self._leaving = False
        self._event_loop: asyncio.AbstractEventLoop | None = None

    def get_default_screen(self) -> HomeScreen:
        return HomeScreen(self.services)

    # --- from first paint on ---

    def on_mount(self) -> None:
        self._event_loop = asyncio.get_running_loop()
        self.capabilities_changed()

    def on_ready(self) -> None:
        self.set_interval(_POLL, self._poll)
        self.set_timer(_PAINT, self._painted)

    def _painted(self) -> None:
        if not is_open(self):
            return
        self.painted = True
        # From here on this process draws games: SDL must open neither display nor sound for that.
        os.environ["SDL_VIDEODRIVER"] = os.environ["SDL_AUDIODRIVER"] = "dummy"
        home = self.screen_stack[0]
        assert isinstance(home, HomeScreen)
        home.first_paint_done()
        if self.preferences.meters:
            self.services.meters.start()
        for problem in self.problems:
            self.services.notices.tell(problem, "warning", 12)
        self.services.training.warm_up_soon()

    def _poll(self) -> None:
        """Look at everything that goes on elsewhere, and let the screen that is seen show it."""
        if not is_open(self):
            return
        with self.batch_update():
            snapshot = self.services.training.poll()
            self.services.experiments.poll()
            seen = front(self)
            if isinstance(seen, ArcadeScreen) and seen.active:
                seen.show_snapshot(snapshot)

    def capabilities_changed(self) -> None:
        self.services.terminal.capabilities = self.capabilities

    def save_preference(self, name: str, value: str) -> None:
        if self.painted and self._preferences_file is not None:
            self._preferences_file.keep(name, value)

    # --- from one screen to another: see services/navigation.py ---

    def go_home(self) -> None:
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def _go(self, screen: ArcadeScreen) -> None:
        self.go_home()
        self.push_screen(screen)

    def go_to_training(self) -> None:
        from arcade_dqn.tui.screens.training import TrainingScreen

        self._go(TrainingScreen(self.services))

    def go_to_models(self) -> None:
        from arcade_dqn.tui.screens.models import ModelsScreen

        self._go(ModelsScreen(self.services))

    def go_to_runs(self) -> None:
        from arcade_dqn.tui.screens.runs import RunsScreen

        self._go(RunsScreen(self.services))

    def go_to_experiments(self) -> None:
        from arcade_dqn.tui.screens.experiments import ExperimentsScreen

        self._go(ExperimentsScreen(self.services))

    def go_to_settings(self, info: GameInfo) -> None:
        from arcade_dqn.tui.screens.settings import SettingsScreen

        self._go(SettingsScreen(self.services, info))

    def show_stages(self, run: Path, game: str) -> None:
        from arcade_dqn.tui.screens.stages import StagesScreen

        self.push_screen(StagesScreen(self.services, run, game))

    def show_demo(self, demo: Demo, title: str) -> None:
        from arcade_dqn.tui.screens.demo import DemoScreen

        self.push_screen(DemoScreen(self.services, demo, title))

    async def ask(self, title: str, question: str, answers: Sequence[Answer]) -> str:
        from arcade_dqn.tui.screens.confirm import ConfirmScreen

        return await self.push_screen_wait(ConfirmScreen(title, question, answers))

    async def confirm(self, title: str, question: str, *, yes: str, no: str) -> bool:
        from arcade_dqn.tui.screens.confirm import YES, yes_or_no

        return await self.ask(title, question, yes_or_no(yes, no)) == YES

    def action_show_help(self) -> None:
        from arcade_dqn.tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.services, keys.place_of(type(self.screen).BINDINGS)))

    # --- leaving: run.py has the other ways out ---

    async def action_quit(self) -> None:
        """Leave; while a run is in training, ask first. The question is asked once, however often the key comes."""
        from arcade_dqn.tui.screens.confirm import QuitScreen

        training = self.services.training
        if self._leaving or any(isinstance(screen, QuitScreen) for screen in self.screen_stack):
            return
        if training.running:
            question = f"{training.snapshot.sentence}. It is stopped and saved first; you can resume it later."
            self.push_screen(QuitScreen(question), self._quit_answered)
        else:
            self._leave()

    def _quit_answered(self, answer: str | None) -> None:
        from arcade_dqn.tui.screens.confirm import YES

        if answer == YES:
            self._leave()

    @work
    async def _leave(self) -> None:
        """End the other programs (a run in training is saved), then the app."""
        if self._leaving:
            return
        self._leaving = True
        self.services.training.close()
        if self.services.training.running:
            self.services.notices.tell("Saving the run ...", seconds=60)
        await asyncio.to_thread(self.close_programs)
        self.exit(0)

    def close_programs(self) -> None:
        """End the other programs; what trains is saved. Waits: for threads. May be called twice."""
        self._lab.close()
        self._programs.close()

    def exit_soon(self, code: int) -> None:
        """Ask the app to end, from any thread and without waiting for it."""
        if self._event_loop is not None and not self._event_loop.is_closed():
            self._event_loop.call_soon_threadsafe(self.exit, code)

    async def on_unmount(self) -> None:
        # However the app ends, nothing is left behind.
        self.services.meters.close()
        await asyncio.to_thread(self.close_programs)
        self.services.demo_player.close()


def _preload() -> None:
    """Import what the next screens need, so that the first key is answered as quickly as the others. For a thread."""
    import arcade_dqn.config
    import arcade_dqn.storage.runs
    import arcade_dqn.tui.screens.demo
    import arcade_dqn.tui.screens.models
    import arcade_dqn.tui.screens.runs
    import arcade_dqn.tui.screens.training  # noqa: F401

    gc.freeze()  # see demo_player.py
