"""The arcade in a real browser, without a window: what its page shows, that a key is answered, and who is let in."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

aiohttp = pytest.importorskip("aiohttp", reason="the extra `serve` is not installed")
pytest.importorskip("textual_serve", reason="the extra `serve` is not installed")

from arcade_dqn.tui.browser import is_local, warning  # noqa: E402

PATIENCE = 60.0
BROWSER = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), None)
with_browser = pytest.mark.skipif(BROWSER is None, reason="no chromium is installed")


class Served:
    """`arcade-dqn serve` in a process of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.runs = folder / "runs"
        environment = {**os.environ, "ARCADE_DQN_CONFIG": str(folder / "none.toml"), "DISPLAY": ":77"}
        environment.pop("NO_COLOR", None)
        command = [sys.executable, "-m", "arcade_dqn", "serve", "--port", str(self.port), "--runs-dir", str(self.runs)]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.greeting = self.process.stdout.readline()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def arcades(self) -> list[Any]:
        """The processes of the arcades that were started for tabs."""
        import psutil

        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if "arcade_dqn.tui" in child.cmdline():
                    found.append(child)
        return found

    def close(self) -> None:
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    server = Served(tmp_path)
    yield server
    if server.process.poll() is None:
        server.close()


class Page:
    """One tab, driven through the browser's debugging port."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._numbers = 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.asked_for: list[str] = []
        """Every address that the page asked for."""
        self.written = ""
        """What the arcade has written to the page's terminal."""
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self._socket:
            told = message.json()
            if "id" in told:
                self._answers.pop(told["id"]).set_result(told)
                continue
            fields = told["params"]
            match told["method"]:
                case "Network.requestWillBeSent":
                    self.asked_for.append(fields["request"]["url"])
                case "Network.webSocketCreated":
                    self.asked_for.append(fields["url"])
                case "Network.webSocketFrameReceived":
                    data = fields["response"]["payloadData"]
                    if fields["response"]["opcode"] == 2:
                        data = base64.b64decode(data).decode("utf-8", "replace")
                    self.written += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", data)

    async def do(self, method: str, **fields: Any) -> dict[str, Any]:
        self._numbers += 1
        self._answers[self._numbers] = answer = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": self._numbers, "method": method, "params": fields})
        told = await asyncio.wait_for(answer, PATIENCE)
        assert "error" not in told, told
        result: dict[str, Any] = told["result"]
        return result

    async def press(self, key: str) -> None:
        await self.do("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
        await self.do("Input.dispatchKeyEvent", type="keyUp", key=key)

    async def picture(self) -> np.ndarray:
        """What the tab looks like: uint8 [height, width, 3]."""
        shot = await self.do("Page.captureScreenshot", format="png")
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(shot["data"]))).convert("RGB"))

    async def until(self, ready: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not ready():
            assert time.monotonic() < deadline, f"waited for {what}; the arcade wrote: {self.written[-2000:]!r}"
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def tab(address: str, folder: Path) -> AsyncIterator[Page]:
    """A tab at `address` in a browser that finds nothing outside this machine."""
    assert BROWSER is not None
    browser = await asyncio.create_subprocess_exec(
        BROWSER,
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--remote-debugging-port=0",
        "--window-size=1100,700",
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
        f"--user-data-dir={folder / 'browser'}",
        "about:blank",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert browser.stderr is not None
    complaints: asyncio.Task[bytes] | None = None
    try:
        port = ""
        while not port:
            line = await asyncio.wait_for(browser.stderr.readline(), PATIENCE)
            assert line, "the browser has ended"
            if found := re.search(rb"DevTools listening on ws://127.0.0.1:(\d+)/", line):
                port = found.group(1).decode()
        # What it complains of is read on, so that it never waits for a reader.
        complaints = asyncio.create_task(browser.stderr.read())
        async with aiohttp.ClientSession() as session:
            tabs: list[dict[str, Any]] = []
            while not tabs:
                async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                    tabs = [one for one in await answer.json() if one["type"] == "page"]
            async with session.ws_connect(tabs[0]["webSocketDebuggerUrl"], max_msg_size=2**28) as link:
                page = Page(link)
                await page.do("Network.enable")
                await page.do("Page.enable")
                # A tab that nobody looks at has no focus otherwise.
                await page.do("Emulation.setFocusEmulationEnabled", enabled=True)
                await page.do("Page.navigate", url=f"http://{address}/")
                yield page
    finally:
        browser.terminate()
        await browser.wait()
        if complaints is not None:
            await complaints


@with_browser
async def test_a_browser_shows_the_arcade_and_answers_a_key(served: Served, tmp_path: Path) -> None:
    assert served.greeting == f"The arcade is at http://127.0.0.1:{served.port} - ctrl+c ends it.\n"
    async with tab(served.address, tmp_path) as page:
        await page.until(lambda: "CartPole" in page.written and "ARCADE DQN" in page.written, "the list of games")
        # It is drawn: the title's green, the agent's own colour, is among the pixels.
        green = np.array([61, 220, 192])
        for _ in range(200):
            picture = await page.picture()
            if (np.abs(picture.astype(int) - green).max(axis=2) < 24).sum() > 500:
                break
            await asyncio.sleep(0.1)
        else:
            raise AssertionError("the terminal is empty")

        page.written = ""
        await page.press("?")
        await page.until(lambda: "This list of keys" in page.written, "the help")
        await page.press("q")
        # There is no window beside a browser, whatever the server's own screen: a demo plays in the terminal.
        page.written = ""
        await page.press("p")
        await page.until(lambda: "there is no display" in page.written, "a refusal to play in a window")

        # All that the page asked for came from the server: it works without a network.
        asked = [address for address in page.asked_for if not address.startswith(("data:", "blob:", "about:"))]
        assert any("/ws" in address for address in asked)
        assert [address for address in asked if served.address not in address] == []
        assert len(served.arcades()) == 1
    # The tab is closed: its arcade ends.
    deadline = time.monotonic() + PATIENCE
    while served.arcades() and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    assert served.arcades() == []


async def test_only_its_own_page_may_open_it(served: Served) -> None:
    own = f"http://{served.address}"
    async with aiohttp.ClientSession() as session:

        async def status(path: str, **headers: str) -> int:
            async with session.get(f"{own}{path}", headers=headers) as answer:
                return int(answer.status)

        assert await status("/") == 200
        assert await status("/", Host=f"localhost:{served.port}") == 200
        # A name of somebody else's that leads to this machine, and what is no name at all.
        assert await status("/", Host="evil.example") == 403
        assert await status("/", Host='"><script>') in (400, 403)
        # Another page of the same browser.
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(f"ws://{served.address}/ws", headers={"Origin": "http://evil.example"})
        assert refused.value.status == 403
        assert served.arcades() == []


async def _read_on(link: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in link:
        pass


@pytest.mark.parametrize("how", ["ctrl+c", "killed"])
async def test_the_end_of_the_server_ends_its_arcades(served: Served, how: str) -> None:
    import psutil

    own = f"ws://{served.address}/ws?width=100&height=30"
    async with aiohttp.ClientSession() as session, session.ws_connect(own) as link:
        seen = b""
        while b"CartPole" not in seen:
            message = await asyncio.wait_for(link.receive(), PATIENCE)
            seen += message.data if isinstance(message.data, bytes) else b""
        (arcade,) = served.arcades()
        if how == "killed":
            served.process.kill()
        else:
            # A page answers the server's goodbye, which waits ten seconds for that.
            answering = asyncio.create_task(_read_on(link))
            await asyncio.to_thread(served.close)
            await answering
            assert served.process.returncode == 0

        def gone() -> bool:
            try:
                return bool(arcade.status() == psutil.STATUS_ZOMBIE)
            except psutil.NoSuchProcess:
                return True

        deadline = time.monotonic() + PATIENCE
        while not gone() and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        assert gone()


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.3.2.1", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.7", False),
        ("arcade.example", False),
        ("localhost.example", False),
    ],
)
def test_another_host_is_told_what_it_means(host: str, local: bool) -> None:
    assert is_local(host) is local
    told = warning(host)
    assert (told == "") is local
    if not local:
        assert host in told
        assert "password" in told
