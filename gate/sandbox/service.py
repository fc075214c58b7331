"""The local Security Center as an object: start it, ask it, change it, stop it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Self

from msgspec import Struct

from gate.sandbox.call import Readings
from gate.sandbox.fault_injection import FaultInjector, FaultKind, Faults

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from gate.sandbox.server import Running
    from gate.sandbox.world import World

# Made up; they open nothing but a sandbox.
SAMPLE_KEY_ID = "sandbox-key-id"
SAMPLE_KEY_SECRET = "sandbox-key-secret"  # noqa: S105 - a sample


class LoggedRequest(Struct, frozen=True):
    """A request that arrived, whether it was answered or not; ``at`` is the sandbox's clock.

    ``operation`` is ``Registry`` for the registry, with ``method`` and ``path`` as parameters.
    """

    operation: str
    parameters: Mapping[str, str]
    at: datetime


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Sandbox:
    """A Security Center on loopback, and the registry that it watches, about a sample world.

    Used as an async context manager (on asyncio): it listens on 127.0.0.1 from entry to exit.
    ``port`` 0 takes a free one. ``now`` is the service's clock, in UTC. ``seed`` decides what the
    faults draw. A world is changed by what clients ask (scans, statuses, checks), so give each
    sandbox its own.

    ``world``, ``readings`` and ``faults`` may be changed at any time; ``requests`` holds all that
    was asked, in order.
    """

    def __init__(  # noqa: PLR0913 - each is a thing a test varies alone
        self,
        world: World,
        *,
        readings: Readings = Readings(),  # noqa: B008 - frozen
        faults: Faults = Faults(),  # noqa: B008 - a tuple
        now: Callable[[], datetime] | None = None,
        port: int = 0,
        ssl_context: ssl.SSLContext | None = None,
        seed: int = 0,
        access_key_id: str = SAMPLE_KEY_ID,
        access_key_secret: str = SAMPLE_KEY_SECRET,
        security_token: str | None = None,
    ) -> None:
        self.world = world
        self.readings = readings
        self.access_key_id = access_key_id
        self.access_key_secret = access_key_secret
        self.security_token = security_token
        self.requests: list[LoggedRequest] = []
        self.random = Random(seed)  # noqa: S311 - repeatable injector, not a secret
        self._now = now or _utc_now
        self._port = port
        self._ssl_context = ssl_context
        self._started: datetime | None = None
        self._running: Running | None = None
        self.faults = faults

    @property
    def faults(self) -> Faults:
        """The faults; setting them starts their counts anew."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults = faults
        self.injector = FaultInjector(faults, self.random)

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``, or ``https`` where there is an SSL context.

        Raises ``RuntimeError`` while the sandbox isn't running.
        """
        if self._running is None:
            raise RuntimeError("The sandbox is not running: enter it with `async with`.")
        scheme = "http" if self._ssl_context is None else "https"
        return f"{scheme}://127.0.0.1:{self._running.port}"

    @property
    def endpoint(self) -> str:
        """What to give as ``--endpoint``; the same as ``url``."""
        return self.url

    @property
    def elapsed(self) -> float:
        """Seconds since the start, the scale of all times in a world; 0 before it."""
        if self._started is None:
            return 0.0
        return (self._now() - self._started).total_seconds()

    @property
    def clock(self) -> datetime:
        """The service's own time, which a ``clock_skew`` fault shifts."""
        return self._now() + self._skew()

    def moment(self, seconds: float) -> datetime:
        """Return the service's time for a time of the world."""
        started = self._started or self._now()
        return started + timedelta(seconds=seconds) + self._skew()

    def _skew(self) -> timedelta:
        fault = self._faults.lasting(FaultKind.CLOCK_SKEW)
        return timedelta(seconds=fault.seconds if fault else 0)

    async def __aenter__(self) -> Self:
        # The server is imported here because it brings aiohttp, and data alone doesn't need it.
        from gate.sandbox.server import start  # noqa: PLC0415 - see above

        self._started = self._now()
        self._running = await start(self, self._port, self._ssl_context)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        running, self._running = self._running, None
        if running is not None:
            await running.stop()
