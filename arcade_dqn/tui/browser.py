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
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import WSCloseCode, web
from textual_serve.app_service import AppService
from textual_serve.server import Server

from arcade_dqn.errors import ArcadeError
from arcade_dqn.link.commands import parse_object
from arcade_dqn.link.process import own_environment, python

_PAGE = Path(__file__).with_name("page")
_HOST = re.compile(
    r"(?:(?P<name>[A-Za-z0-9._-]{1,253})|\[(?P<address>[0-9A-Fa-f:.]{2,45})\])(?::(?P<port>[0-9]{1,5}))?"
)
_MOST_TYPED = 4 * 2**20
"""Bytes of one message; a person may paste a long text."""
_MOST_CELLS = 2_000
"""Of a terminal's width or height."""


def serve_arcade(runs_dir: Path, host: str, port: int) -> None:
    """Serve until ctrl+c or SIGTERM; every arcade in it then saves and ends. Raises ArcadeError."""
    os.environ |= own_environment()  # in which the arcades are started
    try:
        ArcadeServer(runs_dir, host, port).serve()
    except OSError as error:
        raise ArcadeError(f"cannot listen on {host} port {port}: {(error.strerror or str(error)).lower()}") from error


def is_local(host: str) -> bool:
    """Whether this name or address means this machine alone, without asking anybody what it means."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(text: str) -> str | None:
    """The name or address in a Host header, without its port; None if it is none."""
    found = _HOST.fullmatch(text)
    if found is None or int(found["port"] or 0) > 65_535:
        return None
    if found["name"] is not None:
        return found["name"]
    try:
        return str(ipaddress.IPv6Address(found["address"]))
    except ValueError:
        return None


def read_message(text: str) -> tuple[str, Any] | None:
    """The kind of a message of the page's and what comes with it; None if the page sends no such message."""
    try:
        # `parse_object` reads objects, and the page sends lists.
        message = parse_object(f'{{"message":{text}}}', _MOST_TYPED)["message"]
    except ValueError:
        return None
    match message:
        case ["stdin", str(typed)]:
            return "stdin", typed
        case ["resize", {"width": int(width), "height": int(height)}]:
            # A page that is hidden may have no room for a single cell; the terminal stays as it was.
            return "resize", (width, height) if is_size(width) and is_size(height) else None
        case ["ping", str() | int() | float() | None as data]:
            return "ping", data
        case ["blur" | "focus" as kind, *_]:
            return kind, None
        case _:
            return None


def is_size(cells: int) -> bool:
    """Whether a terminal may be so wide or high; memory is taken for each cell."""
    return not isinstance(cells, bool) and 1 <= cells <= _MOST_CELLS


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
        # Names of this machine are many (`127.1`, in capitals, what /etc/hosts says), so they are looked up.
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        self._only_here = all(is_local(str(address[0])) for *_, address in found)
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

    async def _make_app(self) -> web.Application:
        app: web.Application = await super()._make_app()

        @web.middleware
        async def guard(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            """Before every answer, whatever is asked for."""
            self.check(request)
            return await handler(request)

        app.middlewares.append(guard)
        return app

    def check(self, request: web.Request) -> None:
        """Raise HTTPForbidden unless the request comes from our own page, at an address that is ours."""
        name = host_of(request.host)
        if name is None:
            raise web.HTTPForbidden(text="That is no address of this arcade.")
        # A page of somebody else's may have its own name point to this machine.
        if self._only_here and not is_local(name):
            raise web.HTTPForbidden(text=f"This arcade answers to http://localhost:{self.port} alone.")
        origin = request.headers.get("Origin")
        if origin is not None and origin.partition("://")[2] != request.host:
            raise web.HTTPForbidden(text="Only this arcade's own page may open it.")

    async def handle_index(self, request: web.Request) -> Any:
        # The page loads its parts from where it was asked for itself. (Nothing is awaited before this is read.)
        self.public_url = f"{request.scheme}://{request.host}"
        return await super().handle_index(request)

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        if not web.WebSocketResponse().can_prepare(request):
            raise web.HTTPBadRequest(text="This is the page's own connection; a browser shows the page at /.")
        for side in ("width", "height"):
            cells = request.query.get(side, "80")
            if not (cells.isdecimal() and len(cells) < 6 and is_size(int(cells))):
                raise web.HTTPBadRequest(text=f"{side} must be a whole number from 1 to {_MOST_CELLS}.")
        task = asyncio.current_task()
        assert task is not None
        self._tabs.add(task)
        try:
            return await super().handle_websocket(request)
        finally:
            self._tabs.discard(task)

    async def _process_messages(self, websocket: web.WebSocketResponse, app_service: AppService) -> None:
        """Do what the page says; one that says what our page never would has its connection closed."""
        async for received in websocket:
            message = read_message(received.data) if received.type == web.WSMsgType.TEXT else None
            match message:
                case ("stdin", str(typed)):
                    await app_service.send_bytes(typed.encode("utf-8", "replace"))
                case ("resize", (int(width), int(height))):
                    await app_service.set_terminal_size(width, height)
                case ("resize", None):
                    pass
                case ("ping", data):
                    await websocket.send_json(["pong", data])
                case ("blur", _):
                    await app_service.blur()
                case ("focus", _):
                    await app_service.focus()
                case _:
                    await websocket.close(
                        code=WSCloseCode.POLICY_VIOLATION, message=b"That is no message of this page."
                    )
