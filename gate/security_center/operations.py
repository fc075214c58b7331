"""What the gate asks of Security Center: each operation, and each list read to its end.

A parameter that is ``None`` is not sent. Each method raises ``AccessError`` for refusals and
``ServiceError`` for what doesn't pass in time.
"""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

from gate.security_center import wire
from gate.security_center.pages import Listing, read_list
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
    WireObject,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gate.security_center.wire import Answer, Page

T = TypeVar("T")
W = TypeVar("W", bound=WireObject)
T_co = TypeVar("T_co", covariant=True)

NO_CRITERIA: Mapping[str, str] = MappingProxyType({})

# The server may cap it; the reference names no maximum.
_PAGE_SIZE = 100


class Purpose(StrEnum):
    """What the gate needs an operation for, in the words that its user knows."""

    VERDICT = "every verdict"
    ACCEPT_PREVIOUS = "scan.accept_previous"
    CATALOGUE = "gate risks"
    SCAN = "--scan"
    DRY_RUN = "--dry-run"
    DOCTOR = "gate doctor"


class Operation(Struct, Generic[T_co], frozen=True):
    """An operation, how its answer is read, and what needs it.

    ``says_success`` tells whether its answers have ``Success`` and ``Code``, by the reference.
    ``product`` is the prefix of its RAM action. ``asks_for_scans`` sets apart what a policy that
    only reads leaves out.
    """

    name: str
    read: Callable[[Answer], T_co]
    needed_for: tuple[Purpose, ...]
    says_success: bool = False
    asks_for_scans: bool = False
    version: str = "2018-12-03"
    product: str = "yundun-sas"

    @property
    def action(self) -> str:
        """The RAM action that it needs."""
        return f"{self.product}:{self.name}"


def _pages(row: type[W], name: str, *needed_for: Purpose, rows_in: str = "") -> Operation[Page[W]]:
    """Describe an operation that answers a page; with ``rows_in``, outside of ``Data``."""
    read = partial(wire.read_page, row=row, rows_in=rows_in)
    return Operation(name, read, needed_for, says_success=not rows_in)


_VERDICT = Purpose.VERDICT
IMAGES = _pages(ImageRecord, "DescribeImageInstances", _VERDICT, rows_in="ImageInstanceList")
IMAGES_BY_BUILD_RISK = _pages(ImageRiskRow, "DescribeImageListByBuildRisk", _VERDICT)
BUILD_RISKS_OF_IMAGE = _pages(BuildRiskDetail, "DescribeImageBuildRiskByKey", _VERDICT)
BUILD_RISKS = _pages(CatalogueRow, "DescribeImageBuildRiskList", Purpose.CATALOGUE)
EVENT_RULES = _pages(EventRule, "DescribeImageEventOperationPage", Purpose.DOCTOR)
REPOSITORIES = _pages(
    ImageRepository,
    "DescribeImageRepoDetailList",
    *(Purpose.SCAN, Purpose.DOCTOR),
    rows_in="ImageRepoResponses",
)
CHECK_CONFIGURATION = Operation(
    "GetBuildRiskDefineRuleConfig",
    partial(wire.read_data, row=CheckConfiguration),
    (_VERDICT,),
    says_success=True,
)
LATEST_SCAN_TASKS = Operation(
    "DescribeImageLatestScanTask",
    partial(wire.read_rows, row=ScanTask, rows_in="Task"),
    (Purpose.ACCEPT_PREVIOUS,),
)
SCAN_COST = Operation(
    "PublicPreCheckImageScanTask",
    partial(wire.read_data, row=ScanCost),
    (Purpose.DRY_RUN,),
    asks_for_scans=True,
)
SCAN = Operation(
    "PublicSyncAndCreateImageScanTask",
    partial(wire.read_data, row=ScanTaskState),
    (Purpose.SCAN,),
    asks_for_scans=True,
)
OPERATIONS: tuple[Operation[object], ...] = (
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
CALLER_IDENTITY = Operation(
    "GetCallerIdentity",
    partial(wire.read_object, row=CallerIdentity),
    (),
    version="2015-04-01",
    product="sts",
)


class Operations:
    """Asks for operations by their names, and reads whole lists; ``_ask`` is where all go.

    ``lang`` is the language of texts for people. Pages are counted from 1; unless ``page_size`` is
    given, the service chooses it. Criteria map names such as ``repoName``, ``tag`` and ``digest``
    (bare hex) to values. Of lists, rows that ``keep`` doesn't want are counted, not kept.
    """

    lang: str

    async def _ask(self, operation: Operation[T], **parameters: str | int | None) -> T:
        raise NotImplementedError

    async def _list(
        self,
        operation: Operation[Page[T]],
        keep: Callable[[T], bool] | None = None,
        at_most: int | None = None,
        /,
        **parameters: str | int | None,
    ) -> Listing[T]:
        return await read_list(
            lambda page: self._ask(
                operation, **parameters, current_page=page, page_size=_PAGE_SIZE
            ),
            keep=keep,
            at_most=at_most,
        )

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
        return await self._ask(
            IMAGES_BY_BUILD_RISK,
            lang=self.lang,
            risk_key=risk_key,
            status=status,
            criteria_type=criteria_type,
            criteria=criteria,
            current_page=current_page,
            page_size=page_size,
        )

    async def images_by_build_risk(
        self,
        *,
        criteria_type: str | None = None,
        criteria: str | None = None,
        keep: Callable[[ImageRiskRow], bool] | None = None,
        at_most: int | None = None,
    ) -> Listing[ImageRiskRow]:
        """Read all images that build risks affect; criteria as for the operation.

        Of a list that is longer than ``at_most`` only the first page is read.
        """
        return await self._list(
            IMAGES_BY_BUILD_RISK,
            keep,
            at_most,
            lang=self.lang,
            criteria_type=criteria_type,
            criteria=criteria,
        )

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
        return await self._ask(
            BUILD_RISKS_OF_IMAGE,
            lang=self.lang,
            image_uuid=image_uuid,
            status=status,
            current_page=current_page,
            page_size=page_size,
        )

    async def build_risks_of(
        self, uuid: str, *, status: int | None = None
    ) -> Listing[BuildRiskDetail]:
        """Read all build risks of an image, or those with a status."""
        return await self._list(
            BUILD_RISKS_OF_IMAGE, lang=self.lang, image_uuid=uuid, status=status
        )

    async def describe_image_instances(
        self,
        *,
        criteria: Mapping[str, str] = NO_CRITERIA,
        current_page: int | None = None,
        page_size: int | None = None,
    ) -> Page[ImageRecord]:
        """Return a page of the images that Security Center knows and that fulfil all criteria."""
        return await self._ask(
            IMAGES, **wire.conditions(criteria), current_page=current_page, page_size=page_size
        )

    async def image_records(
        self, criteria: Mapping[str, str], *, keep: Callable[[ImageRecord], bool] | None = None
    ) -> Listing[ImageRecord]:
        """Read all images that Security Center knows and that fulfil all criteria."""
        return await self._list(IMAGES, keep, **wire.conditions(criteria))

    async def describe_image_repo_detail_list(
        self,
        *,
        criteria: Mapping[str, str] = NO_CRITERIA,
        current_page: int | None = None,
        page_size: int | None = None,
    ) -> Page[ImageRepository]:
        """Return a page of the repositories that Security Center knows, asked for as images are."""
        return await self._ask(
            REPOSITORIES,
            **wire.conditions(criteria),
            current_page=current_page,
            page_size=page_size,
        )

    async def image_repositories(
        self, criteria: Mapping[str, str], *, keep: Callable[[ImageRepository], bool] | None = None
    ) -> Listing[ImageRepository]:
        """Read all repositories that Security Center knows and that fulfil all criteria."""
        return await self._list(REPOSITORIES, keep, **wire.conditions(criteria))

    async def describe_image_build_risk_list(
        self, *, current_page: int | None = None, page_size: int | None = None
    ) -> Page[CatalogueRow]:
        """Return a page of the build risks that exist in the account."""
        return await self._ask(
            BUILD_RISKS, lang=self.lang, current_page=current_page, page_size=page_size
        )

    async def build_risks(self) -> Listing[CatalogueRow]:
        """Read all build risks that exist in the account."""
        return await self._list(BUILD_RISKS, lang=self.lang)

    async def describe_image_event_operation_page(
        self, *, current_page: int | None = None, page_size: int | None = None
    ) -> Page[EventRule]:
        """Return a page of the rules that whitelist alerts."""
        return await self._ask(
            EVENT_RULES, lang=self.lang, current_page=current_page, page_size=page_size
        )

    async def event_rules(self) -> Listing[EventRule]:
        """Read all rules that whitelist alerts."""
        return await self._list(EVENT_RULES, lang=self.lang)

    async def get_build_risk_define_rule_config(self) -> CheckConfiguration:
        """Return which checks for build risks exist, and which are switched on."""
        return await self._ask(CHECK_CONFIGURATION, lang=self.lang)

    check_configuration = get_build_risk_define_rule_config

    async def describe_image_latest_scan_task(self, digest: str) -> tuple[ScanTask, ...]:
        """Return the latest scan tasks of a digest, with or without ``sha256:``."""
        return await self._ask(LATEST_SCAN_TASKS, digest=digest.removeprefix("sha256:"))

    latest_scan_tasks = describe_image_latest_scan_task

    async def public_sync_and_create_image_scan_task(
        self, images: Sequence[ScanTarget]
    ) -> ScanTaskState:
        """Make Security Center learn of images and scan them; this uses scan quota.

        Where an answer was lost on the way, the request is made again: it may arrive twice.
        """
        return await self._ask(SCAN, images=wire.targets_json(images))

    async def public_pre_check_image_scan_task(self, images: Sequence[ScanTarget]) -> ScanCost:
        """Return what a scan of images would cost."""
        return await self._ask(SCAN_COST, **wire.targets_lists(images))

    async def get_caller_identity(self) -> CallerIdentity:
        """Return whose the credentials are; an operation of the token service's endpoint."""
        return await self._ask(CALLER_IDENTITY)
