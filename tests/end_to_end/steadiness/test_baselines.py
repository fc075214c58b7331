"""A baseline of a random account lets pass what was there, and blocks what is new."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.sandbox import SampleFinding, SampleImage, Sandbox
from tests.rigs.command import Result

Gate = Callable[..., Result]
Serve = Callable[..., AbstractContextManager[Sandbox]]

POLICY = """\
version: 1
block: {levels: [high, medium], statuses: [unhandled, ignored], waivers: any}
"""
NEW = SampleImage(
    namespace="new", repository="app", findings=(SampleFinding(risk="no_user"),), build="new"
)
REGION = ("--region", "cn-hangzhou", "--no-ci")

findings = st.builds(
    SampleFinding,
    risk=st.sampled_from(["no_user", "sudo", "curl_pipe", "env_secret", "apk"]),
    level=st.sampled_from(["high", "medium", "low"]),
    status=st.sampled_from(["unhandled", "ignored", "false_positive"]),
)
images = st.builds(
    SampleImage,
    namespace=st.sampled_from(["shop", "pay"]),
    repository=st.sampled_from(["web", "api", "a/b"]),
    tag=st.sampled_from(["1", "2"]),
    build=st.sampled_from(["", "x", "y"]),
    findings=st.lists(findings, max_size=4).map(tuple),
)


@given(st.lists(images, min_size=1, max_size=5, unique_by=lambda image: image.digest))
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_baseline_blocks_nothing_that_was_there_and_all_that_is_new(
    gate: Gate, serve: Serve, made: list[SampleImage]
) -> None:
    Path("org.yaml").write_text(POLICY)
    until = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    with serve(*made) as sandbox:
        service = ("--endpoint", sandbox.endpoint, *REGION, "--format", "json")
        first = gate("audit", *service, "-p", "org.yaml", "--report", "cases=a.cases")
        plan = ("--expires", until, "--reason", "there before the gate came")
        printed = gate("policy", "waive", "--on", "a.cases", "-p", "org.yaml", *plan)
        assert 0 == printed.code, (first.out, printed.err)
        Path("baseline.yaml").write_text(printed.out)
        both = ("-p", "org.yaml", "-p", "baseline.yaml")

        verdicts = verdicts_of(gate("audit", *service, *both))
        assert {"pass"} == set(verdicts.values())
        assert len(made) == len(verdicts)

        sandbox.world.put(NEW)
        verdicts = verdicts_of(gate("audit", *service, *both))
        assert ["new/app"] == [name for (name, _), word in verdicts.items() if word == "block"]

        pruned = gate("policy", "prune", "baseline.yaml", "--on", "a.cases")
        assert pruned.out.startswith("PRUNABLE  0 of ")


def verdicts_of(result: Result) -> dict[tuple[str, str], Any]:
    return {
        (f"{image['image']['namespace']}/{image['image']['repository']}", image["digest"]): (
            image["verdict"]
        )
        for image in json.loads(result.out)["images"]
    }
