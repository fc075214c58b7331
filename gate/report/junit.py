"""The report for test views: JUnit XML, one suite per image.

The first case of a suite is the evidence: an error if the image is undecided. The others are
findings: a blocked one failed, a waived one was skipped.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from gate.findings import Shown
from gate.report import wording
from gate.report.naming import repository_of
from gate.untrusted import for_xml, visible
from gate.verdict import Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gate.report import Style
    from gate.verdict import Decision, ImageVerdict, Verdict

_CODE_IN_NAME = 80
_EVIDENCE = "The evidence suffices to decide"


class _Case(Struct, frozen=True):
    """A test case; ``result`` is ``failure``, ``error``, ``skipped``, or empty if it passed."""

    name: str
    result: str = ""
    kind: str = ""
    message: str = ""
    details: str = ""


def render(verdict: Verdict, _style: Style) -> str:
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
    yield (
        f'  <testsuite name="{_text(wording.full_name(image))}" {_counts(cases)}'
        f' skipped="{skipped}" time="0" timestamp="{verdict.generated_at:%Y-%m-%dT%H:%M:%S}">'
    )
    yield "    <properties>"
    for name, value in _properties(verdict, image):
        yield f'      <property name="{name}" value="{_text(value)}"/>'
    yield "    </properties>"
    platform = f" ({image.platform})" if image.platform else ""
    class_name = _text(repository_of(image) + platform)
    for case in cases:
        yield from _case(class_name, case)
    yield "  </testsuite>"


def _properties(verdict: Verdict, image: ImageVerdict) -> Iterator[tuple[str, str]]:
    if verdict.service.sandbox:
        yield wording.SANDBOX, wording.ABOUT_SAMPLE_DATA
    yield "verdict", image.outcome.value
    yield "exit_code", str(int(image.exit_code))
    yield "digest", image.image.digest if image.image else ""
    for policy in verdict.policies:
        yield "policy", wording.policy_in_words(policy)
    yield "service", wording.service_in_words(verdict.service)
    for note in (*verdict.notes, *image.notes):
        yield "note", note


def _cases(image: ImageVerdict) -> list[_Case]:
    names: set[str] = set()
    return [_evidence(image), *(_finding(decision, names) for decision in image.decisions)]


def _evidence(image: ImageVerdict) -> _Case:
    if image.outcome is not Outcome.UNDECIDED:
        return _Case(_EVIDENCE, details=image.message)
    result = "skipped" if wording.is_let_through(image) else "error"
    return _Case(_EVIDENCE, result, image.reason, image.message, image.message)


def _finding(decision: Decision, names: set[str]) -> _Case:
    """Name a case so that the next build's case for the same finding has the same name."""
    finding = decision.finding
    code = wording.one_line(wording.code_of(finding))[:_CODE_IN_NAME]
    plain = wording.one_line(": ".join(filter(None, (finding.risk, finding.name, code))))
    name, number = plain, 2
    while name in names:
        name, number = f"{plain} ({number})", number + 1
    names.add(name)
    result = {Action.BLOCK: "failure", Action.WAIVED: "skipped"}.get(decision.action, "")
    message = f"{finding.name or finding.risk}: {decision.because}"
    return _Case(name, result, finding.level.value, message, _details(decision))


def _details(decision: Decision) -> str:
    lines = [f"Decision: {decision.action.value}"]
    for fact in wording.facts_of(decision):
        text = visible(fact.text) if fact.shown is Shown.CODE else fact.text
        lines.append(f"{fact.label}: {wording.one_line(text)}")
    return "\n".join(lines)


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
    return for_xml(wording.one_line(text))
