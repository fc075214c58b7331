"""The Code Quality widget shows every finding that counts, and no pass without evidence."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from gate.findings import Level, Location, Reason
from gate.report import render
from gate.verdict import Action, Outcome, Verdict
from tests.report import verdicts as made

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "codequality.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def entries(verdict: Verdict) -> Any:
    return json.loads(render("codequality", verdict))


def only_entry(*images: Any, **given: Any) -> Any:
    [entry] = entries(made.run(*images, **given))
    return entry


@given(made.verdicts())
@settings(max_examples=80, deadline=None)
def test_gitlab_takes_every_report(verdict: Verdict) -> None:
    report = entries(verdict)

    assert [] == list(VALIDATOR.iter_errors(report))
    fingerprints = [entry["fingerprint"] for entry in report]
    assert len(fingerprints) == len(set(fingerprints))
    shown = [each.action for image in verdict.images for each in image.decisions]
    counting = sum(action in (Action.BLOCK, Action.WARN) for action in shown)
    undecided = sum(image.outcome is Outcome.UNDECIDED for image in verdict.images)
    assert len(report) == (counting + undecided + (not verdict.images) + verdict.service.sandbox)


@given(made.verdicts())
@settings(max_examples=40, deadline=None)
def test_a_report_may_be_printed(verdict: Verdict) -> None:
    text = render("codequality", verdict)

    assert text.encode("utf-8")
    assert not re.search(r"[^\n -~\u00a0-\U0010ffff]|[\u200b\u202e\u2028\ud800\ufeff]", text)
    assert not re.search(r"##\w*\[", text)
    assert not any(line.lstrip().startswith("::") for line in text.split("\n"))


def test_a_blocked_finding_is_an_entry_where_it_points() -> None:
    blocked = made.decision(location=Location("docker/Dockerfile", 7))

    assert {
        "description": (f"The image runs as root in {made.NAME}: The policy's block says so."),
        "check_name": "buildrisk-gate/no_user",
        "fingerprint": "b652125ca4e2a62d:1",
        "severity": "critical",
        "location": {"path": "docker/Dockerfile", "lines": {"begin": 7}},
    } == only_entry(made.scanned(blocked))


@pytest.mark.parametrize("path", ["/etc/Dockerfile", "../Dockerfile", "C:/Dockerfile", "."])
def test_a_file_outside_of_the_checkout_is_not_named(path: str) -> None:
    entry = only_entry(made.scanned(made.decision(location=Location(path, 7))))

    assert {"path": "shop/web", "lines": {"begin": 1}} == entry["location"]


def test_a_finding_without_a_place_stands_in_its_repository() -> None:
    entry = only_entry(made.scanned(made.decision(risk="", name="")))

    assert {"path": "shop/web", "lines": {"begin": 1}} == entry["location"]
    assert "buildrisk-gate/unnamed_risk" == entry["check_name"]
    assert entry["description"].startswith("unnamed_risk in ")


def test_a_repository_without_a_name_has_a_path_too() -> None:
    nameless = made.image(namespace="..", repository="")
    entry = only_entry(made.scanned(made.decision(), image=nameless))

    assert "image" == entry["location"]["path"]


@pytest.mark.parametrize(
    ("action", "level", "severity"),
    [
        (Action.BLOCK, Level.HIGH, "critical"),
        (Action.BLOCK, Level.UNKNOWN, "critical"),
        (Action.BLOCK, Level.MEDIUM, "major"),
        (Action.BLOCK, Level.LOW, "major"),
        (Action.WARN, Level.HIGH, "minor"),
        (Action.WARN, Level.UNKNOWN, "minor"),
        (Action.WARN, Level.MEDIUM, "minor"),
        (Action.WARN, Level.LOW, "info"),
    ],
)
def test_the_severity_follows_decision_and_level(
    action: Action, level: Level, severity: str
) -> None:
    assert severity == only_entry(made.scanned(made.decision(action, level=level)))["severity"]


def test_waived_and_allowed_findings_are_left_out() -> None:
    image = made.scanned(made.decision(Action.WAIVED), made.decision(Action.ALLOW))

    assert "[]\n" == render("codequality", made.run(image))


def test_an_undecided_image_is_an_entry() -> None:
    assert {
        "description": (
            f"{made.NAME} is undecided (stale): "
            "Security Center has not seen it. Ask for a scan (--scan missing)."
        ),
        "check_name": "buildrisk-gate/undecided",
        "fingerprint": "undecided:shop/web:1",
        "severity": "blocker",
        "location": {"path": "shop/web", "lines": {"begin": 1}},
    } == only_entry(made.unscanned(Reason.STALE))


def test_an_image_that_was_let_through_says_so() -> None:
    entry = only_entry(made.unscanned(Reason.MISSING, tolerated=True))

    assert "minor" == entry["severity"]
    assert "undecided (missing), LET THROUGH by policy: " in entry["description"]


def test_a_run_without_images_is_no_pass() -> None:
    assert ("blocker", "No image was judged.") == (
        only_entry()["severity"],
        only_entry()["description"],
    )


def test_a_clean_run_of_the_sandbox_is_no_empty_report() -> None:
    assert only_entry(made.scanned(), sandbox=True)["description"].startswith("SANDBOX: ")


def test_fingerprints_stay_from_build_to_build() -> None:
    then = made.scanned(
        made.decision(command="RUN |1 VERSION=7 /bin/sh -c make"), made.decision(risk="other")
    )
    now = made.scanned(
        made.decision(risk="new"),
        made.decision(command="RUN |1  VERSION=8 /bin/sh -c   make"),
        image=made.image(digest=f"sha256:{'c' * 64}", tag="1.5"),
        reference=made.NAME.replace("1.4", "1.5"),
    )
    before = {entry["check_name"]: entry["fingerprint"] for entry in entries(made.run(then))}
    after = {entry["check_name"]: entry["fingerprint"] for entry in entries(made.run(now))}

    assert before["buildrisk-gate/no_user"] == after["buildrisk-gate/no_user"]


def test_five_thousand_findings_are_all_there() -> None:
    report = entries(made.run(made.scanned(*[made.decision()] * 5000)))

    assert 5000 == len({entry["fingerprint"] for entry in report})
