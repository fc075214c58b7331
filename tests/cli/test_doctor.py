"""`gate doctor` and `gate risks` against the sandbox, with each trouble in turn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gate import __version__
from gate.cli.sandbox import readings_of
from gate.sandbox import Fault, Faults, Readings, SampleImage, World, sample_world
from gate.sandbox.world import WhitelistRule
from tests.rigs.command import HOST, Result

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from gate.connect import Connections
    from gate.sandbox import Sandbox
    from gate.security_center import SecurityCenter

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]

CLEAN = SampleImage(namespace="shop", repository="api", tag="2.0")
READS = (
    "DescribeImageInstances",
    "DescribeImageListByBuildRisk",
    "DescribeImageBuildRiskByKey",
    "GetBuildRiskDefineRuleConfig",
)
EVERY = {*READS, "DescribeImageLatestScanTask"}
"""What a verdict may need; the latter for images that were pushed again after their scan."""


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


def actions(result: Result) -> set[str]:
    assert 0 == result.code, result.err
    (statement,) = result.report["Statement"]
    return {action.removeprefix("yundun-sas:") for action in statement["Action"]}


def test_the_ram_policy_needs_neither_image_nor_region_nor_credentials(gate: Gate) -> None:
    assert EVERY == actions(gate("doctor", "--ram-policy"))


def test_the_ram_policy_is_for_the_policies_given(gate: Gate) -> None:
    Path("previous.yaml").write_text(
        "version: 1\nblock: {levels: [high], statuses: [unhandled]}\n"
        "scan: {accept_previous: true}\n"
    )
    given = actions(gate("doctor", "--ram-policy", "--policy", "previous.yaml"))
    assert EVERY == given


@pytest.mark.parametrize(
    ("feature", "more"),
    [
        ("audit", {"DescribeImageBuildRiskList"}),
        ("risks", {"DescribeImageBuildRiskList"}),
        ("doctor", {"DescribeImageEventOperationPage", "DescribeImageRepoDetailList"}),
        ("dry-run", {"DescribeImageRepoDetailList", "PublicPreCheckImageScanTask"}),
        ("scan", {"DescribeImageRepoDetailList", "PublicSyncAndCreateImageScanTask"}),
    ],
)
def test_the_ram_policy_is_for_the_features_given(gate: Gate, feature: str, more: set[str]) -> None:
    given = actions(gate("doctor", "--ram-policy", "--feature", feature))
    assert EVERY | more == given


@pytest.mark.parametrize(
    "arguments",
    [
        ("--ram-policy", f"{HOST}/shop/api:2.0"),
        ("--readings", f"{HOST}/shop/api:2.0"),
        ("--readings", "--ram-policy"),
        ("--feature", "scan"),
    ],
    ids=" ".join,
)
def test_what_would_be_ignored_is_refused(gate: Gate, arguments: tuple[str, ...]) -> None:
    assert 2 == gate("doctor", *arguments).code


def test_the_ram_policy_is_printed_on_demand_only(gate: Gate, serve: Serve) -> None:
    with serve(CLEAN) as sandbox:
        result = ask(gate, sandbox)
    assert "Statement" not in result.out
    assert "gate doctor --ram-policy" in result.out


@pytest.mark.parametrize("operation", READS)
def test_a_missing_permission_is_named(gate: Gate, serve: Serve, operation: str) -> None:
    with serve(CLEAN, faults=Faults(Fault("denied", operations={operation}))) as sandbox:
        result = ask(gate, sandbox)
    assert 4 == result.code
    assert f"TROUBLE permission yundun-sas:{operation}" in result.out
    assert result.out.splitlines()[-1].startswith(
        f"1 in trouble: permission yundun-sas:{operation}. "
    )
    assert "Attach a RAM policy" in result.out.splitlines()[-1]
    assert result.out.endswith("(exit 4)\n")


def test_a_permission_of_an_option_is_a_note(gate: Gate, serve: Serve) -> None:
    faults = Faults(Fault("denied", operations={"DescribeImageLatestScanTask"}))
    with serve(CLEAN, faults=faults) as sandbox:
        result = ask(gate, sandbox)
    assert 0 == result.code
    assert "not granted (needed by scan.accept_previous, images that were pushed" in result.out


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


SEE_DOCTOR = "`gate doctor IMAGE` shows what Security Center knows of the repository."
SAMPLE = ("legacy:0.9", "unsupported:1.0", "ghost:1.0", "batch:3.1", "web:nope")


@pytest.mark.parametrize("name", [*SAMPLE, "web:1.4", "api:2.0"])
def test_an_image_is_judged_as_by_a_check(gate: Gate, name: str) -> None:
    image = f"{HOST}/shop/{name}"
    check = gate("check", "--sandbox", "--wait", "0", image, "--format", "json")
    result = gate("doctor", "--sandbox", image)
    last = result.out.splitlines()[-1]
    reason, message = check.image["reason"], check.image["message"]
    message = message.removesuffix(f" {SEE_DOCTOR}")
    assert {10: 0}.get(check.code, check.code) == result.code
    if check.code in {0, 10}:
        assert f"({reason}): {message} (exit 0)" in last
        assert last.startswith("The gate can decide: ")
    else:
        assert f"The gate can't decide: UNDECIDED ({reason}): {message} (exit 3)" == last
    assert "SANDBOX: " in result.out
    assert SEE_DOCTOR not in result.out


def test_the_policies_that_are_given_judge(gate: Gate) -> None:
    Path("week.yaml").write_text(
        "version: 1\nblock: {levels: [high], statuses: [unhandled]}\nscan: {max_age: 7d}\n"
    )
    result = gate("doctor", "--sandbox", "-p", "week.yaml", f"{HOST}/shop/stale:1.0")
    assert 3 == result.code
    assert "UNDECIDED (stale): " in result.out.splitlines()[-1]


def test_what_a_policy_lets_through_is_still_undecided(gate: Gate) -> None:
    Path("adopt.yaml").write_text(
        "version: 1\nblock: {levels: [high], statuses: [unhandled]}\n"
        "undecided: {warn_on: [missing], until: 2099-01-01}\n"
    )
    result = gate("doctor", "--sandbox", "-p", "adopt.yaml", f"{HOST}/shop/ghost:1.0")
    assert 0 == result.code
    assert "can't decide: UNDECIDED (missing), let through by policy: " in result.out


def test_of_several_platforms_the_one_that_decides_comes_last(gate: Gate) -> None:
    result = gate("doctor", "--sandbox", f"{HOST}/shop/multi:1.0")
    clean, blocked = result.out.splitlines()[-2:]
    assert 0 == result.code
    assert clean.startswith("The gate can decide: PASS linux/amd64 (clean): ")
    assert blocked.startswith("The gate can decide: BLOCK linux/arm64 (blocked): ")


def test_the_instance_can_be_told(gate: Gate, serve: Serve) -> None:
    with serve(CLEAN) as sandbox:
        host = sandbox.url.removeprefix("http://")
        image = (f"{host}/shop/api:2.0@{CLEAN.digest}", "--registry-host", host, "--instance")
        codes = [ask(gate, sandbox, *image, one).code for one in (CLEAN.instance, "another")]
    assert [0, 3] == codes


async def _of_sandbox(connections: Connections, region: str | None) -> SecurityCenter:
    return connections.client(region)


def test_both_deployments_are_asked_where_nothing_tells_which(
    gate: Gate, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(CLEAN) as china, serve(world=World()) as international:
        urls = {"cn-shanghai": china.url, "ap-southeast-1": international.url}
        monkeypatch.setattr("gate.connect.endpoint_for", urls.__getitem__)
        monkeypatch.setattr("gate.connect.Connections.identity_client", _of_sandbox)
        result = gate("doctor")
        alone = gate("doctor", "--region", "ap-southeast-1")
    assert 0 == result.code, result.out
    assert f"{urls['cn-shanghai']} (China): reached" in result.out
    assert f"{urls['ap-southeast-1']} (international): reached" in result.out
    assert "note    registries (international): Security Center knows no repository" in result.out
    assert 1 == result.out.count("permission yundun-sas:DescribeImageInstances")
    assert 3 == alone.code
    assert "TROUBLE registries: " in alone.out


def test_readings_are_options_of_the_sandbox(gate: Gate, serve: Serve) -> None:
    told = Readings(rows="image", prefixed_digest=True, page_cap=7)
    with serve(world=sample_world(), readings=told) as sandbox:
        result = ask(gate, sandbox, "--readings")
    assert 0 == result.code, result.err
    head, *lines, last = result.out.splitlines()
    assert f"# buildrisk-gate {__version__} at an endpoint of its own" == head
    values = [line.split()[0] for line in lines]
    assert {"rows=image", "prefixed_digest=true", "page_cap=7", "whitelisted=?"} <= set(values)
    assert all(line.partition(" # ")[2] for line in lines)
    options = last.partition("gate sandbox --reading ")[2].split(" --reading ")
    assert [value for value in values if not value.endswith("=?")] == options
    assert told == readings_of(options)


def test_readings_of_both_deployments_are_shown(
    gate: Gate, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = serve(world=World(), faults=Faults(Fault("html_403")))
    with serve(CLEAN) as china, refusing as international:
        urls = {"cn-shanghai": china.url, "ap-southeast-1": international.url}
        monkeypatch.setattr("gate.connect.endpoint_for", urls.__getitem__)
        result = gate("doctor", "--readings")
        alone = gate("doctor", "--readings", "--region", "ap-southeast-1")
    assert 0 == result.code
    assert 2 == result.out.count("# buildrisk-gate")
    assert "digest_criterion=bare" in result.out
    assert "# could not be asked (exit code 5)" in result.out
    assert 5 == alone.code


def test_readings_of_the_embedded_sandbox_say_so(gate: Gate) -> None:
    assert gate("doctor", "--sandbox", "--readings").out.splitlines()[0].endswith(" at SANDBOX")


def test_trouble_is_last_and_red_on_a_terminal(
    gate: Gate, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    with serve(CLEAN, faults=Faults(Fault("config_off"))) as sandbox:
        plain = ask(gate, sandbox)
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
        coloured = ask(gate, sandbox)
        monkeypatch.setenv("NO_COLOR", "1")
        monochrome = ask(gate, sandbox)
    results = [line.split()[0] for line in plain.out.splitlines() if line and line[0] != " "]
    assert ["TROUBLE", "1"] == results[-2:]
    assert {"ok", "note"} == set(results[:-2])
    assert "\x1b[31mTROUBLE checks: not one build-risk check" in coloured.out
    assert all(len(line) <= 60 for line in monochrome.out.splitlines())
    assert plain.out.split() == monochrome.out.split()


def test_a_region_that_nothing_tells_is_named(gate: Gate) -> None:
    result = gate("doctor", "harbor.example.com/shop/api:2.0")
    assert 2 == result.code
    assert "--region" in result.out.splitlines()[-1]


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
    assert "\n        .buildrisk-gate.yaml:2:1: " in result.out
    assert "\\n" not in result.out
    assert "(exit 2)" in result.out.splitlines()[-1]


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
