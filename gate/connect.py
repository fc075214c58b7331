"""Connections of one run: a Security Center for each endpoint, and the registry."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Self

from msgspec import Struct

from gate.credentials import (
    Credentials,
    StaticCredentials,
    find_credentials,
    keyless_credentials,
)
from gate.errors import AccessError, UsageError
from gate.evidence import EvidenceReader
from gate.http import surroundings
from gate.registry import Registry
from gate.security_center import OPERATIONS, SecurityCenter, endpoint_for, parse_endpoint
from gate.verdict import Service

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from gate.clock import Run
    from gate.credentials import CredentialSource


class Settings(Struct, frozen=True, kw_only=True):
    """How to reach the services.

    With ``sandbox``, both services are embedded and ``endpoint`` is not used. At most
    ``concurrency`` requests to one Security Center are on their way at a time.
    """

    run: Run
    endpoint: str | None = None
    lang: str = "en"
    sandbox: bool = False
    registry_hosts: tuple[str, ...] = ()
    concurrency: int = 8


class Connections(AsyncExitStack):
    """The clients of one run; an async context manager, which closes them."""

    registry: Registry
    _credentials: CredentialSource

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self._endpoint: str | None = None
        self._readers: dict[str, EvidenceReader] = {}
        self._regions: dict[str | None, None] = {}  # in their order

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        try:
            await self._open()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def _open(self) -> None:
        settings = self.settings
        base_url, contents = None, ""
        if settings.sandbox:
            self._endpoint, self._credentials, contents = await self._start_sandbox()
            base_url = self._endpoint
        else:
            self._endpoint = settings.endpoint and parse_endpoint(settings.endpoint)
            self._credentials = _credentials(settings)
        self.registry = await self.enter_async_context(
            Registry(
                settings.run, hosts=settings.registry_hosts, base_url=base_url, contents=contents
            )
        )

    async def _start_sandbox(self) -> tuple[str, CredentialSource, str]:
        """Return the sandbox's address, its keys, and the names of its images."""
        from gate.sandbox import Sandbox, sample_world  # noqa: PLC0415 - a server is heavy to import

        world = sample_world()
        sandbox = await self.enter_async_context(Sandbox(world))
        keys = Credentials(sandbox.access_key_id, sandbox.access_key_secret)
        names = ", ".join(world.served())
        return sandbox.url, StaticCredentials(keys, "the embedded sandbox"), names

    @property
    def credentials_origin(self) -> str:
        """Where the credentials come from, never what they are."""
        return self._credentials.origin

    async def try_credentials(self) -> None:
        """Get the credentials once; raises ``AccessError`` if there are none."""
        await self._credentials.get()

    async def prepare(self, regions: Iterable[str | None]) -> None:
        """Make the clients that images of these regions need.

        Raises ``UsageError`` if it can't be told which Security Center to ask.
        """
        for region in regions:
            self._regions[region] = None
            await self._prepare(self._endpoint_of(region))

    async def _prepare(self, endpoint: str) -> None:
        if endpoint in self._readers:
            return
        settings = self.settings
        client = await self.enter_async_context(
            SecurityCenter(
                endpoint,
                self._credentials,
                settings.run,
                lang=settings.lang,
                concurrency=settings.concurrency,
            )
        )
        self._readers[endpoint] = EvidenceReader(client, settings.run.clock)

    def _endpoint_of(self, region: str | None) -> str:
        if self._endpoint is not None:
            return self._endpoint
        if region is None:
            raise UsageError(
                "Which Security Center knows the image can't be told from its host name.",
                "Give the image's region with --region, or in ALIBABA_CLOUD_REGION_ID.",
            )
        return endpoint_for(region)

    def client(self, region: str | None) -> SecurityCenter:
        """Return the client for images of a region that was prepared."""
        return self.reader(region).client

    def reader(self, region: str | None) -> EvidenceReader:
        """Return the evidence reader for images of a region that was prepared."""
        return self._readers[self._endpoint_of(region)]

    async def identity_client(self, region: str | None) -> SecurityCenter:
        """Return a client that can ask whose the credentials are.

        Alibaba Cloud's token service tells; an endpoint of the caller's own answers it itself.
        """
        own = self._endpoint is not None and not self._endpoint.endswith(".aliyuncs.com")
        endpoint = self._endpoint if own else f"sts.{region}.aliyuncs.com" if region else _STS
        await self._prepare(endpoint or _STS)
        return self._readers[endpoint or _STS].client

    def today(self) -> date:
        """Return the day in UTC by the clock that is ahead: the machine's, or a service's."""
        times = [reader.client.now() for reader in self._readers.values()]
        return max(self.settings.run.clock.now(), *times).date()

    def notes(self) -> tuple[str, ...]:
        """Say what of the environment stands between the gate and the services."""
        settings = self.settings
        return () if settings.sandbox else surroundings(settings.run.environment)

    def service(self) -> Service:
        """Name the Security Centers that were prepared, and those that were asked, for reports."""
        clients = {
            name: reader.client
            for name, reader in self._readers.items()
            if not name.startswith("sts.")
        }
        regions = [region for region in self._regions if region]
        return Service(
            ", ".join(clients),
            ", ".join(regions),
            self.settings.sandbox or any(client.is_sandbox for client in clients.values()),
            asked=tuple(name for name, client in clients.items() if client.requests),
        )


_STS = "sts.aliyuncs.com"


def _credentials(settings: Settings) -> CredentialSource:
    """Return where credentials come from; that there are none is told when they are needed.

    So it becomes what every image's report says, as any other trouble with access.
    """
    actions = [operation.action for operation in OPERATIONS]
    try:
        keyless = keyless_credentials(settings.run, actions=actions)
        return keyless or find_credentials(settings.run.environment)
    except AccessError as trouble:
        return _Refusing(trouble)


class _Refusing(Struct, frozen=True):
    trouble: AccessError
    origin: str = "nowhere"

    async def get(self) -> Credentials:
        raise self.trouble
