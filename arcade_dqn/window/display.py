"""The display: whether there is one that a window can be seen on, and the window that is opened on it.

pygame is imported only to open it: what the environment tells already is said without waiting for that.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import TYPE_CHECKING

from arcade_dqn.errors import ArcadeError

if TYPE_CHECKING:
    import pygame

INVISIBLE_DRIVERS = ("dummy", "offscreen")
"""SDL's drivers that nobody can see."""
WAY_OUT = "`arcade-dqn watch ... --terminal` draws in the terminal instead"


class NoDisplay(ArcadeError):
    """There is no screen to open a window on."""


def check_display(*, allow_dummy: bool = False) -> None:
    """Raise NoDisplay where the environment already tells that no window can be seen; pick X11 where it is alone."""
    driver = os.environ.get("SDL_VIDEODRIVER", "")
    if driver in INVISIBLE_DRIVERS:
        if not allow_dummy:
            raise NoDisplay(f"there is no display: SDL_VIDEODRIVER={driver} shows nothing; {WAY_OUT}")
        return
    servers = ("DISPLAY", "WAYLAND_DISPLAY")
    if sys.platform.startswith("linux") and not driver and not any(os.environ.get(name) for name in servers):
        raise NoDisplay(f"there is no display: neither DISPLAY nor WAYLAND_DISPLAY is set; {WAY_OUT}")
    if sys.platform.startswith("linux") and not driver and not os.environ.get("WAYLAND_DISPLAY"):
        # Otherwise SDL tries one driver after the other when the X server is gone, and each complains for itself.
        os.environ["SDL_VIDEODRIVER"] = "x11"


def open_display(title: str, size: tuple[int, int] | None, *, allow_dummy: bool) -> pygame.Surface:
    """Open the window, of `size` pixels or of one that suits the screen. Raises NoDisplay."""
    import pygame

    from arcade_dqn.stage import palette
    from arcade_dqn.window.icon import icon
    from arcade_dqn.window.panel.layout import MINIMUM

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
        pygame.display.set_caption(f"{title} - arcade_dqn")
        with warnings.catch_warnings():
            # A window manager may give another size than asked for; whatever it is, it is drawn in.
            warnings.simplefilter("ignore", RuntimeWarning)
            surface = pygame.display.set_mode(size or _first_size(), pygame.RESIZABLE)
    except pygame.error as error:
        raise NoDisplay(f"cannot open a window: {error}; {WAY_OUT}") from error
    pygame.display.set_allow_screensaver(True)
    pygame.key.set_repeat()
    pygame.Window.from_display_module().minimum_size = MINIMUM
    surface.fill(palette.BACKGROUND)
    pygame.display.flip()
    return surface


def _first_size() -> tuple[int, int]:
    """The design's size, larger on screens with many pixels, smaller on small ones."""
    import pygame

    from arcade_dqn.window.panel.layout import DESIGN

    desktop = pygame.display.get_desktop_sizes()[0]
    room = min(desktop[0] * 0.9 / DESIGN[0], desktop[1] * 0.85 / DESIGN[1])
    scale = max(0.75, min(2.0, int(room * 4) / 4))
    return round(DESIGN[0] * scale), round(DESIGN[1] * scale)
