"""Send signed requests; the only module of the package that knows aiohttp, with connection.py.

The order for one operation is: try again while there is time, each time hold a slot of the limiter,
ask for credentials, sign with a new nonce and date, send, read within bounds, judge, decode. So a
slot is never held while sleeping, and no signature is sent twice.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import aiohttp
from msgspec import Struct
from yarl import URL

from gate.credentials import checked
from gate.errors import AnswerUnreadable
from gate.security_center.connection import explain
from gate.security_center.endpoints import authority_of, is_loopback, url_of
from gate.security_center.faults import Trouble, judge, unreadable
from gate.security_center.proxies import Proxy, proxy_for
from gate.security_center.retry import NO_TIME
from gate.security_center.signing import authorization, canonical_query, request_headers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gate.credentials import CredentialSource
    from gate.security_center.limiter import Limiter
    from gate.security_center.operations import Operation
    from gate.security_center.retry import Patience
    from gate.security_center.service_clock import ServiceClock
    from gate.security_center.tally import Tally
    from gate.security_center.wire import Answer

T = TypeVar("T")

_ONE_REQUEST = 30.0  # seconds from the connection to the last byte of the answer
_CONNECTING = 10.0
LARGEST_ANSWER = 16 * 1024 * 1024  # bytes, unpacked
_CHUNK = 65536


class _Received(Struct, frozen=True):
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(kw_only=True, eq=False)
class Transport:
    """Asks one endpoint; ``session`` belongs to the caller, who closes it."""

    endpoint: str
    credentials: CredentialSource
    service_clock: ServiceClock
    patience: Patience
    limiter: Limiter
    tally: Tally
    session: aiohttp.ClientSession
    observer: Callable[[str], None] | None

    @cached_property
    def _proxy(self) -> Proxy | None:
        host = URL(url_of(self.endpoint)).host or ""
        return None if is_loopback(host) else proxy_for(host)

    async def ask(
        self, operation: Operation, parameters: Mapping[str, str], decode: Callable[[Answer], T]
    ) -> T:
        """Return the decoded answer.

        Raises ``AccessError`` for a refusal, ``ServiceError`` for what doesn't pass in time.
        """

        async def attempt() -> T | Trouble:
            return await self._attempt(operation, parameters, decode)

        return await self.patience.until_answered(operation.name, attempt)

    async def _attempt(
        self, operation: Operation, parameters: Mapping[str, str], decode: Callable[[Answer], T]
    ) -> T | Trouble:
        async with self.limiter.slot() as sent_at:
            if sent_at is None:
                return NO_TIME
            outcome = await self._send(operation, parameters)
        judged = self._judged(operation, outcome)
        if isinstance(judged, Trouble):
            if judged.throttled:
                self.tally.throttled += 1
                self.limiter.throttled(sent_at, judged.wait)
            return judged
        self.limiter.succeeded()
        try:
            return decode(judged)
        except AnswerUnreadable as error:
            return unreadable(operation.action, error)

    def _judged(self, operation: Operation, outcome: _Received | Trouble) -> Answer | Trouble:
        if isinstance(outcome, Trouble):
            return outcome
        self.patience.answered = True
        return judge(operation.action, outcome.status, outcome.headers, outcome.body)

    async def _send(
        self, operation: Operation, parameters: Mapping[str, str]
    ) -> _Received | Trouble:
        """Send once; what breaks is a trouble."""
        url, headers = await self._signed(operation, parameters)
        seconds = min(_ONE_REQUEST, self.patience.remaining())
        if seconds <= 0:
            return NO_TIME
        started = self.patience.clock.monotonic()
        self.tally.requests += 1
        outcome: _Received | Trouble
        try:
            outcome = await self._exchange(url, headers, seconds)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            outcome = explain(error, self._proxy)
        page = parameters.get("CurrentPage")
        named = f"{operation.name} page {page}" if page else operation.name
        self._observe(named, outcome, self.patience.clock.monotonic() - started)
        return outcome

    async def _signed(
        self, operation: Operation, parameters: Mapping[str, str]
    ) -> tuple[URL, dict[str, str]]:
        credentials = checked(await self.credentials.get(), self.credentials.origin)
        query = canonical_query(parameters)
        headers = request_headers(
            host=authority_of(self.endpoint),
            action=operation.name,
            version=operation.version,
            date=self.service_clock.now(),
            nonce=secrets.token_hex(16),
            security_token=credentials.security_token,
            access_key_id=credentials.access_key_id,
        )
        signed = headers | {"authorization": authorization(query, headers, credentials)}
        # Encoded already, as it was signed: another quoting would break the signature.
        return URL(f"{url_of(self.endpoint)}/?{query}", encoded=True), signed

    async def _exchange(
        self, url: URL, headers: Mapping[str, str], seconds: float
    ) -> _Received | Trouble:
        proxy = self._proxy
        async with self.session.post(
            url,
            headers=headers,
            allow_redirects=False,
            proxy=None if proxy is None else proxy.url,
            proxy_headers=None if proxy is None else proxy.headers,
            timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=min(_CONNECTING, seconds)),
        ) as response:
            if "json" in response.headers.get("Content-Type", ""):  # not a proxy's page
                self.service_clock.hear(response.headers.get("Date", ""))
            body = bytearray()
            async for chunk in response.content.iter_chunked(_CHUNK):
                body += chunk
                if len(body) > LARGEST_ANSWER:
                    return _too_large()
            return _Received(response.status, response.headers, bytes(body))

    def _observe(self, named: str, outcome: _Received | Trouble, seconds: float) -> None:
        """Tell of a request without its query and headers: those may hold what is secret."""
        if self.observer is None:
            return
        told = outcome.what if isinstance(outcome, Trouble) else f"status {outcome.status}"
        self.observer(f"{named}: {told}, {seconds * 1000:.0f} ms")


def _too_large() -> Trouble:
    error = AnswerUnreadable(
        f"The answer is larger than {LARGEST_ANSWER // 1024 // 1024} MiB.",
        "Report it: no answer should be.",
    )
    return Trouble(what="an answer that is too large", error=error, tries=1)


def open_session(user_agent: str, connections: int) -> aiohttp.ClientSession:
    """Open a session that keeps its connections alive."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": user_agent, "Accept": "application/json"},
        # A request without a body has no type; sent, it would have to be signed.
        skip_auto_headers=("Content-Type",),
    )
