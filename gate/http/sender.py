"""Send requests, each once, and say what broke: the only place that knows the HTTP client."""

from __future__ import annotations

import errno
import ssl
from typing import TYPE_CHECKING, Self, TypeVar
from urllib.parse import urlsplit

import aiohttp
from msgspec import Struct
from yarl import URL

from gate import __version__
from gate.errors import AnswerUnreadable
from gate.http.exchange import NO_TIME, HttpRequest, HttpResponse, Trouble
from gate.http.proxy import proxy_for
from gate.http.retry import Retry

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.clock import Run
    from gate.http.proxy import Proxy

T = TypeVar("T")

_ONE_REQUEST = 30.0  # seconds from the connection to the last byte of the answer
_CONNECTING = 10.0
_CHUNK = 65536
_KIB = 1024

_TLS = (
    "If a proxy of your organisation opens TLS connections, give its certificate authority in "
    "SSL_CERT_FILE; otherwise check {place} and the machine's clock."
)
_NETWORK = "Check {place}, the network, and the proxy (HTTPS_PROXY, NO_PROXY)."
_PROXY = "Check the proxy (HTTPS_PROXY) and its login, or leave this host out with NO_PROXY."


class _Cause(Struct, frozen=True):
    """What an exception means; ``lasts`` where trying again hardly helps."""

    exception: type[Exception]
    what: str
    remedy: str
    lasts: bool = False


# The first that fits counts, so a kind stands before those that it is a kind of.
_KINDS = (
    _Cause(aiohttp.ClientHttpProxyError, "{proxy} refused to connect", _PROXY, lasts=True),
    _Cause(aiohttp.ClientProxyConnectionError, "no connection to {proxy}", _PROXY),
    _Cause(aiohttp.ClientConnectorDNSError, "there is no such host (DNS)", _NETWORK),
    _Cause(
        aiohttp.ClientConnectorCertificateError,
        "its TLS certificate is not trusted",
        _TLS,
        lasts=True,
    ),
    _Cause(aiohttp.ClientSSLError, "the TLS handshake failed", _TLS, lasts=True),
    _Cause(ssl.SSLError, "TLS failed", _TLS, lasts=True),
    _Cause(TimeoutError, "no answer within the time limit of a request", _NETWORK),
    _Cause(aiohttp.ClientPayloadError, "the connection broke in the middle of an answer", _NETWORK),
    _Cause(
        aiohttp.ServerDisconnectedError, "the connection was closed without an answer", _NETWORK
    ),
    _Cause(ConnectionResetError, "the connection was reset", _NETWORK),
    _Cause(aiohttp.ClientConnectorError, "no connection", _NETWORK),
    _Cause(aiohttp.ClientResponseError, "its answer is not HTTP", _NETWORK, lasts=True),
)
# A proxy looks up the host's name itself; only its own is looked up here.
_BEHIND_A_PROXY = (
    _Cause(
        aiohttp.ClientConnectorDNSError, "there is no such host (DNS) as that of {proxy}", _PROXY
    ),
)


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

    async def __aexit__(self, *_: object) -> None:
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
            outcome = _explain(error, proxy, self._place)
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


def _explain(error: Exception, proxy: Proxy | None, place: str) -> Trouble:
    """Say what broke by the kind of exception alone: its text may hold a proxy's login.

    ``proxy`` is the one that was used, if any; ``place`` names, for a remedy, what says where to
    connect to.
    """
    kinds = _KINDS if proxy is None else _BEHIND_A_PROXY + _KINDS
    kind = next(
        (kind for kind in kinds if isinstance(error, kind.exception)),
        _Cause(Exception, f"the connection failed ({type(error).__name__})", _NETWORK),
    )
    named = "the proxy" if proxy is None else f"the proxy {proxy.url}"
    return Trouble(
        what=kind.what.format(proxy=named) + _detail(error),
        answered=isinstance(error, aiohttp.ClientPayloadError),
        lasts=kind.lasts,
        remedy=kind.remedy.format(place=place),
    )


def _detail(error: Exception) -> str:
    match error:
        case aiohttp.ClientHttpProxyError():
            return f" (status {error.status})"
        case aiohttp.ClientConnectorCertificateError():
            reason = getattr(error.certificate_error, "verify_message", "")
            return f" ({reason})" if reason else ""
        case aiohttp.ClientConnectorSSLError() | aiohttp.ClientConnectorDNSError():
            return ""
        case aiohttp.ClientConnectorError() if error.os_error.errno == errno.ECONNREFUSED:
            return " (refused)"
        case _:
            return ""
