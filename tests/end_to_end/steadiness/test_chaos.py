"""Whole commands against a sandbox with every fault that it has: never a pass without evidence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.errors import ExitCode
from gate.findings import Reason
from gate.report import report_schema
from gate.sandbox import Fault, FaultKind, Faults, SampleFinding, SampleImage, Sandbox, State, World
from tests.end_to_end.steadiness.amounts import EXAMPLES
from tests.rigs.command import reference

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from tests.rigs.command import Result

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]


def image(repository: str, *findings: SampleFinding, **more: Any) -> SampleImage:
    known = {"namespace": "shop", "repository": repository, "tag": "1"} | more
    return SampleImage(findings=findings, **known)


LOW = SampleFinding(risk="apk", level="low", command="RUN apk add curl")
HIGH = SampleFinding(risk="no_user", level="high", command="USER root")
GOOD = {
    "api": image("api"),
    "worker": image("worker", LOW, LOW),
}
BAD = {
    "web": image("web", HIGH, LOW, LOW),
    "batch": image("batch", timeline=(State(after=-60, scan="CVE_ANALYZER", progress=40),)),
    "legacy": image("legacy", timeline=(State(scan="FAIL"),)),
    "stale": image("stale", timeline=(State(after=-40 * 86400.0),)),
}
GHOST = image("ghost", timeline=())
IMAGES = [*GOOD.values(), *BAD.values(), GHOST]
POLICY = (
    "version: 1\nblock: {levels: [high], statuses: [unhandled]}\nscan: {settle: 0s, max_age: 7d}\n"
)
OPERATIONS = (
    "DescribeImageInstances",
    "DescribeImageListByBuildRisk",
    "DescribeImageBuildRiskByKey",
    "DescribeImageBuildRiskList",
    "GetBuildRiskDefineRuleConfig",
    "Registry",
)
# Everything but a defect (1), wrong usage (2) and a signal (130, 143).
CODES = {
    ExitCode.PASSED,
    ExitCode.BLOCKED,
    ExitCode.UNDECIDED,
    ExitCode.ACCESS,
    ExitCode.SERVICE,
}
NOT_CLEAN = {reason.value for reason in Reason} | {"blocked"}
VALIDATOR = jsonschema.Draft202012Validator(report_schema())
SECONDS = "1s"

faults = st.builds(
    lambda **told: Fault(**told),  # noqa: PLW0108 - builds() can't look up the types of its fields
    kind=st.sampled_from(list(FaultKind)),
    operations=st.none() | st.sampled_from(OPERATIONS).map(lambda name: (name,)),
    probability=st.sampled_from([0.1, 0.3, 0.7, 1.0]),
    skip=st.sampled_from([0, 0, 1, 3]),
    first=st.sampled_from([1, 3, None]),
    seconds=st.sampled_from([0.05, 0.4, -3600.0, 7200.0]),
    status=st.sampled_from([0, 400, 429, 503]),
    retry_after=st.sampled_from([None, 0, 100, 10**9]),
    per_second=st.sampled_from([1, 5]),
    delta=st.sampled_from([1, -1, 3]),
)
chaos = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(autouse=True)
def _policy(_workdir: None) -> None:
    Path(".buildrisk-gate.yaml").write_text(POLICY, encoding="utf-8")


def run(gate: Gate, command: str, *arguments: str) -> dict[str, Any]:
    """Run a command, and return its report: as shown, as written, and by its schema."""
    written = Path("written.json")
    written.unlink(missing_ok=True)
    shared = ("--format", "json", "--timeout", SECONDS, "--report", f"json={written}")
    result = gate(command, *arguments, *shared)
    assert result.code in CODES, result.err
    report: dict[str, Any] = result.report
    assert report == json.loads(written.read_text(encoding="utf-8"))
    VALIDATOR.validate(report)
    assert result.code == report["exit_code"]
    return report


def check(gate: Gate, sandbox: Sandbox, images: Sequence[SampleImage]) -> dict[str, Any]:
    """Check images by digest, and those without findings by tag, which the registry resolves."""
    host = sandbox.url.removeprefix("http://")
    named = [reference(one) for one in images]
    named += [f"{host}/{one.name}:{one.tag}" for one in images if not one.findings]
    options = ("--endpoint", sandbox.url, "--registry-host", host, "--wait", "0")
    report = run(gate, "check", *options, *named)
    assert named == [one["reference"] for one in report["images"]]
    return report


def assert_no_pass_without_evidence(report: dict[str, Any]) -> None:
    for one in report["images"]:
        assert one["message"]
        record = one["image"]
        passed = one["verdict"] == "pass"
        assert passed == (one["reason"] in {"clean", "allowed"})
        if passed:
            good = GOOD[record["repository"]]
            assert good.digest == record["digest"]
            assert len(good.findings) == len(one["findings"])
        else:
            assert one["reason"] in NOT_CLEAN
        if one["verdict"] == "block":
            assert "web" == record["repository"]
            assert "USER root" in {finding["command"] for finding in one["findings"]}
    every = {one["verdict"] for one in report["images"]}
    assert (report["exit_code"] == 0) == (every == {"pass"})
    assert (report["exit_code"] == 10) == ("block" in every)


def passing(kind: FaultKind) -> Faults:
    """Return faults of a kind that strike half of the first requests."""
    about = (None, ("Registry",), ("DescribeImageBuildRiskByKey",))
    return Faults(*(Fault(kind, one, probability=0.5, first=4) for one in about))


@pytest.mark.parametrize("kind", FaultKind)
def test_a_check_under_a_fault_passes_nothing_that_is_not_clean(
    gate: Gate, serve: Serve, kind: FaultKind
) -> None:
    with serve(*IMAGES, faults=passing(kind)) as sandbox:
        assert_no_pass_without_evidence(check(gate, sandbox, IMAGES))


@chaos
@given(
    st.lists(faults, min_size=2, max_size=3),
    st.lists(st.sampled_from(IMAGES), min_size=1, max_size=4, unique_by=id),
)
def test_a_check_under_any_faults_passes_nothing_that_is_not_clean(
    gate: Gate, serve: Serve, chosen: list[Fault], images: list[SampleImage]
) -> None:
    with serve(*IMAGES, faults=Faults(*chosen)) as sandbox:
        assert_no_pass_without_evidence(check(gate, sandbox, images))


def test_without_faults_each_image_has_its_verdict(gate: Gate, serve: Serve) -> None:
    with serve(*IMAGES) as sandbox:
        report = check(gate, sandbox, IMAGES)
        audited = run(gate, "audit", "--endpoint", sandbox.url)
    told = [one["reason"] for one in report["images"][: len(IMAGES)]]
    assert ["clean", "allowed", "blocked", "running", "failed", "stale", "missing"] == told
    assert sorted(told[:-1]) == sorted(one["reason"] for one in audited["images"])
    assert_no_pass_without_evidence(report)


@pytest.mark.parametrize("kind", FaultKind)
def test_an_audit_under_a_fault_passes_nothing_that_is_not_clean(
    gate: Gate, serve: Serve, kind: FaultKind
) -> None:
    with serve(*IMAGES, faults=passing(kind)) as sandbox:
        assert_no_pass_without_evidence(run(gate, "audit", "--endpoint", sandbox.url))


@chaos
@given(st.lists(faults, min_size=2, max_size=3))
def test_an_audit_under_any_faults_passes_nothing_that_is_not_clean(
    gate: Gate, serve: Serve, chosen: list[Fault]
) -> None:
    with serve(*IMAGES, faults=Faults(*chosen)) as sandbox:
        assert_no_pass_without_evidence(run(gate, "audit", "--endpoint", sandbox.url))


@pytest.mark.parametrize("command", ["check", "audit"])
def test_a_service_that_only_fails_is_reported_with_its_code(
    gate: Gate, serve: Serve, command: str
) -> None:
    named = (reference(GOOD["api"]), "--wait", "0") if command == "check" else ()
    with serve(*IMAGES, faults=Faults(Fault(FaultKind.RESET))) as sandbox:
        report = run(gate, command, "--endpoint", sandbox.url, *named)
    assert ExitCode.SERVICE == report["exit_code"]
    assert World.of(*IMAGES).images == sandbox.world.images
