"""The operations of Security Center that the gate needs, one method each.

A parameter that is ``None`` is not sent. Each method raises ``AccessError`` for refusals and
``ServiceError`` for what doesn't pass in time.
"""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from types import MappingProxyType
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

NO_CRITERIA: Mapping[str, str] = MappingProxyType({})


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
REPOSITORIES = Operation(
    "DescribeImageRepoDetailList", (Purpose.SCAN, Purpose.DRY_RUN, Purpose.DOCTOR)
)
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
    """Asks for operations by their names; ``_ask`` is where they go.

    ``lang`` is the language of texts for people. Pages are counted from 1; unless ``page_size`` is
    given, the service chooses it.
    """

    lang: str

    async def _ask(
        self, operation: Operation, parameters: Mapping[str, str], decode: Callable[[Answer], T]
    ) -> T:
        raise NotImplementedError

    async def describe_image_list_by_build_risk(  # noqa: PLR0913 - the filters of the operation
        self,
        *,
        risk_key: str | None = None,
        status: int | None = None,
        criteria_type: str | None = None,
        criteria: str | None = None,
        current_page: int | None = None,
        page_size: int | None = None,
    ) -> Page[ImageRiskRow]:
        """Return a page of the images that build risks affect.

        ``status`` is 0 (unhandled), 1 (ignored) or 2 (false positive); ``criteria`` the value to
        look for in ``RepoNamespace`` or ``RepoName``, whichever ``criteria_type`` names. Whether
        that matches exactly is not documented.
        """
        parameters = wire.parameters(
            lang=self.lang,
            risk_key=risk_key,
            status=status,
            criteria_type=criteria_type,
            criteria=criteria,
            current_page=current_page,
            page_size=page_size,
        )
        read = partial(wire.read_page, row=ImageRiskRow)
        return await self._ask(IMAGES_BY_BUILD_RISK, parameters, read)

    async def describe_image_build_risk_list(
        self, *, current_page: int | None = None, page_size: int | None = None
    ) -> Page[CatalogueRow]:
        """Return a page of the build risks that exist in the account."""
        parameters = wire.parameters(lang=self.lang, current_page=current_page, page_size=page_size)
        return await self._ask(BUILD_RISKS, parameters, partial(wire.read_page, row=CatalogueRow))

    async def describe_image_build_risk_by_key(
        self,
        *,
        image_uuid: str,
        status: int | None = None,
        current_page: int | None = None,
        page_size: int | None = None,
    ) -> Page[BuildRiskDetail]:
        """Return a page of the build risks of one image, in detail.

        A row does not carry its status: ask with ``status`` to know it.
        """
        parameters = wire.parameters(
            lang=self.lang,
            image_uuid=image_uuid,
            status=status,
            current_page=current_page,
            page_size=page_size,
        )
        read = partial(wire.read_page, row=BuildRiskDetail)
        return await self._ask(BUILD_RISKS_OF_IMAGE, parameters, read)

    async def describe_image_instances(
        self,
        *,
        criteria: Mapping[str, str] = NO_CRITERIA,
        current_page: int | None = None,
        page_size: int | None = None,
    ) -> Page[ImageRecord]:
        """Return a page of the images that Security Center knows and that fulfil all criteria.

        ``criteria`` maps names such as ``repoName``, ``tag`` and ``digest`` (bare hex) to values.
        """
        parameters = wire.parameters(
            **wire.conditions(criteria), current_page=current_page, page_size=page_size
        )
        read = partial(wire.read_page, row=ImageRecord, rows_in="ImageInstanceList", page_in=None)
        return await self._ask(IMAGES, parameters, read)

    async def describe_image_repo_detail_list(
        self,
        *,
        criteria: Mapping[str, str] = NO_CRITERIA,
        current_page: int | None = None,
        page_size: int | None = None,
    ) -> Page[ImageRepository]:
        """Return a page of the repositories that Security Center knows, asked for as images are."""
        parameters = wire.parameters(
            **wire.conditions(criteria), current_page=current_page, page_size=page_size
        )
        read = partial(
            wire.read_page, row=ImageRepository, rows_in="ImageRepoResponses", page_in=None
        )
        return await self._ask(REPOSITORIES, parameters, read)

    async def describe_image_event_operation_page(
        self, *, current_page: int | None = None, page_size: int | None = None
    ) -> Page[EventRule]:
        """Return a page of the rules that whitelist alerts."""
        parameters = wire.parameters(lang=self.lang, current_page=current_page, page_size=page_size)
        return await self._ask(EVENT_RULES, parameters, partial(wire.read_page, row=EventRule))

    async def get_build_risk_define_rule_config(self) -> CheckConfiguration:
        """Return which checks for build risks exist, and which are switched on."""
        read = partial(wire.read_data, row=CheckConfiguration)
        return await self._ask(CHECK_CONFIGURATION, wire.parameters(lang=self.lang), read)

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
