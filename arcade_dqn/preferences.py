"""How the TUI looks and behaves for one person: one TOML file, each preference defined once.

A broken file never keeps the arcade from starting: what cannot be read is told in one sentence each, and the defaults
stand in for it.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, NamedTuple

from arcade_dqn.errors import ArcadeError
from arcade_dqn.link.text import plain
from arcade_dqn.storage.atomic import StorageError, read_small, reason, write_text

Value = bool | str

_MAX_KEYS = 500
"""Changed keys of the TUI, which has about a hundred."""
_MAX_IMPORTS = 16
_MAX_PROBLEMS = 10
"""Sentences on one file that a person is shown."""
_MAX_DEPTH = 20
"""Tables in tables. A name of a key has one dot, so nobody needs more than three."""
_BOM = "\ufeff"
"""What some editors write before a text in UTF-8."""


class PreferencesError(ArcadeError):
    """The file of preferences cannot be written as asked."""


def _one_of(*allowed: Value, help: str) -> Any:
    """A preference with these values; the first is the default."""
    return field(default=allowed[0], metadata={"allowed": allowed, "help": help})


@dataclass(frozen=True)
class Preferences:
    """Every preference: its name, its default, what it may be and what it does."""

    theme: Literal["dark", "light", "ansi", "colour-blind"] = _one_of(
        "dark", "light", "ansi", "colour-blind", help="Colours; ansi uses the terminal's own 16 alone."
    )
    ascii: bool | Literal["auto"] = _one_of(
        "auto", True, False, help="Draw with ASCII characters alone; auto: where the locale is not UTF-8."
    )
    animations: bool = _one_of(
        True, False, help="Attract mode, smooth scrolling, blinking cursors; false: nothing moves unasked."
    )
    meters: bool = _one_of(True, False, help="Show the machine's processor, memory and GPU beside a training.")
    notice: Literal["none", "bell", "desktop", "both"] = _one_of(
        "none", "bell", "desktop", "both", help="How the end of a run is told: the terminal's bell, a desktop notice."
    )
    keys: Mapping[str, str] = field(default_factory=dict)
    """Other keys for the TUI: binding id -> keys, with commas between them. Which ids and keys there are, `tui.keymap`
    knows."""
    imports: tuple[str, ...] = ()
    """Modules that register games of one's own: names, and whole paths of files (`games.imports`)."""


class Definition(NamedTuple):
    """What is known of one preference."""

    allowed: tuple[Value, ...]
    default: Value
    help: str


DEFINITIONS: Mapping[str, Definition] = {
    one.name: Definition(one.metadata["allowed"], one.metadata["allowed"][0], one.metadata["help"])
    for one in fields(Preferences)
    if "allowed" in one.metadata
}


def default_path(environment: Mapping[str, str] | None = None) -> Path:
    """Where the file is: $ARCADE_DQN_CONFIG, or `arcade-dqn/preferences.toml` in the user's folder for settings."""
    named = (os.environ if environment is None else environment).get("ARCADE_DQN_CONFIG")
    if named:
        return Path(named)
    from platformdirs import user_config_path

    return user_config_path("arcade-dqn", appauthor=False) / "preferences.toml"


def load(path: Path) -> tuple[Preferences, list[str]]:
    """The preferences in the file at `path`, and a sentence for each thing in it that is not as it should be.

    No file: the defaults. What is wrong has its default, everything else is taken.
    """
    try:
        _, table = _read(path)
    except PreferencesError as error:
        return Preferences(), [f"{error}; using the defaults"]
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, value in table.items():
        if name == "keys":
            values["keys"] = _keys(path, value, problems)
        elif name == "imports":
            values["imports"] = _imports(path, value, problems)
        elif name not in DEFINITIONS:
            problems.append(
                f"{path}: there is no preference {name}{did_you_mean(name, [*DEFINITIONS, 'keys', 'imports'])}"
            )
        elif any(value is one or (isinstance(value, str) and value == one) for one in DEFINITIONS[name].allowed):
            values[name] = value
        else:
            problems.append(f"{path}: {name} = {_written(value)} is not allowed; it must be {allowed(name)}")
    return Preferences(**values), the_first(problems, path)


def the_first(problems: Sequence[str], file: str | Path) -> list[str]:
    """The first ten of the problems with a file, and how many more there are; they hold the file's own words."""
    shown = [plain(problem, 1000) for problem in problems[:_MAX_PROBLEMS]]
    more = len(problems) - len(shown)
    return [*shown, f"{file}: {more:,} more problems of this kind"] if more else shown


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    """The text in the file at `path` and what it says; both empty if there is none. Raises PreferencesError."""
    try:
        text = read_small(path).decode("utf-8")
        return text, _parsed(text)
    except FileNotFoundError:
        return "", {}
    except OSError as error:
        raise PreferencesError(f"{path} cannot be read ({reason(error)})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PreferencesError(f"{path} is not valid TOML ({_first_words(error)})") from error
    except ValueError as error:
        raise PreferencesError(f"{path} cannot be used ({_first_words(error)})") from error


def _parsed(text: str) -> dict[str, Any]:
    """What `text` says. Raises ValueError, and nothing else, for any text that says nothing."""
    try:
        table = tomllib.loads(text.removeprefix(_BOM))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    # Here, because nothing that goes through tables in tables should have to look out for their number.
    level: list[Any] = [table]
    for _ in range(_MAX_DEPTH):
        level = [value for one in level for value in _parts(one) if isinstance(value, dict | list)]
        if not level:
            return table
    raise ValueError("it is nested too deeply")


def _parts(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def _keys(path: Path, table: Any, problems: list[str]) -> dict[str, str]:
    """The table of keys as id -> keys; ids may be written with dots, which TOML reads as tables in tables."""
    if not isinstance(table, dict):
        problems.append(f'{path}: keys must be a table, such as [keys] with "home.train" = "t" in it')
        return {}
    written = dict(_flat(table))
    if len(written) > _MAX_KEYS:
        problems.append(f"{path}: keys holds {len(written):,} keys, and there are not so many; none is changed")
        return {}
    found: dict[str, str] = {}
    for name, value in written.items():
        words = value if isinstance(value, list) else [value]
        if words and all(isinstance(word, str) and word.strip() for word in words):
            found[name] = ",".join(words)
        else:
            problems.append(f'{path}: keys.{name} = {_written(value)} is not allowed; it must be a key such as "t"')
    return found


def _imports(path: Path, value: Any, problems: list[str]) -> tuple[str, ...]:
    """The modules to import; a file's path begins where the preferences are."""
    words = value if isinstance(value, list) else [value]
    if not all(isinstance(word, str) and word.strip() and word.isprintable() for word in words):
        problems.append(f'{path}: imports must be a list of modules and files, such as ["minigrid", "~/my_game.py"]')
        return ()
    if len(words) > _MAX_IMPORTS:
        problems.append(f"{path}: imports names {len(words):,} modules, and at most {_MAX_IMPORTS} are imported")
        return ()
    folder = os.path.abspath(path.parent)
    return tuple(
        os.path.join(folder, os.path.expanduser(word)) if word.endswith(".py") or "/" in word else word.strip()
        for word in words
    )


def _flat(table: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def allowed(name: str) -> str:
    """What a preference may be, in words: `true or false`."""
    *some, last = (_toml(value) for value in DEFINITIONS[name].allowed)
    return f"{', '.join(some)} or {last}" if some else last


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean "theme"?`, or what is known if nothing is near and it is little."""
    from difflib import get_close_matches

    names = list(known)
    near = get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; there are {', '.join(names)}" if len(names) < 10 else ""


def template(bindings: Iterable[tuple[str, str, str]]) -> str:
    """A file that changes nothing and shows everything: each preference at its default, behind a comment sign.

    `bindings` are (id, keys, help) of the keys that can be changed.
    """
    lines = ["# Preferences of arcade-dqn. Take away a # to change what stands behind it.", ""]
    for name, definition in DEFINITIONS.items():
        lines += [f"# {definition.help}", f"# One of {allowed(name)}.", f"# {name} = {_toml(definition.default)}", ""]
    lines += [
        "# Modules that register games in Gymnasium, and files of your own. Looking for a game runs their code.",
        '# Such as ["minigrid", "~/games/my_game.py"].',
        "# imports = []",
        "",
        '# Keys of the TUI. Several stand in a list: ["t", "f2"]. Names are those of the help page\'s keys: a letter,',
        "# ctrl+t, f5, space, escape, left, pageup, ... What enter does in a list stays.",
        "[keys]",
    ]
    for id, keys, help in bindings:
        words = [_toml(key) for key in keys.split(",")]
        lines.append(f"# {_toml(id)} = {words[0] if len(words) == 1 else '[' + ', '.join(words) + ']'}  # {help}")
    return "\n".join(lines) + "\n"


def save(path: Path, name: str, value: Value) -> None:
    """Set one preference in the file at `path`, atomically, and leave everything else in it as it stands.

    Raises PreferencesError or StorageError; then the file is as it was.
    """
    if value not in DEFINITIONS[name].allowed:
        raise PreferencesError(f"{name} = {_written(value)} is not allowed; it must be {allowed(name)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {reason(error)}") from error
    try:
        old, before = _read(path)
    except PreferencesError as error:
        raise PreferencesError(f"{error}; mend it, or remove it") from error
    new = _with_line(old, name, f"{name} = {_toml(value)}")
    # The file may be written in ways that this edit does not understand; then it is left to its writer.
    try:
        understood = _parsed(new) == {**before, name: value}
    except ValueError:
        understood = False
    if not understood:
        raise PreferencesError(f"{path} is too unusual to be changed here; write {name} = {_toml(value)} into it")
    # A link (to a folder of dotfiles, say) stays a link: its target is what is replaced.
    write_text(os.path.realpath(path), new)


def _with_line(text: str, name: str, line: str) -> str:
    """`text` with `line` in the place of the line, or of the commented line, that sets `name`."""
    mark = _BOM if text.startswith(_BOM) else ""
    lines = text.removeprefix(_BOM).splitlines()
    top = next((number for number, old in enumerate(lines) if old.lstrip().startswith("[")), len(lines))
    for pattern in (rf"\s*{name}\s*=", rf"#\s*{name}\s*="):
        for number in range(top):
            if re.match(pattern, lines[number]):
                lines[number] = line
                return mark + "\n".join(lines) + "\n"
    lines[0:0] = [line] if not lines or top else [line, ""]
    return mark + "\n".join(lines) + "\n"


def use_ascii(preferences: Preferences, encoding: str) -> bool:
    """Whether to draw with ASCII characters alone, in a locale of this encoding."""
    if preferences.ascii == "auto":
        return encoding.lower().replace("-", "").replace("_", "") not in ("utf8", "cp65001")
    return bool(preferences.ascii)


def _toml(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _written(value: Any) -> str:
    """A value as it stands in the file, shortened."""
    try:
        text = _toml(value) if isinstance(value, bool | str) else str(value)
    except ValueError:
        return "a number of thousands of digits"  # written in hexadecimal, which may be read
    return text if len(text) <= 40 else f"{text[:37]}..."


def _first_words(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 100 else f"{text[:97]}..."
