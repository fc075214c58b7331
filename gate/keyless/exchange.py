"""Send a request and read its answer, again while that may help; knows aiohttp and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import urlsplit

import aiohttp
from msgspec import Struct
from msgspec.structs import replace
from yarl import URL

from gate import __version__
from gate.keyless.answer import Answer, too_large
from gate.security_center.connection import explain
from gate.security_center.endpoints import is_loopback
from gate.security_center.faults import Trouble
from gate.security_center.proxies import Proxy, proxy_for
from gate.security_center.retry import NO_TIME, Patience

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from gate.clock import Clock
    from gate.keyless.request import Request

T = TypeVar("T")

_ONE_REQUEST = 30.0  # seconds from the connection to the last byte of the answer
_CONNECTING = 10.0
_GIVE_UP_UNANSWERED = 30.0
LARGEST_ANSWER = 256 * 1024  # bytes, unpacked
_NETWORK = (
    "Check the network, the proxy (HTTPS_PROXY, NO_PROXY) and, if it opens TLS connections, its "
    "certificate authority (SSL_CERT_FILE)."
)


class Ask(Protocol):
    """Asks one question until it is answered."""

    async def __call__(self, request: Request, read: Callable[[Answer], T | Trouble], /) -> T:
        """Return what ``read`` makes of the answer; raises ``GateError``."""


class Exchange(Struct, frozen=True, kw_only=True):
    """Asks within a deadline, a time of the monotonic clock.

    ``tls`` is the trust in servers; ``None`` is the machine's own. ``jitter`` gives numbers from 0
    to 1.
    """

    clock: Clock
    deadline: float
    observer: Callable[[str], None] | None
    jitter: Callable[[], float]
    tls: ssl.SSLContext | None = None

    async def __call__(self, request: Request, read: Callable[[Answer], T | Trouble], /) -> T:
        """Return what ``read`` makes of the answer.

        Raises what ``read`` raises, and ``ServiceError`` for what doesn't pass in time.
        """
        patience = Patience(
            host=urlsplit(request.url).hostname or "",
            clock=self.clock,
            deadline=self.deadline,
            give_up_unanswered=_GIVE_UP_UNANSWERED,
            jitter=self.jitter,
        )
        async with aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"buildrisk-gate/{__version__}", "Accept": "application/json"},
        ) as session:

            async def attempt() -> T | Trouble:
                outcome = await self._send(session, request, patience)
                return outcome if isinstance(outcome, Trouble) else read(outcome)

            return await patience.until_answered(request.name, attempt)

    async def _send(
        self, session: aiohttp.ClientSession, request: Request, patience: Patience
    ) -> Answer | Trouble:
        seconds = min(_ONE_REQUEST, patience.remaining())
        if seconds <= 0:
            return NO_TIME
        started = self.clock.monotonic()
        proxy = _proxy(request.url)
        outcome: Answer | Trouble
        try:
            outcome = await self._received(session, request, proxy, seconds)
        except (aiohttp.ClientError, OSError, TimeoutError, UnicodeError) as error:
            outcome = replace(explain(error, proxy), remedy=_NETWORK)
        self._observe(request, outcome, self.clock.monotonic() - started)
        return outcome

    async def _received(
        self,
        session: aiohttp.ClientSession,
        request: Request,
        proxy: Proxy | None,
        seconds: float,
    ) -> Answer | Trouble:
        async with session.request(
            request.method,
            URL(request.url, encoded=True),
            headers=request.headers,
            data=request.form,
            allow_redirects=False,
            proxy=None if proxy is None else proxy.url,
            proxy_headers=None if proxy is None else proxy.headers,
            ssl=True if self.tls is None else self.tls,
            timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=min(_CONNECTING, seconds)),
        ) as response:
            body = bytearray()
            async for chunk in response.content.iter_chunked(65536):
                body += chunk
                if len(body) > LARGEST_ANSWER:
                    return too_large(request.name)
            return Answer(request.name, response.status, response.headers, bytes(body))

    def _observe(self, request: Request, outcome: Answer | Trouble, seconds: float) -> None:
        """Tell of a request without its query, headers and form: they hold what is secret."""
        if self.observer is not None:
            told = outcome.what if isinstance(outcome, Trouble) else f"status {outcome.status}"
            self.observer(f"{request.name}: {told}, {seconds * 1000:.0f} ms")


def _proxy(url: str) -> Proxy | None:
    host = urlsplit(url).hostname or ""
    return None if is_loopback(host) else proxy_for(host)
