"""Credentials of a role, got when first asked for and renewed before they end."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import anyio
from msgspec import Struct
from msgspec.structs import replace

from gate import http
from gate.credentials.environment import checked
from gate.credentials.job_token import claims_of
from gate.credentials.role import LONGEST, SHORTEST, assume_role, read_session
from gate.errors import GateError
from gate.http import ServiceClock

if TYPE_CHECKING:
    import ssl

    from gate.clock import Run
    from gate.credentials.environment import Credentials
    from gate.credentials.job_token import JobToken
    from gate.credentials.role import Role, Session
    from gate.http import Sender

LARGEST_ANSWER = 256 * 1024  # bytes, unpacked

_MARGIN = 300.0  # seconds before the end at which a session is renewed
_PAUSE = 60.0  # seconds until a renewal that failed is tried again, or a session is doubted


class _Held(Struct, frozen=True):
    """Credentials, and the monotonic times at which to renew them and at which they end."""

    credentials: Credentials
    renew_at: float
    ends_at: float


@dataclass(kw_only=True, eq=False)
class RoleCredentials:
    """A source of a role's credentials; one asks for them at a time, others wait.

    A session lasts little longer than the run, as far as the service allows. ``base_url`` and
    ``tls`` are for tests: no variable or option sets them.
    """

    role: Role
    token: JobToken
    run: Run
    base_url: str = ""
    tls: ssl.SSLContext | None = None
    _asking: anyio.Lock = field(init=False, default_factory=anyio.Lock, repr=False)
    _held: _Held | None = field(init=False, default=None, repr=False)
    _failure: GateError | None = field(init=False, default=None, repr=False)

    @property
    def origin(self) -> str:
        """Name the role, and whose token it is had by."""
        return f"{self.role} by {self.token.origin}"

    async def get(self) -> Credentials:
        """Return credentials that are valid for some minutes.

        Raises ``NoCredentials`` for a refusal, ``ServiceError`` for trouble on the way. What failed
        while there was no session fails again at once: all who ask would wait as long once more.
        """
        async with self._asking:
            if self._failure is not None:
                raise self._failure
            now = self.run.clock.monotonic()
            if self._held is None or now >= self._held.ends_at:
                self._held = await self._first()
            elif now >= self._held.renew_at:
                self._held = await self._renewed(self._held)
            return self._held.credentials

    async def _first(self) -> _Held:
        try:
            return await self._assumed(self.run.deadline)
        except GateError as failure:
            self._failure = failure
            raise

    async def _renewed(self, held: _Held) -> _Held:
        """Return a new session, or, where that fails, the old one to be used while it lasts."""
        try:
            return await self._assumed(min(held.ends_at, self.run.deadline))
        except GateError:
            return replace(held, renew_at=self.run.clock.monotonic() + _PAUSE)

    async def _assumed(self, until: float) -> _Held:
        run = replace(self.run, deadline=until)
        async with http.Sender(run, largest=LARGEST_ANSWER, tls=self.tls) as sender:
            session = await self._exchange(sender)
        service_clock = ServiceClock(run.clock.now)
        service_clock.hear(session.date)
        lasts = (session.expires - service_clock.now()).total_seconds()
        now = run.clock.monotonic()
        return _Held(
            checked(session.credentials, "The token service of Alibaba Cloud"),
            renew_at=now + max(lasts - _MARGIN, _PAUSE),
            ends_at=now + max(lasts, _PAUSE),
        )

    async def _exchange(self, sender: Sender) -> Session:
        """Exchange the job's token for a session of the role."""
        token = await self.token.get(sender)
        url = self.base_url or f"https://{self.role.host}"
        return await sender.ask(
            assume_role(url, self.role, token, self._seconds()),
            partial(read_session, role=str(self.role), claims=claims_of(token)),
        )

    def _seconds(self) -> int:
        """Return how long a session should last: to the end of the run, within the limits."""
        remaining = math.ceil(self.run.deadline - self.run.clock.monotonic() + _MARGIN)
        return min(max(remaining, SHORTEST), LONGEST)
