"""The modules that a person lets in: imported before a game's id is looked up, so that they register their games.

Importing runs code, so only words that a person typed (`--import`, `module:Id`), set in `$ARCADE_DQN_IMPORTS` or wrote
into their preferences come here. What a file says (a model, a run's settings) is a record: it is named in a sentence,
and never given to `ask`.

The words stand in the variable of this process, as the runs folder may, and every program that this one starts inherits
it. So does a local Ray; actors on other machines are told (`cluster.actor_process`).
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import os
import re
import shlex
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Final

from arcade_dqn.errors import ArcadeError, UsageError
from arcade_dqn.link.text import plain

VARIABLE: Final = "ARCADE_DQN_IMPORTS"
"""The environment's variable: a JSON list, or names with the system's path separator between them."""
_NAME = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_ID = r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)?"
_MODULE_AND_ID = re.compile(rf"({_NAME}|.+\.py):({_ID})")
_MOST = 16
"""Modules that are imported; a longer list is no person's."""

_lock = threading.RLock()
"""Held while a module is imported: whoever looks up a game meanwhile waits for it."""
_problems: dict[str, str] = {}
"""By word, what was wrong with its import; "" for one that went well."""
_registered: dict[str, str] = {}
"""By id of a game, the word whose import registered it."""


class NoSuchModule(UsageError):
    """A word names no module and no file that could be imported."""


class ImportFailed(ArcadeError):
    """A module that is there raised as it was imported; the message says what and where."""


def split(text: str) -> tuple[str, str]:
    """Gymnasium's `module:Id` as (module, id); ("", `text`) for everything else. A module may be a `.py` file."""
    found = None if os.path.exists(text) else _MODULE_AND_ID.fullmatch(text)
    return (found[1], found[2]) if found else ("", text)


def asked() -> tuple[str, ...]:
    """The words that were asked for in this process or by whoever started it, each once; files with whole paths."""
    text = os.environ.get(VARIABLE, "")
    words: object = None
    if text.startswith("["):
        with contextlib.suppress(ValueError, RecursionError):
            words = json.loads(text)
    if not isinstance(words, list):
        words = [word for word in text.split(os.pathsep) if word.strip()]
    return tuple(dict.fromkeys(_whole(str(word)) for word in words[:_MOST]))


def ask(words: Iterable[str]) -> tuple[str, ...]:
    """Let these modules be imported by this process and by those that it starts; the words as they are kept.

    A word is a module's name or the path of a file or of a folder with an `__init__.py`. Nothing is imported yet.
    Raises NoSuchModule.
    """
    kept = tuple(_found(word) for word in words)
    everything = dict.fromkeys((*asked(), *kept))
    if len(everything) > _MOST:
        raise NoSuchModule(f"{len(everything)} modules are to be imported, and at most {_MOST} may be")
    add(kept)
    return kept


def add(words: Iterable[str]) -> None:
    """The same for words of which nobody has to hear at once that they name nothing: it is told among `failures`."""
    everything = dict.fromkeys((*asked(), *map(_whole, words)))
    if everything:
        os.environ[VARIABLE] = json.dumps(list(everything)[:_MOST])


def import_asked(strictly: Sequence[str] = ()) -> None:
    """Import what was asked for, once. What cannot be imported is kept for `failures`.

    Raises ImportFailed for a failure among the words `strictly`.
    """
    for word in asked():
        with _lock:
            if word not in _problems:
                _problems[word] = _import(word)
        if word in strictly and _problems[word]:
            raise ImportFailed(_problems[word])


def failures() -> list[str]:
    """A sentence for each word that could not be imported."""
    return [problem for word in asked() if (problem := _problems.get(word))]


def record(id: str) -> tuple[str, ...]:
    """The words whose import has registered the game `id` in this process."""
    return (plain(_registered[id], 500),) if id in _registered else ()


def registered(words: Iterable[str]) -> list[str]:
    """The ids that the imports of these words have registered."""
    wanted = set(words)
    return [id for id, word in _registered.items() if word in wanted]


def shared(words: Iterable[str]) -> tuple[str, ...]:
    """The words as a file may have them that is given to others: of a path only its last part."""
    return tuple(f"./{Path(word).name}" if _is_path(word) else word for word in words)


def options(words: Iterable[str]) -> str:
    """What a person would type for these words: `--import minigrid`."""
    return " ".join(f"--import {shlex.quote(plain(word, 500))}" for word in words)


def is_asked(word: str) -> bool:
    """Whether a recorded word was asked for: the same module, or a file of the same name."""
    name = os.path.basename(word) if _is_path(word) else word
    return any(word == one or (_is_path(one) and os.path.basename(one) == name) for one in asked())


# --- words ---


def _is_path(word: str) -> bool:
    return word.endswith(".py") or "/" in word or os.sep in word


def _whole(word: str) -> str:
    return os.path.abspath(os.path.expanduser(word)) if _is_path(word) else word.strip()


def _found(word: str) -> str:
    """The word as it is kept, if there is such a module. Raises NoSuchModule."""
    word = word.strip()
    if not word.isprintable() or not word:
        raise NoSuchModule(f"--import {plain(repr(word), 100)} is no module: it must be a name or the path of a file")
    if _is_path(word):
        whole = _whole(word)
        _file_of(whole)
        return whole
    if not re.fullmatch(_NAME, word):
        raise NoSuchModule(
            f"--import {plain(repr(word), 100)} is no module's name; write one such as minigrid, or the path of a file "
            "such as ./my_game.py"
        )
    top = word.partition(".")[0]
    spec = None
    with contextlib.suppress(ValueError, ImportError):  # a module without a spec, such as __main__
        spec = importlib.util.find_spec(top)
    if spec is None and top not in sys.modules:
        own = f"./{word.replace('.', '/')}.py"
        hint = (
            f"for the file in this folder write --import {own}"
            if os.path.isfile(own)
            else f"install its package beside arcade-dqn, or give the path of a file such as ./{top}.py"
        )
        raise NoSuchModule(f"--import {word}: there is no module {top}; {hint}")
    # `python -m arcade_dqn` finds what lies in the current folder, and the programs that it starts do not (`-P`).
    if spec is not None and top == word and spec.origin and _only_here(spec.origin):
        return os.path.dirname(spec.origin) if os.path.basename(spec.origin) == "__init__.py" else spec.origin
    return word


def _only_here(origin: str) -> bool:
    """Whether a module is found by nothing but the current folder's being on the path."""
    here = os.getcwd()
    folder = os.path.dirname(os.path.dirname(origin) if os.path.basename(origin) == "__init__.py" else origin)
    handed_on = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    package = str(Path(__file__).resolve().parents[2])
    return folder == here and sys.path[0] in ("", here) and here not in (*handed_on, *sys.path[1:], package)


def _file_of(path: str) -> str:
    """The file to be run for a path. Raises NoSuchModule."""
    if os.path.isdir(path):
        file = os.path.join(path, "__init__.py")
        if not os.path.isfile(file):
            raise NoSuchModule(f"--import {plain(path, 400)}: this folder is no package, for it has no __init__.py")
    else:
        file = path
        if not os.path.isfile(file):
            raise NoSuchModule(f"--import {plain(path, 400)}: there is no such file")
        if not path.endswith(".py"):
            raise NoSuchModule(f"--import {plain(path, 400)} is no module: its name must end in .py")
    name = Path(path).stem if file == path else Path(path).name
    if not name.isidentifier():
        raise NoSuchModule(
            f"--import {plain(path, 400)}: {plain(name, 80)!r} cannot be a module's name; rename it to letters, digits "
            "and underscores, beginning with a letter"
        )
    other = _another(name, file)
    if other:
        raise NoSuchModule(
            f"--import {plain(path, 400)}: another module is named {name} ({plain(other, 200)}), and each would be "
            "taken for the other; rename the file"
        )
    return file


def _another(name: str, file: str) -> str:
    """Where a module of this name comes from that is not this file; "" if there is none."""
    if name in sys.stdlib_module_names:
        return "Python's own"
    loaded = sys.modules.get(name)
    if loaded is not None:
        origin = getattr(loaded, "__file__", None) or "loaded already"
    else:
        try:
            spec = importlib.util.find_spec(name)
        except (ValueError, ImportError):
            return ""
        origin = spec.origin if spec is not None and spec.origin else ""
    same = os.path.exists(origin) and os.path.samefile(origin, file)
    return "" if same else origin


# --- importing ---


def _import(word: str) -> str:
    """Import one module and remember what it registers; why that failed, or ""."""
    import gymnasium

    before = set(gymnasium.registry)
    try:
        # A greeting or a warning of a library must not stand in a table, in JSON, or over the arcade's screen.
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        with warnings.catch_warnings(), contextlib.redirect_stdout(sys.stderr):
            warnings.simplefilter("ignore")
            if _is_path(word):
                _import_path(word)
            else:
                importlib.import_module(_found(word))
    except NoSuchModule as error:
        return str(error)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - somebody else's code: whatever it raises is the reason
        return _why(word, error)
    for id in gymnasium.registry:
        if id not in before:
            _registered.setdefault(id, word)
    return ""


def _import_path(path: str) -> ModuleType:
    file = _file_of(path)
    is_package = file != path
    name = Path(path).name if is_package else Path(path).stem
    if name in sys.modules:
        return sys.modules[name]
    # Last: what lies beside the file is found, as by `python FILE`, and takes the place of nothing that is installed.
    folder = os.path.dirname(path)
    if folder not in sys.path:
        sys.path.append(folder)
    places = [path] if is_package else None
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=places)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # as Python does, so that it can be found under its name while it runs
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _why(word: str, error: BaseException) -> str:
    """One sentence on what was raised, and where in whose file."""
    word = plain(word, 400)
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"--import {word}: it needs the module {plain(error.name, 100)}, which is not installed"
    if isinstance(error, SyntaxError):
        where = f"{plain(os.path.basename(error.filename or ''), 100)}, line {error.lineno}"
        return f"--import {word}: it is no valid Python: {plain(error.msg, 200)} ({where})"
    what = plain(f"{type(error).__name__}: {error}".rstrip(": "), 300)
    where = next((f" ({file}, line {line})" for file, line in _places(error)), "")
    return f"--import {word}: it raised {what}{where}"


def _places(error: BaseException) -> Iterator[tuple[str, int]]:
    """Where the error came from, from the inside out, without Python's own import machinery and this file."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append((trace.tb_frame.f_code.co_filename, trace.tb_lineno))
        trace = trace.tb_next
    for file, line in reversed(frames):
        if file != __file__ and not file.startswith("<"):
            yield plain(os.path.basename(file), 100), line
