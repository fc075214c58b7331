"""A server that answers by a script, and a client that asks it on a simulated clock."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from gate.credentials import Credentials, StaticCredentials
from gate.security_center import SecurityCenter
from tests.simulated import SimulatedTime

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

KEYS = Credentials("key-id", "sesame-secret", "sesame-token")
EMPTY = {
    "Data": {"List": [], "PageInfo": {"CurrentPage": 1, "PageSize": 20, "TotalCount": 0}},
    "Success": True,
    "Code": "200",
}


@dataclass(frozen=True)
class Said:
    """What the server says to one request."""

    body: bytes = json.dumps(EMPTY).encode()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    reset: bool = False


def said(status: int = 200, headers: Mapping[str, str] | None = None, **body: object) -> Said:
    return Said(json.dumps(body or EMPTY).encode(), status, headers or {})


def refused(code: str, status: int = 403) -> Said:
    return said(status, Code=code, Message="No.", RequestId="R-1")


RESET = Said(reset=True)


class Scripted:
    """Says what is in ``script``, one a request, the last one for ever."""

    def __init__(self, *script: Said) -> None:
        self.script = list(script) or [Said()]
        self.requests: list[web.BaseRequest] = []
        self.url = ""

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(request)
        now = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if now.reset:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        headers = {"Content-Type": "application/json"} | dict(now.headers)
        return web.Response(body=now.body, status=now.status, headers=headers)


@asynccontextmanager
async def listening(
    answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[str]:
    runner = web.ServerRunner(web.Server(answer, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        yield f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def asking(
    server: Scripted,
    time: SimulatedTime | None = None,
    *,
    deadline: float = 100.0,
    observer: Callable[[str], None] | None = None,
    concurrency: int = 8,
) -> AsyncIterator[SecurityCenter]:
    """Give a client of a scripted server; with full waits, on a simulated clock."""
    async with (
        listening(server.answer) as url,
        SecurityCenter(
            url,
            StaticCredentials(KEYS, "a test"),
            (time or SimulatedTime()).run(deadline=deadline, observer=observer),
            concurrency=concurrency,
        ) as client,
    ):
        server.url = url
        yield client
