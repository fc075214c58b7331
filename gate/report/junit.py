"""The report for test views: JUnit XML, one suite per image.

The first case of a suite is the evidence: an error if the image is undecided. The others are
findings: a blocked one failed, a waived one was skipped.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from gate.report.repository import repository_of
from gate.report.wording import is_let_through
from gate.untrusted import for_xml, visible
from gate.verdict import Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gate.report import Look
    from gate.verdict import Decision, ImageVerdict, Verdict

_SPACE = re.compile(r"\s+")
_COMMAND_IN_NAME = 80
_EVIDENCE = "The evidence suffices to decide"


class _Case(Struct, frozen=True):
    """A test case; ``result`` is ``failure``, ``error``, ``skipped``, or empty if it passed."""

    name: str
    result: str = ""
    kind: str = ""
    message: str = ""
    details: str = ""


def render(verdict: Verdict, _look: Look) -> str:
    """Return the report as an XML document; nothing in it took time that is known."""
    suites = [(image, _cases(image)) for image in verdict.images]
    every = [case for _, cases in suites for case in cases]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="buildrisk-gate" {_counts(every)} time="0">',
    ]
    for image, cases in suites:
        lines += _suite(verdict, image, cases)
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _suite(verdict: Verdict, image: ImageVerdict, cases: Sequence[_Case]) -> Iterator[str]:
    skipped = sum(case.result == "skipped" for case in cases)
    platform = image.image.platform if image.image else None
    suffix = f" ({platform})" if platform else ""
    yield (
        f'  <testsuite name="{_text(image.reference + suffix)}" {_counts(cases)}'
        f' skipped="{skipped}" time="0" timestamp="{verdict.generated_at:%Y-%m-%dT%H:%M:%S}">'
    )
    yield "    <properties>"
    for name, value in _properties(verdict, image):
        yield f'      <property name="{name}" value="{_text(value)}"/>'
    yield "    </properties>"
    class_name = _text(repository_of(image) + suffix)
    for case in cases:
        yield from _case(class_name, case)
    yield "  </testsuite>"


def _properties(verdict: Verdict, image: ImageVerdict) -> Iterator[tuple[str, str]]:
    if verdict.service.sandbox:
        yield "SANDBOX", "This is about sample data, not a real image."
    yield "verdict", image.outcome.value
    yield "exit_code", str(int(image.exit_code))
    yield "digest", image.image.digest if image.image else ""
    for policy in verdict.policies:
        yield "policy", f"{policy.path} sha256:{policy.sha256.removeprefix('sha256:')}"
    service = verdict.service
    who = f"{service.endpoint} {service.region}".strip() if service.endpoint else "nobody"
    yield "service", who
    for note in (*verdict.notes, *image.notes):
        yield "note", note


def _cases(image: ImageVerdict) -> list[_Case]:
    seen: set[str] = set()
    return [_evidence(image), *(_finding(decision, seen) for decision in image.decisions)]


def _evidence(image: ImageVerdict) -> _Case:
    if image.outcome is not Outcome.UNDECIDED:
        return _Case(_EVIDENCE, details=image.message)
    result = "skipped" if is_let_through(image) else "error"
    return _Case(_EVIDENCE, result, image.reason, image.message, image.message)


def _finding(decision: Decision, seen: set[str]) -> _Case:
    """Name a case so that the next build's case for the same finding has the same name."""
    finding = decision.finding
    command = _line(finding.command)[:_COMMAND_IN_NAME]
    plain = _line(": ".join(filter(None, (finding.risk, finding.name, command))))
    name, number = plain, 2
    while name in seen:
        name, number = f"{plain} ({number})", number + 1
    seen.add(name)
    result = {Action.BLOCK: "failure", Action.WAIVED: "skipped"}.get(decision.action, "")
    said = f"{finding.name or finding.risk}: {decision.because}"
    return _Case(name, result, finding.level.value, said, _details(decision))


def _details(decision: Decision) -> str:
    finding, waiver, location = decision.finding, decision.waiver, decision.finding.location
    known = {
        "Decision": f"{decision.action.value}, {decision.because}",
        "Rule": decision.rule,
        "Waiver": waiver and f"{waiver.reason}, until {waiver.expires} {waiver.owner}",
        "Level": finding.level.value,
        "Status": finding.status.value,
        "Place": location and f"{location.path}:{location.line}",
        "Command": visible(finding.command),
        "Layer": finding.layer,
        "Description": finding.description,
        "Advice": finding.advice,
    }
    return "\n".join(f"{label}: {_line(text)}" for label, text in known.items() if text)


def _case(class_name: str, case: _Case) -> Iterator[str]:
    yield f'    <testcase classname="{class_name}" name="{_text(case.name)}" time="0">'
    details = "\n".join(for_xml(visible(line)) for line in case.details.split("\n"))
    if case.result:
        attributes = f'message="{_text(case.message)}" type="{_text(case.kind)}"'
        yield f"      <{case.result} {attributes}>{details}</{case.result}>"
    else:
        yield f"      <system-out>{details}</system-out>"
    yield "    </testcase>"


def _counts(cases: Sequence[_Case]) -> str:
    results = Counter(case.result for case in cases)
    return f'tests="{len(cases)}" failures="{results["failure"]}" errors="{results["error"]}"'


def _text(text: str) -> str:
    return for_xml(_line(text))


def _line(text: str) -> str:
    """Return prose of others on one line, where it can be seen what it holds."""
    return visible(_SPACE.sub(" ", text).strip())
