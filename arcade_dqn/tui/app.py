"""The app: it holds the screens together, owns the cabinet and the projector, and leaves in good order."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import work
from textual.app import App
from textual.screen import Screen

from arcade_dqn import preferences as prefs
from arcade_dqn.errors import ArcadeError
from arcade_dqn.experiments.lab import Lab
from arcade_dqn.link.signals import NUMBERS, Tally, TerminalState
from arcade_dqn.preferences import Preferences
from arcade_dqn.tui import keys
from arcade_dqn.tui.cabinet import Cabinet
from arcade_dqn.tui.library import Library
from arcade_dqn.tui.look import terminal_encoding
from arcade_dqn.tui.meters import Meters
from arcade_dqn.tui.outlet import keeps_up
from arcade_dqn.tui.personal import PersonalApp
from arcade_dqn.tui.projector import Programme, Projector
from arcade_dqn.tui.screens.base import ArcadeScreen, front
from arcade_dqn.tui.screens.home import HomeScreen
from arcade_dqn.tui.snapshot import Notice, Snapshot

if TYPE_CHECKING:
    from arcade_dqn.config import Settings
    from arcade_dqn.experiments.questions import Question
    from arcade_dqn.games.catalog import GameInfo
    from arcade_dqn.storage.models import ModelEntry
    from arcade_dqn.tui.controls import Levers
    from arcade_dqn.tui.look import Look

_WIDTHS = [(0, "-narrow"), (100, "-medium"), (140, "-wide")]
_HEIGHTS = [(0, "-short"), (32, "-middle"), (44, "-tall")]
_LOOK = 0.1
"""Seconds between two looks at the other programs."""
_PAINT = 0.05
"""Seconds that the first paint is given before anything else begins to load."""
_WARM_UP = 1.5
"""Seconds after the first paint at which the learner starts to warm up behind the menu."""
_LAST_WORDS = 4.0
"""Seconds that the app has to restore the terminal after a signal, once its programs have ended."""


def commands_provider() -> type:
    """The palette's commands, imported when the palette is opened first."""
    from arcade_dqn.tui.commands import ArcadeCommands

    return ArcadeCommands


class ArcadeApp(PersonalApp):
    """The control room.

    `cabinet` may be replaced in tests; `warm_up` says whether a trainer is started behind the menu. A theme that is
    chosen is kept in `file`, if there is one; `problems` are sentences on it that a person should see.
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
        cabinet: Cabinet | None = None,
        warm_up: bool = True,
        preferences: Preferences | None = None,
        file: Path | None = None,
        problems: Sequence[str] = (),
    ) -> None:
        super().__init__(preferences or Preferences(), file, problems)
        self.runs_dir = runs_dir
        self.cabinet = cabinet or Cabinet(runs_dir)
        self.library = Library(runs_dir)
        self.lab = Lab(runs_dir, self.cabinet.environment)
        self.projector = Projector(runs_dir)
        self.meters = Meters(lambda: self.cabinet.trainer_pid)
        self.snapshot = Snapshot()
        self.painted = False
        self._warm_up = warm_up
        self._rewarm = False
        self._leaving = False
        self._beginning = False
        """Whether a run is being made or awaited that the cabinet does not know yet."""
        self._quit_question: Screen[str] | None = None
        self._event_loop: asyncio.AbstractEventLoop | None = None

    @cached_property
    def levers(self) -> Levers:
        """What can be changed in the running training; imported only then, for it reads the settings' definitions."""
        from arcade_dqn.tui.controls import Levers

        return Levers(self)

    def get_default_screen(self) -> HomeScreen:
        return HomeScreen()

    # --- from first paint on ---

    def on_mount(self) -> None:
        self._event_loop = asyncio.get_running_loop()
        self.dress(self.look)

    def on_ready(self) -> None:
        self.set_interval(_LOOK, self._look)
        self.set_timer(_PAINT, self._painted)

    @property
    def _open(self) -> bool:
        """False once the app is closing: a timer may still fire when its screens are gone."""
        return self.is_running and bool(self.screen_stack)

    def _painted(self) -> None:
        if not self._open:
            return
        self.painted = True
        # From here on this process draws games: SDL must open neither display nor sound for that.
        os.environ["SDL_VIDEODRIVER"] = os.environ["SDL_AUDIODRIVER"] = "dummy"
        if isinstance(self.screen, HomeScreen):
            self.screen.first_paint_done()
        if self.preferences.meters:
            self.meters.start()
        for problem in self.problems:
            self.notify(problem, severity="warning", markup=False, timeout=12)
        if self._warm_up:
            self.set_timer(_WARM_UP, self._start_learner)

    def _start_learner(self) -> None:
        if not self._open:
            return
        self.in_thread(self.cabinet.warm_up, self._preload)

    @staticmethod
    def _preload() -> None:
        """Import what the next screens need, so that the first key is answered as quickly as the others."""
        import arcade_dqn.config
        import arcade_dqn.storage.runs
        import arcade_dqn.tui.screens.models
        import arcade_dqn.tui.screens.runs
        import arcade_dqn.tui.screens.theatre
        import arcade_dqn.tui.screens.training  # noqa: F401

        gc.freeze()  # see projector.py

    def _look(self) -> None:
        if not self._open:
            return
        was_running, snapshot = self.snapshot.running, self.cabinet.poll()
        self.snapshot = snapshot
        if was_running and not snapshot.running and snapshot.state != "stopped" and not self._leaving:
            self._announce(snapshot.ending)
        if self.lab.poll():
            self.in_thread(self.lab.go_on)
        if (finished := self.lab.take_finished()) is not None:
            self.report_on(finished)
        with self.batch_update():
            for notice in snapshot.notices:
                self._tell(notice)
            seen = front(self)
            if isinstance(seen, ArcadeScreen) and seen.active:
                seen.show_snapshot(snapshot)
        if snapshot.learner == "busy":
            self._rewarm = self._warm_up
        elif snapshot.learner == "off" and self._rewarm and snapshot.phase == "ended" and not self._leaving:
            # The trainer ended with its run: have another one ready for the next run.
            self._rewarm = False
            self.set_timer(_WARM_UP, self._start_learner)

    def _tell(self, notice: Notice) -> None:
        patience = 12 if notice.severity == "error" else 6
        self.notify(notice.text, severity=notice.severity, markup=False, timeout=patience)
        if notice.resume is not None:
            self._offer_resume(notice.text, notice.resume)

    def _announce(self, text: str) -> None:
        """Tell a person who looks elsewhere that a run has ended, if they want to be told."""
        how = self.preferences.notice
        if how != "none":
            from arcade_dqn.link.notify import tell

            self.in_thread(lambda: tell(text, how, self.cabinet.environment, self.to_terminal))

    def to_terminal(self, text: str) -> None:
        """Write something that is not drawn, such as the bell; from any thread."""
        if self._driver is not None and not self.is_headless:
            self._driver.write(text)

    def may_draw(self) -> bool:
        """Whether the terminal keeps up; if not, pictures are left out instead of queued."""
        return keeps_up(self._driver)

    def dress(self, look: Look) -> None:
        self.projector.look = look

    def keep(self, name: str, value: str) -> None:
        if self.painted and (file := self.file) is not None:
            self.in_thread(lambda: prefs.save(file, name, value))

    # --- errors and threads ---

    def complain(self, error: Exception) -> None:
        """Tell a person what went wrong, in one sentence."""
        sentence = str(error)
        self.notify(sentence[:1].upper() + sentence[1:], severity="error", markup=False, timeout=12)

    @work(thread=True)
    def in_thread(self, *steps: Callable[[], Any]) -> None:
        """Do one thing after the other, away from the event loop; what the disk or a program refuses is shown."""
        try:
            for step in steps:
                step()
        except (ArcadeError, OSError) as error:
            self.call_from_thread(self.complain, error)

    def command(self, name: str, /, **arguments: Any) -> bool:
        """Send the trainer a command; False, with the reason shown, if that is not possible."""
        try:
            self.cabinet.command(name, **arguments)
        except ArcadeError as error:
            self.complain(error)
            return False
        return True

    # --- training ---

    def train(self, info: GameInfo, settings: Settings | None = None) -> None:
        """Train `info` with its default preset or these settings; asks first if another run is in training."""
        if not info.installed():
            self.complain(ArcadeError(f"{info.title} is not installed; install it with: {info.install_command}"))
        elif self._beginning:
            self.go_to_training()
        elif not self.cabinet.running:
            self.begin(info.title, lambda: self._make_run(info, settings))
        elif settings is None and self.snapshot.game == info.title:
            self.go_to_training()
        else:
            self._replace_run(info, settings)

    def _make_run(self, info: GameInfo, settings: Settings | None) -> Path:
        from arcade_dqn.config import build
        from arcade_dqn.storage.run_dir import RunDir

        return RunDir.create(self.runs_dir, settings or build(info.id, info.preset)).path

    def resume(self, run: Path, game: str) -> None:
        """Go on with the run in this folder."""
        if self._beginning or (self.cabinet.running and self.snapshot.run == run):
            self.go_to_training()
        elif self.cabinet.running:
            self.complain(ArcadeError(f"{self.snapshot.game} is training; stop it before another run is resumed"))
        else:
            self.begin(game, lambda: run, load=True)

    def begin(self, game: str, make_run: Callable[[], Path], load: bool = False) -> None:
        """Show the training screen at once, then make the run and give it to the trainer."""
        self._beginning = True
        self.go_to_training()
        self._begin(game, make_run, load)

    @work
    async def _begin(self, game: str, make_run: Callable[[], Path], load: bool) -> None:

        def start() -> None:
            run = make_run()
            self.cabinet.open(run, game)
            if load:
                self._load_record(run)

        try:
            await asyncio.to_thread(start)
        except (ArcadeError, OSError) as error:
            self.complain(error)
            self.go_home()
        finally:
            self._beginning = False

    def _load_record(self, run: Path) -> None:
        from arcade_dqn.storage.run_dir import RunDir

        self.cabinet.record.load(RunDir.open(run).read_metrics())

    @work
    async def _replace_run(self, info: GameInfo, settings: Settings | None) -> None:
        from arcade_dqn.tui.screens.confirm import Answer, ConfirmScreen

        running = self.snapshot.game
        answer = await self.push_screen_wait(
            ConfirmScreen(
                f"{running} is training",
                f"Stop and save {running}, and train {info.title}?",
                [Answer("b", f"Back to {running}", "back"), Answer("y", f"Train {info.title}", "train", "warning")],
            )
        )
        if answer == "back":
            self.go_to_training()
        elif answer == "train" and not self._beginning:
            self._beginning = True  # already now: saving may take a while, in which the keys still work
            if self.cabinet.running:
                self.command("stop")
            while self.cabinet.running:
                await asyncio.sleep(_LOOK)
            self.begin(info.title, lambda: self._make_run(info, settings))

    @work
    async def _offer_resume(self, what: str, run: Path) -> None:
        from arcade_dqn.tui.screens.confirm import Answer, ConfirmScreen

        answers = [Answer("r", "Resume", "resume", "primary"), Answer("n", "Not now", "")]
        game = self.snapshot.game
        if await self.push_screen_wait(ConfirmScreen(f"{game} has stopped", what, answers)) == "resume":
            self.resume(run, game)

    # --- demos ---

    def demo(self, info: GameInfo, model: ModelEntry | None) -> None:
        """Watch a game's best saved agent, in the window if there is a display."""
        if not info.installed():
            self.complain(ArcadeError(f"{info.title} is not installed; install it with: {info.install_command}"))
        elif model is None:
            self.notify(
                f"There is no saved agent of {info.title} yet: press {self.key('home.train')} to train one.",
                markup=False,
            )
        else:
            self.watch_agent(str(model.path), info.id, f"{info.title} · {model.path.name}")

    def before_and_after(self, info: GameInfo, model: ModelEntry | None) -> None:
        """Watch a game's best saved agent beside what it was before it learned, in the window."""
        from arcade_dqn.storage.models import stages

        if model is None or not info.installed():
            self.demo(info, model)  # which says what is missing
            return
        try:
            way = stages(model.path.parent)
        except ArcadeError as error:
            self.complain(error)
            return
        if way:
            self.watch_side_by_side(str(way[0][1]), str(model.path), f"{info.title}, before and after")
        else:
            self.notify(f"Nothing is kept of how the agent of {info.title} began.", markup=False)

    def watch_agent(self, target: str, game: str, title: str) -> None:
        """Watch a model or a run in the window, or here if there is no display."""
        if self.cabinet.display:
            self.notify(f"Opening the window on {title}.", markup=False, timeout=2)
            self.in_thread(lambda: self.cabinet.open_window(target))
        else:
            self.notify("There is no display for the window, so it plays here.", markup=False)
            self.watch_here(target, game, title)

    def watch_side_by_side(self, first: str, second: str, title: str) -> None:
        """Watch two models play the same game, in the window."""
        if not self.cabinet.display:
            self.complain(ArcadeError("two agents side by side need the window, and there is no display for it"))
        else:
            self.notify(f"Opening the window on {title}.", markup=False, timeout=2)
            self.in_thread(lambda: self.cabinet.open_window(first, beside=second))

    def watch_here(self, target: str, game: str, title: str) -> None:
        """Watch a model or a run in the terminal."""
        from arcade_dqn.tui.screens.theatre import TheatreScreen

        self.push_screen(TheatreScreen(Programme(game, target), title))

    def play(self, info: GameInfo) -> None:
        """Let a person play, in the window."""
        if not info.installed():
            self.complain(ArcadeError(f"{info.title} is not installed; install it with: {info.install_command}"))
        elif not self.cabinet.display:
            self.complain(ArcadeError("playing needs the window, and there is no display for it"))
        else:
            self.notify(f"Opening {info.title} for you.", markup=False, timeout=2)
            self.in_thread(lambda: self.cabinet.open_window(info.id, human=True))

    # --- places ---

    def go_home(self) -> None:
        """Leave every screen but the first."""
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def _go(self, screen: ArcadeScreen) -> None:
        self.go_home()
        self.push_screen(screen)

    def go_to_training(self) -> None:
        from arcade_dqn.tui.screens.training import TrainingScreen

        self._go(TrainingScreen())

    def go_to_models(self) -> None:
        from arcade_dqn.tui.screens.models import ModelsScreen

        self._go(ModelsScreen())

    def go_to_runs(self) -> None:
        from arcade_dqn.tui.screens.runs import RunsScreen

        self._go(RunsScreen())

    def show_stages(self, run: Path, game: str) -> None:
        """The saved steps of a run, over the screen that asks for them."""
        from arcade_dqn.tui.screens.stages import StagesScreen

        self.push_screen(StagesScreen(run, game))

    def go_to_experiments(self) -> None:
        from arcade_dqn.tui.screens.experiments import ExperimentsScreen

        self._go(ExperimentsScreen())

    def report_on(self, question: Question) -> None:
        """Write the report of a finished experiment, in the background."""

        def write() -> None:
            path = self.lab.write_report(question)
            self.call_from_thread(self.notify, f"The report is {path}, and report.md beside it.", markup=False)

        self.in_thread(write)

    def configure(self, info: GameInfo) -> None:
        from arcade_dqn.tui.screens.settings import SettingsScreen

        self._go(SettingsScreen(info))

    def action_show_help(self) -> None:
        from arcade_dqn.tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(keys.place_of(type(self.screen).BINDINGS)))

    # --- leaving ---

    async def action_quit(self) -> None:
        if self._leaving or self._quit_question in self.screen_stack:
            return
        if not self.cabinet.running:
            self.leave()
            return
        from arcade_dqn.tui.screens.confirm import Answer, ConfirmScreen

        question = f"{self.snapshot.sentence}. It is stopped and saved first; you can resume it later."
        answers = [Answer("y", "Save and quit", "quit", "warning"), Answer("n", "Stay", "")]
        self._quit_question = ConfirmScreen("Quit while training?", question, answers)
        self.push_screen(self._quit_question, self._quit_answered)

    def _quit_answered(self, answer: str | None) -> None:
        if answer == "quit":
            self.leave()

    @work
    async def leave(self) -> None:
        """End the other programs (a run in training is saved), then the app."""
        if self._leaving:
            return
        self._leaving = True
        if self.cabinet.running:
            self.notify("Saving the run ...", timeout=60)
        await asyncio.to_thread(self.close_programs)
        self.exit(0)

    def close_programs(self) -> None:
        """End the other programs; what trains is saved. Waits: for threads."""
        self.lab.close()
        self.cabinet.close()

    def exit_soon(self, code: int) -> None:
        """Ask the app to end, from any thread and without waiting for it."""
        if self._event_loop is not None and not self._event_loop.is_closed():
            self._event_loop.call_soon_threadsafe(self.exit, code)

    async def on_unmount(self) -> None:
        # However the app ends, nothing is left behind.
        self.meters.close()
        await asyncio.to_thread(self.close_programs)
        self.projector.close()


def run_app(runs_dir: Path, *, ascii: bool = False, browser: bool = False) -> int:
    """Run the TUI in this terminal and return the exit code: 0, or 130 if a signal ended it.

    The first signal saves, a second one ends at once. `ascii` draws with ASCII alone, whatever the preferences say. In
    a `browser` there is no window beside the terminal.
    """
    file = prefs.default_path()
    preferences, problems = prefs.load(file)
    encoding = "utf-8" if browser else terminal_encoding()
    preferences = replace(preferences, ascii=ascii or prefs.use_ascii(preferences, encoding))
    cabinet = Cabinet(runs_dir, window=not browser)
    app = ArcadeApp(runs_dir, cabinet=cabinet, preferences=preferences, file=file, problems=problems)
    ended = threading.Event()
    tally, terminal = Tally(), TerminalState()
    signals: list[int] = []

    def depart() -> None:
        """Save, then end the app; if it cannot (its terminal may be gone), end the process."""
        app.close_programs()
        # Without waiting: the event loop may hang in a write to a terminal that is gone.
        app.exit_soon(130)
        if not ended.wait(_LAST_WORDS):
            os._exit(130)

    def on_signal(number: int, frame: object) -> None:
        signals.append(number)
        count = tally.count(number)
        if count == 1:
            threading.Thread(target=depart, name="departure").start()
        elif count == 2:
            # The other programs see their input end: what trains is saved, and nobody waits for it here.
            terminal.restore()
            os._exit(130)

    if browser:
        threading.Thread(target=_follow_parent, args=(depart, ended), name="parent", daemon=True).start()
    before = {number: signal.signal(number, on_signal) for number in NUMBERS}
    try:
        code = app.run()
    finally:
        ended.set()
        for number, handler in before.items():
            signal.signal(number, handler)
    if signals:
        return 130
    return app.return_code or 0 if code is None else code


def _follow_parent(depart: Callable[[], None], ended: threading.Event) -> None:
    """Depart when the program that started this one is gone, however it went: nobody would be there to end it."""
    parent = os.getppid()
    while not ended.wait(1.0):
        if os.getppid() != parent:
            depart()
            return
