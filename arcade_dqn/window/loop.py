"""The window's loop: its events, a session that goes on, and sixty frames a second."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from queue import Empty

import pygame

from arcade_dqn.errors import ArcadeError
from arcade_dqn.games.find import find
from arcade_dqn.games.info import GameInfo
from arcade_dqn.stage.source import LiveRun
from arcade_dqn.window.choose import make_session, what_to_show
from arcade_dqn.window.display import open_display
from arcade_dqn.window.drawing import Drawing
from arcade_dqn.window.film.recorder import Recorder
from arcade_dqn.window.input.controls import Controls
from arcade_dqn.window.input.gamepads import Input
from arcade_dqn.window.input.keys import game_keys
from arcade_dqn.window.messages import Messages
from arcade_dqn.window.options import Options
from arcade_dqn.window.session import Session
from arcade_dqn.window.sound.sounds import Sounds
from arcade_dqn.window.two_players.rounds import TwoPlayers

FRAME_RATE = 60


def run(options: Options) -> None:
    """Open the window that the options describe and run it until it is closed."""
    sources = what_to_show(options)
    info = sources[0].info if sources else find(options.play or "")
    messages = Messages() if options.events else None
    if not sources and messages is None:
        print(
            f"There is no saved agent of {info.title} yet, so you play alone; `arcade-dqn train {info.id}` makes one.",
            file=sys.stderr,
        )
    window = Window(info, options, messages)
    try:
        window.session = make_session(sources, info, options)
        window.loop()
    finally:
        window.leave()


class Window:
    """The open window and its loop. `session` is set before `loop` is called."""

    session: Session | TwoPlayers

    def __init__(self, info: GameInfo, options: Options, messages: Messages | None) -> None:
        self._messages = messages
        self._episodes: int = options.episodes
        self._info = info
        self._closing = False
        self._recorder = Recorder(Path.cwd(), info.slug)
        self._film: Drawing | None = None
        """What is filmed: the same picture at the film's size, without the mark that says so."""
        self._controls = Controls()
        self._sounds = Sounds()
        self._wants_sounds: bool = options.sounds
        self._fullscreen = False
        self._visible = True
        self._screenshot_wanted = False
        self._screen = Drawing(open_display(info.title, options.size, allow_dummy=options.allow_dummy))
        if options.fullscreen:
            self._toggle_fullscreen()
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._on_signal)

    def leave(self) -> None:
        """Close what is open. Always called, also after an error."""
        if self._recorder.filming:
            self._end_film()
        if hasattr(self, "session"):
            self.session.close()
            if self._messages is not None:
                self._messages.send("closed", episodes=self.session.finished)
        pygame.quit()

    def _on_signal(self, number: int, frame: object) -> None:
        self._closing = True

    # --- the loop ---

    def loop(self) -> None:
        """Run until the window is closed, the input ends, or the asked number of episodes was shown."""
        source = self.session.source
        if isinstance(source, LiveRun):
            self._recorder = Recorder(source.run.path, self.session.info.slug)
        clock = pygame.time.Clock()
        rate, counted, since = 0, 0, time.perf_counter()
        clock.tick()
        if self._messages is not None:
            self._messages.send("opened", game=self._info.id, driver=pygame.display.get_driver())
        first = True
        while not self._closing:
            elapsed = min(0.25, clock.tick(FRAME_RATE) / 1000)
            self._handle_events()
            self.session.held = game_keys(self.session.info) & self._controls.held
            self.session.advance(elapsed)
            counted += 1
            now = time.perf_counter()
            if now - since >= 0.5:
                rate, counted, since = round(counted / (now - since)), 0, now
            if self._visible:
                changed = self._screen.draw(self.session, rate, self._recorder.recording)
                if changed:
                    pygame.display.update(changed)
            self._sounds.play(self.session.take_sounds())
            if self._screenshot_wanted:
                self._screenshot()
            if self._recorder.filming:
                self._film_frame(elapsed, rate)
            if first:
                first = False
                self._after_first_frame()
            if self._messages is not None and self._messages.ended.is_set():
                break
            if self._episodes and self.session.episodes >= self._episodes:
                break

    def _after_first_frame(self) -> None:
        """What takes a moment and can wait until there is something to see."""
        try:
            self._controls.gamepads.begin()
        except pygame.error as error:
            self._complain(f"gamepads cannot be used: {error}")
        if self._wants_sounds:
            self._toggle_sounds()

    # --- events ---

    def _handle_events(self) -> None:
        for event in pygame.event.get():
            match event.type:
                case pygame.QUIT:
                    self._closing = True
                case pygame.VIDEORESIZE:
                    self._screen.surface = pygame.display.get_surface() or self._screen.surface
                case pygame.WINDOWEXPOSED:
                    self._screen.forget()
                case pygame.WINDOWMINIMIZED | pygame.WINDOWHIDDEN:
                    self._visible = False
                case pygame.WINDOWRESTORED | pygame.WINDOWSHOWN | pygame.WINDOWMAXIMIZED:
                    self._visible = True
                    self._screen.forget()
                case _:
                    self._take(self._controls.on(event, self._own_keys()))
        if self._messages is not None:
            self._take_presses(self._messages)

    def _take_presses(self, messages: Messages) -> None:
        try:
            while True:
                self._take(self._controls.tap(messages.presses.get_nowait(), self._own_keys()))
        except Empty:
            return

    def _own_keys(self) -> frozenset[str]:
        """The keys that belong to the game: while a person plays it."""
        return game_keys(self.session.info) if self.session.person else frozenset()

    def _take(self, given: Input) -> None:
        """Do what an event means."""
        if given.message:
            self.session.say(given.message)
            self.session.gamepad = len(self._controls.gamepads) > 0
        own = self._own_keys()
        for key in given.pressed:
            if key in own:
                self.session.press(key)
        if given.command:
            self._do(given.command)

    def _do(self, command: str) -> None:
        """Carry out a command of `keys.BINDINGS`: the window's here, those of the play in the session."""
        match command:
            case "close":
                if self.session.help:
                    self.session.help = False
                else:
                    self._closing = True
            case "fullscreen":
                self._toggle_fullscreen()
            case "screenshot":
                self._screenshot_wanted = True
            case "film":
                self._toggle_film(".mp4")
            case "gif":
                self._toggle_film(".gif")
            case "sounds":
                self._toggle_sounds()
            case _:
                self.session.do(command)

    def _toggle_fullscreen(self) -> None:
        self._fullscreen = not self._fullscreen
        window = pygame.Window.from_display_module()
        # Not `set_mode`: after it, SDL gives a window that leaves fullscreen the size of the screen.
        if self._fullscreen:
            window.set_fullscreen(desktop=True)
        else:
            window.set_windowed()
        self._screen.forget()

    def _toggle_sounds(self) -> None:
        said = self._sounds.toggle()
        self.session.say(said)
        if self._wants_sounds and not self._sounds.on and self._messages is None:
            # They were asked for on the command line, and that is where the answer is looked for.
            print(f"arcade-dqn: {said}", file=sys.stderr)
        self._wants_sounds = False

    # --- pictures to keep ---

    def _screenshot(self) -> None:
        self._screenshot_wanted = False
        try:
            self._saved("screenshot", self._recorder.screenshot(self._screen.surface))
        except ArcadeError as error:
            self._complain(str(error))

    def _toggle_film(self, suffix: str) -> None:
        if self._recorder.filming:
            self._end_film()
            return
        size = self._screen.surface.get_size()
        try:
            self._recorder.begin(suffix, size)
        except ArcadeError as error:
            self._complain(str(error))
        else:
            self._film = Drawing(pygame.Surface(size))

    def _film_frame(self, elapsed: float, rate: int) -> None:
        assert self._film is not None
        self._film.draw(self.session, rate)
        try:
            self._recorder.record(self._film.surface, elapsed)
        except ArcadeError as error:
            self._complain(str(error))
        if self._recorder.full:
            self._end_film()

    def _end_film(self) -> None:
        self._film = None
        try:
            self._saved("film", self._recorder.end())
        except ArcadeError as error:
            self._complain(str(error))

    def _saved(self, kind: str, path: Path) -> None:
        shown = path.name if path.parent == Path.cwd() else path
        self.session.say(f"saved {shown}")
        if self._messages is not None:
            self._messages.send("saved", kind=kind, path=path)

    def _complain(self, message: str) -> None:
        self.session.say(message)
        if self._messages is not None:
            self._messages.send("warning", message=message)
        else:
            print(f"arcade-dqn: {message}", file=sys.stderr)
