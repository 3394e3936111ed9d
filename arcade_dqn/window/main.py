"""`python -m arcade_dqn.window TARGET`: the window's own program, started by the TUI and the command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from arcade_dqn.errors import ArcadeError
from arcade_dqn.link.text import plain
from arcade_dqn.window.display import check_display
from arcade_dqn.window.options import Options, parse


def main(argv: Sequence[str] | None = None) -> int:
    """Run the window until it is closed; the exit code. Errors are told in one line on standard error."""
    try:
        open_window(parse(argv))
    except ArcadeError as error:
        print(f"arcade-dqn: {plain(str(error), 4000)}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def open_window(options: Options) -> None:
    """The same with the errors as they come, for a caller that tells them itself."""
    check_display(allow_dummy=options.allow_dummy)
    # Here, because an error above should not wait for pygame.
    from arcade_dqn.window.loop import run

    run(options)
