"""All build risks of one record, each with its status."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Protocol

import anyio
from msgspec import Struct

from gate.evidence.later import Later
from gate.findings import Fact, Finding, Level, Shown, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gate.security_center import BuildRiskDetail, Listing

# DescribeImageListByBuildRisk's reference: 0 unhandled, 1 ignored, 2 false positive.
STATUSES: Mapping[int, Status] = {
    0: Status.UNHANDLED,
    1: Status.IGNORED,
    2: Status.FALSE_POSITIVE,
}
_LEVELS = {level.value: level for level in Level if level is not Level.UNKNOWN}
_Key = tuple[str, ...]


class RisksOfImage(Protocol):
    """The part of the client that reads one record's risks."""

    async def build_risks_of(self, uuid: str, *, status: int | None) -> Listing[BuildRiskDetail]:
        """Read all risks of a record that have a status, or all."""


class Details(Struct, frozen=True):
    """The findings of one record; ``problem`` says why they are not all, if they aren't."""

    findings: tuple[Finding, ...]
    problem: str = ""
    contradiction: str = ""
    """How the lists contradict one another, if they do; reading again may help."""

    @property
    def complete(self) -> bool:
        """Whether every list was read to its end, and none contradicts another."""
        return not self.problem and not self.contradiction


def level_of(word: str) -> Level:
    """Return the severity level of a word of the API; one that isn't known is ``unknown``."""
    return _LEVELS.get(word, Level.UNKNOWN)


async def read_details(client: RisksOfImage, uuid: str) -> Details:
    """Read a record's risks: the list without a status, and one list for each status, at once.

    A row does not carry its status, so the lists by status tell it.
    """
    async with anyio.create_task_group() as group:
        asked = {
            status: Later(group, partial(client.build_risks_of, uuid, status=status))
            for status in (None, *STATUSES)
        }
    return combine({status: await later.get() for status, later in asked.items()})


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
