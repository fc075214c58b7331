"""Build risks: read by image and status, confirmed by the rows of the image's repository."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import anyio
from msgspec import Struct
from msgspec.structs import replace

from gate.errors import PermissionMissing
from gate.evidence.identification import with_prefix
from gate.evidence.kinds.kind import Details, SharedCall, Testimony
from gate.findings import Fact, Finding, Level, Reason, Shown, Status
from gate.security_center import (
    BUILD_RISKS_OF_IMAGE,
    CHECK_CONFIGURATION,
    IMAGES_BY_BUILD_RISK,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from anyio.abc import TaskGroup

    from gate.evidence.kinds.kind import Why
    from gate.findings import Requirements, Scan
    from gate.security_center import (
        BuildRiskDetail,
        ImageRecord,
        ImageRiskRow,
        Listing,
        Operation,
        SecurityCenter,
    )

# DescribeImageListByBuildRisk's reference: 0 unhandled, 1 ignored, 2 false positive.
STATUSES: Mapping[int, Status] = {
    0: Status.UNHANDLED,
    1: Status.IGNORED,
    2: Status.FALSE_POSITIVE,
}
# A longer list of a repository's rows is not read to its end: the details are read twice instead.
MOST_ROWS = 2000

_LEVELS = {level.value: level for level in Level if level is not Level.UNKNOWN}
_HOW_TO_SWITCH_ON = (
    "Switch them on in the console (image security, settings of build-risk checks), then scan "
    "again; `gate risks` lists all checks."
)
_MISMATCH = (
    "its details hold {0} findings, its repository's list {1} rows, and their levels and statuses "
    "do not match."
)
_READ_TWICE = (
    f"its repository has more than {MOST_ROWS} rows, so its details were read twice instead of "
    "being compared with them."
)
_Key = tuple[str, ...]
_LevelAndStatus = tuple[Level, Status]


class BuildRisks:
    """The kind ``build_risk`` at one Security Center."""

    name: ClassVar[str] = "build_risk"
    operations: ClassVar[tuple[Operation[object], ...]] = (
        BUILD_RISKS_OF_IMAGE,
        IMAGES_BY_BUILD_RISK,
        CHECK_CONFIGURATION,
    )

    def __init__(self, client: SecurityCenter) -> None:
        self._client = client
        self._checks: Checks | None = None
        self._reading_checks = anyio.Lock()

    async def details(self, record: ImageRecord) -> Details:
        """Read a record's risks: the list without a status and one for each status, at once.

        A row does not carry its status, so the lists by status tell it.
        """
        read = partial(self._client.build_risks_of, record.uuid)
        async with anyio.create_task_group() as group:
            calls = {
                status: SharedCall(group, partial(read, status=status)).begin()
                for status in (None, *STATUSES)
            }
        return combine({status: await call.get() for status, call in calls.items()})

    def witnesses(self, group: TaskGroup, namespace: str, repository: str) -> _Confirmation:
        """Return what confirms the risks of a repository's images during one look."""
        return _Confirmation(self, self._client, group, (namespace, repository))

    async def checks(self) -> Checks:
        """Return which checks are on, which is read once in a run."""
        async with self._reading_checks:
            if self._checks is None:
                self._checks = await read_checks(self._client)
            return self._checks


class _Confirmation:
    """The rows of one repository and the configuration of checks, for all who look at it."""

    def __init__(
        self,
        kind: BuildRisks,
        client: SecurityCenter,
        group: TaskGroup,
        repository: tuple[str, str],
    ) -> None:
        self._kind = kind
        self._client = client
        self._group = group
        self._repository = repository
        self._rows: list[SharedCall[RowReadings]] = []
        self._checks = SharedCall(group, kind.checks)

    def begin(self) -> None:
        """Start the first reading of the rows, and ask which checks are on."""
        self._reading(0).begin()
        self._checks.begin()

    async def coverage(self, _record: ImageRecord) -> Checks:
        """Return which checks are on; they are the same for all images."""
        return await self._checks.get()

    async def testify(self, record: ImageRecord, details: Details, reading: int) -> Testimony:
        """Compare details with the repository's rows; if those are too many, read details twice."""
        rows = await self._reading(reading).get()
        if rows.too_long:
            again = await self._kind.details(record)
            if not again.complete or Counter(again.findings) != Counter(details.findings):
                return Testimony(contradiction="two readings of its details differ.")
            certain: Sequence[ImageRiskRow] | None = rows.readings[-1].rows
        else:
            certain = rows.certain_of(record.uuid)
        if certain is None:
            return Testimony(problem=rows.problem)
        if not agree(details.findings, record.uuid, certain, whole=not rows.too_long):
            own = sum(row.uuid == record.uuid for row in certain)
            return Testimony(contradiction=_MISMATCH.format(len(details.findings), own))
        return Testimony(note=_READ_TWICE if rows.too_long else "", beside=rows.beside(record))

    def _reading(self, number: int) -> SharedCall[RowReadings]:
        while len(self._rows) <= number:
            self._rows.append(SharedCall(self._group, self._read_rows))
        return self._rows[number]

    async def _read_rows(self) -> RowReadings:
        first = await self._list_rows()
        if first.complete or first.too_long:
            return RowReadings((first,))
        return RowReadings((first, await self._list_rows()))

    async def _list_rows(self) -> Listing[ImageRiskRow]:
        return await self._client.images_by_build_risk(
            criteria_type="RepoName",
            criteria=self._repository[1],
            keep=lambda row: (row.repo_namespace, row.repo_name) == self._repository,
            at_most=MOST_ROWS,
        )


def level_of(word: str) -> Level:
    """Return the severity level of a word of the API; one that isn't known is ``unknown``."""
    return _LEVELS.get(word, Level.UNKNOWN)


def combine(lists: Mapping[int | None, Listing[BuildRiskDetail]]) -> Details:
    """Give each row of the lists its status.

    Rows may be equal to one another, so rows are counted, not collected in a set. What the list
    without a status holds beyond the others has an unknown status.
    """
    problems = [listing.problem for listing in lists.values() if not listing.complete]
    findings = [
        _finding(row, status) for code, status in STATUSES.items() for row in lists[code].rows
    ]
    everything = _count(lists[None].rows)
    lacking = _count(lists[0].rows) - everything
    by_status = sum((_count(lists[code].rows) for code in STATUSES), Counter[_Key]())
    for row in lists[None].rows:
        if by_status[_key(row)]:
            by_status[_key(row)] -= 1
        else:
            findings.append(_finding(row, Status.UNKNOWN))
    return Details(
        findings=tuple(sorted(findings, key=_order)),
        problem=problems[0] if problems else "",
        contradiction=(
            f"{lacking.total()} unhandled risks are not in the list of all risks."
            if lacking
            else ""
        ),
    )


def _finding(row: BuildRiskDetail, status: Status) -> Finding:
    return Finding(
        risk=row.risk_key,
        name=row.risk_key_name,
        risk_class=row.risk_class,
        class_name=row.risk_class_name,
        level=level_of(row.risk_level),
        level_word=row.risk_level,
        status=status,
        facts=describe(row),
    )


def describe(row: BuildRiskDetail) -> tuple[Fact, ...]:
    """Return what reports show of a build risk; what is empty is not a fact.

    The keys are part of the JSON report's contract. The row's secrets are masked already.
    """
    facts = (
        Fact("command", "Build command", row.layer_cmd, Shown.CODE),
        Fact("layer", "Layer", row.layer_digest, Shown.PLACE),
        Fact("description", "Description", row.description),
        Fact("advice", "Advice", row.advice or row.promt),
    )
    return tuple(fact for fact in facts if fact.text)


def _key(row: BuildRiskDetail) -> _Key:
    return (row.risk_key, row.risk_class, row.risk_level, row.layer_digest, row.layer_cmd)


def _count(rows: Iterable[BuildRiskDetail]) -> Counter[_Key]:
    return Counter(_key(row) for row in rows)


def _order(finding: Finding) -> tuple[int, str, str, str, str]:
    return (
        list(Level).index(finding.level),
        finding.status,
        finding.risk,
        finding.fact("layer"),
        finding.fact("command"),
    )


class RowReadings(Struct, frozen=True):
    """One or two readings of a repository's rows; two, where the first was not complete."""

    readings: tuple[Listing[ImageRiskRow], ...]

    @property
    def too_long(self) -> bool:
        """Whether the list is too long to be read to its end."""
        return self.readings[-1].too_long

    @property
    def problem(self) -> str:
        """Why the list is not complete."""
        return self.readings[-1].problem

    def certain_of(self, uuid: str) -> Sequence[ImageRiskRow] | None:
        """Return all rows, if those of one record are certain; else ``None``.

        They are if the list is complete, or if two readings of a list that keeps moving hold the
        same rows for it. One that is short of its total, or repeats a page, doesn't move: who
        withholds a row can do so twice.
        """
        last = self.readings[-1]
        if last.complete:
            return last.rows
        counts = [_levels_and_statuses(uuid, reading.rows) for reading in self.readings]
        moves = len(counts) > 1 and all(one.complete or one.moved for one in self.readings)
        return last.rows if moves and counts[0] == counts[1] else None

    def beside(self, record: ImageRecord) -> tuple[tuple[str, Finding], ...]:
        """Return what any reading says of a record's image under other ``Uuid``."""
        others = {
            (row.uuid, row.risk_level, row.status)
            for reading in self.readings
            for row in reading.rows
            if row.uuid != record.uuid and _same_image(row, record)
        }
        return tuple(
            (uuid, Finding(risk="", level=level_of(word), level_word=word, status=_status(code)))
            for uuid, word, code in sorted(others, key=repr)
        )


def _same_image(row: ImageRiskRow, record: ImageRecord) -> bool:
    """Tell whether a row of the repository is about a record's digest, there and nowhere else."""
    return (
        with_prefix(row.digest) == with_prefix(record.digest) != ""
        and row.region_id in {"", record.region_id}
        and row.instance_id in {"", record.instance_id}
    )


def agree(
    findings: Sequence[Finding], uuid: str, rows: Sequence[ImageRiskRow], *, whole: bool = True
) -> bool:
    """Tell whether the rows of a repository confirm what the details of one record say.

    It isn't documented whether a row stands for a risk of an image or for an image, nor whether a
    list without a status holds the handled ones, so each reading that the rows allow may hold.
    Unless they are the ``whole`` list, it is enough that each row of the record has its finding.
    """
    details = Counter((finding.level, finding.status) for finding in findings)
    own = _levels_and_statuses(uuid, rows)
    if _same_counts(details, own) if whole else own <= details:
        return True
    return not _some_image_twice(rows) and _one_row(details, own)


def _levels_and_statuses(uuid: str, rows: Iterable[ImageRiskRow]) -> Counter[_LevelAndStatus]:
    return Counter(
        (level_of(row.risk_level), _status(row.status)) for row in rows if row.uuid == uuid
    )


def _status(code: int | None) -> Status:
    return Status.UNKNOWN if code is None else STATUSES.get(code, Status.UNKNOWN)


def _same_counts(details: Counter[_LevelAndStatus], rows: Counter[_LevelAndStatus]) -> bool:
    """Compare row by row; a handled status may be lacking, but only as a whole."""
    for status in Status:
        expected = _of_status(details, status)
        listed = _of_status(rows, status)
        handled = status in {Status.IGNORED, Status.FALSE_POSITIVE}
        if listed != expected and not (handled and not listed):
            return False
    return True


def _of_status(counts: Counter[_LevelAndStatus], status: Status) -> Counter[Level]:
    return Counter({level: n for (level, of), n in counts.items() if of is status})


def _one_row(details: Counter[_LevelAndStatus], rows: Counter[_LevelAndStatus]) -> bool:
    """Compare as one row per image, of which any of its risks may have given level and status."""
    if rows.total() != 1 or not details:
        return False
    (level, status) = next(iter(rows))
    return level in {of for of, _ in details} and status in {of for _, of in details}


def _some_image_twice(rows: Iterable[ImageRiskRow]) -> bool:
    images = Counter((row.uuid, row.tag, row.digest) for row in rows)
    return any(number > 1 for number in images.values())


class Checks(Struct, frozen=True):
    """The checks that are on and off, sorted; ``unknown_because`` where nobody may tell.

    A scan finds only what the checks look for, so they are what shows that it covered build risks.
    """

    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    unknown_because: str = ""

    def added_to(self, scan: Scan) -> Scan:
        """Return the scan with the checks that are on and off."""
        if self.unknown_because:
            return scan
        return replace(scan, checks_on=len(self.on), checks=self.on, checks_off=self.off)

    def lacking(self, requirements: Requirements) -> Why | None:
        """Return why a scan with these checks is no evidence, if so."""
        if self.unknown_because:
            if requirements.require_checks:
                return Reason.ACCESS, (
                    "Which checks are on can't be told, and a policy says scan.require_checks. "
                    f"{self.unknown_because}"
                )
            return None
        if not self.on:
            return Reason.CHECKS_OFF, (
                "Not one build-risk check is switched on in Security Center, so a scan can't find "
                f"anything. {_HOW_TO_SWITCH_ON}"
            )
        named = sorted(requirements.checks.difference(self.on))
        if named:
            return Reason.CHECKS_OFF, (
                f"A rule of the policy names checks that are not switched on: {', '.join(named)}. "
                f"{_HOW_TO_SWITCH_ON}"
            )
        return None

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of the checks, in sentences."""
        if self.unknown_because:
            return (f"Whether all checks are switched on is not known. {self.unknown_because}",)
        if self.off:
            return (f"Checks that are switched off: {', '.join(self.off)}.",)
        return ()


async def read_checks(client: SecurityCenter) -> Checks:
    """Read which checks are on; a missing permission for that is not an error."""
    try:
        configured = await client.check_configuration()
    except PermissionMissing as missing:
        return Checks(unknown_because=str(missing))
    return Checks(on=tuple(sorted(set(configured.on))), off=tuple(sorted(configured.off)))
