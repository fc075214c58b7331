"""A server between the gate and a sandbox that changes answers."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web
from yarl import URL

from tests.rigs.serving import in_thread
from tests.security_center.scripted import listening
from tests.steadiness.hostile import exchanged, places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractAsyncContextManager

    from gate.sandbox import Sandbox

    Rewrite = Callable[[int, Any], Any]


@dataclass(frozen=True)
class Change:
    """Put ``value`` at a place of the answer to the request of that number, from 0.

    ``place`` is any number; the answer's own places are counted round and round.
    """

    request: int
    place: int
    value: Any

    def __call__(self, number: int, answer: Any) -> Any:
        if number != self.request:
            return answer
        parts = places(answer)
        return exchanged(answer, parts[self.place % len(parts)], self.value)


class Meddler:
    """Hands requests on with their signature, and answers back, changed by their number."""

    def __init__(self, sandbox: Sandbox, change: Rewrite) -> None:
        self._sandbox = sandbox
        self._change = change
        self._requests = 0

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        number, self._requests = self._requests, self._requests + 1
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.request(
                request.method,
                URL(self._sandbox.url + request.raw_path, encoded=True),
                headers=request.headers,
                data=await request.read() or None,
                skip_auto_headers=("Content-Type", "User-Agent", "Accept"),
            ) as got,
        ):
            body = await got.read()
            kept = {name: got.headers[name] for name in ("Content-Type", "Date")}
        if "json" in kept["Content-Type"] and body:
            body = json.dumps(self._change(number, json.loads(body))).encode()
        return web.Response(status=got.status, body=body, headers=kept)


@contextmanager
def meddling(sandbox: Sandbox, change: Rewrite) -> Iterator[str]:
    """Serve in a thread; gives the URL."""
    listener: AbstractAsyncContextManager[str] = listening(Meddler(sandbox, change).answer)
    with in_thread(listener) as url:
        yield url
