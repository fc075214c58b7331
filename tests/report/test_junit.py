"""Test views read the JUnit report, whatever it is made of."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings

from gate.findings import Location, Reason
from gate.report import render
from gate.verdict import Action, Outcome, Verdict
from tests.report import verdicts as made


def written(verdict: Verdict) -> ET.Element:
    return ET.fromstring(render("junit", verdict))  # noqa: S314 - our own document


def cases(*images: Any) -> list[ET.Element]:
    return list(written(made.run(*images)).iter("testcase"))


def result_of(case: ET.Element) -> ET.Element:
    [result] = case
    return result


@given(made.verdicts())
@settings(max_examples=80, deadline=None)
def test_every_report_is_xml_with_counts_that_are_right(verdict: Verdict) -> None:
    root = written(verdict)

    assert "testsuites" == root.tag
    assert len(verdict.images) == len(root)
    for element in (root, *root):
        assert len(list(element.iter("testcase"))) == int(element.attrib["tests"])
        assert len(list(element.iter("failure"))) == int(element.attrib["failures"])
        assert len(list(element.iter("error"))) == int(element.attrib["errors"])
    for suite, image in zip(root, verdict.images, strict=True):
        assert 1 + len(image.decisions) == len(suite.findall("testcase"))
        assert len(list(suite.iter("skipped"))) == int(suite.attrib["skipped"])
        assert image.count()[Action.BLOCK] == len(list(suite.iter("failure")))
        undecided = image.outcome is Outcome.UNDECIDED and image.exit_code != 0
        assert undecided == bool(list(suite.iter("error")))
        names = [case.attrib["name"] for case in suite.iter("testcase")]
        assert len(names) == len(set(names))


@given(made.verdicts())
@settings(max_examples=40, deadline=None)
def test_a_report_may_be_printed(verdict: Verdict) -> None:
    text = render("junit", verdict)

    assert text.encode("utf-8")
    assert not re.search(r"[^\n -~\u00a0-\U0010ffff]|[\u200b\u202e\u2028\ud800\ufeff]", text)
    assert not re.search(r"##\w*\[|^\s*::", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("action", "tag"),
    [
        (Action.BLOCK, "failure"),
        (Action.WARN, "system-out"),
        (Action.WAIVED, "skipped"),
        (Action.ALLOW, "system-out"),
    ],
)
def test_a_finding_is_a_case(action: Action, tag: str) -> None:
    scan, finding = cases(made.scanned(made.decision(action)))

    assert "system-out" == result_of(scan).tag
    assert ("shop/web", "no_user: The image runs as root: CMD web") == (
        finding.get("classname"),
        finding.get("name"),
    )
    assert tag == result_of(finding).tag


def test_a_failure_says_all_that_is_known() -> None:
    decided = made.decision(
        rule="root",
        waiver=made.waiver(expired=True, owner="team"),
        location=Location("Dockerfile", 3),
        layer=made.DIGEST,
        description="Runs as\nroot",
    )
    failure = result_of(cases(made.scanned(decided))[1])

    assert {
        "message": "The image runs as root: The policy's block says so.",
        "type": "high",
    } == failure.attrib
    assert [
        "Decision: block",
        "Build command: CMD web",
        f"Layer: {made.DIGEST}",
        "Place: Dockerfile:3",
        "Description: Runs as root",
        "Advice: Add a USER.",
        "Why: The policy's block says so.",
        "Rule: root",
        "Waiver: EXPIRED on 2027-01-31: vendor image (team)",
        "Level: high",
        "Status: unhandled",
        "Class: other",
    ] == (failure.text or "").split("\n")


def test_an_undecided_image_is_an_error_and_a_tolerated_one_is_skipped() -> None:
    [error] = cases(made.unscanned(Reason.STALE))
    [skipped] = cases(made.unscanned(Reason.STALE, tolerated=True))

    assert ("error", "stale") == (result_of(error).tag, result_of(error).get("type"))
    assert ("skipped", "stale") == (result_of(skipped).tag, result_of(skipped).get("type"))
    assert (result_of(error).get("message") or "").startswith("Security Center has not seen it.")


def test_equal_findings_have_names_of_their_own() -> None:
    names = [case.get("name") for case in cases(made.scanned(made.decision(), made.decision()))]

    assert [
        "The evidence suffices to decide",
        "no_user: The image runs as root: CMD web",
        "no_user: The image runs as root: CMD web (2)",
    ] == names


def test_a_suite_says_who_judged_it_by_which_policy() -> None:
    image = made.scanned(image=made.image(platform="linux/amd64"), notes=("of the image",))
    [suite] = written(made.run(image, notes=["of the run"], sandbox=True))

    assert f"{made.NAME} (linux/amd64)" == suite.get("name")
    assert "2026-03-01T12:00:00" == suite.get("timestamp")
    assert [
        ("SANDBOX", "this verdict is about sample data, and says nothing about a real image."),
        ("verdict", "pass"),
        ("exit_code", "0"),
        ("digest", made.DIGEST),
        ("policy", f"(built-in) sha256:{made.HEX}"),
        ("service", "https://tds.aliyuncs.com (cn-hangzhou)"),
        ("note", "of the run"),
        ("note", "of the image"),
    ] == [(each.get("name"), each.get("value")) for each in suite.iter("property")]


def test_hostile_texts_stay_texts() -> None:
    text = '</failure><testcase name="x"/>&amp;]]>\x00\ud800\u202e<!--'
    _, finding = cases(made.scanned(made.decision(name=text, command=text)))

    seen = r'</failure><testcase name="x"/>&amp;]]>\x00\ud800\u202e<!--'
    assert f"no_user: {seen}: {seen}" == finding.get("name")
    assert f"Build command: {seen}" in (result_of(finding).text or "").split("\n")
