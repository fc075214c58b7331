"""The files that the command writes are what their schemas say."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gate.report import FORMATS
from gate.sandbox import SampleFinding, SampleImage, State
from tests.report.validation.checks import CHECKS
from tests.rigs.command import HOST, reference

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from gate.sandbox import Sandbox
    from tests.rigs.command import Result

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]

REPORTS = [word for name in FORMATS for word in ("--report", f"{name}=reports/{name}")]
DIGEST = f"sha256:{'0' * 63}1"
DOCKERFILE = "FROM alpine\nENV DB_PASSWORD=hunter2\n\nUSER root\n"
WAIVER = """\
version: 1
block: {levels: [high, medium], statuses: [unhandled]}
waivers:
  - {risks: ["*"], images: ["shop/web"], reason: vendor image, expires: 2099-12-31}
"""


def check_files(*, without: tuple[str, ...] = ()) -> None:
    """Check all reports that the command has written; those of ``without`` must be missing."""
    assert set(FORMATS) - set(without) == {file.name for file in Path("reports").iterdir()}
    for name in CHECKS.keys() - set(without):
        CHECKS[name](Path("reports", name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("images", "code"),
    [
        (["shop/web:1.4"], 10),
        (["shop/api:2.0"], 0),
        (["shop/web:1.4", "shop/api:2.0", "shop/legacy:0.9"], 10),
    ],
)
def test_reports_on_samples_are_valid(gate: Gate, images: list[str], code: int) -> None:
    names = [f"{HOST}/{image}" for image in images]
    assert code == gate("check", "--sandbox", "--wait", "0", *REPORTS, *names).code
    check_files()


def test_reports_that_point_into_a_dockerfile_are_valid(gate: Gate) -> None:
    Path("Dockerfile").write_text(DOCKERFILE, encoding="utf-8")
    options = ("--sandbox", "--dockerfile", "Dockerfile", *REPORTS)
    assert 10 == gate("check", *options, f"{HOST}/shop/web:1.4").code
    check_files()
    log = json.loads(Path("reports/sarif").read_text(encoding="utf-8"))
    places = [one["locations"][0]["physicalLocation"] for one in log["runs"][0]["results"]]
    lines = {
        place["region"]["startLine"]
        for place in places
        if place["artifactLocation"]["uri"] == "Dockerfile"
    }
    assert {2, 4} <= lines


def test_reports_on_waived_findings_are_valid(gate: Gate) -> None:
    Path("policy.yaml").write_text(WAIVER, encoding="utf-8")
    result = gate("check", "--sandbox", "-p", "policy.yaml", *REPORTS, f"{HOST}/shop/web:1.4")
    assert 0 == result.code
    check_files()
    assert '"suppressions"' in Path("reports/sarif").read_text(encoding="utf-8")


def test_reports_on_an_image_that_nobody_knows_are_valid(gate: Gate) -> None:
    options = ("--sandbox", "--no-resolve", "--wait", "0", *REPORTS)
    assert 3 == gate("check", *options, f"{HOST}/shop/nowhere:1@{DIGEST}").code
    check_files()


def test_reports_on_nothing_are_valid_but_there_is_no_statement_about_it(gate: Gate) -> None:
    Path("pod.yaml").write_text("kind: Pod\n", encoding="utf-8")
    result = gate("manifests", "--sandbox", *REPORTS, "pod.yaml")
    assert 5 == result.code
    assert "no image's digest is known" in result.err
    check_files(without=("vsa", "vsa-predicate"))


def test_reports_on_thousands_of_findings_and_texts_of_others_are_valid(
    gate: Gate, serve: Serve
) -> None:
    hostile = SampleImage(
        namespace="shop",
        repository="web",
        tag="1",
        findings=tuple(
            SampleFinding(
                risk=f"risk_{number % 30}",
                level=("high", "medium", "low")[number % 3],
                command=f"RUN {number} ]]></failure>\x1b[31m\r\n::error::x\u202e",
            )
            for number in range(1000)
        ),
    )
    running = SampleImage(
        namespace="shop", repository="api", tag="1", timeline=(State(scan="CVE_ANALYZER"),)
    )
    with serve(hostile, running) as sandbox:
        options = ("--endpoint", sandbox.endpoint, "--wait", "0", *REPORTS)
        result = gate("check", *options, reference(hostile), reference(running))
    assert 10 == result.code
    check_files()


@pytest.mark.skipif(os.name == "nt", reason="no pipes with names")
@pytest.mark.parametrize(("image", "code"), [("shop/web:1.4", 10), ("shop/api:2.0", 5)])
def test_a_pipe_that_nobody_reads_is_trouble_but_never_hides_a_block(
    gate: Gate, image: str, code: int
) -> None:
    os.mkfifo("pipe")
    options = ("--report", "json=pipe", "--report", "sarif=report.sarif")
    result = gate("check", "--sandbox", "--wait", "0", *options, f"{HOST}/{image}")

    assert code == result.code
    assert "The report pipe can't be written" in result.err
    assert Path("report.sarif").is_file()
