"""What this machine has, what it lacks, and what to do about it.

Whatever may crash or print (TensorFlow, SDL) is asked in a child process: a library that dies takes one line of the
report with it, not the report.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from arcade_dqn.errors import ArcadeError
from arcade_dqn.link.commands import MAX_EVENT, parse_object
from arcade_dqn.link.process import python, run
from arcade_dqn.link.text import plain
from arcade_dqn.storage.atomic import reason

State = Literal["ok", "warn", "fail"]

CHILD_SECONDS = 120
"""TensorFlow's first import after an installation can take half a minute on a slow disk."""
SMALLEST_TERMINAL = (60, 20)
LEAST_FREE_BYTES = 1 << 30

_TENSORFLOW = """
import json, keras, tensorflow as tf
print(json.dumps({"tensorflow": tf.__version__, "keras": keras.__version__,
                  "gpus": [tf.config.experimental.get_device_details(d).get("device_name", d.name)
                           for d in tf.config.list_physical_devices("GPU")]}))
"""
_DISPLAY = """
import json, pygame
pygame.display.init()
print(json.dumps({"driver": pygame.display.get_driver(), "sizes": pygame.display.get_desktop_sizes()}))
"""


@dataclass(frozen=True)
class Check:
    """One line of the report: `advice` says what to do unless the state is ok."""

    name: str
    state: State
    text: str
    advice: str = ""


def examine(runs_dir: Path) -> list[Check]:
    """Every check, in the order in which a person should read them. Takes as long as TensorFlow's import."""
    with ThreadPoolExecutor(max_workers=2) as children:
        tensorflow = children.submit(ask_child, _TENSORFLOW, ("tensorflow", "keras", "gpus"))
        display = children.submit(ask_child, _DISPLAY, ("driver", "sizes"))
        before = [check_python(sys.version_info[:3]), *check_packages(), check_pygame(installed_versions())]
        after = [
            *check_extras(),
            check_terminal(os.environ, sys.stdout.isatty(), shutil.get_terminal_size(), sys.stdout.encoding),
            check_runs_dir(runs_dir),
            *check_models(runs_dir),
            check_cores(),
        ]
        return [*before, *check_tensorflow(tensorflow.result()), check_display(display.result(), os.environ), *after]


def ask_child(code: str, wanted: Sequence[str] = ()) -> dict[str, Any]:
    """The last JSON object with the `wanted` names that `code`, run by this Python, prints, or {"error": sentence}."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYGAME_HIDE_SUPPORT_PROMPT": "1"}
    try:
        child = run(python("-c", code), environment=environment, timeout=CHILD_SECONDS)
    except subprocess.TimeoutExpired:
        return {"error": f"no answer within {CHILD_SECONDS} s"}
    except OSError as error:
        return {"error": f"it cannot be asked: {reason(error)}"}
    if child.returncode != 0:
        last = child.stderr.strip().splitlines()[-1:] or [f"ended with exit code {child.returncode}"]
        return {"error": plain(last[0], 300)}
    # What else a library printed comes before it; or behind it, at the program's end.
    for line in reversed(child.stdout.splitlines()):
        with contextlib.suppress(ValueError):
            answer = parse_object(line, MAX_EVENT)
            if answer.keys() >= set(wanted):
                return answer
    return {"error": f"its answer is none: {plain(child.stdout[-300:]) or 'it said nothing'}"}


def check_python(version: tuple[int, int, int]) -> Check:
    text = ".".join(str(part) for part in version)
    if (3, 11) <= version[:2] < (3, 14):
        return Check("Python", "ok", text)
    return Check("Python", "fail", text, "install Python 3.11, 3.12 or 3.13")


def installed_versions() -> dict[str, str]:
    """Version by normalised name of every installed distribution."""
    found = {}
    for distribution in metadata.distributions():
        # What an interrupted pip leaves behind has no metadata, or one without a name.
        about: Any = distribution.metadata
        name, version = (about["Name"], about["Version"]) if about is not None else (None, None)
        if name and version:
            found[re.sub(r"[-_.]+", "-", name).lower()] = version
    return found


def check_packages() -> Iterator[Check]:
    """The project's own requirements, as its metadata names them (extras left out)."""
    try:
        requirements = metadata.requires("arcade-dqn") or []
    except metadata.PackageNotFoundError:
        yield Check(
            "packages", "warn", "arcade-dqn runs from its source, not installed", "install it with: pip install ."
        )
        return
    names = [re.match(r"[\w.-]+", line) for line in requirements if "extra ==" not in line]
    wanted = {re.sub(r"[-_.]+", "-", name.group()).lower() for name in names if name}
    have = installed_versions()
    missing = sorted(wanted - have.keys())
    if missing:
        yield Check("packages", "fail", f"missing: {', '.join(missing)}", f"pip install {' '.join(missing)}")
    else:
        shown = ("numpy", "gymnasium", "textual", "pygame-ce", "pydantic", "safetensors")
        yield Check("packages", "ok", ", ".join(f"{name} {have[name]}" for name in shown if name in have))


def check_tensorflow(answer: Mapping[str, Any]) -> Iterator[Check]:
    if "error" in answer:
        yield Check(
            "TensorFlow",
            "fail",
            str(answer["error"]),
            "training needs it: pip install --force-reinstall tensorflow; demos and evaluation work without",
        )
        return
    yield Check("TensorFlow", "ok", f"TensorFlow {answer['tensorflow']}, Keras {answer['keras']}")
    if answer["gpus"]:
        yield Check("GPU", "ok", ", ".join(map(str, answer["gpus"])))
    else:
        hint = ' (with an NVIDIA GPU on Linux: pip install "arcade-dqn[gpu]")' if sys.platform == "linux" else ""
        yield Check("GPU", "ok", f"none seen by TensorFlow; training uses the processor{hint}")


def check_pygame(installed: Mapping[str, str]) -> Check:
    """pygame and pygame-ce write the same folder: the one installed last wins, and files of both get mixed."""
    if "pygame" in installed:
        both = " and pygame-ce write the same folder" if "pygame-ce" in installed else " stands in pygame-ce's place"
        return Check(
            "pygame",
            "fail",
            f"the old pygame package{both}",
            "pip uninstall --yes pygame pygame-ce, then pip install pygame-ce",
        )
    if "pygame-ce" not in installed:
        return Check("pygame", "fail", "pygame-ce is not installed", "pip install pygame-ce")
    return Check("pygame", "ok", f"pygame-ce {installed['pygame-ce']}, alone")


def check_display(answer: Mapping[str, Any], environment: Mapping[str, str]) -> Check:
    without = "the window and `play` need one; `watch --terminal` and the terminal view work without"
    if "error" in answer:
        return Check("display", "warn", f"none ({answer['error']})", without)
    if answer["driver"] in ("dummy", "offscreen"):
        chosen = " (set by SDL_VIDEODRIVER)" if "SDL_VIDEODRIVER" in environment else ""
        return Check("display", "warn", f"none: SDL uses its {answer['driver']!r} driver{chosen}", without)
    sizes = ", ".join(f"{width} x {height}" for width, height in answer["sizes"])
    return Check("display", "ok", f"{answer['driver']}, {sizes}")


def check_extras() -> Iterator[Check]:
    from arcade_dqn.games.catalog import GAMES
    from arcade_dqn.games.info import EXTRA_MODULES

    for extra in EXTRA_MODULES:
        games = [info for info in GAMES if info.extra == extra]
        titles = ", ".join(info.title for info in games)
        if games and games[0].installed():
            yield Check(f"extra {extra}", "ok", titles)
        elif games:
            yield Check(f"extra {extra}", "warn", f"missing: {titles}", games[0].install_command)


def check_terminal(environment: Mapping[str, str], is_terminal: bool, size: os.terminal_size, encoding: str) -> Check:
    if not is_terminal:
        return Check("terminal", "ok", "standard output is no terminal; the TUI needs one")
    text = f"{size.columns} x {size.lines}, {environment.get('TERM', 'no TERM')}"
    if size.columns < SMALLEST_TERMINAL[0] or size.lines < SMALLEST_TERMINAL[1]:
        return Check("terminal", "warn", text, "the TUI needs 60 x 20, and likes 80 x 24 or more")
    if environment.get("TERM", "dumb") == "dumb":
        return Check("terminal", "warn", text, "the TUI needs a terminal that moves its cursor, such as xterm-256color")
    if "UTF" not in encoding.upper():
        return Check("terminal", "warn", f"{text}, {encoding}", "use a UTF-8 locale, such as LANG=C.UTF-8")
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit") or "WT_SESSION" in environment:
        return Check("terminal", "ok", f"{text}, 16 million colours")
    return Check("terminal", "ok", f"{text}, colours are approximated unless COLORTERM=truecolor is set")


def check_runs_dir(runs_dir: Path) -> Check:
    """Writable: tried with a real file, in the folder itself or in the nearest parent that exists."""
    folder = runs_dir
    try:
        folder = runs_dir.absolute()  # there may be no current folder
        # Not `exists`, which takes a folder under an unreadable one for missing, or raises.
        existing = next(place for place in (folder, *folder.parents) if _stands(place))
        with tempfile.TemporaryFile(dir=existing) as file:
            file.write(b"\0" * 4096)
        free = shutil.disk_usage(existing).free
    except OSError as error:
        return Check(
            "runs folder",
            "fail",
            f"{folder} cannot be written: {reason(error)}",
            "choose another with --runs-dir or ARCADE_DQN_RUNS",
        )
    text = f"{folder}, {free / 2**30:,.1f} GiB free"
    if free < LEAST_FREE_BYTES:
        return Check("runs folder", "warn", text, "make room: a run with checkpoints may take more than 1 GiB")
    return Check("runs folder", "ok", text)


def _stands(place: Path) -> bool:
    """Whether there is something at `place`. Raises OSError where nobody may look."""
    try:
        place.stat()
    except FileNotFoundError:
        return False
    return True


def check_models(runs_dir: Path) -> Iterator[Check]:
    from arcade_dqn.storage.models import find_models

    try:
        entries = find_models(runs_dir)
    except ArcadeError as error:
        yield Check("saved models", "fail", str(error), "install arcade-dqn again")
        return
    except OSError as error:
        where = os.fsdecode(error.filename or runs_dir)
        yield Check("saved models", "warn", f"{where} cannot be read: {reason(error)}", "choose another --runs-dir")
        return
    good = [entry for entry in entries if entry.problem is None]
    shipped = sum(entry.shipped for entry in good)
    text = f"{shipped} shipped, {len(good) - shipped} of your own"
    if shipped:
        yield Check("saved models", "ok", text)
    else:
        yield Check("saved models", "warn", text, "no demo agents are installed; install arcade-dqn again for them")
    for entry in entries:
        if entry.problem is not None:
            yield Check("saved model", "warn", entry.problem, "remove the file, or use a newer arcade-dqn")


def check_cores() -> Check:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores < 2:
        return Check("processor", "warn", "1 core", "training and the window share it; expect half the speed")
    return Check("processor", "ok", f"{cores} cores")
