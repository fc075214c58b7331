"""The operations of Security Center, one method each, with every parameter of its reference page.

A parameter that is ``None`` is not sent, but for ``lang``, which is then the client's own. Each
method raises ``AccessError`` for refusals and ``ServiceError`` for what doesn't pass in time.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from gate.security_center import wire
from gate.security_center.question import Question
from gate.security_center.rows import (
    BuildRiskDetail,
    CallerIdentity,
    CatalogueRow,
    CheckConfiguration,
    EventRule,
    ImageRecord,
    ImageRepository,
    ImageRiskRow,
    RiskItem,
    ScanCost,
    ScanTarget,
    ScanTask,
    ScanTaskState,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gate.security_center.wire import Answer, Page

T = TypeVar("T")


class Operations:
    """Asks for operations by their names; ``_ask`` is where questions go."""

    lang: str

    async def _ask(self, question: Question, decode: Callable[[Answer], T]) -> T:
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
        told = wire.parameters(
            risk_level=risk_level,
            lang=lang or self.lang,
            current_page=current_page,
            page_size=page_size,
            risk_key=risk_key,
            status=status,
            criteria=criteria,
            criteria_type=criteria_type,
        )
        question = Question("DescribeImageListByBuildRisk", told)
        return await self._ask(question, partial(wire.read_page, row=ImageRiskRow))

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
        told = wire.parameters(
            risk_level=risk_level,
            lang=lang or self.lang,
            current_page=current_page,
            page_size=page_size,
            criteria_type=criteria_type,
            criteria=criteria,
        )
        question = Question("DescribeImageBuildRiskList", told)
        return await self._ask(question, partial(wire.read_page, row=CatalogueRow))

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
        told = wire.parameters(
            image_uuid=image_uuid,
            risk_key=risk_key,
            status=status,
            lang=lang or self.lang,
            current_page=current_page,
            page_size=page_size,
        )
        question = Question("DescribeImageBuildRiskByKey", told)
        return await self._ask(question, partial(wire.read_page, row=BuildRiskDetail))

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
        ``logical_exp`` (``AND``, ``OR``) joins them, a mapping's with ``AND`` unless told.
        """
        told = wire.parameters(
            **wire.conditions(criteria, logical_exp),
            current_page=current_page,
            page_size=page_size,
            scanned=scanned,
        )
        read = partial(wire.read_page, row=ImageRecord, rows_in="ImageInstanceList", page_in=None)
        return await self._ask(Question("DescribeImageInstances", told), read)

    async def describe_image_repo_detail_list(
        self,
        *,
        criteria: Mapping[str, str] | str | None = None,
        logical_exp: str | None = None,
        current_page: int | None = None,
        page_size: int | None = None,
    ) -> Page[ImageRepository]:
        """Return a page of the repositories that Security Center knows, asked for as images are."""
        told = wire.parameters(
            **wire.conditions(criteria, logical_exp),
            current_page=current_page,
            page_size=page_size,
        )
        read = partial(
            wire.read_page, row=ImageRepository, rows_in="ImageRepoResponses", page_in=None
        )
        return await self._ask(Question("DescribeImageRepoDetailList", told), read)

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
        told = wire.parameters(
            event_type=event_type,
            event_key=event_key,
            event_name=event_name,
            id=id,
            source=source,
            lang=lang or self.lang,
            current_page=current_page,
            page_size=page_size,
        )
        question = Question("DescribeImageEventOperationPage", told)
        return await self._ask(question, partial(wire.read_page, row=EventRule))

    async def get_build_risk_define_rule_config(
        self, *, lang: str | None = None
    ) -> CheckConfiguration:
        """Return which checks for build risks exist, and which are switched on."""
        told = wire.parameters(lang=lang or self.lang)
        question = Question("GetBuildRiskDefineRuleConfig", told)
        return await self._ask(question, partial(wire.read_data, row=CheckConfiguration))

    async def list_image_build_risk_item(self, *, lang: str | None = None) -> tuple[RiskItem, ...]:
        """Return the classes of build risks."""
        told = wire.parameters(lang=lang or self.lang)
        read = partial(wire.read_rows, row=RiskItem, rows_in="Data")
        return await self._ask(Question("ListImageBuildRiskItem", told), read)

    async def describe_image_latest_scan_task(self, digest: str) -> tuple[ScanTask, ...]:
        """Return the latest scan tasks of a digest, bare hex."""
        told = wire.parameters(digest=digest)
        read = partial(wire.read_rows, row=ScanTask, rows_in="Task")
        return await self._ask(Question("DescribeImageLatestScanTask", told), read)

    async def public_sync_and_create_image_scan_task(
        self, images: Sequence[ScanTarget]
    ) -> ScanTaskState:
        """Make Security Center learn of images and scan them; this uses scan quota.

        Where an answer was lost on the way, the request is made again: it may arrive twice.
        """
        told = wire.parameters(images=wire.targets_json(images))
        question = Question("PublicSyncAndCreateImageScanTask", told)
        return await self._ask(question, partial(wire.read_data, row=ScanTaskState))

    async def public_create_image_scan_task(self, images: Sequence[ScanTarget]) -> ScanTaskState:
        """Ask for a scan of images that Security Center knows; this uses scan quota."""
        question = Question("PublicCreateImageScanTask", wire.targets_lists(images))
        return await self._ask(question, partial(wire.read_data, row=ScanTaskState))

    async def public_pre_check_image_scan_task(self, images: Sequence[ScanTarget]) -> ScanCost:
        """Return what a scan of images would cost."""
        question = Question("PublicPreCheckImageScanTask", wire.targets_lists(images))
        return await self._ask(question, partial(wire.read_data, row=ScanCost))

    async def get_caller_identity(self) -> CallerIdentity:
        """Return whose the credentials are; an operation of the token service's endpoint."""
        question = Question("GetCallerIdentity", {}, version="2015-04-01", product="sts")
        return await self._ask(question, partial(wire.read_object, row=CallerIdentity))
