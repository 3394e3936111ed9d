"""The command `preferences`: where the file is, what stands in it, and what could."""

from __future__ import annotations

import argparse

from arcade_dqn.preferences import default_path, load, template
from arcade_dqn.storage.atomic import StorageError, reason, write_text


def preferences(arguments: argparse.Namespace) -> int:
    """`arcade-dqn preferences`: exit code 1 if the file says something that cannot be."""
    from arcade_dqn.tui.keymap import bindings, checked

    path = default_path()
    text = template((binding.id or "", binding.key, binding.tooltip) for _, binding in bindings())
    if arguments.write and not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"cannot write {path}: {reason(error)}") from error
        write_text(path, text)
        print(f"{path}: written")
        return 0
    print(f"{path}: {'in use' if path.exists() else 'not there yet; --write makes it, with what follows'}")
    found, problems = load(path)
    problems += checked(found.keys, str(path))[1]
    for problem in problems:
        print(f"  {problem}")
    print(f"\n{text}", end="")
    return 1 if problems else 0
