from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gate.evidence.kinds.build_risk import agree
from gate.findings import Finding, Level, Status
from tests.evidence.making import finding, row

if TYPE_CHECKING:
    from gate.security_center import ImageRiskRow

HIGH = finding()
LOW = finding(Level.LOW)
IGNORED = finding(Level.HIGH, Status.IGNORED)
FALSE = finding(Level.LOW, Status.FALSE_POSITIVE)
OTHER = [row("u2"), row("u2")]

AGREEING: dict[str, tuple[list[Finding], list[ImageRiskRow]]] = {
    "nothing": ([], []),
    "nothing, others have rows": ([], OTHER),
    "a row for each finding": ([HIGH, LOW], [row(), row(level="low")]),
    "equal rows": ([HIGH, HIGH], [row(), row(), *OTHER]),
    "handled rows too": ([HIGH, IGNORED], [row(), row(status=1)]),
    "handled rows lack as a whole": ([HIGH, IGNORED, FALSE], [row()]),
    "one handled status lacks": ([HIGH, IGNORED, FALSE], [row(), row(status=1)]),
    "only handled, none listed": ([IGNORED], OTHER),
    "one row per image": ([HIGH, LOW, LOW], [row(), row("u2")]),
    "one row per image, all handled": ([IGNORED, FALSE], [row(status=1)]),
}
CONTRADICTING: dict[str, tuple[list[Finding], list[ImageRiskRow]]] = {
    "a row without a finding": ([], [row()]),
    "a finding without a row": ([HIGH], []),
    "a finding without a row, others have theirs": ([HIGH], OTHER),
    "more rows": ([HIGH], [row(), row()]),
    "fewer rows, and not one per image": ([HIGH, HIGH, HIGH], [row(), row()]),
    "another level": ([HIGH], [row(level="low")]),
    "another status": ([HIGH], [row(status=1)]),
    "an unknown status": ([HIGH], [row(status=7)]),
    "no status": ([HIGH], [row(status=None)]),
    "an unknown level": ([HIGH], [row(level="critical")]),
    "one row, but another image has two": ([HIGH, LOW], [row(), *OTHER]),
    "some handled rows of a status": ([IGNORED, IGNORED, HIGH], [row(), row(status=1)]),
}


@pytest.mark.parametrize("case", AGREEING)
def test_witnesses_agree(case: str) -> None:
    findings, rows = AGREEING[case]
    assert agree(findings, "u1", rows)


@pytest.mark.parametrize("case", CONTRADICTING)
def test_witnesses_contradict_each_other(case: str) -> None:
    findings, rows = CONTRADICTING[case]
    assert not agree(findings, "u1", rows)
