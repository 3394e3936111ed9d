"""What runs are called, and the folders of all of them: RUNS/GAME/NAME."""

from __future__ import annotations

import os
import re
from pathlib import Path

from arcade_dqn.errors import UsageError
from arcade_dqn.link.text import plain
from arcade_dqn.storage.atomic import StorageError, reason

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,78}[A-Za-z0-9_-])?")
"""No dot at the end, which Windows leaves out."""
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
"""What Windows takes for a device in every folder, whatever stands behind a dot. Runs are carried from one system to
another, so there are no such names anywhere."""


class RunError(UsageError):
    """A run that exists already, cannot be read, or cannot be named so."""


class RunNotFound(RunError):
    """No run is meant by this path or name."""


def check_run_name(name: str) -> None:
    """Raise RunError, with a sentence, for a text that cannot be a run's name."""
    if not _NAME.fullmatch(name):
        raise RunError(
            f"{plain(name, 80)!r} cannot be a run's name; use at most 80 letters, digits, dots, dashes and "
            "underscores, beginning with a letter or digit and not ending with a dot"
        )
    if _DEVICE.fullmatch(name):
        raise RunError(f"{name!r} cannot be a run's name: Windows takes it for a device; choose another one")


def game_folder(game: str) -> str:
    """The name of a game's folder: its id with "/" replaced by "-". Raises RunError for ids that make no folder."""
    slug = game.replace("/", "-")
    if not _NAME.fullmatch(slug) or _DEVICE.fullmatch(slug):
        raise RunError(f"{plain(game, 80)!r} is not a game's id")
    return slug


def run_folders(runs_dir: Path) -> list[Path]:
    """Every folder that should be a run, in no order; a game's folder that cannot be read stands for its runs.

    Raises StorageError only if `runs_dir` itself is there but cannot be read.
    """
    try:
        games = [Path(entry.path) for entry in os.scandir(runs_dir) if _visible_folder(entry)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(f"cannot read the runs in {runs_dir}: {reason(error)}") from error
    found = []
    for game in games:
        try:
            found += [Path(entry.path) for entry in os.scandir(game) if _visible_folder(entry)]
        except OSError:
            found.append(game)  # `runs.list_runs` tells what is wrong with it
    return found


def _visible_folder(entry: os.DirEntry[str]) -> bool:
    # A name with control characters is none that this program gave, and would be written to a terminal.
    return not entry.name.startswith(".") and entry.name.isprintable() and entry.is_dir()
