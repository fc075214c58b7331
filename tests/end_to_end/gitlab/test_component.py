"""The component, run for real by gitlab-ci-local."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from tests.end_to_end.gitlab.consumer import named
from tests.end_to_end.gitlab.uses import COMPLETE, EVIL, HOSTILE_VARIABLES

if TYPE_CHECKING:
    from tests.end_to_end.gitlab.consumer import Pipeline

pytestmark = pytest.mark.skipif("sys.platform == 'win32'", reason="the component is for POSIX")

FOLDER = "buildrisk-gate"
TEXTS = ("digest", "metadata-file", "region", "scan", "wait", "dockerfile", "endpoint")
REPORTS = {
    "annotations.json",
    "gate.env",
    "gl-code-quality-report.json",
    "gl-container-scanning-report.json",
    "junit.xml",
    "report.html",
    "report.json",
    "report.md",
}


def file(pipeline: Pipeline, job: str, name: str) -> str:
    return pipeline.artifacts[job][f"{FOLDER}/{name}"]


def report(pipeline: Pipeline, job: str) -> Any:
    return json.loads(file(pipeline, job, "report.json"))


@pytest.mark.parametrize(
    ("job", "outcome"),
    [
        ("passes", "PASS"),
        ("blocks", "FAIL 10"),
        ("warns", "WARN 10"),
        ("undecided", "FAIL 3"),
        ("unreachable", "FAIL 5"),
        ("evil", "FAIL 2"),
        ("listed", "PASS"),
        ("quoted", "FAIL 2"),
        ("unset", "FAIL 2"),
        ("hashed", "PASS"),
        ("another", "FAIL 5"),
        ("uninstallable", "FAIL 5"),
        ("bare", "FAIL 2"),
        ("complete", "PASS"),
        ("deploys", "PASS"),
    ],
)
def test_a_job_ends_with_the_exit_code_of_the_gate(
    pipeline: Pipeline, job: str, outcome: str
) -> None:
    assert outcome == pipeline.ended.get(job), pipeline.log


@pytest.mark.parametrize("job", ["passes", "blocks", "warns", "undecided", "unreachable"])
def test_all_reports_become_artifacts_however_the_job_ends(pipeline: Pipeline, job: str) -> None:
    assert REPORTS <= {name.removeprefix(f"{FOLDER}/") for name in pipeline.artifacts[job]}


@pytest.mark.parametrize("job", ["bare", "evil", "quoted", "unset", "uninstallable"])
def test_what_the_checkout_holds_does_not_pass_for_a_report(pipeline: Pipeline, job: str) -> None:
    assert {} == pipeline.artifacts[job]


def test_the_log_shows_the_report_below_a_folded_section(pipeline: Pipeline) -> None:
    # gitlab-ci-local shows a section's marks as what they mean.
    assert re.search(r"^blocks +buildrisk_gate_started$", pipeline.log, re.MULTILINE)
    assert re.search(r"^blocks +buildrisk_gate took \w+$", pipeline.log, re.MULTILINE)
    assert re.search(r"^BLOCK .*\(exit 10\)$", pipeline.said_by("blocks"), re.MULTILINE)


def test_gitlab_gets_what_it_reads(pipeline: Pipeline) -> None:
    quality = json.loads(file(pipeline, "blocks", "gl-code-quality-report.json"))
    scanning = json.loads(file(pipeline, "blocks", "gl-container-scanning-report.json"))
    tests = ET.fromstring(file(pipeline, "blocks", "junit.xml"))  # noqa: S314 - our own
    links = json.loads(file(pipeline, "blocks", "annotations.json"))

    assert quality
    assert scanning["vulnerabilities"]
    assert tests.findall(".//failure")
    (link,) = (link["external_link"] for link in links["Image build risks"])
    assert link["url"].endswith("/artifacts/file/buildrisk-gate/report.html")


def test_findings_point_at_the_dockerfile(pipeline: Pipeline) -> None:
    quality = json.loads(file(pipeline, "blocks", "gl-code-quality-report.json"))

    assert ("Dockerfile", 2) in {
        (entry["location"]["path"], entry["location"]["lines"]["begin"]) for entry in quality
    }


def test_a_later_job_deploys_by_digest_what_passed(pipeline: Pipeline) -> None:
    verdict, image = pipeline.artifacts["deploys"]["deployed.txt"].split()

    assert ("pass", named("shop/api:2.0").partition("@")[2]) == (verdict, image.partition("@")[2])


def test_lists_may_hold_variables_and_variables_lists(pipeline: Pipeline) -> None:
    names = ["shop/worker:1.0", "shop/web:1.4", "shop/api:2.0", "shop/stale:1.0"]
    judged = [image["reference"] for image in report(pipeline, "listed")["images"]]

    assert [named(name).partition("@")[2] for name in names] == [
        reference.partition("@")[2] for reference in judged
    ]


def test_policies_are_held_to_their_digests_and_more_reports_are_written(
    pipeline: Pipeline,
) -> None:
    (policy,) = report(pipeline, "listed")["policies"]

    assert "lenient.yaml" == policy["path"]
    assert "2.1.0" == json.loads(file(pipeline, "listed", "gate.sarif"))["version"]


def test_an_image_is_a_text_and_never_a_command(pipeline: Pipeline) -> None:
    assert repr(EVIL)[:4] in pipeline.said_by("evil").replace("\\", "")
    assert "pwned" not in pipeline.workspace


def test_a_variable_that_is_not_set_is_named(pipeline: Pipeline) -> None:
    assert "error: An input names the variable ABSENT" in pipeline.said_by("unset")


def test_a_variable_can_not_tear_a_list(pipeline: Pipeline) -> None:
    assert 'x"' in pipeline.said_by("quoted")


def test_variables_that_would_decide_are_dropped_by_name(pipeline: Pipeline) -> None:
    log = pipeline.said_by("blocks")
    dropped = {name for name in HOSTILE_VARIABLES if name.startswith("BUILDRISK_GATE_")}

    assert dropped == set(re.findall(r"decide here: (\w+) was dropped", log))
    for name, place in (("POLICY", "policy"), ("IMAGES_FROM", "image"), ("REPORT", "reports")):
        assert f"BUILDRISK_GATE_{name} was dropped. Use the input {place}." in log
    assert "BUILDRISK_GATE_TIMEOUT was dropped. Use the input options (--timeout)." in log


def test_a_role_of_the_inputs_is_not_replaced_by_a_key(pipeline: Pipeline) -> None:
    log = pipeline.said_by("complete")

    assert "ALIBABA_CLOUD_ACCESS_KEY_ID was dropped. Use the input role-arn." in log
    assert "ACCESS_KEY" not in pipeline.said_by("blocks")


def test_nothing_in_the_checkout_is_imported(pipeline: Pipeline) -> None:
    assert "hijacked" not in pipeline.workspace


def test_every_input_reaches_the_gate(pipeline: Pipeline) -> None:
    started = json.loads(file(pipeline, "complete", "started.json"))
    arguments = started["arguments"]

    assert COMPLETE["image"] == started["images"]
    assert ["check", "--images-from=-"] == arguments[:2]
    assert set(COMPLETE["options"]) <= set(arguments)
    for option in TEXTS:
        assert f"--{option}={COMPLETE[option]}" in arguments
    assert [f"--policy={policy}" for policy in COMPLETE["policy"]] == [
        argument for argument in arguments if argument.startswith("--policy")
    ]
    assert f"--report={COMPLETE['reports'][0]}" in arguments
    assert {
        "ALIBABA_CLOUD_ROLE_ARN": COMPLETE["role-arn"],
        "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": COMPLETE["oidc-provider-arn"],
        "BUILDRISK_GATE_OIDC_TOKEN": "the job's token",
    } == started["environment"]


def test_an_input_that_is_left_out_is_left_to_the_gate(pipeline: Pipeline) -> None:
    assert "(built-in)" == report(pipeline, "passes")["policies"][0]["path"]
