"""A proxy on loopback that really hands on: CONNECT, and requests for whole URLs.

Every name leads to one port of loopback, whoever it is of; so names that nobody has can be served.
"""

from __future__ import annotations

import base64
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
from anyio.abc import SocketAttribute
from anyio.streams.buffered import BufferedByteReceiveStream
from anyio.streams.tls import TLSListener

from tests.rigs.serving import in_thread

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Iterator

    from anyio.abc import ByteStream, SocketStream

USER, PASSWORD = "builder", "sesame"
_LONGEST_HEAD = 65536
_ENDS = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError)
PAGE = b"<html><body>Blocked by policy</body></html>"


@dataclass
class Proxy:
    """A proxy; ``port`` is where it hands on to, ``status`` what it says if it refuses.

    With ``login``, it asks for ``USER`` and ``PASSWORD``. ``asked`` holds the first line of each
    request, ``handed_on`` how many bytes it handed back.
    """

    port: int = 0
    status: int = 200
    login: bool = False
    url: str = ""
    asked: list[str] = field(default_factory=list)
    handed_on: int = 0

    async def serve(self, client: ByteStream) -> None:
        """Serve one connection."""
        try:
            async with client:
                received = BufferedByteReceiveStream(client)
                head = await received.receive_until(b"\r\n\r\n", _LONGEST_HEAD)
                await self._answer(client, received, head.decode("latin-1"))
        except (*_ENDS, anyio.IncompleteRead, OSError):
            return  # either side may go at any moment, TLS halfway

    async def _answer(
        self, client: ByteStream, received: BufferedByteReceiveStream, head: str
    ) -> None:
        line, *headers = head.split("\r\n")
        self.asked.append(line)
        status = self.status
        if self.login and _authorization() not in headers:
            status = 407
        if status != 200:
            told = f"HTTP/1.1 {status} No\r\nContent-Type: text/html\r\nConnection: close\r\n"
            await client.send(f"{told}Content-Length: {len(PAGE)}\r\n\r\n".encode() + PAGE)
            return
        async with await anyio.connect_tcp("127.0.0.1", self.port) as server:
            if line.startswith("CONNECT "):
                await client.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                await server.send(f"{head}\r\n\r\n".encode("latin-1"))
            await self._hand_on(client, received, server)

    async def _hand_on(
        self, client: ByteStream, received: BufferedByteReceiveStream, server: SocketStream
    ) -> None:
        async def back() -> None:
            try:
                async for data in server:
                    self.handed_on += len(data)
                    await client.send(data)
            except _ENDS:
                pass
            group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            group.start_soon(back)
            try:
                async for data in received:
                    await server.send(data)
            except _ENDS:
                pass
            group.cancel_scope.cancel()


def _authorization() -> str:
    pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    return f"Proxy-Authorization: Basic {pair}"


@asynccontextmanager
async def _listening(proxy: Proxy, tls: ssl.SSLContext | None) -> AsyncIterator[Proxy]:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    port = listener.extra_attributes[SocketAttribute.local_port]()
    scheme = "http" if tls is None else "https"
    proxy.url = f"{scheme}://127.0.0.1:{port}"
    serving = listener if tls is None else TLSListener(listener, tls)
    async with serving, anyio.create_task_group() as group:
        group.start_soon(serving.serve, proxy.serve)
        yield proxy
        group.cancel_scope.cancel()


@contextmanager
def running(proxy: Proxy, tls: ssl.SSLContext | None = None) -> Iterator[Proxy]:
    """Serve in a thread; with ``tls``, as an https proxy."""
    with in_thread(_listening(proxy, tls)):
        yield proxy
