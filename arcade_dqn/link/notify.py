"""Tell a person who looks elsewhere that something is over: by the terminal's bell, or a notice on the desktop."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping

from arcade_dqn.link.process import find_program, run
from arcade_dqn.link.text import plain

BELL = "\a"
TITLE = "arcade_dqn"


def command(text: str, environment: Mapping[str, str], which: Callable[[str], str | None]) -> list[str] | None:
    """The program that shows `text` on this machine's desktop, with its arguments; None if there is none to be used.

    Over SSH the desktop of this machine is not the one that the person looks at.
    """
    if "SSH_CONNECTION" in environment or "SSH_TTY" in environment:
        return None
    if sys.platform == "darwin" and (program := which("osascript")):
        # The text is an argument and never a part of the script.
        script = ["on run argv", "display notification (item 2 of argv) with title (item 1 of argv)", "end run"]
        return [program, *(word for line in script for word in ("-e", line)), TITLE, plain(text)]
    desktop = environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    if desktop and (program := which("notify-send")):
        return [program, f"--app-name={TITLE}", "--", TITLE, plain(text)]
    return None


def escape(text: str, environment: Mapping[str, str]) -> str:
    """What makes the terminal itself show a notice: OSC 777 where it is known, else OSC 9, which others pass over."""
    text = plain(text).replace(";", ",")
    terminal = environment.get("TERM", "")
    if terminal.startswith(("rxvt", "foot")) or "VTE_VERSION" in environment:
        sequence = f"\x1b]777;notify;{TITLE};{text}\x1b\\"
    else:
        sequence = f"\x1b]9;{TITLE}: {text}\x1b\\"
    if "TMUX" in environment:
        # tmux hands on what stands in this envelope, if it is allowed to (allow-passthrough).
        doubled = sequence.replace("\x1b", "\x1b\x1b")
        return f"\x1bPtmux;{doubled}\x1b\\"
    return sequence


def tell(text: str, how: str, environment: Mapping[str, str], write: Callable[[str], object]) -> None:
    """Tell `text` by "bell", "desktop" or "both"; "none" does nothing. `write` writes to the terminal.

    Waits for the desktop's program, a few seconds at most: for threads, and for programs that are at their end.
    """
    if how in ("bell", "both"):
        write(BELL)
    if how not in ("desktop", "both"):
        return
    program = command(text, environment, find_program)
    if program is None or not _run(program, environment):
        write(escape(text, environment))


def _run(program: list[str], environment: Mapping[str, str]) -> bool:
    try:
        done = run(program, environment=environment, timeout=5)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
