"""One bounded HTTP request: within the deadline, through the proxy, again after passing trouble."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiohttp
from msgspec import Struct

from gate.registry.answers import Unresolved
from gate.registry.docker_config import Login
from gate.registry.manifests import LARGEST_MANIFEST
from gate.registry.proxies import proxy_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from yarl import URL

    from gate.clock import Clock

# In seconds.
_PAUSES = (0.5, 1.0, 2.0)
_LONGEST_PAUSE = 10.0
_ONE_REQUEST = 30.0
_CONNECTING = 10.0
_SECONDS = re.compile("[0-9]{1,9}")

_PASSING = frozenset({429, 500, 502, 503, 504})
_REDIRECTS = range(300, 400)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, of whatever status; the names of ``headers`` don't depend on case."""

    status: int
    headers: Mapping[str, str]
    challenges: tuple[str, ...]
    body: bytes = field(repr=False)


class _Broken(Struct, frozen=True):
    """No answer; ``passing`` says that trying again may help."""

    what: str
    remedy: str
    passing: bool = True


_CHECK_PROXY = "Check HTTPS_PROXY and NO_PROXY."

# The first that fits counts.
_KINDS: tuple[tuple[tuple[type[Exception], ...], _Broken], ...] = (
    (
        (TimeoutError,),
        _Broken("It did not answer in time.", "Try again later, or raise --timeout."),
    ),
    (
        (aiohttp.ClientSSLError, aiohttp.ClientConnectorCertificateError),
        _Broken(
            "No trusted TLS connection could be made.",
            "Check the host's certificate, and SSL_CERT_FILE for an authority of your own.",
            passing=False,
        ),
    ),
    (
        (aiohttp.ClientConnectorDNSError,),
        _Broken("There is no such host.", "Check the name, and the network's DNS."),
    ),
    (
        (aiohttp.ClientConnectorError,),
        _Broken("No connection could be made.", "Check the host, the network and its firewall."),
    ),
    (
        (aiohttp.ClientResponseError, ValueError),
        _Broken("It does not speak HTTP as it should.", "Check the host and port.", passing=False),
    ),
)


class Transport:
    """Sends requests; trouble comes back as ``Unresolved``, redirects too: none is followed."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        environment: Mapping[str, str],
        clock: Clock,
        deadline: float,
        observer: Callable[[str], None] | None,
    ) -> None:
        self._session = session
        self._environment = environment
        self._clock = clock
        self._deadline = deadline
        self._observer = observer

    def remaining(self) -> float:
        """Return the seconds that are left until the deadline, at least 0."""
        return max(0.0, self._deadline - self._clock.monotonic())

    async def ask(
        self,
        method: str,
        url: URL,
        *,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None = None,
    ) -> Answer | Unresolved:
        """Send a request, again after resets, time-outs, throttling and server errors."""
        got = await self._once(method, url, headers, form)
        for pause in _PAUSES:
            wait = _pause(got, pause)
            if wait is None or wait >= self.remaining():
                break
            await self._clock.sleep(wait)
            got = await self._once(method, url, headers, form)
        if isinstance(got, _Broken):
            return Unresolved(f"{url.host}: {got.what}", got.remedy)
        if got.status in _PASSING or got.status in _REDIRECTS:
            return Unresolved(
                f"{url.host} answered with status {got.status}.",
                "Try again later, and check that the host is the registry itself.",
            )
        return got

    async def _once(
        self, method: str, url: URL, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> Answer | _Broken:
        remaining = self.remaining()
        if not remaining:
            return _Broken("There was no time left to ask.", "Raise --timeout.", passing=False)
        proxy = proxy_for(url, self._environment)
        try:
            got = await self._send(method, url, headers, form, proxy, min(_ONE_REQUEST, remaining))
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            got = _explain(error, proxy)
        self._observe(method, url, got)
        return got

    async def _send(  # noqa: PLR0913, PLR0917 - a request, and how it is sent
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None,
        proxy: URL | None,
        seconds: float,
    ) -> Answer | _Broken:
        proxy_headers = None
        if proxy is not None and proxy.user:
            login = Login(proxy.user, proxy.password or "")
            proxy_headers = {"Proxy-Authorization": login.basic()}
        async with self._session.request(
            method,
            url,
            headers=headers,
            data=form,
            allow_redirects=False,
            proxy=proxy and proxy.with_user(None),
            proxy_headers=proxy_headers,
            timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=min(_CONNECTING, seconds)),
        ) as response:
            body = await _read(response)
            if body is None:
                return _Broken(
                    f"The answer is larger than {LARGEST_MANIFEST} bytes.",
                    "Check what was pushed.",
                    passing=False,
                )
            challenges = tuple(response.headers.getall("WWW-Authenticate", ()))
            return Answer(response.status, response.headers, challenges, body)

    def _observe(self, method: str, url: URL, got: Answer | _Broken) -> None:
        """Report a request without its query and headers, which may hold what is secret."""
        if self._observer is not None:
            outcome = got.what if isinstance(got, _Broken) else f"status {got.status}"
            self._observer(f"{method} {url.with_query(None)}: {outcome}")


async def _read(response: aiohttp.ClientResponse) -> bytes | None:
    """Read the body; ``None`` if it is larger than any manifest may be."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(65536):
        body += chunk
        if len(body) > LARGEST_MANIFEST:
            return None
    return bytes(body)


def _pause(got: Answer | _Broken, pause: float) -> float | None:
    """Return the seconds to wait before trying again; ``None`` if that doesn't help."""
    if isinstance(got, _Broken):
        return pause if got.passing else None
    if got.status not in _PASSING:
        return None
    asked = got.headers.get("Retry-After", "")
    seconds = int(asked) if _SECONDS.fullmatch(asked) else 0
    return max(pause, min(seconds, _LONGEST_PAUSE))


def _explain(error: Exception, proxy: URL | None) -> _Broken:
    """Say what broke, by the exception's kind alone: its text may hold a proxy's password."""
    if proxy is not None:
        named = f"The proxy {proxy.with_user(None)}".rstrip("/")
        if isinstance(error, aiohttp.ClientHttpProxyError):
            return _Broken(f"{named} refuses.", _CHECK_PROXY, passing=False)
        # A proxy looks up the host's name itself; only its own is looked up here.
        if isinstance(error, aiohttp.ClientProxyConnectionError | aiohttp.ClientConnectorDNSError):
            return _Broken(f"{named} can't be reached.", _CHECK_PROXY)
    return next(
        (broken for kinds, broken in _KINDS if isinstance(error, kinds)),
        _Broken("The connection broke.", "Try again later."),
    )
