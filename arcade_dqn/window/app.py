"""The window itself: pygame's display, its events, and sixty frames a second."""

from __future__ import annotations

import argparse
import io
import os
import secrets
import signal
import sys
import threading
import time
import warnings
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pygame

from arcade_dqn.config import EnvironmentSettings, build
from arcade_dqn.errors import ArcadeError
from arcade_dqn.games.catalog import GameInfo, find
from arcade_dqn.games.make import make
from arcade_dqn.link.commands import encode, parse_object, read_lines
from arcade_dqn.stage import palette
from arcade_dqn.stage.source import LiveRun, SavedModel, Source, SourceError, best_model, open_source
from arcade_dqn.window.film import MP4_FPS, Film
from arcade_dqn.window.hud import Hud
from arcade_dqn.window.icon import icon
from arcade_dqn.window.keys import command_for, game_keys
from arcade_dqn.window.layout import DESIGN, MINIMUM
from arcade_dqn.window.main import DUMMIES, WAY_OUT, NoDisplay
from arcade_dqn.window.show import Show

FRAME_RATE = 60


class Link:
    """JSON lines from and to the program that started the window."""

    def __init__(self) -> None:
        self.presses: SimpleQueue[str] = SimpleQueue()
        self.ended = threading.Event()
        threading.Thread(target=self._read, name="input", daemon=True).start()

    def tell(self, event: str, **facts: Any) -> None:
        """Print an event. A reader that has gone away is no reason to stop: the input's end will tell."""
        try:
            sys.stdout.buffer.write(encode({"event": event, **facts}))
            sys.stdout.buffer.flush()
        except (BrokenPipeError, OSError):
            self.ended.set()

    def _read(self) -> None:
        # Not `sys.stdin`: Python cannot end while another thread waits in it.
        for line in read_lines(io.FileIO(os.dup(0), "rb")):
            try:
                key = parse_object(line, 1024).get("press")
                if not isinstance(key, str) or not 0 < len(key) <= 20:
                    raise ValueError('names no key, as {"press": "space"} does')
            except ValueError as error:
                self.tell("error", message=f"the line {error}")
                continue
            self.presses.put(key)
        self.ended.set()


def run(options: argparse.Namespace) -> None:
    """Open the window that the arguments of `main.build_parser` describe and run it until it is closed."""
    source, info, environment = _what_to_show(options)
    link = Link() if options.events else None
    window = Window(info, options, link)
    try:
        seed = secrets.randbelow(2**31) if options.seed is None else options.seed
        game = source.make_game() if source else make(info, environment, render=True)
        window.show = Show(
            game, source, seed=seed, speed=options.speed, greedy=options.greedy, person=options.play is not None
        )
        window.loop()
    finally:
        window.leave()


def _what_to_show(options: argparse.Namespace) -> tuple[Source | None, GameInfo, EnvironmentSettings]:
    if options.play is None:
        source = open_source(options.target, options.runs_dir)
        return source, source.info, source.environment
    info = find(options.play)
    try:
        saved = SavedModel(best_model(info, options.runs_dir))
    except SourceError:
        # A person needs no agent; with one, its Q-values are shown and `h` hands it the controls.
        return None, info, build(info.id, info.preset).environment
    return saved, saved.info, saved.environment


class Window:
    """The display and its loop. `show` is set before `loop` is called."""

    show: Show

    def __init__(self, info: GameInfo, options: argparse.Namespace, link: Link | None) -> None:
        self._link = link
        self._episodes: int = options.episodes
        self._info = info
        self._closing = False
        self._hud = Hud()
        self._film: Film | None = None
        self._film_owed = 0.0
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
            if driver in DUMMIES and not allow_dummy:
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
        if self._film is not None:
            self._end_film()
        if hasattr(self, "show"):
            self.show.close()
            if self._link is not None:
                self._link.tell("closed", episodes=len(self.show.player.returns))
        pygame.quit()

    def _on_signal(self, number: int, frame: object) -> None:
        self._closing = True

    # --- the loop ---

    def loop(self) -> None:
        """Run until the window is closed, the input ends, or the asked number of episodes was shown."""
        clock = pygame.time.Clock()
        rate, counted, since = 0, 0, time.perf_counter()
        clock.tick()
        if self._link is not None:
            self._link.tell("opened", game=self._info.id, driver=pygame.display.get_driver())
        while not self._closing:
            elapsed = min(0.25, clock.tick(FRAME_RATE) / 1000)
            self._handle_events()
            self.show.held = self._held
            self.show.advance(elapsed)
            counted += 1
            now = time.perf_counter()
            if now - since >= 0.5:
                rate, counted, since = round(counted / (now - since)), 0, now
            if self._visible:
                recording = _clock_text(self._film.seconds) if self._film else ""
                changed = self._hud.draw(self._surface, self.show.view(rate, recording), self.show.picture)
                if changed:
                    pygame.display.update(changed)
            if self._screenshot_wanted:
                self._screenshot()
            if self._film is not None:
                self._shoot(elapsed)
            if self._link is not None and self._link.ended.is_set():
                break
            if self._episodes and self.show.episodes >= self._episodes:
                break

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
                    self._hud.forget()
                case pygame.WINDOWEXPOSED:
                    self._hud.forget()
                case pygame.WINDOWMINIMIZED | pygame.WINDOWHIDDEN:
                    self._visible = False
                case pygame.WINDOWRESTORED | pygame.WINDOWSHOWN | pygame.WINDOWMAXIMIZED:
                    self._visible = True
                    self._hud.forget()
        if self._link is not None:
            self._press_for_link(self._link)

    def _press_for_link(self, link: Link) -> None:
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

    def _on_key(self, key: int, typed: str) -> None:
        name = pygame.key.name(key).lower()
        own = game_keys(self.show.info) if self.show.person else frozenset()
        if name in own:
            self._held.add(name)
            self.show.press(name)
            return
        match command_for(key, typed, own):
            case "close":
                if self.show.help:
                    self.show.help = False
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
            case command:
                self.show.do(command)

    def _toggle_fullscreen(self) -> None:
        self._fullscreen = not self._fullscreen
        window = pygame.Window.from_display_module()
        # Not `set_mode`: after it, SDL gives a window that leaves fullscreen the size of the screen.
        if self._fullscreen:
            window.set_fullscreen(desktop=True)
        else:
            window.set_windowed()
        self._hud.forget()

    # --- pictures to keep ---

    def _screenshot(self) -> None:
        self._screenshot_wanted = False
        path = self._new_file(".png")
        try:
            pygame.image.save(self._surface, str(path))
        except (pygame.error, OSError) as error:
            self._complain(f"the screenshot was not saved: {error}")
            return
        self._saved("screenshot", path)

    def _toggle_film(self, suffix: str) -> None:
        if self._film is not None:
            self._end_film()
            return
        try:
            self._film = Film(self._new_file(suffix), self._surface.get_size(), MP4_FPS)
        except ArcadeError as error:
            self._complain(str(error))
        self._film_owed = 1 / MP4_FPS

    def _shoot(self, elapsed: float) -> None:
        """Give the film as many frames as time has passed for."""
        assert self._film is not None
        self._film_owed += elapsed
        try:
            while self._film_owed >= 1 / self._film.fps:
                self._film_owed -= 1 / self._film.fps
                self._film.add(self._surface)
        except ArcadeError as error:
            self._film.abandon()
            self._film = None
            self._complain(str(error))

    def _end_film(self) -> None:
        film, self._film = self._film, None
        assert film is not None
        try:
            self._saved("film", film.finish())
        except ArcadeError as error:
            self._complain(str(error))

    def _new_file(self, suffix: str) -> Path:
        """A new name in the run's folder, or in the current one."""
        source = self.show.source
        folder = source.run.path if isinstance(source, LiveRun) else Path.cwd()
        stem = f"{self.show.info.slug}-{time.strftime('%Y%m%d-%H%M%S')}"
        path = folder / f"{stem}{suffix}"
        number = 1
        while path.exists():
            number += 1
            path = folder / f"{stem}-{number}{suffix}"
        return path

    def _saved(self, kind: str, path: Path) -> None:
        shown = path.name if path.parent == Path.cwd() else path
        self.show.say(f"saved {shown}")
        if self._link is not None:
            self._link.tell("saved", kind=kind, path=path)

    def _complain(self, message: str) -> None:
        self.show.say(message)
        if self._link is not None:
            self._link.tell("warning", message=message)
        else:
            print(f"arcade-dqn: {message}", file=sys.stderr)


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


def _clock_text(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
