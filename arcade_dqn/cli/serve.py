"""The command `serve`: the TUI in a browser."""

from __future__ import annotations

import argparse
import ipaddress
import re
from importlib.util import find_spec

from arcade_dqn.cli.tables import runs_dir
from arcade_dqn.errors import ArcadeError, UsageError

_LABELS = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")


def is_host(text: str) -> bool:
    """Whether `text` is an address or has the form of a host's name, which may be unknown."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        pass
    else:
        return True
    try:
        name = text.encode("idna").decode("ascii")
    except UnicodeError:
        return False
    return len(name) <= 253 and _LABELS.fullmatch(name) is not None


def serve(arguments: argparse.Namespace) -> int:
    """`arcade-dqn serve`: until ctrl+c."""
    if not 1 <= arguments.port <= 65_535:
        raise UsageError(f"--port {arguments.port} is not allowed; it must be a whole number from 1 to 65535")
    if not is_host(arguments.host):
        raise UsageError(
            f"--host {arguments.host[:100]!r} is neither a host's name nor an address; it must be such as localhost, "
            "127.0.0.1 or 0.0.0.0"
        )
    if find_spec("textual_serve") is None:
        raise ArcadeError('the browser needs textual-serve; install it with: pip install "arcade-dqn[serve]"')
    from arcade_dqn.tui.browser import serve_arcade

    serve_arcade(runs_dir(arguments), arguments.host, arguments.port)
    return 0
