"""A real browser without a window, driven by the Chrome DevTools Protocol."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import anyio
from aiohttp import WSMsgType

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
)
_OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--no-first-run",
    "--remote-debugging-port=0",
    "about:blank",
)
_SECONDS_TO_START = 20
_MOST_BYTES = 64 * 1024 * 1024
_TROUBLE = {"Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"}


class Page:
    """One page: what happens in it is kept in ``trouble`` and ``requested``."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._sent = 0
        self._events: list[dict[str, Any]] = []
        self.trouble: list[str] = []
        self.requested: list[str] = []

    async def call(self, method: str, **parameters: Any) -> Any:
        """Call a method of the protocol and return its result."""
        self._sent += 1
        await self._socket.send_json({"id": self._sent, "method": method, "params": parameters})
        while True:
            message = await self._received()
            if message.get("id") == self._sent:
                if "error" in message:
                    raise AssertionError(f"{method}: {message['error']}")
                return message["result"]

    async def open(self, address: str, **emulated: Any) -> None:
        """Load a page; ``scheme``, ``width``, ``height`` and ``media`` are emulated."""
        await self.emulate(**emulated)
        self.trouble.clear()
        self.requested.clear()
        self._events.clear()
        await self.call("Page.navigate", url=address)
        while not any(event["method"] == "Page.loadEventFired" for event in self._events):
            await self._received()

    async def emulate(
        self, *, scheme: str = "light", width: int = 1200, height: int = 900, media: str = "screen"
    ) -> None:
        """Set what the page is shown on."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        await self.call("Emulation.setEmulatedMedia", media=media, features=[feature])
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip

    async def run(self, script: str) -> Any:
        """Return the value of a JavaScript expression; a promise is waited for."""
        answer = await self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise AssertionError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    async def screenshot(self, path: Path, *, whole: bool = True) -> None:
        """Save what the page looks like, as PNG."""
        answer = await self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        await anyio.Path(path).write_bytes(base64.b64decode(answer["data"]))

    async def _received(self) -> Mapping[str, Any]:
        with anyio.fail_after(_SECONDS_TO_START):
            received = await self._socket.receive()
        if received.type is not WSMsgType.TEXT:
            raise AssertionError(f"the browser went away: {received!r}")
        message: dict[str, Any] = json.loads(received.data)
        method = message.get("method")
        if method:
            self._events.append(message)
        if method in _TROUBLE:
            self.trouble.append(json.dumps(message["params"]))
        if method == "Network.requestWillBeSent":
            self.requested.append(message["params"]["request"]["url"])
        return message


@asynccontextmanager
async def running_browser() -> AsyncIterator[Page]:
    """Start a browser with a profile of its own, and stop it afterwards."""
    program = _program()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(  # noqa: ASYNC220 - it returns at once, and is killed below
            [program, *_OPTIONS, f"--user-data-dir={profile}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            port = await _port(Path(profile), process)
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(
                    await _address(session, port), max_msg_size=_MOST_BYTES
                ) as socket,
            ):
                page = Page(socket)
                for domain in ("Page", "Runtime", "Network", "Log"):
                    await page.call(f"{domain}.enable")
                yield page
        finally:
            process.kill()
            process.wait()


def _program() -> str:
    found = [os.environ.get("CHROME", ""), *(shutil.which(name) or "" for name in _NAMES), *_PLACES]
    for program in filter(None, found):
        if Path(program).exists():
            return program
    raise AssertionError(
        "These tests need Chromium or Chrome (Debian's package chromium); "
        "the variable CHROME may name the program."
    )


async def _port(profile: Path, process: subprocess.Popen[bytes]) -> int:
    """Return the port that the browser chose and wrote down."""
    file = profile / "DevToolsActivePort"
    with anyio.move_on_after(_SECONDS_TO_START):
        while process.poll() is None:
            if file.exists() and "\n" in (text := file.read_text(encoding="utf-8")):
                return int(text.split("\n", 1)[0])
            await anyio.sleep(0.02)
    raise AssertionError(f"The browser did not start (exit code {process.poll()}).")


async def _address(session: aiohttp.ClientSession, port: int) -> str:
    async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
        targets = await answer.json()
    return str(
        next(target for target in targets if target["type"] == "page")["webSocketDebuggerUrl"]
    )
