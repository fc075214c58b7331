"""A bounded look at an account: some of its records and rows, each list asked for once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gate.security_center import Listing, read_list

if TYPE_CHECKING:
    from gate.security_center import (
        BuildRiskDetail,
        EventRule,
        ImageRecord,
        ImageRiskRow,
        Page,
        SecurityCenter,
    )

PAGE_SIZE = 100
STATUSES = (0, 1, 2)

_AT_MOST = 1000  # rows; of a longer list, its first page is the sample


class AccountSample:
    """What one Security Center says of an account, remembered: the same question is asked once."""

    def __init__(self, client: SecurityCenter) -> None:
        self.client = client
        self._records: Listing[ImageRecord] | None = None
        self._rules: Listing[EventRule] | None = None
        self._rows: dict[tuple[str, int | None], Listing[ImageRiskRow]] = {}
        self._details: dict[tuple[str, int | None], Listing[BuildRiskDetail]] = {}

    async def records(self) -> tuple[ImageRecord, ...]:
        """Return records of images, at least a page of them."""
        if self._records is None:

            async def fetch(page: int) -> Page[ImageRecord]:
                return await self.client.describe_image_instances(
                    current_page=page, page_size=PAGE_SIZE
                )

            self._records = await read_list(fetch, at_most=_AT_MOST)
        return self._records.rows

    async def rules(self) -> tuple[EventRule, ...]:
        """Return the rules that whitelist alerts."""
        if self._rules is None:
            self._rules = await self.client.event_rules()
        return self._rules.rows

    async def rows(self, status: int | None, repository: str = "") -> Listing[ImageRiskRow]:
        """Return the rows of images by risk: of all with a status, or of a repository's name.

        The name may select others too, since how it is compared is one of the open questions.
        """
        key = repository, status
        if key not in self._rows:
            fetch = partial(self._fetch_rows, repository, status)
            self._rows[key] = await read_list(fetch, at_most=_AT_MOST)
        return self._rows[key]

    async def _fetch_rows(
        self, repository: str, status: int | None, page: int
    ) -> Page[ImageRiskRow]:
        return await self.client.describe_image_list_by_build_risk(
            status=status,
            criteria_type="RepoName" if repository else None,
            criteria=repository or None,
            current_page=page,
            page_size=PAGE_SIZE,
        )

    async def count_rows(self, image: ImageRiskRow, status: int | None) -> int | None:
        """Return how many rows an image has; ``None`` if they could not all be read."""
        listing = await self.rows(status, image.repo_name)
        if not listing.complete:
            return None
        return sum(row.uuid == image.uuid for row in listing.rows)

    async def count_details(self, uuid: str, status: int | None) -> int | None:
        """Return how many findings an image has; ``None`` if they could not all be read."""
        key = uuid, status
        if key not in self._details:
            self._details[key] = await self.client.build_risks_of(uuid, status=status)
        listing = self._details[key]
        return len(listing.rows) if listing.complete else None
