"""`gate doctor` and `gate risks` against the sandbox, with each trouble in turn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gate.sandbox import Fault, Faults, SampleImage, World, sample_world
from gate.sandbox.world import WhitelistRule
from tests.rigs.command import HOST, Result

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from gate.sandbox import Sandbox

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]

CLEAN = SampleImage(namespace="shop", repository="api", tag="2.0")
READS = (
    "DescribeImageInstances",
    "DescribeImageListByBuildRisk",
    "DescribeImageBuildRiskByKey",
    "GetBuildRiskDefineRuleConfig",
)


def ask(gate: Gate, sandbox: Sandbox, *arguments: str) -> Result:
    return gate("doctor", "--endpoint", sandbox.url, *arguments)


def test_all_is_well(gate: Gate, serve: Serve) -> None:
    with serve(CLEAN) as sandbox:
        host = sandbox.url.removeprefix("http://")
        result = ask(gate, sandbox, f"{host}/shop/api:2.0", "--registry-host", host)
    assert 0 == result.code, result.out
    assert "TROUBLE" not in result.out
    assert "ALIBABA_CLOUD_ACCESS_KEY_ID" in result.out
    assert "1234567890123456" in result.out
    assert CLEAN.digest in result.out
    assert "sandbox-key-secret" not in result.out + result.err


def test_the_ram_policies_are_printed(gate: Gate, serve: Serve) -> None:
    with serve(CLEAN) as sandbox:
        result = ask(gate, sandbox)
    blocks = [
        json.loads("{" + part.split("\n}")[0] + "\n}") for part in result.out.split("\n{")[1:]
    ]
    reading, scanning = (block["Statement"][0]["Action"] for block in blocks)
    assert {f"yundun-sas:{name}" for name in READS} <= set(reading)
    assert not [action for action in reading if "Public" in action or "Set" in action]
    assert "yundun-sas:PublicSyncAndCreateImageScanTask" in scanning


@pytest.mark.parametrize("operation", READS)
def test_a_missing_permission_is_named(gate: Gate, serve: Serve, operation: str) -> None:
    with serve(CLEAN, faults=Faults(Fault("denied", operations={operation}))) as sandbox:
        result = ask(gate, sandbox)
    assert 4 == result.code
    assert f"TROUBLE permission yundun-sas:{operation}" in result.out


def test_a_permission_of_an_option_is_a_note(gate: Gate, serve: Serve) -> None:
    faults = Faults(Fault("denied", operations={"DescribeImageLatestScanTask"}))
    with serve(CLEAN, faults=faults) as sandbox:
        result = ask(gate, sandbox)
    assert 0 == result.code
    assert "not granted (needed by scan.accept_previous and images that were pushed" in result.out


def test_wrong_credentials_are_named(
    gate: Gate, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(CLEAN) as sandbox:
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "wrong")
        result = ask(gate, sandbox)
    assert 4 == result.code
    assert "TROUBLE Security Center at" in result.out
    assert 1 == result.out.count("TROUBLE")


def test_no_credentials_are_named(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "id")
    result = gate("doctor", "--endpoint", "http://127.0.0.1:9")
    assert 4 == result.code
    assert "TROUBLE credentials" in result.out
    assert "ALIBABA_CLOUD_ACCESS_KEY_SECRET" in result.out
    assert "Security Center at" not in result.out


def test_a_service_that_does_not_answer_is_named(gate: Gate, serve: Serve) -> None:
    with serve(CLEAN, faults=Faults(Fault("html_403"))) as sandbox:
        result = ask(gate, sandbox, f"{HOST}/shop/api:2.0@{CLEAN.digest}")
    assert 5 == result.code
    assert "TROUBLE Security Center at" in result.out
    assert "permission" not in result.out


def test_a_clock_that_is_off_is_named(gate: Gate, serve: Serve) -> None:
    with serve(CLEAN, faults=Faults(Fault("clock_skew", seconds=300))) as sandbox:
        result = ask(gate, sandbox)
    assert 0 == result.code
    assert "seconds behind the service's" in result.out


def test_checks_that_are_off_are_named(gate: Gate, serve: Serve) -> None:
    with serve(CLEAN, faults=Faults(Fault("config_off"))) as sandbox:
        result = ask(gate, sandbox)
    assert 3 == result.code
    assert "TROUBLE checks" in result.out


def test_whitelist_rules_are_named(gate: Gate, serve: Serve) -> None:
    world = World.of(CLEAN)
    world.whitelist = (WhitelistRule(id=7, event_name="root is fine"),)
    with serve(world=world) as sandbox:
        result = ask(gate, sandbox)
    assert "root is fine (rule 7)" in result.out


def test_an_unknown_repository_is_named(gate: Gate, serve: Serve) -> None:
    with serve(CLEAN) as sandbox:
        result = ask(gate, sandbox, f"{HOST}/other/thing:1@{CLEAN.digest}")
    assert 3 == result.code
    assert "TROUBLE repository other/thing" in result.out


def test_an_empty_account_is_named(gate: Gate, serve: Serve) -> None:
    with serve(world=World()) as sandbox:
        result = ask(gate, sandbox)
    assert 3 == result.code
    assert "TROUBLE registries" in result.out


def test_an_invalid_policy_is_named(gate: Gate, serve: Serve) -> None:
    Path(".buildrisk-gate.yaml").write_text("version: 1\nblok: {}\n")
    with serve(CLEAN) as sandbox:
        result = ask(gate, sandbox)
    assert 2 == result.code
    assert "TROUBLE policy" in result.out
    assert ".buildrisk-gate.yaml:2" in result.out


def test_risks_are_listed_with_their_checks(gate: Gate, serve: Serve) -> None:
    with serve(world=sample_world()) as sandbox:
        text = gate("risks", "--endpoint", sandbox.url)
        high = gate("risks", "--endpoint", sandbox.url, "--format", "json", "--level", "high")
    assert 0 == text.code
    assert "build risks" in text.out.splitlines()[-1]
    risks = {risk["risk"]: risk for risk in high.report["risks"]}
    assert "no_user" in risks
    assert {"high"} == {risk["level"] for risk in risks.values()}
    assert risks["no_user"]["on"] is True


def test_risks_can_be_chosen_by_class(gate: Gate) -> None:
    every = gate("risks", "--sandbox", "--format", "json").report["risks"]
    wanted = every[0]["class"]
    some = gate("risks", "--sandbox", "--format", "json", "--class", wanted).report["risks"]
    assert [risk for risk in every if risk["class"] == wanted] == some
    assert len(some) < len(every)
    assert {True, False} == {risk["on"] for risk in every}


def test_risks_say_if_the_checks_are_not_known(gate: Gate, serve: Serve) -> None:
    faults = Faults(Fault("denied", operations={"GetBuildRiskDefineRuleConfig"}))
    with serve(CLEAN, faults=faults) as sandbox:
        result = gate("risks", "--endpoint", sandbox.url)
    assert 0 == result.code
    assert "GetBuildRiskDefineRuleConfig" in result.out
