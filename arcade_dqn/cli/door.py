"""What the command line and the preferences let in: modules that register games, by --import and by `module:Id`."""

from __future__ import annotations

import argparse

from arcade_dqn.games import imports
from arcade_dqn.games.arguments import parse, type_in


def open_door(arguments: argparse.Namespace) -> None:
    """Note what may be imported, before a command looks up a game, and import what was typed.

    What the preferences name is imported only for a game that the catalogue lacks, so that a package which is broken
    keeps nobody from CartPole. The arcade and `serve` (`elsewhere`) import nothing yet: their games are made by others,
    or later. Raises NoSuchModule and ImportFailed for what was typed.
    """
    typed = [*arguments.imports_first, *arguments.imports]
    for name in ("game", "target", "beside"):
        if (text := getattr(arguments, name, None)) is not None:
            module, id = imports.split(text)
            if module:
                typed.append(module)
                setattr(arguments, name, id)
    words = imports.ask(typed)
    type_in(parse(getattr(arguments, "env", ())))
    if arguments.elsewhere:
        return
    ask_preferences()
    if words:
        imports.import_asked(words)


def ask_preferences() -> None:
    """Note the modules that the preferences name. What is wrong with one is told when a game is not found."""
    from arcade_dqn.preferences import default_path, load

    imports.add(load(default_path())[0].imports)
