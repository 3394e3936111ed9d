"""Whether there is a display that a window can be seen on, as far as the environment tells: without pygame."""

from __future__ import annotations

import os
import sys

from arcade_dqn.errors import ArcadeError

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
