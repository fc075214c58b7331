"""All findings of an account, by image, from the lists by risk and status."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import anyio
from msgspec import Struct, field

from gate.audit.rows import Query, Row
from gate.evidence.details import STATUSES, level_of
from gate.findings import Finding, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gate.audit.rows import RiskLists, Rows
    from gate.audit.scope import Scope

_Findings = tuple[Finding, ...]
_LISTS_AT_ONCE = 4  # the pages of a list are read at once, too


class Risk(Struct, frozen=True):
    """A build risk that may exist, as the account's catalogue describes it.

    ``images`` is how many images of the account it says have the risk, at least.
    """

    key: str
    name: str = ""
    risk_class: str = ""
    class_name: str = ""
    images: int = 0


class Gathered(Struct):
    """What the lists hold, by ``Uuid``; images with the same findings share one tuple of them.

    ``doubtful`` are records that the lists contradict one another about; ``problems`` say why rows
    of any record may lack, in sentences.
    """

    findings: dict[str, _Findings] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)


class Gathering:
    """Reads the lists of all risks; equal findings of different images are one object."""

    def __init__(
        self, lists: RiskLists, scope: Scope, risks: Iterable[Risk], found: Gathered
    ) -> None:
        self._lists = lists
        self._place = scope.of_rows
        self._risks = {risk.key: risk for risk in risks}
        self._found = found
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
        lists: dict[int, Rows] = {}
        for status in STATUSES:
            async with self._at_once:
                lists[status] = await self._lists.read(self._query(key, status))
            self._take(key, status, lists[status])
        self._compare_with_catalogue(self._risks[key], lists.values())
        await self._look_for_others(key, lists)

    def _compare_with_catalogue(self, risk: Risk, lists: Iterable[Rows]) -> None:
        """Make sure that the lists name as many images as another operation counts."""
        images = len(set().union(*(rows.images for rows in lists)))
        if self._place == (None, None) and risk.images > images:
            self._found.problems.append(
                f"The catalogue of build risks says that {risk.images} images have {risk.key}, and "
                f"the lists name {images}."
            )

    def _query(self, key: str | None, status: int | None) -> Query:
        return Query(key, status, *self._place)

    def _take(self, key: str, status: int, rows: Rows) -> None:
        if rows.problem:
            self._found.problems.append(
                f"The list of images with {key} could not all be read: {rows.problem}"
            )
        self._totals[status] += rows.total
        self._images[status] |= rows.images
        known = self._found.findings
        # Few sets of findings grow by few kinds. The old ones are kept: they are known by identity.
        grown: dict[tuple[int, str, int | None, int], tuple[_Findings, _Findings]] = {}
        for row, number in rows.counts.items():
            old = known.get(row.uuid, ())
            growth = (id(old), row.level, row.status, number)
            if growth not in grown:
                more = (self._finding(key, row.level, _status(row, status)),) * number
                grown[growth] = (old, old + more)
            known[row.uuid] = grown[growth][1]

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

    async def _look_for_others(self, key: str, lists: Mapping[int, Rows]) -> None:
        """Make sure that no row of a risk has a status that isn't asked for.

        It isn't documented whether the list without a status holds the handled rows. If a row
        stands for an image, no list tells of such a finding beside another of the same risk.
        """
        unhandled, everything = lists[0].total, sum(rows.total for rows in lists.values())
        images = len(set().union(*(rows.images for rows in lists.values())))
        if await self._lists.total(self._query(key, None)) in {unhandled, everything, images}:
            return
        async with self._at_once:
            rows = await self._lists.read(self._query(key, None))
        told = Counter(row.uuid for of in lists.values() for row in of.counts.elements())
        seen = Counter(row.uuid for row in rows.counts.elements())
        least = Counter(row.uuid for row in lists[0].counts.elements())
        self._found.doubtful.update(
            uuid for uuid in seen | told if not least[uuid] <= seen[uuid] <= told[uuid]
        )
        if rows.problem:
            self._found.problems.append(
                f"The list of images with {key} of any status could not all be read: {rows.problem}"
            )

    async def _confirm(self, status: int) -> None:
        """Compare with the list of all risks: the same number of rows, or a row for each image."""
        total = await self._lists.total(self._query(None, status))
        if total in {self._totals[status], len(self._images[status])}:
            return
        async with self._at_once:
            rows = await self._lists.read(self._query(None, status))
        wanted = STATUSES[status]
        seen = Counter(row.uuid for row in rows.counts.elements())
        told = Counter(
            {
                uuid: sum(finding.status is wanted for finding in findings)
                for uuid, findings in self._found.findings.items()
            }
        )
        one_row_each = all(number == 1 for number in seen.values())
        for uuid in seen | told:
            agrees = seen[uuid] == told[uuid] or (one_row_each and seen[uuid] and told[uuid])
            if not agrees:
                self._found.doubtful.add(uuid)
        if rows.problem:
            self._found.problems.append(
                f"The list of images with any risk could not all be read: {rows.problem}"
            )


def _status(row: Row, asked: int) -> Status:
    """Return the status of a row: the one asked for, unless the row itself says otherwise."""
    return STATUSES[asked] if row.status in {None, asked} else Status.UNKNOWN
