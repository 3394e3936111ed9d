"""The command `serve`: the TUI in a browser."""

from __future__ import annotations

import argparse
from importlib.util import find_spec

from arcade_dqn.cli.tables import runs_dir
from arcade_dqn.errors import ArcadeError, UsageError


def serve(arguments: argparse.Namespace) -> int:
    """`arcade-dqn serve`: until ctrl+c."""
    if not 1 <= arguments.port <= 65_535:
        raise UsageError(f"--port {arguments.port} is not allowed; it must be a whole number from 1 to 65535")
    if find_spec("textual_serve") is None:
        raise ArcadeError('the browser needs textual-serve; install it with: pip install "arcade-dqn[serve]"')
    from arcade_dqn.tui.browser import serve_arcade

    serve_arcade(runs_dir(arguments), arguments.host, arguments.port)
    return 0
