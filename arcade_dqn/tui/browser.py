"""The TUI in a browser: a web server that starts one for each tab, and a page that shows it.

There is no password, so the server listens on this machine alone unless it is told otherwise, and it answers only its
own page: other pages that are open in the same browser could reach it, too.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

from arcade_dqn.errors import ArcadeError
from arcade_dqn.link.process import own_environment, python

_PAGE = Path(__file__).with_name("page")
_HOST = re.compile(r"[A-Za-z0-9._-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")


def serve_arcade(runs_dir: Path, host: str, port: int) -> None:
    """Serve until ctrl+c or SIGTERM; every arcade in it then saves and ends. Raises ArcadeError."""
    os.environ |= own_environment()  # in which the arcades are started
    try:
        ArcadeServer(runs_dir, host, port).serve()
    except OSError as error:
        raise ArcadeError(f"cannot listen on {host} port {port}: {(error.strerror or str(error)).lower()}") from error


def is_local(host: str) -> bool:
    """Whether only this machine can reach a server that listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def warning(host: str) -> str:
    """What it means to listen on `host`; "" if that is this machine alone."""
    if is_local(host):
        return ""
    return (
        f"Listening on {host}: whoever reaches that address controls this arcade and the runs in it, and nobody is "
        "asked for a password. What is typed and shown goes over the network as it is."
    )


class ArcadeServer(Server):
    """Textual's server, which starts the arcade for each tab, and here turns strangers away."""

    def __init__(self, runs_dir: Path, host: str, port: int) -> None:
        words = python("-m", "arcade_dqn.tui", str(runs_dir.absolute()))
        # It becomes a line for the shell; `exec`, so that the arcade and not the shell is this program's child.
        line = subprocess.list2cmdline(words) if sys.platform == "win32" else f"exec {shlex.join(words)}"
        # Its own page instead of textual-serve's, which asks a stranger for a font.
        super().__init__(line, host=host, port=port, title="arcade_dqn", templates_path=_PAGE)
        self._tabs: set[asyncio.Task[Any]] = set()

    def serve(self, debug: bool = False) -> None:
        """Serve until ctrl+c or SIGTERM. Raises OSError if it cannot listen."""
        web.run_app(self._make_app(), host=self.host, port=self.port, print=self._greet)

    async def on_startup(self, app: web.Application) -> None:
        """Nothing is said before somebody listens."""

    def _greet(self, _: str) -> None:
        shown = f"[{self.host}]" if ":" in self.host else self.host
        print(f"The arcade is at http://{shown}:{self.port} - ctrl+c ends it.", flush=True)
        if told := warning(self.host):
            print(told, flush=True)

    async def on_shutdown(self, app: web.Application) -> None:
        for task in self._tabs:
            task.cancel()
        await asyncio.gather(*self._tabs, return_exceptions=True)

    def check(self, request: web.Request) -> None:
        """Raise HTTPForbidden unless the request comes from our own page, at an address that is ours."""
        if not _HOST.fullmatch(request.host):
            raise web.HTTPForbidden(text="That is no address of this arcade.")
        name = urlsplit(f"//{request.host}").hostname or ""
        # A page of somebody else's may have its own name point to this machine.
        if is_local(self.host) and not is_local(name):
            raise web.HTTPForbidden(text=f"This arcade answers to http://localhost:{self.port} alone.")
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            raise web.HTTPForbidden(text="Only this arcade's own page may open it.")

    async def handle_index(self, request: web.Request) -> Any:
        self.check(request)
        # The page loads its parts from where it was asked for itself. (Nothing is awaited before this is read.)
        self.public_url = f"{request.scheme}://{request.host}"
        return await super().handle_index(request)

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        self.check(request)
        task = asyncio.current_task()
        assert task is not None
        self._tabs.add(task)
        try:
            return await super().handle_websocket(request)
        finally:
            self._tabs.discard(task)
