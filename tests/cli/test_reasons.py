"""Every reason of the JSON report, and every exit code, from the command line."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from gate.sandbox import Fault, Faults, Readings, SampleFinding, SampleImage, State, World
from tests.rigs.command import HOST, Result, reference

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from gate.sandbox import Sandbox

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]

CLEAN = SampleImage(namespace="shop", repository="api", tag="2.0")
LOW = SampleFinding(risk="no_healthcheck", level="low", command="CMD web")
HIGH = SampleFinding(risk="no_user", level="high", command="USER root")
LISTS = {"DescribeImageListByBuildRisk"}
DETAILS = {"DescribeImageBuildRiskByKey"}
RECORDS = {"DescribeImageInstances"}
CHECKS = {"GetBuildRiskDefineRuleConfig"}


def image(*timeline: State, **fields: object) -> SampleImage:
    told = {"namespace": "shop", "repository": "api", "tag": "2.0"}
    return SampleImage(**({"timeline": timeline or (State(),)} | told | fields))  # type: ignore[arg-type]


def policy(folder: Path, text: str) -> str:
    path = folder / "policy.yaml"
    path.write_text(f"version: 1\nblock: {{levels: [high], statuses: [unhandled]}}\n{text}")
    return str(path)


def judge(gate: Gate, sandbox: Sandbox, named: str, *more: str) -> Result:
    return gate("check", "--endpoint", sandbox.url, "--format", "json", "--wait", "0", *more, named)


def test_a_clean_scan_passes(gate: Gate, serve: Serve) -> None:
    with serve(CLEAN) as sandbox:
        result = judge(gate, sandbox, reference(CLEAN))
    assert (0, "pass", "clean") == (result.code, result.image["verdict"], result.image["reason"])
    assert "digest" == result.image["identified_by"]
    assert CLEAN.digest == result.image["image"]["digest"]
    assert "finished" == result.image["scan"]["state"]
    assert 0 == result.report["exit_code"]


def test_findings_that_do_not_block_are_allowed(gate: Gate, serve: Serve) -> None:
    low = image(findings=(LOW,))
    with serve(low) as sandbox:
        result = judge(gate, sandbox, reference(low))
    assert (0, "allowed") == (result.code, result.image["reason"])
    assert {"block": 0, "warn": 1, "waived": 0, "allow": 0} == result.image["counts"]


def test_a_blocked_finding_blocks(gate: Gate, serve: Serve) -> None:
    bad = image(findings=(HIGH, LOW))
    with serve(bad) as sandbox:
        result = judge(gate, sandbox, reference(bad))
    assert (10, "block", "blocked") == (
        result.code,
        result.image["verdict"],
        result.image["reason"],
    )
    assert ["block", "warn"] == sorted(f["decision"] for f in result.image["findings"])


@pytest.mark.parametrize(
    "state",
    [State(scan="CVE_ANALYZER"), State(scan="FAIL"), State(after=-40 * 86400.0)],
    ids=["running", "failed", "old"],
)
def test_a_block_needs_no_finished_scan(
    gate: Gate, serve: Serve, tmp_path: Path, state: State
) -> None:
    bad = image(State(after=-50 * 86400.0), state, findings=(HIGH,))
    with serve(bad) as sandbox:
        result = judge(
            gate, sandbox, reference(bad), "-p", policy(tmp_path, "scan: {max_age: 7d}\n")
        )
    assert (10, "blocked") == (result.code, result.image["reason"])


UNDECIDED = {
    "missing": (image(timeline=()), ""),
    "missing, never scanned": (image(State(scan="")), ""),
    "running": (image(State(scan="CVE_ANALYZER", progress=40)), ""),
    "failed": (image(State(scan="FAIL")), ""),
    "unsupported": (image(State(scan="", result="TASK_NOT_SUPPORT_REGION")), ""),
    "stale": (CLEAN, "scan: {max_age: 1h}\n"),
    "incomplete": (image(State(scan="DREAMING")), ""),
}


@pytest.mark.parametrize("case", UNDECIDED)
def test_a_scan_that_is_no_evidence_is_undecided(
    gate: Gate, serve: Serve, tmp_path: Path, case: str
) -> None:
    sample, more = UNDECIDED[case]
    with serve(sample) as sandbox:
        result = judge(gate, sandbox, reference(sample), "-p", policy(tmp_path, more))
    reason = case.split(",", maxsplit=1)[0]
    assert (3, "undecided", reason) == (
        result.code,
        result.image["verdict"],
        result.image["reason"],
    )
    assert result.image["message"].endswith((".", ")"))


@pytest.mark.parametrize("reason", ["missing", "running", "unsupported", "stale"])
def test_what_a_policy_tolerates_is_undecided_and_exits_0(
    gate: Gate, serve: Serve, tmp_path: Path, reason: str
) -> None:
    sample, more = UNDECIDED[reason]
    more += f"undecided: {{warn_on: [{reason}], until: 2099-01-01}}\n"
    with serve(sample) as sandbox:
        result = judge(gate, sandbox, reference(sample), "-p", policy(tmp_path, more))
    assert (0, "undecided", reason) == (
        result.code,
        result.report["verdict"],
        result.image["reason"],
    )


def test_a_tag_alone_is_unidentified(gate: Gate, serve: Serve) -> None:
    with serve(CLEAN) as sandbox:
        result = judge(gate, sandbox, f"{HOST}/shop/api:2.0", "--no-resolve")
    assert (3, "unidentified") == (result.code, result.image["reason"])
    assert "--digest" in result.image["message"]


def test_a_policy_may_let_a_tag_identify(gate: Gate, serve: Serve, tmp_path: Path) -> None:
    tags = policy(tmp_path, "scan: {require_digest: false}\n")
    with serve(CLEAN) as sandbox:
        result = judge(gate, sandbox, f"{HOST}/shop/api:2.0", "--no-resolve", "-p", tags)
    assert (0, "tag") == (result.code, result.image["identified_by"])


def test_by_tag_a_scan_from_before_the_push_is_stale(
    gate: Gate, serve: Serve, tmp_path: Path
) -> None:
    pushed = image(pushed=-60.0)
    tags = policy(tmp_path, "scan: {require_digest: false}\n")
    with serve(pushed) as sandbox:
        result = judge(gate, sandbox, f"{HOST}/shop/api:2.0", "--no-resolve", "-p", tags)
    assert (3, "stale") == (result.code, result.image["reason"])


def test_one_tag_in_two_registries_is_ambiguous(gate: Gate, serve: Serve, tmp_path: Path) -> None:
    other = image(instance="39010002", build="other")
    tags = policy(tmp_path, "scan: {require_digest: false}\n")
    arguments = (f"{HOST}/shop/api:2.0", "--no-resolve", "-p", tags)
    with serve(CLEAN, other) as sandbox:
        result = judge(gate, sandbox, *arguments)
        chosen = judge(gate, sandbox, *arguments, "--instance", "39010002")
    assert (3, "ambiguous") == (result.code, result.image["reason"])
    assert "39010002" in result.image["message"]
    assert (0, other.digest) == (chosen.code, chosen.image["image"]["digest"])


def test_checks_that_are_all_off_are_no_evidence(gate: Gate, serve: Serve) -> None:
    with serve(CLEAN, faults=Faults(Fault("config_off"))) as sandbox:
        result = judge(gate, sandbox, reference(CLEAN))
    assert (3, "checks_off") == (result.code, result.image["reason"])


def test_a_check_that_a_rule_names_must_be_on(gate: Gate, serve: Serve, tmp_path: Path) -> None:
    rule = "rules: [{name: r, match: {risks: [no_such_check]}, action: warn}]\n"
    with serve(CLEAN) as sandbox:
        result = judge(gate, sandbox, reference(CLEAN), "-p", policy(tmp_path, rule))
    assert (3, "checks_off") == (result.code, result.image["reason"])
    assert "no_such_check" in result.image["message"]


@pytest.mark.parametrize("operations", [RECORDS, DETAILS])
def test_lists_that_lack_rows_are_incomplete(
    gate: Gate, serve: Serve, operations: set[str]
) -> None:
    with serve(CLEAN, faults=Faults(Fault("lying_total", operations=operations))) as sandbox:
        result = judge(gate, sandbox, reference(CLEAN))
    assert (3, "incomplete") == (result.code, result.image["reason"])


def test_witnesses_that_contradict_each_other_are_no_evidence(gate: Gate, serve: Serve) -> None:
    low = image(findings=(LOW, LOW))
    for operations in (LISTS, DETAILS):
        faults = Faults(Fault("dropped_rows", operations=operations, delta=2))
        with serve(low, faults=faults) as sandbox:
            result = judge(gate, sandbox, reference(low))
        assert (3, "disagreeing") == (result.code, result.image["reason"])


def test_a_record_of_another_region_is_not_the_image(gate: Gate, serve: Serve) -> None:
    with serve(replace(CLEAN, region="cn-beijing")) as sandbox:
        result = judge(gate, sandbox, reference(CLEAN))
    assert (3, "missing") == (result.code, result.image["reason"])


def test_the_previous_scan_counts_if_the_policy_says_so(
    gate: Gate, serve: Serve, tmp_path: Path
) -> None:
    again = image(State(), State(after=-1.0, scan="START"))
    previous = policy(tmp_path, "scan: {accept_previous: true}\n")
    denied = Faults(Fault("denied", operations={"DescribeImageLatestScanTask"}))
    with serve(again) as sandbox:
        result = judge(gate, sandbox, reference(again), "-p", previous)
        strict = judge(gate, sandbox, reference(again))
        sandbox.faults = denied
        unshown = judge(gate, sandbox, reference(again), "-p", previous)
    assert (0, "clean") == (result.code, result.image["reason"])
    assert (3, "running") == (strict.code, strict.image["reason"])
    assert (3, "running") == (unshown.code, unshown.image["reason"])


def test_rows_beyond_2000_are_replaced_by_a_second_reading(gate: Gate, serve: Serve) -> None:
    low = image(findings=(LOW,))
    crowd = image(tag="crowd", findings=(LOW,) * 2001)
    with serve(low, crowd) as sandbox:
        result = judge(gate, sandbox, reference(low))
    details = [r for r in sandbox.requests if r.operation in DETAILS]
    assert (0, 8) == (result.code, len(details))
    assert "2000 rows" in " ".join(result.report["notes"])


def test_the_last_look_sees_a_scan_that_began_meanwhile(gate: Gate, serve: Serve) -> None:
    again = image(State(), State(after=-1.0, scan="START"))
    assert again.uuid == CLEAN.uuid
    world = World.of(CLEAN)
    with serve(
        world=world, faults=Faults(Fault("latency", operations=DETAILS, seconds=1.0))
    ) as sandbox:
        threading.Timer(0.5, world.put, [again]).start()
        result = judge(gate, sandbox, reference(CLEAN))
    assert (3, "running") == (result.code, result.image["reason"])


def test_a_tag_that_moves_during_the_wait_is_moved(
    gate: Gate, serve: Serve, tmp_path: Path
) -> None:
    old = image(State(after=-5, scan="CVE_ANALYZER"), State(after=1.5), namespace="shop")
    new = image(build="newer", pushed=-4 * 3600.0)
    world = World.of(old, new)
    settled = policy(tmp_path, "scan: {settle: 0s}\n")
    with serve(world=world) as sandbox:
        host = sandbox.url.removeprefix("http://")
        threading.Timer(1.0, world.tags.update, [{"shop/api:2.0": new.digest}]).start()
        result = judge(
            gate,
            sandbox,
            f"{host}/shop/api:2.0",
            *("--registry-host", host, "--wait", "5s", "-p", settled),
        )
    assert (3, "moved") == (result.code, result.image["reason"])
    assert new.digest in result.image["message"]


def test_a_missing_permission_is_access(gate: Gate, serve: Serve) -> None:
    for operations in (RECORDS, DETAILS, LISTS):
        with serve(CLEAN, faults=Faults(Fault("denied", operations=operations))) as sandbox:
            result = judge(gate, sandbox, reference(CLEAN))
        assert (4, "access") == (result.code, result.image["reason"])
        assert f"yundun-sas:{next(iter(operations))}" in result.image["message"]


def test_only_the_configuration_may_be_denied(gate: Gate, serve: Serve, tmp_path: Path) -> None:
    required = policy(tmp_path, "scan: {require_checks: true}\n")
    with serve(CLEAN, faults=Faults(Fault("denied", operations=CHECKS))) as sandbox:
        result = judge(gate, sandbox, reference(CLEAN))
        strict = judge(gate, sandbox, reference(CLEAN), "-p", required)
    assert 0 == result.code
    assert "GetBuildRiskDefineRuleConfig" in " ".join(result.report["notes"])
    assert (4, "access") == (strict.code, strict.image["reason"])


def test_no_credentials_are_access_and_reported(
    gate: Gate, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(CLEAN) as sandbox:
        monkeypatch.delenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET")
        result = judge(gate, sandbox, reference(CLEAN))
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "wrong")
        refused = judge(gate, sandbox, reference(CLEAN))
    assert (4, "access") == (result.code, result.image["reason"])
    assert "ALIBABA_CLOUD_ACCESS_KEY_SECRET" in result.image["message"]
    assert (4, "access") == (refused.code, refused.image["reason"])


@pytest.mark.parametrize("kind", ["server_error", "throttling", "reset", "truncated", "html_403"])
def test_a_service_in_trouble_is_service(gate: Gate, serve: Serve, kind: str) -> None:
    with serve(CLEAN, faults=Faults(Fault(kind))) as sandbox:
        result = judge(gate, sandbox, reference(CLEAN), "--timeout", "2s")
    assert (5, "service") == (result.code, result.image["reason"])


def test_nobody_listening_is_service(gate: Gate, serve: Serve) -> None:
    with serve(CLEAN) as sandbox:
        url = sandbox.url
    result = gate(
        *("check", "--endpoint", url, "--format", "json", "--timeout", "2s"), reference(CLEAN)
    )
    assert (5, "service") == (result.code, result.image["reason"])


def test_a_certain_block_is_never_hidden_by_trouble(gate: Gate, serve: Serve) -> None:
    bad = image(findings=(HIGH,), tag="1")
    with serve(bad, CLEAN, faults=Faults(Fault("denied", operations=LISTS | CHECKS))) as sandbox:
        result = judge(gate, sandbox, reference(bad), reference(CLEAN))
    assert (10, "block") == (result.code, result.report["verdict"])
    assert ["access", "blocked"] == [image["reason"] for image in result.report["images"]]


@pytest.mark.parametrize(
    "readings",
    [
        Readings(rows="image"),
        Readings(list_without_status="unhandled"),
        Readings(rows="image", list_without_status="unhandled"),
        Readings(criteria="exact"),
        Readings(page_cap=3),
        Readings(prefixed_digest=True),
        Readings(prefixed_digest=True, digest_criterion="prefixed"),
    ],
    ids=str,
)
def test_the_verdict_holds_whichever_way_the_reference_is_read(
    gate: Gate, serve: Serve, readings: Readings
) -> None:
    handled = SampleFinding(risk="add_cmd", level="medium", status="ignored")
    good = image(findings=(LOW, handled, *[LOW] * 4))
    bad = image(repository="web", findings=(HIGH, handled, *[LOW] * 4))
    inner = image(repository="web-admin", findings=(HIGH,))
    with serve(CLEAN, bad, inner, readings=readings) as sandbox:
        assert 0 == judge(gate, sandbox, reference(CLEAN)).code
        assert 10 == judge(gate, sandbox, reference(bad)).code
    with serve(good, bad, inner, readings=readings) as sandbox:
        result = judge(gate, sandbox, reference(good))
    assert (0, 6) == (result.code, len(result.image["findings"]))


def test_wrong_usage_asks_nothing(gate: Gate, serve: Serve) -> None:
    with serve(CLEAN) as sandbox:
        for arguments in (
            ("no host",),
            (reference(CLEAN), "--wait", "soon"),
            (reference(CLEAN), "-p", "missing.yaml"),
            (f"{HOST}/shop/api:2.0", f"{HOST}/shop/web:1", "--digest", CLEAN.digest),
            (),
        ):
            result = gate("check", "--endpoint", sandbox.url, *arguments)
            assert (2, "") == (result.code, result.out), arguments
            assert result.err
    assert [] == sandbox.requests
