"""Every report is what its schema says, and what its readers ask for, whatever it is about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from gate.errors import ReportUnwritable
from gate.report import FORMATS, render
from gate.report.vsa import subjects
from tests.report import verdicts as made
from tests.report.validation.cases import CASES
from tests.report.validation.checks import CHECKS

if TYPE_CHECKING:
    from gate.verdict import Verdict

# Formats that no schema describes; the tests beside this folder read them.
UNDESCRIBED = {"text", "markdown", "github", "html", "dotenv", "cases"}


def check(name: str, verdict: Verdict) -> None:
    """Check a report; a statement needs a digest to be one about."""
    if name.startswith("vsa") and not subjects(verdict):
        with pytest.raises(ReportUnwritable):
            render(name, verdict)
    else:
        CHECKS[name](render(name, verdict))


def test_every_format_that_has_a_schema_is_checked() -> None:
    assert set(FORMATS) == CHECKS.keys() | UNDESCRIBED


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", CHECKS)
def test_a_report_is_valid(name: str, case: str) -> None:
    check(name, CASES[case])


@pytest.mark.parametrize("name", CHECKS)
def test_a_report_on_texts_of_others_is_valid(name: str) -> None:
    @given(made.verdicts())
    @settings(max_examples=25, deadline=None)
    def is_valid(verdict: Verdict) -> None:
        check(name, verdict)

    is_valid()


BROKEN = [
    ("sarif", '"level": "error"', '"level": "fatal"'),
    ("sarif", '"startColumn": 1,', ""),
    ("sarif", '"security-severity": "8.0"', '"security-severity": 8.0'),
    ("sarif", '"uri": "shop/web"', '"uri": "oci:shop/web"'),
    ("sarif", '"kind": "external"', '"kind": "elsewhere"'),
    ("junit", "<testsuite ", "<suite "),
    ("junit", 'time="0" timestamp', 'time="now" timestamp'),
    ("junit", 'failures="1"', 'failures="2"'),
    ("junit", "<skipped ", "<omitted "),
    ("gitlab", '"severity": "High"', '"severity": "Higher"'),
    ("gitlab", '"start_time": "', '"start_time": "on '),
    ("codequality", '"begin": 1', '"begin": 0'),
    ("vsa", '"sha256": "0', '"sha256": "x'),
    ("vsa-predicate", '"FAILED"', '"MAYBE"'),
    ("json", '"verdict": "block"', '"verdict": "blocked"'),
]


@pytest.mark.parametrize(("name", "right", "wrong"), BROKEN)
def test_a_broken_report_is_found_out(name: str, right: str, wrong: str) -> None:
    text = render(name, CASES["waived"])
    broken = text.replace(right, wrong)
    if right.startswith("<"):
        broken = broken.replace(f"</{right[1:].strip()}>", f"</{wrong[1:].strip()}>")

    assert broken != text
    with pytest.raises(AssertionError):
        CHECKS[name](broken)


def alerts(verdict: Verdict) -> list[Any]:
    """Return what GitHub knows alerts again by: category, rule, place, fingerprint."""
    return [
        (
            run["automationDetails"]["id"],
            result["ruleId"],
            result["locations"],
            result["partialFingerprints"],
        )
        for run in json.loads(render("sarif", verdict))["runs"]
        for result in run["results"]
    ]


@pytest.mark.parametrize("case", ["one", "five thousand", "waived", "located"])
def test_alerts_are_the_same_for_the_next_build(case: str) -> None:
    verdict = CASES[case]
    digest = f"sha256:{'e' * 64}"
    pushed_again = tuple(
        replace(
            image,
            reference=f"{made.NAME.removesuffix('1.4')}1.5@{digest}",
            digest=digest,
            image=made.image(uuid="uuid-2", tag="1.5", digest=digest),
        )
        for image in verdict.images
    )

    assert alerts(verdict)
    assert alerts(verdict) == alerts(replace(verdict, images=pushed_again))
