"""The window itself: pygame's display, its events, and sixty frames a second."""

from __future__ import annotations

import os
import signal
import sys
import time
import warnings
from pathlib import Path
from queue import Empty

import pygame

from arcade_dqn.errors import ArcadeError
from arcade_dqn.games.find import find
from arcade_dqn.games.info import GameInfo
from arcade_dqn.stage import palette
from arcade_dqn.stage.source import LiveRun
from arcade_dqn.window.choose import make_session, what_to_show
from arcade_dqn.window.display import INVISIBLE_DRIVERS, WAY_OUT, NoDisplay
from arcade_dqn.window.film.recorder import Recorder
from arcade_dqn.window.icon import icon
from arcade_dqn.window.input.gamepads import Gamepads
from arcade_dqn.window.input.keys import command_for, game_keys
from arcade_dqn.window.messages import Messages
from arcade_dqn.window.options import Options
from arcade_dqn.window.panel.hud import Hud
from arcade_dqn.window.panel.layout import DESIGN, MINIMUM
from arcade_dqn.window.session import Session
from arcade_dqn.window.sound.sounds import Sounds
from arcade_dqn.window.two_players.hud import TwoPlayersHud
from arcade_dqn.window.two_players.rounds import TwoPlayers

FRAME_RATE = 60


def run(options: Options) -> None:
    """Open the window that the options describe and run it until it is closed."""
    sources = what_to_show(options)
    info = sources[0].info if sources else find(options.play or "")
    link = Messages() if options.events else None
    if not sources and link is None:
        print(
            f"There is no saved agent of {info.title} yet, so you play alone; `arcade-dqn train {info.id}` makes one.",
            file=sys.stderr,
        )
    window = Window(info, options, link)
    try:
        window.session = make_session(sources, info, options)
        window.loop()
    finally:
        window.leave()


class Window:
    """The display and its loop. `session` is set before `loop` is called."""

    session: Session | TwoPlayers

    def __init__(self, info: GameInfo, options: Options, link: Messages | None) -> None:
        self._messages = link
        self._episodes: int = options.episodes
        self._info = info
        self._closing = False
        self._drawing = _Drawing()
        self._plate: tuple[pygame.Surface, _Drawing] | None = None
        """What is filmed: the same picture at the film's size, without the mark that says so."""
        self._recorder = Recorder(Path.cwd(), info.slug)
        self._gamepads = Gamepads()
        self._sounds = Sounds()
        self._wants_sounds: bool = options.sounds
        self._held: set[str] = set()
        self._fullscreen = False
        self._visible = True
        self._screenshot_wanted = False
        self._surface = self._open(options.size, allow_dummy=options.allow_dummy)
        if options.fullscreen:
            self._toggle_fullscreen()
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._on_signal)

    # --- opening and closing ---

    def _open(self, size: tuple[int, int] | None, *, allow_dummy: bool) -> pygame.Surface:
        # A window manager's compositor should go on, and another window in front is no reason to vanish.
        os.environ.setdefault("SDL_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR", "0")
        os.environ.setdefault("SDL_VIDEO_MINIMIZE_ON_FOCUS_LOSS", "0")
        os.environ.setdefault("SDL_WINDOWS_DPI_AWARENESS", "permonitorv2")
        if sys.platform.startswith("linux"):
            # Only what has changed is sent to the screen, 0.1 to 1 ms; through a texture it would be all of it, and
            # without a graphics card that costs 4 ms a frame.
            os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
        try:
            pygame.display.init()
            driver = pygame.display.get_driver()
            if driver in INVISIBLE_DRIVERS and not allow_dummy:
                raise NoDisplay(f"there is no display: SDL found only its {driver} driver; {WAY_OUT}")
            pygame.display.set_icon(icon(64))
            pygame.display.set_caption(f"{self._info.title} - arcade_dqn")
            surface = _set_mode(size or _first_size(), pygame.RESIZABLE)
        except pygame.error as error:
            raise NoDisplay(f"cannot open a window: {error}; {WAY_OUT}") from error
        pygame.display.set_allow_screensaver(True)
        pygame.key.set_repeat()
        _set_minimum()
        surface.fill(palette.BACKGROUND)
        pygame.display.flip()
        return surface

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
            self.session.held = self._held_keys()
            self.session.advance(elapsed)
            counted += 1
            now = time.perf_counter()
            if now - since >= 0.5:
                rate, counted, since = round(counted / (now - since)), 0, now
            if self._visible:
                changed = self._draw(rate)
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
            self._gamepads.begin()
        except pygame.error as error:
            self._complain(f"gamepads cannot be used: {error}")
        if self._wants_sounds:
            self._toggle_sounds()

    def _draw(self, rate: int) -> list[pygame.Rect]:
        return self._drawing.draw(self._surface, self.session, rate, self._recorder.recording)

    def _draw_anew(self) -> None:
        self._drawing.forget()

    def _handle_events(self) -> None:
        for event in pygame.event.get():
            match event.type:
                case pygame.QUIT:
                    self._closing = True
                case pygame.KEYDOWN:
                    self._on_key(event.key, event.unicode)
                case pygame.KEYUP:
                    self._held.discard(pygame.key.name(event.key).lower())
                case pygame.WINDOWFOCUSLOST:
                    # The keys' release would be told to another window.
                    self._held.clear()
                case pygame.VIDEORESIZE:
                    self._surface = pygame.display.get_surface() or self._surface
                    self._draw_anew()
                case pygame.WINDOWEXPOSED:
                    self._draw_anew()
                case pygame.WINDOWMINIMIZED | pygame.WINDOWHIDDEN:
                    self._visible = False
                case pygame.WINDOWRESTORED | pygame.WINDOWSHOWN | pygame.WINDOWMAXIMIZED:
                    self._visible = True
                    self._draw_anew()
                case _:
                    self._on_pad(event)
        if self._messages is not None:
            self._press_for_link(self._messages)

    def _press_for_link(self, link: Messages) -> None:
        try:
            while True:
                key = link.presses.get_nowait()
                try:
                    code = pygame.key.key_code(key)
                except ValueError:
                    code = 0
                self._on_key(code, key if len(key) == 1 else "")
                self._held.discard(key)
        except Empty:
            return

    def _on_pad(self, event: pygame.Event) -> None:
        meant = self._gamepads.on(event)
        if meant.message:
            self.session.say(meant.message)
            self.session.gamepad = len(self._gamepads) > 0
        if self.session.person:
            for key in game_keys(self.session.info).intersection(meant.pressed):
                self.session.press(key)
        if meant.command:
            self.session.do(meant.command)

    def _held_keys(self) -> frozenset[str]:
        """The game's own keys that are held, on the keyboard or on gamepads; a gamepad has others as well."""
        return game_keys(self.session.info) & (self._held | self._gamepads.held)

    def _on_key(self, key: int, typed: str) -> None:
        name = pygame.key.name(key).lower()
        own = game_keys(self.session.info) if self.session.person else frozenset()
        if name in own:
            self._held.add(name)
            self.session.press(name)
            return
        match command_for(key, typed, own):
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
            case command:
                self.session.do(command)

    def _toggle_fullscreen(self) -> None:
        self._fullscreen = not self._fullscreen
        window = pygame.Window.from_display_module()
        # Not `set_mode`: after it, SDL gives a window that leaves fullscreen the size of the screen.
        if self._fullscreen:
            window.set_fullscreen(desktop=True)
        else:
            window.set_windowed()
        self._draw_anew()

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
            self._saved("screenshot", self._recorder.screenshot(self._surface))
        except ArcadeError as error:
            self._complain(str(error))

    def _toggle_film(self, suffix: str) -> None:
        if self._recorder.filming:
            self._end_film()
            return
        try:
            self._recorder.begin(suffix, self._surface.get_size())
        except ArcadeError as error:
            self._complain(str(error))
        else:
            self._plate = pygame.Surface(self._surface.get_size()), _Drawing()

    def _film_frame(self, elapsed: float, rate: int) -> None:
        assert self._plate is not None
        surface, drawing = self._plate
        drawing.draw(surface, self.session, rate)
        try:
            self._recorder.record(surface, elapsed)
        except ArcadeError as error:
            self._complain(str(error))

    def _end_film(self) -> None:
        self._plate = None
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


class _Drawing:
    """A session, or two side by side, on one surface, drawn by the one of the two HUDs that it needs."""

    def __init__(self) -> None:
        self._hud = Hud()
        self._two_players_hud: TwoPlayersHud | None = None

    def draw(
        self, surface: pygame.Surface, session: Session | TwoPlayers, rate: int, recording: str = ""
    ) -> list[pygame.Rect]:
        """Bring `surface` up to date; the parts that changed."""
        if isinstance(session, TwoPlayers):
            left, right = session.sessions
            self._two_players_hud = self._two_players_hud or TwoPlayersHud()
            return self._two_players_hud.draw(
                surface, session.hud_state(rate, recording), (left.picture, right.picture)
            )
        return self._hud.draw(surface, session.hud_state(rate, recording), session.picture)

    def forget(self) -> None:
        """Draw everything again next time."""
        self._hud.forget()
        if self._two_players_hud is not None:
            self._two_players_hud.forget()


def _set_mode(size: tuple[int, int], flags: int) -> pygame.Surface:
    with warnings.catch_warnings():
        # A window manager may give another size than asked for; whatever it is, it is drawn in.
        warnings.simplefilter("ignore", RuntimeWarning)
        return pygame.display.set_mode(size, flags)


def _first_size() -> tuple[int, int]:
    """The design's size, larger on screens with many pixels, smaller on small ones."""
    desktop = pygame.display.get_desktop_sizes()[0]
    room = min(desktop[0] * 0.9 / DESIGN[0], desktop[1] * 0.85 / DESIGN[1])
    scale = max(0.75, min(2.0, int(room * 4) / 4))
    return round(DESIGN[0] * scale), round(DESIGN[1] * scale)


def _set_minimum() -> None:
    window = pygame.Window.from_display_module()
    window.minimum_size = MINIMUM
