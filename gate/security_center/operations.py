"""The operations of Security Center, one method each, with every parameter of its reference page.

A parameter that is ``None`` is not sent, but for ``lang``, which is then the client's own. Each
method raises ``AccessError`` for refusals and ``ServiceError`` for what doesn't pass in time.
"""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from gate.security_center import wire
from gate.security_center.rows import (
    BuildRiskDetail,
    CallerIdentity,
    CatalogueRow,
    CheckConfiguration,
    EventRule,
    ImageRecord,
    ImageRepository,
    ImageRiskRow,
    ScanCost,
    ScanTarget,
    ScanTask,
    ScanTaskState,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gate.security_center.wire import Answer, Page

T = TypeVar("T")


class Purpose(StrEnum):
    """What the gate needs an operation for, in the words that its user knows."""

    VERDICT = "every verdict"
    ACCEPT_PREVIOUS = "scan.accept_previous"
    CATALOGUE = "gate risks"
    SCAN = "--scan"
    DRY_RUN = "--dry-run"
    DOCTOR = "gate doctor"


class Operation(Struct, frozen=True):
    """An operation, and what needs it; ``product`` is the prefix of its RAM action.

    ``asks_for_scans`` sets apart what a policy that only reads leaves out.
    """

    name: str
    needed_for: tuple[Purpose, ...]
    asks_for_scans: bool = False
    version: str = "2018-12-03"
    product: str = "yundun-sas"

    @property
    def action(self) -> str:
        """The RAM action that it needs."""
        return f"{self.product}:{self.name}"


IMAGES = Operation("DescribeImageInstances", (Purpose.VERDICT,))
IMAGES_BY_BUILD_RISK = Operation("DescribeImageListByBuildRisk", (Purpose.VERDICT,))
BUILD_RISKS_OF_IMAGE = Operation("DescribeImageBuildRiskByKey", (Purpose.VERDICT,))
CHECK_CONFIGURATION = Operation("GetBuildRiskDefineRuleConfig", (Purpose.VERDICT,))
LATEST_SCAN_TASKS = Operation("DescribeImageLatestScanTask", (Purpose.ACCEPT_PREVIOUS,))
BUILD_RISKS = Operation("DescribeImageBuildRiskList", (Purpose.CATALOGUE,))
EVENT_RULES = Operation("DescribeImageEventOperationPage", (Purpose.DOCTOR,))
REPOSITORIES = Operation("DescribeImageRepoDetailList", (Purpose.SCAN, Purpose.DOCTOR))
SCAN_COST = Operation("PublicPreCheckImageScanTask", (Purpose.DRY_RUN,), asks_for_scans=True)
SCAN = Operation("PublicSyncAndCreateImageScanTask", (Purpose.SCAN,), asks_for_scans=True)
OPERATIONS = (
    IMAGES,
    IMAGES_BY_BUILD_RISK,
    BUILD_RISKS_OF_IMAGE,
    CHECK_CONFIGURATION,
    LATEST_SCAN_TASKS,
    BUILD_RISKS,
    EVENT_RULES,
    REPOSITORIES,
    SCAN_COST,
    SCAN,
)
"""All that any command may ask of Security Center: whoever grants less is told by ``doctor``."""

# The token service's own; nobody has to be granted it.
CALLER_IDENTITY = Operation("GetCallerIdentity", (), version="2015-04-01", product="sts")


class Operations:
    """Asks for operations by their names; ``_ask`` is where they go."""

    lang: str

    async def _ask(
        self, operation: Operation, parameters: Mapping[str, str], decode: Callable[[Answer], T]
    ) -> T:
        raise NotImplementedError

    async def describe_image_list_by_build_risk(  # noqa: PLR0913 - the reference's parameters
        self,
        *,
        risk_level: str | None = None,
        lang: str | None = None,
        current_page: int | None = None,
        page_size: int | None = None,
        risk_key: str | None = None,
        status: int | None = None,
        criteria: str | None = None,
        criteria_type: str | None = None,
    ) -> Page[ImageRiskRow]:
        """Return a page of the images that build risks affect.

        ``risk_level`` is ``high``, ``medium`` or ``low``; ``status`` 0 (unhandled), 1 (ignored) or
        2 (false positive); ``criteria`` the value to look for in ``RepoNamespace`` or ``RepoName``,
        whichever ``criteria_type`` names. Whether that matches exactly is not documented.
        """
        parameters = wire.parameters(
            risk_level=risk_level,
            lang=lang or self.lang,
            current_page=current_page,
            page_size=page_size,
            risk_key=risk_key,
            status=status,
            criteria=criteria,
            criteria_type=criteria_type,
        )
        return await self._ask(
            IMAGES_BY_BUILD_RISK, parameters, partial(wire.read_page, row=ImageRiskRow)
        )

    async def describe_image_build_risk_list(  # noqa: PLR0913 - the reference's parameters
        self,
        *,
        risk_level: str | None = None,
        lang: str | None = None,
        current_page: int | None = None,
        page_size: int | None = None,
        criteria_type: str | None = None,
        criteria: str | None = None,
    ) -> Page[CatalogueRow]:
        """Return a page of the build risks that exist in the account.

        ``criteria_type`` is ``RiskKeyName`` or ``RiskClassName``.
        """
        parameters = wire.parameters(
            risk_level=risk_level,
            lang=lang or self.lang,
            current_page=current_page,
            page_size=page_size,
            criteria_type=criteria_type,
            criteria=criteria,
        )
        return await self._ask(BUILD_RISKS, parameters, partial(wire.read_page, row=CatalogueRow))

    async def describe_image_build_risk_by_key(  # noqa: PLR0913 - the reference's parameters
        self,
        *,
        image_uuid: str | None = None,
        risk_key: str | None = None,
        status: int | None = None,
        lang: str | None = None,
        current_page: int | None = None,
        page_size: int | None = None,
    ) -> Page[BuildRiskDetail]:
        """Return a page of the build risks of one image, in detail.

        A row does not carry its status: ask with ``status`` to know it.
        """
        parameters = wire.parameters(
            image_uuid=image_uuid,
            risk_key=risk_key,
            status=status,
            lang=lang or self.lang,
            current_page=current_page,
            page_size=page_size,
        )
        return await self._ask(
            BUILD_RISKS_OF_IMAGE, parameters, partial(wire.read_page, row=BuildRiskDetail)
        )

    async def describe_image_instances(
        self,
        *,
        criteria: Mapping[str, str] | str | None = None,
        logical_exp: str | None = None,
        current_page: int | None = None,
        page_size: int | None = None,
        scanned: bool | None = None,
    ) -> Page[ImageRecord]:
        """Return a page of the images that Security Center knows.

        ``criteria`` maps names such as ``repoName`` to values, or is a JSON array of conditions;
        ``logical_exp`` (``AND``, ``OR``) joins them; those of a mapping are joined by ``AND``
        unless it is given.
        """
        parameters = wire.parameters(
            **wire.conditions(criteria, logical_exp),
            current_page=current_page,
            page_size=page_size,
            scanned=scanned,
        )
        read = partial(wire.read_page, row=ImageRecord, rows_in="ImageInstanceList", page_in=None)
        return await self._ask(IMAGES, parameters, read)

    async def describe_image_repo_detail_list(
        self,
        *,
        criteria: Mapping[str, str] | str | None = None,
        logical_exp: str | None = None,
        current_page: int | None = None,
        page_size: int | None = None,
    ) -> Page[ImageRepository]:
        """Return a page of the repositories that Security Center knows, asked for as images are."""
        parameters = wire.parameters(
            **wire.conditions(criteria, logical_exp),
            current_page=current_page,
            page_size=page_size,
        )
        read = partial(
            wire.read_page, row=ImageRepository, rows_in="ImageRepoResponses", page_in=None
        )
        return await self._ask(REPOSITORIES, parameters, read)

    async def describe_image_event_operation_page(  # noqa: PLR0913 - the reference's parameters
        self,
        *,
        event_type: str | None = None,
        event_key: str | None = None,
        event_name: str | None = None,
        id: int | None = None,  # noqa: A002 - the reference's name
        source: str | None = None,
        lang: str | None = None,
        current_page: int | None = None,
        page_size: int | None = None,
    ) -> Page[EventRule]:
        """Return a page of the rules that whitelist alerts; ``source`` ``default`` is images."""
        parameters = wire.parameters(
            event_type=event_type,
            event_key=event_key,
            event_name=event_name,
            id=id,
            source=source,
            lang=lang or self.lang,
            current_page=current_page,
            page_size=page_size,
        )
        return await self._ask(EVENT_RULES, parameters, partial(wire.read_page, row=EventRule))

    async def get_build_risk_define_rule_config(
        self, *, lang: str | None = None
    ) -> CheckConfiguration:
        """Return which checks for build risks exist, and which are switched on."""
        parameters = wire.parameters(lang=lang or self.lang)
        return await self._ask(
            CHECK_CONFIGURATION, parameters, partial(wire.read_data, row=CheckConfiguration)
        )

    async def describe_image_latest_scan_task(self, digest: str) -> tuple[ScanTask, ...]:
        """Return the latest scan tasks of a digest, bare hex."""
        parameters = wire.parameters(digest=digest)
        read = partial(wire.read_rows, row=ScanTask, rows_in="Task")
        return await self._ask(LATEST_SCAN_TASKS, parameters, read)

    async def public_sync_and_create_image_scan_task(
        self, images: Sequence[ScanTarget]
    ) -> ScanTaskState:
        """Make Security Center learn of images and scan them; this uses scan quota.

        Where an answer was lost on the way, the request is made again: it may arrive twice.
        """
        parameters = wire.parameters(images=wire.targets_json(images))
        return await self._ask(SCAN, parameters, partial(wire.read_data, row=ScanTaskState))

    async def public_pre_check_image_scan_task(self, images: Sequence[ScanTarget]) -> ScanCost:
        """Return what a scan of images would cost."""
        return await self._ask(
            SCAN_COST, wire.targets_lists(images), partial(wire.read_data, row=ScanCost)
        )

    async def get_caller_identity(self) -> CallerIdentity:
        """Return whose the credentials are; an operation of the token service's endpoint."""
        return await self._ask(CALLER_IDENTITY, {}, partial(wire.read_object, row=CallerIdentity))
