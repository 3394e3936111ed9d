"""Write the tables of the pages from the program's own: `.venv/bin/python scripts/docs.py`.

A page says where a table stands, from `<!-- table: NAME -->` to `<!-- end of table -->`, and keeps what stands there,
so that it can be read without the program; tests/docs/test_pages.py says when it is no longer what the program has.
"""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from textual.binding import Binding

from arcade_dqn.cli.main import build_parser
from arcade_dqn.config import SECTIONS, Settings, preset_about, preset_names, setting_table
from arcade_dqn.games.catalog import GAMES
from arcade_dqn.preferences import DEFINITIONS, allowed
from arcade_dqn.tui import keys as terminal
from arcade_dqn.window.input import keys as window

ROOT = Path(__file__).resolve().parents[1]
_TABLE = re.compile(r"(<!-- table: (?P<name>[^>]+?) -->\n).*?(<!-- end of table -->)", re.DOTALL)
_SIGNS = {
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "minus": "-",
    "plus": "+",
    "slash": "/",
    "question_mark": "?",
}
"""Keys by Textual's names that a person calls by their sign."""


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    cells = [columns, *rows]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells]
    return "\n".join([lines[0], "|" + "---|" * len(columns), *lines[1:]])


def code(*words: str) -> str:
    """Words as one types them, with commas between."""
    return ", ".join(f"`{word}`" for word in words)


# --- keys ---


def terminal_keys(place: str) -> str:
    """The keys of one place of the arcade, with the names by which preferences change them."""
    rows = []
    for binding in terminal.SECTIONS[place]:
        assert isinstance(binding, Binding)
        rows.append([code(*map(key_name, binding.key.split(","))), binding.tooltip, code(binding.id or "")])
    return table(["key", "does", "name"], rows)


def key_name(key: str) -> str:
    """A key of Textual's as a person would say it."""
    return f"shift+{key.lower()}" if len(key) == 1 and key.isupper() else _SIGNS.get(key, key)


def window_keys() -> str:
    """The window's keys and the gamepad's, in the groups of its help."""
    anything = next(info for info in GAMES if not info.keys)  # one without keys of its own
    rows = []
    for group, hints in window.help_groups(anything, gamepad=True):
        pad = group == "Gamepad"
        for number, (names, does) in enumerate(hints):
            names = names if pad else tuple(name.lower().replace(" ", "+") for name in names)
            rows.append([group.lower() if number == 0 else "", ", ".join(names) if pad else code(*names), does])
    return table(["", "key", "does"], rows)


# --- the command line ---


def parsers() -> Mapping[str, argparse.ArgumentParser]:
    """The parser of each command, in the order of `arcade-dqn --help`."""
    actions = build_parser()._actions
    choices = next(action.choices for action in actions if isinstance(action, argparse._SubParsersAction))
    return dict(choices)


def command_list() -> str:
    """All commands in a line each."""
    rows = [[f"[`{name}`](#{name})", parser.description or ""] for name, parser in parsers().items()]
    return table(["command", "does"], rows)


def everywhere() -> str:
    """What every command takes, and what `arcade-dqn` alone does."""
    rows = [[code(_call(action)), action.help or ""] for action in _common()]
    parser = build_parser()
    own = [
        action for action in parser._actions if isinstance(action.help, str) and action.dest not in _names(_common())
    ]
    rows += [[f"{code('arcade-dqn ' + _call(action))}", action.help or ""] for action in own if action.dest != "help"]
    return table(["option", "does"], rows)


def command(name: str) -> str:
    """One command: what it does, what it takes, how it is called."""
    parser = parsers()[name]
    known = {*_names(_common()), "help"}
    rows = [[code(_call(action)), action.help or ""] for action in parser._actions if action.dest not in known]
    parts = [parser.description or ""]
    if rows:
        parts.append(table(["it takes", ""], rows))
    parts += _epilog(parser.epilog or "")
    return "\n\n".join(parts)


def _common() -> list[argparse.Action]:
    """The options that all commands have."""
    every = [{action.dest for action in parser._actions} for parser in parsers().values()]
    shared = set.intersection(*every) - {"help"}
    return [action for action in next(iter(parsers().values()))._actions if action.dest in shared]


def _names(actions: Sequence[argparse.Action]) -> list[str]:
    return [action.dest for action in actions]


def _call(action: argparse.Action) -> str:
    """An option or an argument as a usage line has it."""
    words = [action.option_strings[-1]] if action.option_strings else []
    if action.nargs != 0:
        names = action.choices if action.metavar is None and action.choices else [action.metavar or action.dest]
        value = "|".join(map(str, names))
        words.append({"?": f"[{value}]", "+": f"{value} [{value} ...]"}.get(str(action.nargs), value))
    return " ".join(words)


def _epilog(text: str) -> Iterator[str]:
    """The examples as shell lines, and what else stands under them as it is."""
    for part in text.split("\n\n"):
        head, _, rest = part.partition("\n")
        if head in ("example:", "examples:"):
            lines = [re.sub(r"(?<=\S) {2,}(?=\S)", "  # ", line.strip()) for line in rest.splitlines() if line.strip()]
            yield "\n".join(["```sh", *lines, "```"])
        elif part.strip():
            yield part.strip()


# --- settings, presets, games, preferences ---


def settings(section: str) -> str:
    """One section of the settings."""
    model = Settings.model_fields[section].annotation
    about = (inspect.getdoc(model) or "").partition("\n\n")[0].replace("\n", " ")
    rows = [
        [code(info.name), _value(info.default), info.allowed + (f" ({info.unit})" if info.unit else ""), info.help]
        for info in setting_table().values()
        if info.name.startswith(f"{section}.")
    ]
    return f"{about}\n\n{table(['setting', 'default', 'allowed', 'what it is'], rows)}"


def _value(value: Any) -> str:
    match value:
        case bool() | None:
            return str(value).lower()
        case tuple():
            return ",".join(map(str, value))
        case float():
            return f"{value:,.10g}"
        case int():
            return f"{value:,}"
    return str(value)


def presets() -> str:
    """Every preset, and the games that begin with it."""
    own = {name: ", ".join(info.title for info in GAMES if info.preset == name) for name in preset_names()}
    return table(["preset", "for", "default of"], [[code(name), preset_about(name), own[name]] for name in own])


def games() -> str:
    """The games of the catalogue."""
    rows = [
        [
            info.id,
            info.observation,
            ", ".join(info.actions) or "as many torques as `environment.action_bins` says",
            "" if info.solved_at is None else f"{info.solved_at:g}",
            code(info.preset),
            code(info.extra) if info.extra else "",
        ]
        for info in GAMES
    ]
    return table(["game", "the agent sees", "actions", "solved at", "preset", "needs"], rows)


def preferences() -> str:
    """Every preference but the keys."""
    return table(
        ["preference", "may be", "does"], [[code(name), allowed(name), one.help] for name, one in DEFINITIONS.items()]
    )


TABLES: Mapping[str, Callable[[], str]] = {
    **{f"keys, {place}": partial(terminal_keys, place) for place in terminal.SECTIONS},
    "keys, window": window_keys,
    "commands": command_list,
    "every command": everywhere,
    **{f"command, {name}": partial(command, name) for name in parsers()},
    **{f"settings, {section}": partial(settings, section) for section in SECTIONS},
    "presets": presets,
    "games": games,
    "preferences": preferences,
}
"""Every table by the name that a page calls it by."""


def renewed(text: str) -> str:
    """The page with its tables as they should be. Raises KeyError for a table that nobody can write."""
    return _TABLE.sub(lambda found: f"{found[1]}{TABLES[found['name']]()}\n{found[3]}", text)


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    for page in sorted((ROOT / "docs").glob("*.md")):
        old = page.read_text("utf-8")
        if (new := renewed(old)) != old:
            page.write_text(new, "utf-8")
            print(page.relative_to(ROOT))


if __name__ == "__main__":
    main()
