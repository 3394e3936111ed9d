"""What the command line and the preferences let in: modules that register games, by --import and by `module:Id`."""

from __future__ import annotations

import argparse
import os

from arcade_dqn.cli import output
from arcade_dqn.games import imports
from arcade_dqn.games.arguments import parse, type_in
from arcade_dqn.games.former_names import former


def open_door(arguments: argparse.Namespace) -> None:
    """Note what may be imported, before a command looks up a game, and import what was typed.

    What the preferences name is imported only for a game that the catalogue lacks, so that a package which is broken
    keeps nobody from CartPole. The arcade and `serve` (`elsewhere`) import nothing yet: their games are made by others,
    or later. A game's old name becomes today's, unless modules are
    typed, which may have that name for a game of their own. Raises NoSuchModule and ImportFailed for what was typed.
    """
    typed = [*arguments.imports_first, *arguments.imports]
    for name in ("game", "target", "beside"):
        if (text := getattr(arguments, name, None)) is not None:
            module, id = imports.split(text)
            if module:
                typed.append(module)
                setattr(arguments, name, id)
            elif not typed and (today := former(text)) is not None and not os.path.exists(text):
                output.complain(f"arcade-dqn: {text} is played as {today.id} today: {today.differs}")
                setattr(arguments, name, today.id)
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
