"""Read the images that a risk affects, in as little memory as that takes."""

from __future__ import annotations

from collections import Counter
from functools import partial
from math import gcd
from typing import TYPE_CHECKING

from msgspec import Struct

from gate.security_center.pages import read_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.audit.progress import Progress
    from gate.audit.strays import Strays
    from gate.security_center import ImageRiskRow, SecurityCenter
    from gate.security_center.wire import Page

_READINGS = 7  # how often a list that moves under the reader's eyes is read at most
_ENOUGH = 5  # readings, where they don't all agree
_PAGE_SIZE = 100


class Row(Struct, frozen=True, gc=False):
    """What the audit keeps of a row: a record, and its level and status in the API's words."""

    uuid: str
    level: str
    status: int | None


class Query(Struct, frozen=True):
    """Which rows of DescribeImageListByBuildRisk are meant; ``None`` is any."""

    risk: str | None
    status: int | None
    criteria_type: str | None = None
    criteria: str | None = None


class Rows:
    """How often each row was in a list; ``problem`` says why they may not be all, if so.

    ``images`` are the records that have a row.
    """

    def __init__(self, counts: Counter[Row], total: int, problem: str = "") -> None:
        self.counts = counts
        self.total = total
        self.problem = problem
        self.images = {row.uuid for row in counts}


class RiskLists(Struct, frozen=True):
    """Reads lists; ``strays`` ties their rows to records."""

    client: SecurityCenter
    progress: Progress
    strays: Strays

    async def read(self, query: Query) -> Rows:
        """Read a list so often that moving rows can't have hidden one.

        Once, if it holds as many rows as it says and no two that are the same: then none can lack.
        Otherwise until most readings agree. A row that moves is lost, or seen twice, where a page
        ends, so each reading has its pages end elsewhere.
        """
        readings: list[Counter[Row]] = []
        page_size = _PAGE_SIZE
        while True:
            listing = await read_list(partial(self._page, query, page_size), readings=1)
            page_size = _other(listing.page_size)
            readings.append(Counter(listing.rows))
            if listing.complete and all(number == 1 for number in readings[-1].values()):
                return Rows(readings[-1], listing.total)
            agreed = majority(readings)
            if agreed.total() == listing.total and believable(readings, agreed):
                return Rows(agreed, listing.total)
            if listing.repeats or len(readings) == _READINGS:
                problem = listing.problem or "Its readings differ."
                return Rows(agreed, listing.total, problem)

    async def total(self, query: Query) -> int:
        """Return how many rows a list has, as its first page says."""
        return (await self._page(query, 1, 1)).total_count

    async def _page(self, query: Query, page_size: int, number: int) -> Page[Row]:
        page = await self.client.describe_image_list_by_build_risk(
            risk_key=query.risk,
            status=query.status,
            criteria_type=query.criteria_type,
            criteria=query.criteria,
            current_page=number,
            page_size=page_size,
        )
        if number == 1 and page_size > 1:
            self.progress.rows_expected += page.total_count
        if page_size > 1:
            self.progress.rows += len(page.rows)
        return page.mapped(self._slim)

    def _slim(self, row: ImageRiskRow) -> Row:
        return Row(self.strays.uuid_of(row), row.risk_level, row.status)


def _other(size: int) -> int:
    """Return a smaller size of pages, one without common divisors so that few ends coincide."""
    smaller = range(size - 1, 0, -1)
    return next((each for each in smaller if gcd(each, size) == 1), _PAGE_SIZE)


def majority(readings: Sequence[Counter[Row]]) -> Counter[Row]:
    """Return each row as often as more than half of the readings hold it."""
    agreed: Counter[Row] = Counter()
    for row in set().union(*readings):
        number, votes = Counter(reading[row] for reading in readings).most_common(1)[0]
        if number and votes * 2 > len(readings):
            agreed[row] = number
    return agreed


def believable(readings: Sequence[Counter[Row]], agreed: Counter[Row]) -> bool:
    """Tell whether readings are enough to believe that what they agree on is the list.

    In a sum that is right, a lost row is made up for by one that was seen twice. So a row that the
    list seems to hold more than once, as images with two findings of one risk do, needs two
    readings that are the same throughout, or two thirds of at least five.
    """
    if len(readings) == 1:
        return False
    if readings[0] == readings[1]:
        return True
    votes = (
        sum(reading[row] == number for reading in readings)
        for row, number in agreed.items()
        if number > 1
    )
    return all(len(readings) >= _ENOUGH and vote * 3 >= len(readings) * 2 for vote in votes)
