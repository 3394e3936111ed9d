"""What reaches the server of `arcade-dqn serve` that its own page never sends: refused, and never a traceback."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("aiohttp", reason="the extra `serve` is not installed")
pytest.importorskip("textual_serve", reason="the extra `serve` is not installed")

from aiohttp import WSMsgType, WSServerHandshakeError, web
from aiohttp.test_utils import TestClient, TestServer
from textual_serve import server as textual_server

from arcade_dqn.tui.browser import ArcadeServer, host_of, read_message

LONG = os.environ.get("FAULTS") == "long"
EXAMPLES = 20_000 if LONG else 200


class Arcade:
    """In place of the program that a tab starts: remembers what it was told."""

    told: list[Any] = []

    def __init__(self, command: str, **_: Any) -> None:
        pass

    async def start(self, width: int, height: int) -> None:
        self.told.append(("start", width, height))

    async def stop(self) -> None:
        pass

    async def send_bytes(self, data: bytes) -> None:
        self.told.append(data)

    async def set_terminal_size(self, width: int, height: int) -> None:
        self.told.append((width, height))

    async def blur(self) -> None:
        self.told.append("blur")

    async def focus(self) -> None:
        self.told.append("focus")


@pytest.fixture
async def client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    monkeypatch.setattr(textual_server, "AppService", Arcade)
    monkeypatch.setattr(Arcade, "told", [])
    app = await ArcadeServer(tmp_path, "127.0.0.1", 8000)._make_app()
    async with TestClient(TestServer(app)) as client:
        yield client
    # What aiohttp logs as an error is an answer 500 with its traceback.
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def ask(client: TestClient[Any, Any], request: bytes) -> int:
    """The status of the answer to what stands in `request`; 0 if the connection is closed without one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(request)
    line = await asyncio.wait_for(reader.readline(), 30)
    writer.close()
    return int(line.split()[1]) if line else 0


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost:8000", "localhost"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]:80", "::1"),
        ("[0:0:0:0:0:0:0:1]", "::1"),
        ("[::::]", None),
        ("[]", None),
        ("[127.0.0.1]", None),
        ("[::1", None),
        ("localhost:99999", None),
        ("localhost:", None),
        ("user@localhost", None),
        ("a/b", None),
        ("", None),
        ("a" * 254, None),
        ("localhost:²", None),
    ],
)
def test_hosts(host: str, name: str | None) -> None:
    assert host_of(host) == name


@pytest.mark.parametrize(
    "path", ["/", "/ws", "/static/", "/static/css/xterm.css", "/download/x", "/none", "/%00", "//"]
)
@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ("Host: localhost", False),
        ("Host: evil.example", True),
        ("Host: [::::]", True),
        ("Host: [::1", True),
        ("Host: localhost\r\nOrigin: http://[", True),
        ("Host: localhost\r\nOrigin: null", True),
        ("Host: localhost\r\nOrigin: http://localhost", False),
        ("Host: localhost\r\nOrigin: http://localhost.evil.example", True),
        ("X: no host at all", True),
    ],
)
async def test_every_path_answers_our_own_page_alone(
    path: str, headers: str, refused: bool, client: TestClient[Any, Any]
) -> None:
    status = await ask(client, f"GET {path} HTTP/1.1\r\n{headers}\r\nConnection: close\r\n\r\n".encode())
    assert status in (400, 403) if refused else status in (200, 400, 403, 404)
    assert (status == 200) == (not refused and path in ("/", "/static/", "/static/css/xterm.css"))


@pytest.mark.parametrize("size", ["width=0", "width=-1", "height=99999999999", "width=1e3", "height=", "width=²"])
async def test_a_terminal_of_no_size(size: str, client: TestClient[Any, Any]) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect(f"/ws?{size}")
    assert refused.value.status == 400
    assert Arcade.told == []


GOOD = [
    (["stdin", "aé"], "aé".encode()),
    (["stdin", "\ud800"], b"?"),
    (["resize", {"width": 100, "height": 30}], (100, 30)),
    (["blur"], "blur"),
    (["focus"], "focus"),
]


async def test_what_the_page_says(client: TestClient[Any, Any]) -> None:
    async with client.ws_connect("/ws?width=90&height=20") as link:
        for message, _ in GOOD:
            await link.send_str(json.dumps(message))
        await link.send_str(json.dumps(["resize", {"width": 0, "height": 10**9}]))
        await link.send_str(json.dumps(["ping", "7"]))
        assert await link.receive_json() == ["pong", "7"]
    assert Arcade.told == [("start", 90, 20), *(told for _, told in GOOD)]


@pytest.mark.parametrize(
    "message",
    [
        *("", "no JSON", "{}", "[]", "[1]", '["stdin"]', '["stdin", 1]', '["resize", {}]', '["none"]', "[" * 20_000),
        *(
            '["resize", {"width": "1", "height": 1}]',
            '["ping", NaN]',
            '["stdin", ' + "9" * 9_000 + "]",
            '"}, "',
            b"\xff",
        ),
    ],
)
async def test_what_the_page_would_never_say(message: str | bytes, client: TestClient[Any, Any]) -> None:
    async with client.ws_connect("/ws") as link:
        await (link.send_bytes(message) if isinstance(message, bytes) else link.send_str(message))
        answer = await asyncio.wait_for(link.receive(), 30)
    assert answer.type == WSMsgType.CLOSE
    assert answer.data == 1008
    assert Arcade.told == [("start", 80, 24)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=not LONG)
@given(
    st.text()
    | st.binary().map(lambda data: data.decode("latin-1"))
    | JSON.map(json.dumps)
    | st.tuples(st.sampled_from(["stdin", "resize", "ping", "blur", "focus"]), JSON).map(json.dumps)
)
def test_any_message_is_one_of_the_page_or_none(text: str) -> None:
    message = read_message(text)
    assert message is None or message[0] in ("stdin", "resize", "ping", "blur", "focus")


HEADERS = ["Host", "Origin", "Upgrade", "Connection", "Cookie", "Content-Length", "Transfer-Encoding", "Range", "X", ""]
VALUES = st.one_of(
    st.sampled_from(["localhost", "127.0.0.1:8000", "[::::]", "[::1]", "[", "]", "http://[", "websocket", "Upgrade"]),
    st.binary(max_size=40).map(lambda data: data.decode("latin-1")),
    st.text("[]:./%@#?0123456789abcdef", max_size=30),
)
REQUESTS = st.tuples(
    st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "\x00", ""]),
    st.sampled_from(["/", "/ws", "/static/../../x", "/download/%ff", "*", "http://[/", "//[", "/?fontsize=%f"])
    | VALUES,
    st.lists(st.tuples(st.sampled_from(HEADERS), VALUES), max_size=5),
    st.booleans(),
)


async def test_any_request_is_answered_or_refused(client: TestClient[Any, Any]) -> None:
    loop = asyncio.get_running_loop()

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=not LONG, suppress_health_check=list(HealthCheck))
    @given(REQUESTS)
    def check(request: tuple[str, str, list[tuple[str, str]], bool]) -> None:
        method, path, headers, ours = request
        lines = [
            f"{method} {path} HTTP/1.1",
            *(["Host: localhost"] if ours else []),
            *(f"{a}: {b}" for a, b in headers),
        ]
        data = "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1", "replace")
        status = asyncio.run_coroutine_threadsafe(ask(client, data), loop).result(60)
        assert status < 500, data

    await asyncio.to_thread(check)
