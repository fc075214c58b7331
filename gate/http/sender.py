"""Send requests, each once: the only place that knows the HTTP client, with broken.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from gate import __version__
from gate.errors import AnswerUnreadable
from gate.http.broken import explain
from gate.http.message import HttpRequest, HttpResponse
from gate.http.proxy import proxy_for
from gate.http.retry import Retry
from gate.http.troubles import NO_TIME, Trouble

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from types import TracebackType

    from gate.clock import Run
    from gate.http.proxy import Proxy

T = TypeVar("T")

_ONE_REQUEST = 30.0  # seconds from the connection to the last byte of the answer
_CONNECTING = 10.0
_CHUNK = 65536
_KIB = 1024


class Sender:
    """Sends requests; an async context manager that keeps its connections alive.

    Answers have at most ``largest`` bytes, unpacked. ``place`` names, for remedies, what says where
    to connect to. At most ``connections`` are open at a time. With ``packed`` false, answers are
    asked for and read as bytes that nobody has compressed. ``tls`` is the trust in servers,
    ``None`` the machine's own.
    """

    def __init__(  # noqa: PLR0913 - each is what one of the clients needs otherwise
        self,
        run: Run,
        *,
        largest: int,
        place: str = "the host",
        connections: int = 100,
        packed: bool = True,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._run = run
        self._largest = largest
        self._place = place
        self._tls = tls
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections),
            auto_decompress=packed,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={
                "User-Agent": f"buildrisk-gate/{__version__}",
                "Accept": "application/json",
            }
            | ({} if packed else {"Accept-Encoding": "identity"}),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def ask(
        self,
        request: HttpRequest,
        read: Callable[[HttpResponse], T | Trouble],
        retry: Retry | None = None,
    ) -> T:
        """Send a request until ``read`` makes something of the answer, and return that.

        ``retry`` is the patience with the host, one for this request alone unless it is given.
        Raises what ``read`` raises, and ``ServiceError`` for what doesn't pass in time.
        """
        retry = retry or Retry(host=urlsplit(request.url).hostname or "", run=self._run)

        async def attempt() -> T | Trouble:
            outcome = await self.send(request, retry.remaining())
            return outcome if isinstance(outcome, Trouble) else read(outcome)

        return await retry.until_answered(request.name, attempt)

    async def send(self, request: HttpRequest, seconds: float) -> HttpResponse | Trouble:
        """Send a request once and read the answer, within so many seconds.

        Raises ``ServiceUnreachable`` for a proxy that can't be used.
        """
        seconds = min(_ONE_REQUEST, seconds)
        if seconds <= 0:
            return NO_TIME
        url = URL(request.url, encoded=True)
        proxy = proxy_for(url, self._run.environment)
        started = self._run.clock.monotonic()
        try:
            outcome = await self._exchange(request, url, proxy, seconds)
        # A ValueError is a host's name that no protocol can carry.
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            outcome = explain(error, proxy, self._place)
        self._observe(request, outcome, self._run.clock.monotonic() - started)
        return outcome

    async def _exchange(
        self, request: HttpRequest, url: URL, proxy: Proxy | None, seconds: float
    ) -> HttpResponse | Trouble:
        async with self._session.request(
            request.method,
            url,
            headers=request.headers,
            data=request.form,
            # A request without a body has no type; sent, it would have to be signed.
            skip_auto_headers=() if request.form else ("Content-Type",),
            allow_redirects=False,
            proxy=None if proxy is None else proxy.url,
            proxy_headers=None if proxy is None else proxy.headers,
            ssl=True if self._tls is None else self._tls,
            timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=min(_CONNECTING, seconds)),
        ) as response:
            body = bytearray()
            async for chunk in response.content.iter_chunked(_CHUNK):
                body += chunk
                if len(body) > self._largest:
                    return _too_large(request, self._largest)
            challenges = tuple(response.headers.getall("WWW-Authenticate", ()))
            return HttpResponse(
                request.name, response.status, response.headers, bytes(body), challenges
            )

    def _observe(
        self, request: HttpRequest, outcome: HttpResponse | Trouble, seconds: float
    ) -> None:
        """Tell of a request without its query, headers and form: they may hold what is secret."""
        if self._run.observer is not None:
            end = outcome.what if isinstance(outcome, Trouble) else f"status {outcome.status}"
            self._run.observer(f"{request.name}: {end}, {seconds * 1000:.0f} ms")


def _too_large(request: HttpRequest, largest: int) -> Trouble:
    size = f"{largest // _KIB} KiB" if largest < _KIB * _KIB else f"{largest // _KIB // _KIB} MiB"
    error = AnswerUnreadable(
        f"The answer to {request.name} is larger than {size}.", "Report it: no answer should be."
    )
    return Trouble(what="an answer that is too large", error=error)
