"""GitLab takes the container scanning report, and knows its vulnerabilities again."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema
import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt

from gate import __version__
from gate.findings import Level, Location, Reason
from gate.report import render
from gate.verdict import Action, Outcome, Verdict
from tests.report import verdicts as made

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "gitlab.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
HOST = "registry.cn-hangzhou.aliyuncs.com"


def written(verdict: Verdict) -> Any:
    return json.loads(render("gitlab", verdict))


def only_vulnerability(*decisions: Any, **given: Any) -> Any:
    [vulnerability] = written(made.run(made.scanned(*decisions, **given)))["vulnerabilities"]
    return vulnerability


def messages(*images: Any, **given: Any) -> list[tuple[str, str]]:
    scan = written(made.run(*images, **given))["scan"]
    return [(message["level"], message["value"]) for message in scan["messages"]]


@given(made.verdicts())
@settings(max_examples=80, deadline=None)
def test_gitlab_takes_every_report(verdict: Verdict) -> None:
    report = written(verdict)

    assert [] == list(VALIDATOR.iter_errors(report))
    decided = [each.action for image in verdict.images for each in image.decisions]
    ids = [vulnerability["id"] for vulnerability in report["vulnerabilities"]]
    assert sum(action in (Action.BLOCK, Action.WARN) for action in decided) == len(set(ids))
    assert len(ids) == len(set(ids))
    undecided = any(image.outcome is Outcome.UNDECIDED for image in verdict.images)
    assert (undecided or not verdict.images) == (report["scan"]["status"] == "failure")


@given(made.verdicts())
@settings(max_examples=40, deadline=None)
def test_prose_of_others_is_no_markup(verdict: Verdict) -> None:
    for vulnerability in written(verdict)["vulnerabilities"]:
        description = vulnerability["description"]
        assert re.match(r"Build risk: .*\n\nDecision: .*\Z", description)
        assert re.fullmatch(
            r"<p>[^<]*</p>\n<p>[^<]*</p>\n",
            MarkdownIt("commonmark").enable("strikethrough").render(description),
        )


@given(made.verdicts())
@settings(max_examples=40, deadline=None)
def test_a_report_may_be_printed(verdict: Verdict) -> None:
    text = render("gitlab", verdict)

    assert text.encode("utf-8")
    assert not re.search(r"[^\n -~\u00a0-\U0010ffff]|[\u200b\u202e\u2028\ud800\ufeff]", text)
    assert not re.search(r"##\w*\[", text)
    assert not any(line.lstrip().startswith("::") for line in text.split("\n"))


def test_a_blocked_finding_is_a_vulnerability() -> None:
    blocked = made.decision(
        description="It has no USER.",
        rule="rules[0]",
        layer="sha256:1",
        location=Location("docker/Dockerfile", 7),
    )
    vulnerability = only_vulnerability(blocked, image=made.image(platform="linux/amd64"))

    assert 5 == UUID(vulnerability.pop("id")).version
    assert {
        "name": "The image runs as root",
        "description": (
            "Build risk: It has no USER.\n\nDecision: block. The policy&#39;s block says so."
        ),
        "severity": "High",
        "solution": "Advice: Add a USER.",
        "identifiers": [{"type": "buildrisk", "name": "no_user", "value": "no_user"}],
        "location": {
            "image": f"{HOST}/shop/web",
            "operating_system": "linux/amd64",
            "dependency": {"package": {"name": "shop/web: CMD web"}, "version": ""},
        },
        "details": {
            "image": {"name": "Image", "type": "text", "value": made.NAME},
            "digest": {"name": "Digest that was judged", "type": "text", "value": made.DIGEST},
            "level": {"name": "Level", "type": "text", "value": "high"},
            "status": {"name": "Status", "type": "text", "value": "unhandled"},
            "class": {"name": "Class", "type": "text", "value": "other"},
            "rule": {"name": "Rule", "type": "text", "value": "rules[0]"},
            "layer": {"name": "Layer", "type": "text", "value": "sha256:1"},
            "command": {"name": "Build command", "type": "code", "value": "CMD web"},
            "place": {
                "name": "Place",
                "type": "file-location",
                "file_name": "docker/Dockerfile",
                "line_start": 7,
            },
        },
    } == vulnerability


def test_what_is_not_known_has_words_all_the_same() -> None:
    vulnerability = only_vulnerability(made.decision(risk="", name="", command="", advice=""))

    assert "unnamed_risk" == vulnerability["name"]
    assert "No advice is known for unnamed\\_risk." == vulnerability["solution"]
    assert "unknown" == vulnerability["location"]["operating_system"]
    assert "shop/web" == vulnerability["location"]["dependency"]["package"]["name"]
    assert "command" not in vulnerability["details"]


@pytest.mark.parametrize(
    ("level", "severity"),
    [
        (Level.HIGH, "High"),
        (Level.MEDIUM, "Medium"),
        (Level.LOW, "Low"),
        (Level.UNKNOWN, "Unknown"),
    ],
)
@pytest.mark.parametrize("action", [Action.BLOCK, Action.WARN])
def test_the_severity_is_the_level(action: Action, level: Level, severity: str) -> None:
    assert severity == only_vulnerability(made.decision(action, level=level))["severity"]


def test_waived_and_allowed_findings_are_counted_only() -> None:
    image = made.scanned(made.decision(Action.WAIVED), made.decision(Action.ALLOW))

    assert [] == written(made.run(image))["vulnerabilities"]
    assert [
        ("info", f"{made.NAME}: 2 findings waived or allowed by policy, not shown.")
    ] == messages(image)


def test_the_scan_says_who_judged_when_by_which_policy() -> None:
    scan = written(made.run(made.scanned()))["scan"]

    assert ("buildrisk-gate", __version__) == (scan["analyzer"]["id"], scan["analyzer"]["version"])
    assert "Alibaba Cloud Security Center" == scan["scanner"]["name"]
    assert ["2026-03-01T12:00:00"] * 2 == [scan["start_time"], scan["end_time"]]
    assert ("success", []) == (scan["status"], scan["messages"])
    assert [{"name": "policy", "value": f"(built-in) sha256:{made.HEX}", "source": "file"}] == scan[
        "options"
    ]


def test_an_undecided_image_is_a_failure_that_says_why() -> None:
    said = "Security Center has not seen it. Ask for a scan (--scan missing)."

    assert [
        ("fatal", f"{made.NAME} is undecided (stale): {said}"),
        ("warn", f"{made.NAME} is undecided (missing), LET THROUGH by policy: {said}"),
    ] == messages(made.unscanned(Reason.STALE), made.unscanned(tolerated=True))


def test_a_run_without_images_is_a_failure() -> None:
    assert [("fatal", "No image was judged.")] == messages()


def test_notes_are_messages() -> None:
    assert [("info", "of the run"), ("info", "of the image")] == messages(
        made.scanned(notes=("of the image",)), notes=["of the run"]
    )


def test_a_run_of_the_sandbox_has_another_scanner() -> None:
    report = written(made.run(made.scanned(made.decision()), sandbox=True))

    assert "buildrisk-gate-sandbox" == report["scan"]["scanner"]["id"]
    assert report["scan"]["messages"][0]["value"].startswith("SANDBOX: ")


def test_gitlab_knows_a_vulnerability_again_in_the_next_build() -> None:
    then = only_vulnerability(made.decision(command="RUN |1 VERSION=7 /bin/sh -c make"))
    now = only_vulnerability(
        made.decision(command="RUN |1 VERSION=8 /bin/sh -c make"),
        image=made.image(digest=f"sha256:{'c' * 64}", tag="1.5"),
        reference=f"{HOST}/shop/web:1.5@sha256:{'c' * 64}",
    )

    assert [then[key] for key in ("id", "location", "identifiers")] == [
        now[key] for key in ("id", "location", "identifiers")
    ]


def test_long_commands_that_begin_alike_are_two_packages() -> None:
    names = {
        only_vulnerability(made.decision(command=f"RUN {'x' * 500}{end}"))["location"][
            "dependency"
        ]["package"]["name"]
        for end in "ab"
    }

    assert 2 == len(names)
    assert all(len(name) < 255 for name in names)


def test_five_thousand_findings_are_all_there() -> None:
    report = written(made.run(made.scanned(*[made.decision()] * 5000)))

    assert 5000 == len({vulnerability["id"] for vulnerability in report["vulnerabilities"]})
