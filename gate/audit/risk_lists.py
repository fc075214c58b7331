"""Read the images that a risk affects, in as little memory as that takes."""

from __future__ import annotations

from collections import Counter
from functools import cached_property, partial
from math import gcd
from typing import TYPE_CHECKING

from msgspec import Struct

from gate.security_center import read_list

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gate.audit.account import Headway, Place, Scope
    from gate.security_center import ImageRecord, ImageRiskRow, Page, SecurityCenter

_READINGS = 7  # how often a list that moves under the reader's eyes is read at most
_ENOUGH = 5  # readings, where they don't all agree
_PAGE_SIZE = 100


class ListedRow(Struct, frozen=True, gc=False):
    """What the audit keeps of a row: a record, and its level and status in the API's words."""

    uuid: str
    level: str
    status: int | None


class ListQuery(Struct, frozen=True):
    """Which rows of DescribeImageListByBuildRisk are meant; ``None`` is any."""

    risk: str | None
    status: int | None
    criteria_type: str | None = None
    criteria: str | None = None


class CountedRows:
    """How often each row was in a list; ``problem`` says why they may not be all, if so.

    ``images`` are the records that have a row.
    """

    def __init__(self, counts: Counter[ListedRow], total: int, problem: str = "") -> None:
        self.counts = counts
        self.total = total
        self.problem = problem
        self.images = {row.uuid for row in counts}


class RiskLists(Struct, frozen=True):
    """Reads lists; ``matcher`` ties their rows to records."""

    client: SecurityCenter
    headway: Headway
    matcher: RowMatcher

    async def read(self, query: ListQuery) -> CountedRows:
        """Read a list so often that moving rows can't have hidden one.

        The service pages through a list that others change meanwhile: where a page ends, a row that
        moves is skipped, or comes twice. A total that fits doesn't show it, since a row that comes
        twice makes up for one that was lost. But if no two rows are the same, a right total means
        that none is missing, and one reading is enough. Otherwise the list is read until most
        readings agree, each with pages of another size, so that they end, and lose rows, elsewhere.
        """
        readings: list[Counter[ListedRow]] = []
        page_size = _PAGE_SIZE
        while True:
            listing = await read_list(partial(self._page, query, page_size), readings=1)
            page_size = _other(listing.page_size)
            readings.append(Counter(listing.rows))
            if listing.complete and all(number == 1 for number in readings[-1].values()):
                return CountedRows(readings[-1], listing.total)
            agreed = majority(readings)
            if agreed.total() == listing.total and believable(readings, agreed):
                return CountedRows(agreed, listing.total)
            if listing.repeats or len(readings) == _READINGS:
                problem = listing.problem or "Its readings differ."
                return CountedRows(agreed, listing.total, problem)

    async def total(self, query: ListQuery) -> int:
        """Return how many rows a list has, as its first page says."""
        return (await self._page(query, 1, 1)).total_count

    async def _page(self, query: ListQuery, page_size: int, number: int) -> Page[ListedRow]:
        page = await self.client.describe_image_list_by_build_risk(
            risk_key=query.risk,
            status=query.status,
            criteria_type=query.criteria_type,
            criteria=query.criteria,
            current_page=number,
            page_size=page_size,
        )
        if number == 1 and page_size > 1:
            self.headway.rows_expected += page.total_count
        if page_size > 1:
            self.headway.rows += len(page.rows)
        return page.mapped(self._slim)

    def _slim(self, row: ImageRiskRow) -> ListedRow:
        return ListedRow(self.matcher.uuid_of(row), row.risk_level, row.status)


class RowMatcher:
    """Ties rows to the records that an audit is about, and remembers the strays, which don't fit.

    A row carries both a ``Uuid`` and the names of its place, and nothing documents that they
    belong together. If a row's ``Uuid`` has no record, or the record of another repository, its
    risk would be missing from the image that it is really about, and that image might pass. Which
    image that is can't be known, so all images of the place, and the record of the ``Uuid``, become
    doubtful: they are looked at one by one. An image that was pushed again or removed meanwhile
    leaves such rows too, which is why the records are read a second time before doubt is cast.
    """

    def __init__(self, records: Mapping[str, ImageRecord], scope: Scope) -> None:
        self._records = records
        self._scope = scope
        self._strays: set[tuple[str, Place]] = set()

    @cached_property
    def _by_place(self) -> dict[Place, set[str]]:
        """Return the records of each place, which is asked for only if there are strays."""
        places: dict[Place, set[str]] = {}
        for record in self._records.values():
            for place in _places(record):
                places.setdefault(place, set()).add(record.uuid)
        return places

    def uuid_of(self, row: ImageRiskRow) -> str:
        """Return the row's ``Uuid``: the record's own text, so that it is kept once."""
        record = self._records.get(row.uuid)
        if record is None:
            self._remember(row)
            return row.uuid
        fits = row.repo_name == record.repo_name and row.repo_namespace == record.repo_namespace
        if not fits and row.repo_name and row.repo_namespace:
            self._remember(row)
        return record.uuid

    def _remember(self, row: ImageRiskRow) -> None:
        place = (row.region_id, row.repo_namespace, row.repo_name)
        if place in self._by_place or row.uuid in self._records or self._scope.may_hold(row):
            self._strays.add((row.uuid, place))

    def unknown(self, existing: Collection[str]) -> dict[Place, set[str]]:
        """Return the ``Uuid`` within the scope that no record has, by the places of their rows."""
        places: dict[Place, set[str]] = {}
        for uuid, place in self._strays:
            if uuid not in existing:
                places.setdefault(place, set()).add(uuid)
        return places

    def doubtful(self, existing: Collection[str]) -> set[str]:
        """Return the records that strays may be about, by ``Uuid``.

        ``existing`` are those of all records that there are at the end: a row of one that came
        meanwhile is not a stray.
        """
        uuids: set[str] = set()
        for uuid, place in self._strays:
            if uuid in self._records:
                uuids.add(uuid)
            elif uuid in existing:
                continue
            uuids |= self._by_place.get(place, set())
        return uuids


def _places(record: ImageRecord) -> tuple[Place, Place]:
    """Return where an image is, with its region and, for rows that lack theirs, without."""
    repository = (record.repo_namespace, record.repo_name)
    return (record.region_id, *repository), ("", *repository)


def _other(size: int) -> int:
    """Return a smaller size of pages, one without common divisors so that few ends coincide."""
    smaller = range(size - 1, 0, -1)
    return next((each for each in smaller if gcd(each, size) == 1), _PAGE_SIZE)


def majority(readings: Sequence[Counter[ListedRow]]) -> Counter[ListedRow]:
    """Return each row as often as more than half of the readings hold it."""
    agreed: Counter[ListedRow] = Counter()
    for row in set().union(*readings):
        number, votes = Counter(reading[row] for reading in readings).most_common(1)[0]
        if number and votes * 2 > len(readings):
            agreed[row] = number
    return agreed


def believable(readings: Sequence[Counter[ListedRow]], agreed: Counter[ListedRow]) -> bool:
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
