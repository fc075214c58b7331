"""Lists of Security Center, each read to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.security_center.operations import Operations
from gate.security_center.pages import Listing, read_list

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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

# The server may cap it; the reference names no maximum.
_PAGE_SIZE = 100


class Lists(Operations):
    """Reads whole lists by means of the operations."""

    async def images_by_build_risk(
        self,
        *,
        criteria_type: str | None = None,
        criteria: str | None = None,
        keep: Callable[[ImageRiskRow], bool] | None = None,
        at_most: int | None = None,
    ) -> Listing[ImageRiskRow]:
        """Read all images that build risks affect; criteria as for the operation.

        Rows that ``keep`` doesn't want are counted, not kept. Of a list that is longer than
        ``at_most`` only the first page is read.
        """
        return await read_list(
            lambda page: self.describe_image_list_by_build_risk(
                criteria_type=criteria_type,
                criteria=criteria,
                current_page=page,
                page_size=_PAGE_SIZE,
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
        """Read all images that Security Center knows and that fulfil all criteria."""
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

    async def build_risks(self) -> Listing[CatalogueRow]:
        """Read all build risks that exist in the account."""
        return await read_list(
            lambda page: self.describe_image_build_risk_list(
                current_page=page, page_size=_PAGE_SIZE
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
