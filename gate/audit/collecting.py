"""All findings of an account, by image, from the lists by risk and status."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import anyio
from msgspec import Struct, field

from gate.audit.risk_lists import ListedRow, ListQuery
from gate.evidence import STATUSES, level_of
from gate.findings import Finding, Status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from gate.audit.account import Scope
    from gate.audit.risk_lists import CountedRows, RiskLists

_Findings = tuple[Finding, ...]
_LISTS_AT_ONCE = 4  # the pages of a list are read at once, too


class PossibleRisk(Struct, frozen=True):
    """A build risk that may exist, as the account's catalogue describes it.

    ``images`` is how many images of the account it says have the risk, at least.
    """

    key: str
    name: str = ""
    risk_class: str = ""
    class_name: str = ""
    images: int = 0


class Collected(Struct):
    """What the lists hold, by ``Uuid``; images with the same findings share one tuple of them.

    ``doubtful`` are records that the lists contradict one another about; ``problems`` say why rows
    of any record may lack, in sentences.
    """

    findings: dict[str, _Findings] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)


class Collector:
    """Reads the lists of all risks; equal findings of different images are one object.

    Why lists by risk: a row of DescribeImageListByBuildRisk names an image and a level, but not
    the risk. One list for each risk and status is the only way to learn which image has which risk
    without a request for each image. A list that silently lacked rows would be a pass for some
    image, so what was read is compared with three other answers: the catalogue's number of images,
    the list of a risk without a status, and the lists of a status without a risk. What differs
    makes the images in question doubtful, or is a problem of all.
    """

    def __init__(
        self, lists: RiskLists, scope: Scope, risks: Iterable[PossibleRisk], collected: Collected
    ) -> None:
        self._lists = lists
        self._place = scope.of_rows
        self._risks = {risk.key: risk for risk in risks}
        self._collected = collected
        self._kinds: dict[tuple[str, str, Status], Finding] = {}
        self._totals: Counter[int | None] = Counter()
        self._images: dict[int, set[str]] = {status: set() for status in STATUSES}
        self._at_once = anyio.CapacityLimiter(_LISTS_AT_ONCE)

    async def run(self) -> None:
        """Read every list, then make sure that the lists without a risk's name agree."""
        async with anyio.create_task_group() as group:
            for risk in self._risks:
                group.start_soon(self._read_risk, risk)
        async with anyio.create_task_group() as group:
            for status in STATUSES:
                group.start_soon(self._confirm, status)

    async def _read_risk(self, key: str) -> None:
        lists: dict[int, CountedRows] = {}
        for status in STATUSES:
            async with self._at_once:
                lists[status] = await self._lists.read(self._query(key, status))
            self._take(key, status, lists[status])
        self._compare_with_catalogue(self._risks[key], lists.values())
        await self._look_for_others(key, lists)

    def _compare_with_catalogue(self, risk: PossibleRisk, lists: Iterable[CountedRows]) -> None:
        """Make sure that the lists name as many images as another operation counts."""
        images = len(set().union(*(rows.images for rows in lists)))
        if self._place == (None, None) and risk.images > images:
            self._collected.problems.append(
                f"The catalogue of build risks says that {risk.images} images have {risk.key}, and "
                f"the lists name {images}."
            )

    def _query(self, key: str | None, status: int | None) -> ListQuery:
        return ListQuery(key, status, *self._place)

    def _take(self, key: str, status: int, rows: CountedRows) -> None:
        if rows.problem:
            self._collected.problems.append(
                f"The list of images with {key} could not all be read: {rows.problem}"
            )
        self._totals[status] += rows.total
        self._images[status] |= rows.images
        findings = self._collected.findings
        # Few sets of findings grow by few kinds. The old ones are kept: they are known by identity.
        grown: dict[tuple[int, str, int | None, int], tuple[_Findings, _Findings]] = {}
        for row, number in rows.counts.items():
            old = findings.get(row.uuid, ())
            growth = (id(old), row.level, row.status, number)
            if growth not in grown:
                more = (self._finding(key, row.level, _status(row, status)),) * number
                grown[growth] = (old, old + more)
            findings[row.uuid] = grown[growth][1]

    def _finding(self, key: str, level: str, status: Status) -> Finding:
        kind = (key, level, status)
        if kind not in self._kinds:
            risk = self._risks[key]
            self._kinds[kind] = Finding(
                risk=key,
                name=risk.name,
                risk_class=risk.risk_class,
                class_name=risk.class_name,
                level=level_of(level),
                level_word=level,
                status=status,
            )
        return self._kinds[kind]

    async def _look_for_others(self, key: str, lists: Mapping[int, CountedRows]) -> None:
        """Make sure that no row of a risk has a status that isn't asked for.

        It isn't documented whether the list without a status holds the handled rows. If a row
        stands for an image, no list tells of such a finding beside another of the same risk.
        """
        unhandled, everything = lists[0].total, sum(rows.total for rows in lists.values())
        images = len(set().union(*(rows.images for rows in lists.values())))
        expected = {unhandled, everything, images}
        listed = await self._read_again(self._query(key, None), expected, f"{key} of any status")
        if listed is None:
            return
        least, most = _by_record([lists[0]]), _by_record(lists.values())
        self._collected.doubtful.update(
            uuid for uuid in listed | most if not least[uuid] <= listed[uuid] <= most[uuid]
        )

    async def _confirm(self, status: int) -> None:
        """Compare with the list of all risks: the same number of rows, or a row for each image."""
        expected = {self._totals[status], len(self._images[status])}
        listed = await self._read_again(self._query(None, status), expected, "any risk")
        if listed is None:
            return
        wanted = STATUSES[status]
        collected = Counter(
            {
                uuid: sum(finding.status is wanted for finding in findings)
                for uuid, findings in self._collected.findings.items()
            }
        )
        one_row_each = all(number == 1 for number in listed.values())
        for uuid in listed | collected:
            both = listed[uuid] and collected[uuid]
            if listed[uuid] != collected[uuid] and not (one_row_each and both):
                self._collected.doubtful.add(uuid)

    async def _read_again(
        self, query: ListQuery, expected: Collection[int], what: str
    ) -> Counter[str] | None:
        """Return how often a list names each record, ``None`` if its length is as expected."""
        if await self._lists.total(query) in expected:
            return None
        async with self._at_once:
            rows = await self._lists.read(query)
        if rows.problem:
            self._collected.problems.append(
                f"The list of images with {what} could not all be read: {rows.problem}"
            )
        return _by_record([rows])


def _by_record(lists: Iterable[CountedRows]) -> Counter[str]:
    return Counter(row.uuid for rows in lists for row in rows.counts.elements())


def _status(row: ListedRow, wanted: int) -> Status:
    """Return the status of a row: the one asked for, unless the row itself says otherwise."""
    return STATUSES[wanted] if row.status in {None, wanted} else Status.UNKNOWN
