"""A local Security Center: its world, faults and clock, what it was asked; start, serve, stop."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Self

import anyio
from msgspec import Struct

from gate.sandbox.call import Readings
from gate.sandbox.fault_injection import FaultInjector, FaultKind, Faults
from gate.sandbox.server import start

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

    from gate.sandbox.fault_injection import Fault
    from gate.sandbox.server import Running
    from gate.sandbox.world import World

# Made up; they open nothing but a sandbox.
SAMPLE_KEY_ID = "sandbox-key-id"
SAMPLE_KEY_SECRET = "sandbox-key-secret"  # noqa: S105 - a sample

_MOST_NAMED = 20  # images of a sandbox at a terminal
_REQUESTS_TO_REMEMBER = 100_000  # a sandbox at a terminal may run for days


class LoggedRequest(Struct, frozen=True):
    """A request that arrived, whether it was answered or not; ``at`` is the sandbox's clock.

    ``operation`` is ``Registry`` for the registry, with ``method`` and ``path`` as parameters.
    """

    operation: str
    parameters: Mapping[str, str]
    at: datetime


class Sandbox:
    """A Security Center about a sample world, and the registry that it watches.

    An async context manager, on asyncio: it listens on 127.0.0.1 from entry to exit.
    ``port`` 0 takes a free one. ``now`` is the service's clock, in UTC. ``seed`` decides what the
    faults draw. A world is changed by what clients ask (scans, statuses, checks), so give each
    service its own.

    ``world``, ``readings`` and ``faults`` may be changed at any time; so may ``labelled``: with it,
    each answer says in a header that it is a sandbox's, and reports of the gate say SANDBOX.
    ``requests`` holds all that was asked, in order, of very many the latest.
    """

    def __init__(  # noqa: PLR0913 - each is a thing a test varies alone
        self,
        world: World,
        *,
        readings: Readings = Readings(),  # noqa: B008 - frozen
        faults: Faults = Faults(),  # noqa: B008 - a tuple
        now: Callable[[], datetime] = partial(datetime.now, UTC),  # noqa: B008 - immutable
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
        self.labelled = False
        self.port = port
        self.ssl_context = ssl_context
        self.requests: list[LoggedRequest] = []
        self.random = Random(seed)  # noqa: S311 - repeatable faults, not a secret
        self._now = now
        self._started: datetime | None = None
        self._running: Running | None = None
        self.faults = faults

    async def __aenter__(self) -> Self:
        self._started = self._now()
        self._running = await start(self)
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

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``, or ``https`` where there is an SSL context.

        Raises ``RuntimeError`` while the sandbox isn't running.
        """
        if self._running is None:
            raise RuntimeError("The sandbox is not running: enter it with `async with`.")
        scheme = "http" if self.ssl_context is None else "https"
        return f"{scheme}://127.0.0.1:{self._running.port}"

    endpoint = url  # what to give as --endpoint

    def strike(self, operation: str, parameters: Mapping[str, str]) -> dict[FaultKind, Fault]:
        """Remember a request that arrived, and return the faults that strike it."""
        if len(self.requests) >= _REQUESTS_TO_REMEMBER:
            del self.requests[: _REQUESTS_TO_REMEMBER // 2]
        self.requests.append(LoggedRequest(operation, parameters, self.clock))
        return self._injector.strike(operation, self.elapsed)

    @property
    def faults(self) -> Faults:
        """The faults; setting them starts their counts anew."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults = faults
        self._injector = FaultInjector(faults, self.random)

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

    @property
    def origin(self) -> datetime:
        """The service's own time of the start, from which the times of a world count."""
        return (self._started or self._now()) + self._skew()

    def _skew(self) -> timedelta:
        fault = self._faults.lasting(FaultKind.CLOCK_SKEW)
        return timedelta(seconds=fault.seconds if fault else 0)


async def serve(sandbox: Sandbox, say: Callable[[str], None]) -> None:
    """Run a sandbox until cancelled; ``say`` gets, line by line, how to use it.

    The lines can be pasted into a POSIX shell; those that are not commands are comments.
    """
    sandbox.labelled = True
    async with sandbox:
        for line in _how_to_use(sandbox):
            say(line)
        await anyio.sleep_forever()


def _how_to_use(sandbox: Sandbox) -> list[str]:
    """Return the lines that tell how to ask a running sandbox."""
    exports = [
        f"export ALIBABA_CLOUD_ACCESS_KEY_ID={shlex.quote(sandbox.access_key_id)}",
        f"export ALIBABA_CLOUD_ACCESS_KEY_SECRET={shlex.quote(sandbox.access_key_secret)}",
    ]
    if sandbox.security_token is not None:
        exports.append(f"export ALIBABA_CLOUD_SECURITY_TOKEN={shlex.quote(sandbox.security_token)}")
    return [
        f"# Security Center (sandbox) at {sandbox.url}; stop it with Ctrl-C.",
        *exports,
        *_images(sandbox),
    ]


def _images(sandbox: Sandbox) -> Iterator[str]:
    """Yield the names of the images, and how to ask about the first of them.

    With their digests: a gate with ``--endpoint`` asks the real registry for those that it lacks.
    """
    world = sandbox.world
    records = [image for image in world.records() if image.registry_type == "acr"]
    names = [f"{world.host}/{image.name}:{image.tag}@{image.digest}" for image in records]
    if not names:
        return
    yield "# Its images, by digest, since no registry knows them:"
    yield from (f"#   {name}" for name in names[:_MOST_NAMED])
    if len(names) > _MOST_NAMED:
        yield f"#   and {len(names) - _MOST_NAMED} more"
    yield f"# gate check --endpoint {sandbox.url} {names[0]}"
