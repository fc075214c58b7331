"""What contradicts itself is wrong usage, and a variable that nobody reads is not ignored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.rigs.command import HOST

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rigs.command import Result

    Gate = Callable[..., Result]

IMAGE = f"{HOST}/shop/api:2.0"
ONE, OTHER = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
PREFIX = "BUILDRISK_GATE_"


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("POLICIES", "Did you mean BUILDRISK_GATE_POLICY?"),
        ("POLICY_FILE", "Did you mean BUILDRISK_GATE_POLICY?"),
        ("NONSENSE_OF_SOMEBODY", "Correct its name, or unset it."),
        ("DRY_RUN", "--dry-run can't come from the environment"),
        ("SANDBOX", "--sandbox can't come from the environment"),
        ("ALLOW_NONE", "--allow-none can't come from the environment"),
    ],
)
@pytest.mark.parametrize("command", ["check", "risks", "sandbox"])
def test_a_variable_that_no_option_reads_is_refused(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, command: str, variable: str, hint: str
) -> None:
    monkeypatch.setenv(PREFIX + variable, "1")
    result = gate(command, *([IMAGE] if command == "check" else []))
    assert 2 == result.code
    assert f"{PREFIX}{variable} is set" in result.err
    assert hint in result.err


def test_variables_of_other_commands_and_the_token_of_a_job_are_fine(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NAMESPACE", "CONCURRENCY", "DIGEST", "OIDC_TOKEN"):
        monkeypatch.setenv(PREFIX + name, "")
    assert 0 == gate("risks", "--sandbox", "--region", "cn-hangzhou").code


def test_help_and_completion_do_not_mind_a_variable(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{PREFIX}POLICIES", "x")
    assert 0 == gate("check", "--help").code
    assert 2 == gate("policy", "validate").code


def test_two_digests_that_differ_are_refused(gate: Gate) -> None:
    Path("built.json").write_text(json.dumps({"containerimage.digest": ONE}))
    given = ("--metadata-file", "built.json", "--digest")
    result = gate("check", "--sandbox", IMAGE, *given, OTHER)
    assert 2 == result.code
    assert f"--digest says {OTHER}, but built.json {ONE}." in result.err
    assert 2 != gate("check", "--sandbox", "--wait", "0", IMAGE, *given, ONE).code


@pytest.mark.parametrize(
    "reports", [("json=a", "html=a"), ("json=a", "html=./a"), ("json=a/b", "text=a/../a/b")]
)
def test_two_reports_to_one_file_are_refused(gate: Gate, reports: tuple[str, str]) -> None:
    one, other = reports
    result = gate("check", "--sandbox", IMAGE, "--report", one, "--report", other)
    assert 2 == result.code
    assert "would both be written to" in result.err
    assert not Path("a").exists()


def test_a_report_to_standard_output_is_asked_for_by_its_format(gate: Gate) -> None:
    result = gate("check", "--sandbox", IMAGE, "--report", "json=-")
    assert 2 == result.code
    assert "--format json" in result.err


@pytest.mark.parametrize("command", ["check", "doctor"])
def test_the_sandbox_and_an_endpoint_are_refused(gate: Gate, command: str) -> None:
    result = gate(command, "--sandbox", "--endpoint", "http://127.0.0.1:1", IMAGE)
    assert 2 == result.code
    assert "--sandbox asks the embedded Security Center" in result.err


@pytest.mark.parametrize("command", ["check", "doctor"])
def test_another_region_than_the_host_tells_is_refused(gate: Gate, command: str) -> None:
    result = gate(command, "--sandbox", "--region", "narnia", IMAGE)
    assert 2 == result.code
    assert f"--region says narnia, but {IMAGE} is in cn-hangzhou" in result.err


def test_in_lists_and_from_the_environment_the_host_counts(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("images").write_text(f"{IMAGE}\n")
    listed = gate(
        *("check", "--sandbox", "--wait", "0", "--images-from", "images"),
        *("--region", "cn-beijing", "--format", "json"),
    )
    monkeypatch.setenv(f"{PREFIX}REGION", "cn-beijing")
    named = gate("check", "--sandbox", "--wait", "0", IMAGE, "--format", "json")
    assert (0, 0) == (listed.code, named.code)
    assert ["cn-hangzhou"] * 2 == [each.report["service"]["region"] for each in (listed, named)]
