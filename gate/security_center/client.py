"""The client: operations by their names, and lists read to their end."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Self, TypeVar

from gate import __version__
from gate.security_center.endpoints import authority_of, parse_endpoint
from gate.security_center.limiter import Limiter
from gate.security_center.operations import Operations
from gate.security_center.pages import Listing, read_list
from gate.security_center.retry import Patience
from gate.security_center.service_clock import ServiceClock
from gate.security_center.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta
    from types import TracebackType

    import aiohttp

    from gate.clock import Clock
    from gate.credentials import CredentialSource
    from gate.security_center.operations import Operation
    from gate.security_center.rows import (
        BuildRiskDetail,
        CatalogueRow,
        CheckConfiguration,
        EventRule,
        ImageRecord,
        ImageRepository,
        ImageRiskRow,
        ScanTask,
    )
    from gate.security_center.transport import Transport
    from gate.security_center.wire import Answer

T = TypeVar("T")

# The server may cap it; the reference names no maximum.
_PAGE_SIZE = 100


class SecurityCenter(Operations):
    """A Security Center at one endpoint; an async context manager, which holds its connections.

    ``endpoint`` is a host or URL, as ``parse_endpoint`` takes it. ``deadline`` is a time of
    ``clock.monotonic``: until then, what may pass is tried again. A service that never answered
    anything is given up ``give_up_unanswered`` seconds after the first request. ``lang`` (``en`` or
    ``zh``) is the language of texts for people. ``observer`` is told of every request in a line
    without query and headers. At most ``concurrency`` requests are on their way, at a slower pace
    once the service throttles. ``random`` gives numbers from 0 to 1 for the waits between attempts.
    """

    def __init__(  # noqa: PLR0913 - each is a thing that callers vary alone
        self,
        endpoint: str,
        credentials: CredentialSource,
        *,
        clock: Clock,
        deadline: float,
        lang: str = "en",
        observer: Callable[[str], None] | None = None,
        concurrency: int = 8,
        random: Callable[[], float] = random.random,
        user_agent: str = f"buildrisk-gate/{__version__}",
        give_up_unanswered: float = 30.0,
    ) -> None:
        self.endpoint = parse_endpoint(endpoint)
        self.lang = lang
        self._credentials = credentials
        self._observer = observer
        self._concurrency = concurrency
        self._user_agent = user_agent
        self._tally = Tally()
        self._service_clock = ServiceClock(clock.now)
        self._patience = Patience(
            host=authority_of(self.endpoint),
            clock=clock,
            deadline=deadline,
            give_up_unanswered=give_up_unanswered,
            jitter=random,
        )
        self._session: aiohttp.ClientSession | None = None
        self._transport: Transport | None = None

    async def __aenter__(self) -> Self:
        # Here, so that code which only names types and endpoints need not load an HTTP client.
        from gate.security_center.transport import Transport, open_session  # noqa: PLC0415

        self._session = open_session(self._user_agent, self._concurrency)
        self._transport = Transport(
            endpoint=self.endpoint,
            credentials=self._credentials,
            service_clock=self._service_clock,
            patience=self._patience,
            limiter=Limiter(
                self._concurrency,
                clock=self._patience.clock,
                remaining=self._patience.remaining,
                jitter=self._patience.jitter,
            ),
            tally=self._tally,
            session=self._session,
            observer=self._observer,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        session, self._session, self._transport = self._session, None, None
        if session is not None:
            await session.close()

    async def _ask(
        self, operation: Operation, parameters: Mapping[str, str], decode: Callable[[Answer], T]
    ) -> T:
        if self._transport is None:
            raise RuntimeError("The client is closed: enter it with `async with`.")
        return await self._transport.ask(operation, parameters, decode)

    def now(self) -> datetime:
        """Return the service's own time, in UTC: the machine's, until an answer told otherwise."""
        return self._service_clock.now()

    @property
    def skew(self) -> timedelta:
        """How far the service's clock is ahead of the machine's; zero below two seconds."""
        return self._service_clock.skew

    @property
    def throttled(self) -> int:
        """How many answers so far said that requests come too fast."""
        return self._tally.throttled

    @property
    def requests(self) -> int:
        """How many requests were sent so far, repeated ones included."""
        return self._tally.requests

    async def images_by_build_risk(  # noqa: PLR0913 - the filters of the operation
        self,
        *,
        criteria_type: str | None = None,
        criteria: str | None = None,
        risk_key: str | None = None,
        status: int | None = None,
        risk_level: str | None = None,
        keep: Callable[[ImageRiskRow], bool] | None = None,
        at_most: int | None = None,
        lang: str | None = None,
    ) -> Listing[ImageRiskRow]:
        """Read all images that build risks affect; parameters as for the operation.

        Rows that ``keep`` doesn't want are counted, not kept. Of a list that is longer than
        ``at_most`` only the first page is read.
        """
        return await read_list(
            lambda page: self.describe_image_list_by_build_risk(
                risk_level=risk_level,
                lang=lang,
                current_page=page,
                page_size=_PAGE_SIZE,
                risk_key=risk_key,
                status=status,
                criteria=criteria,
                criteria_type=criteria_type,
            ),
            keep=keep,
            at_most=at_most,
        )

    async def build_risks_of(
        self, uuid: str, *, status: int | None = None
    ) -> Listing[BuildRiskDetail]:
        """Read all build risks of an image, or those with a status."""
        return await read_list(
            lambda page: self.describe_image_build_risk_by_key(
                image_uuid=uuid, status=status, current_page=page, page_size=_PAGE_SIZE
            )
        )

    async def image_records(
        self,
        criteria: Mapping[str, str],
        *,
        keep: Callable[[ImageRecord], bool] | None = None,
    ) -> Listing[ImageRecord]:
        """Read all images that Security Center knows and that fulfil all criteria.

        ``criteria`` maps names such as ``repoName``, ``tag`` and ``digest`` (bare hex) to values.
        """
        return await read_list(
            lambda page: self.describe_image_instances(
                criteria=criteria, current_page=page, page_size=_PAGE_SIZE
            ),
            keep=keep,
        )

    async def image_repositories(
        self,
        criteria: Mapping[str, str],
        *,
        keep: Callable[[ImageRepository], bool] | None = None,
    ) -> Listing[ImageRepository]:
        """Read all repositories that Security Center knows and that fulfil all criteria."""
        return await read_list(
            lambda page: self.describe_image_repo_detail_list(
                criteria=criteria, current_page=page, page_size=_PAGE_SIZE
            ),
            keep=keep,
        )

    async def build_risks(self, *, risk_level: str | None = None) -> Listing[CatalogueRow]:
        """Read all build risks that exist in the account."""
        return await read_list(
            lambda page: self.describe_image_build_risk_list(
                risk_level=risk_level, current_page=page, page_size=_PAGE_SIZE
            )
        )

    async def event_rules(self) -> Listing[EventRule]:
        """Read all rules that whitelist alerts."""
        return await read_list(
            lambda page: self.describe_image_event_operation_page(
                current_page=page, page_size=_PAGE_SIZE
            )
        )

    async def check_configuration(self) -> CheckConfiguration:
        """Return which checks for build risks exist, and which are switched on."""
        return await self.get_build_risk_define_rule_config()

    async def latest_scan_tasks(self, digest: str) -> tuple[ScanTask, ...]:
        """Return the latest scan tasks of a digest, with or without ``sha256:``."""
        return await self.describe_image_latest_scan_task(digest.removeprefix("sha256:"))
