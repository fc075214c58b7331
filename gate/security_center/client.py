"""The client: each operation asked until it is answered, signed anew for each attempt.

The order for one operation is: try again while there is time, each time hold a slot of the limiter,
ask for credentials, sign with a new nonce and date, send, read within bounds, judge, decode. So a
slot is never held while sleeping, and no signature is sent twice.
"""

from __future__ import annotations

import secrets
from functools import partial
from typing import TYPE_CHECKING, Self, TypeVar

from gate import http
from gate.credentials import checked
from gate.errors import AnswerUnreadable
from gate.http import NO_TIME, HttpRequest, Retry, ServiceClock, Trouble, unreadable
from gate.security_center import wire
from gate.security_center.endpoints import authority_of, parse_endpoint, url_of
from gate.security_center.error_codes import judge
from gate.security_center.limiter import Limiter
from gate.security_center.operations import Operation, Operations
from gate.security_center.signing import authorization, canonical_query, request_headers
from gate.untrusted import redact_answer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from gate.clock import Run
    from gate.credentials import CredentialSource
    from gate.http import HttpResponse, Sender
    from gate.security_center.wire import Answer

T = TypeVar("T")

_SANDBOX = "Buildrisk-Gate-Sandbox"
"""The header by which `gate sandbox` says what it is."""

LARGEST_ANSWER = 16 * 1024 * 1024  # bytes, unpacked


class SecurityCenter(Operations):
    """A Security Center at one endpoint; an async context manager, which holds its connections.

    ``endpoint`` is a host or URL, as ``parse_endpoint`` takes it. Until the run's deadline, what
    may pass is tried again; a service that never answered anything is given up before. ``lang``
    (``en`` or ``zh``) is the language of texts for people. At most ``concurrency`` requests are on
    their way, at a slower pace once the service throttles.

    ``requests`` counts what was sent so far, repeated requests included; ``throttled`` the answers
    which said that requests come too fast. ``is_sandbox`` says that a sandbox answered.
    """

    def __init__(
        self,
        endpoint: str,
        credentials: CredentialSource,
        run: Run,
        *,
        lang: str = "en",
        concurrency: int = 8,
    ) -> None:
        self.endpoint = parse_endpoint(endpoint)
        self.lang = lang
        self.requests = 0
        self.throttled = 0
        self.is_sandbox = False
        self._run = run
        self._credentials = credentials
        self._concurrency = concurrency
        self._service_clock = ServiceClock(run.clock.now)
        self._retry = Retry(host=authority_of(self.endpoint), run=run)
        self._limiter = Limiter(
            concurrency, clock=run.clock, remaining=self._retry.remaining, jitter=run.jitter
        )
        self._sender: Sender | None = None

    async def __aenter__(self) -> Self:
        # Looked up here, so that code which only names types loads no HTTP client.
        self._sender = http.Sender(
            self._run,
            largest=LARGEST_ANSWER,
            place="the endpoint (--endpoint)",
            connections=self._concurrency,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        sender, self._sender = self._sender, None
        if sender is not None:
            await sender.__aexit__()

    def now(self) -> datetime:
        """Return the service's own time, in UTC: the machine's, until an answer told otherwise."""
        return self._service_clock.now()

    @property
    def skew(self) -> timedelta:
        """How far the service's clock is ahead of the machine's; zero below two seconds."""
        return self._service_clock.skew

    async def _ask(self, operation: Operation[T], **parameters: str | int | None) -> T:
        if (sender := self._sender) is None:
            raise RuntimeError("The client is closed: enter it with `async with`.")
        attempt = partial(self._attempt, sender, operation, wire.parameters(**parameters))
        return await self._retry.until_answered(operation.name, attempt)

    async def _attempt(
        self, sender: Sender, operation: Operation[T], parameters: Mapping[str, str]
    ) -> T | Trouble:
        async with self._limiter.slot() as sent_at:
            if sent_at is None:
                return NO_TIME
            request = await self._signed(operation, parameters)
            if (seconds := self._retry.remaining()) <= 0:
                return NO_TIME
            self.requests += 1
            outcome = await sender.send(request, seconds)
        answer = outcome if isinstance(outcome, Trouble) else self._judged(operation, outcome)
        if isinstance(answer, Trouble):
            if answer.throttled:
                self.throttled += 1
                self._limiter.throttled(sent_at, answer.wait)
            return answer
        self._limiter.succeeded()
        try:
            decoded = operation.read(answer)
            wire.check_times(decoded, self.now())
        except AnswerUnreadable as error:
            return unreadable(operation.name, error.message, error.remedy)
        return decoded

    async def _signed(
        self, operation: Operation[object], parameters: Mapping[str, str]
    ) -> HttpRequest:
        credentials = checked(await self._credentials.get(), self._credentials.origin)
        query = canonical_query(parameters)
        headers = request_headers(
            host=authority_of(self.endpoint),
            action=operation.name,
            version=operation.version,
            date=self._service_clock.now(),
            nonce=secrets.token_hex(16),
            security_token=credentials.security_token,
            access_key_id=credentials.access_key_id,
        )
        page = parameters.get("CurrentPage")
        return HttpRequest(
            name=f"{operation.name} page {page}" if page else operation.name,
            method="POST",
            # Quoted already, as it was signed: another quoting would break the signature.
            url=f"{url_of(self.endpoint)}/?{query}",
            headers=headers | {"authorization": authorization(query, headers, credentials)},
        )

    def _judged(self, operation: Operation[object], response: HttpResponse) -> Answer | Trouble:
        self._retry.answered = True
        # Plain http is for loopback alone, where the service itself never is: nothing that it says
        # can make sample data of it.
        if _SANDBOX in response.headers and self.endpoint.startswith("http://"):
            self.is_sandbox = True
        if "json" in response.headers.get("Content-Type", ""):  # not a proxy's page
            try:
                self._service_clock.hear(response.headers.get("Date", ""))
            except AnswerUnreadable as error:
                return unreadable(operation.name, error.message, error.remedy)
        return judge(operation, response.status, response.headers, redact_answer(response.body))
