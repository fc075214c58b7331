"""The command line itself: options, environment, outputs, signals."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate import __version__
from gate.policy import policy_schema
from gate.report import report_schema
from gate.sandbox import SampleFinding, SampleImage
from tests.rigs.command import HOST, Result, reference

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from gate.sandbox import Sandbox

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]

CLEAN = SampleImage(namespace="shop", repository="api", tag="2.0")
BAD = SampleImage(
    namespace="shop",
    repository="web",
    tag="1",
    findings=(
        SampleFinding(risk="no_user", level="high", command="ENV TOKEN=hunter2\n::error::x"),
    ),
)
WAIT = ("--wait", "0")
SCHEMAS = (policy_schema, report_schema)


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_versions_are_told(gate: Gate, option: str) -> None:
    result = gate(option)
    first, second = result.out.splitlines()
    assert (0, f"buildrisk-gate, version {__version__}") == (result.code, first)
    schemas = [schema()["properties"]["version"]["const"] for schema in SCHEMAS]
    python = platform.python_version()
    words = "Python {}; policy files, version {}; JSON report, version {}"
    assert words.format(python, *schemas) == second


@pytest.mark.parametrize("name", ["policy", "report"])
def test_schemas_are_printed(gate: Gate, name: str) -> None:
    result = gate("schema", name)
    assert 0 == result.code
    jsonschema.Draft202012Validator.check_schema(json.loads(result.out))


def test_the_json_report_fulfils_its_schema(gate: Gate, serve: Serve) -> None:
    with serve(BAD, CLEAN) as sandbox:
        arguments = ("check", "--endpoint", sandbox.url, "--format", "json", *WAIT)
        result = gate(
            *arguments, reference(BAD), reference(CLEAN), f"{HOST}/shop/none:1@{BAD.digest}"
        )
    jsonschema.validate(result.report, report_schema())
    assert 3 == len(result.report["images"])


def test_policies_are_validated_offline(gate: Gate) -> None:
    Path("good.yaml").write_text("version: 1\nblock: {levels: [high], statuses: [unhandled]}\n")
    Path("bad.yaml").write_text("version: 1\nblock: {levels: [hihg], statuses: [unhandled]}\n")
    good, bad = (gate("policy", "validate", name) for name in ("good.yaml", "bad.yaml"))
    default = gate("policy", "validate")
    assert (0, True) == (good.code, good.out.startswith("good.yaml: valid, sha256="))
    assert (0, True) == (default.code, default.out.startswith("(built-in): valid"))
    assert (2, "") == (bad.code, bad.out)
    assert "bad.yaml:2:18" in bad.err
    assert "high" in bad.err


def test_several_reports_come_from_one_run(gate: Gate, serve: Serve) -> None:
    with serve(BAD) as sandbox:
        result = gate(
            *("check", "--endpoint", sandbox.url, *WAIT, reference(BAD), "-q"),
            *("--report", "json=out/one.json", "--report", "text=out/two.txt"),
        )
        asked = len(sandbox.requests)
    assert 10 == result.code
    assert 1 == len(result.out.splitlines())
    assert "block" == json.loads(Path("out/one.json").read_text(encoding="utf-8"))["verdict"]
    assert "(exit 10)" in Path("out/two.txt").read_text(encoding="utf-8").splitlines()[-1]
    assert asked <= 7


def test_a_report_that_cannot_be_written_changes_no_block_and_stops_no_other(
    gate: Gate, serve: Serve
) -> None:
    Path("file").write_text("")
    reports = ("--report", "json=file/below.json", "--report", "json=other.json")
    with serve(BAD, CLEAN) as sandbox:
        blocked = gate("check", "--endpoint", sandbox.url, *WAIT, reference(BAD), *reports)
        passed = gate("check", "--endpoint", sandbox.url, *WAIT, reference(CLEAN), *reports)
    assert (10, 5) == (blocked.code, passed.code)
    assert "file/below.json" in passed.err.replace("\\", "/")
    assert Path("other.json").exists()


def test_secrets_and_workflow_commands_in_findings_are_defused(gate: Gate, serve: Serve) -> None:
    with serve(BAD) as sandbox:
        text = gate("check", "--endpoint", sandbox.url, *WAIT, reference(BAD), "-v")
        data = gate("check", "--endpoint", sandbox.url, *WAIT, reference(BAD), "--format", "json")
    for result in (text, data):
        assert "hunter2" not in result.out + result.err
        assert "sandbox-key-secret" not in result.out + result.err
        assert not [line for line in result.out.splitlines() if line.lstrip().startswith("::")]


def test_verbose_shows_requests_without_values_and_every_decision(gate: Gate, serve: Serve) -> None:
    with serve(BAD) as sandbox:
        result = gate("check", "--endpoint", sandbox.url, *WAIT, reference(BAD), "-v")
    assert "DescribeImageInstances" in result.err
    assert BAD.bare_digest not in result.err
    assert "block" in result.out


def test_options_come_from_the_environment_several_one_a_line(
    gate: Gate, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("one.yaml").write_text("version: 1\nblock: {levels: [high], statuses: [unhandled]}\n")
    Path("two.yaml").write_text("version: 1\nblock: {levels: [low], statuses: [unhandled]}\n")
    monkeypatch.setenv("BUILDRISK_GATE_POLICY", "one.yaml\r\n\n  two.yaml\n")
    monkeypatch.setenv("BUILDRISK_GATE_FORMAT", "json")
    monkeypatch.setenv("BUILDRISK_GATE_WAIT", "0")
    monkeypatch.setenv("BUILDRISK_GATE_REPORT", "json=a.json\ntext=b.txt")
    with serve(CLEAN) as sandbox:
        result = gate("check", "--endpoint", sandbox.url, reference(CLEAN))
    assert ["one.yaml", "two.yaml"] == [policy["path"] for policy in result.report["policies"]]
    assert Path("a.json").exists()
    assert Path("b.txt").exists()


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://127.0.0.1:9",
        "https://evil.example",
        "evil.example/.aliyuncs.com",
        "https://user@tds.aliyuncs.com",
        "evilaliyuncs.com",
        "http://tds.aliyuncs.com",
        "https://user:hunter2@tds.cn-shanghai.aliyuncs.com",
        "https://hunter2.aliyuncs.com",
        "bucket.oss-cn-hangzhou.aliyuncs.com",
        "tds.oss-cn-hangzhou.aliyuncs.com",
        "tds.cn-shanghai.aliyuncs.com.evil.example",
        "tds.cn-shanghai.aliyuncs.com:8443",
        "tds.cn-shanghai.aliyuncs.com/path",
        "tds.a.b.aliyuncs.com",
        "ecs.cn-shanghai.aliyuncs.com",
    ],
)
def test_an_endpoint_from_the_environment_must_be_security_centers(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("BUILDRISK_GATE_ENDPOINT", endpoint)
    result = gate("check", reference(CLEAN))
    assert (2, "") == (result.code, result.out)
    assert "BUILDRISK_GATE_ENDPOINT" in result.err
    assert "hunter2" not in result.err


@pytest.mark.parametrize(
    "endpoint",
    [
        "tds.cn-shanghai.aliyuncs.com",
        "https://TDS.ap-southeast-1.aliyuncs.com/",
        "tds.aliyuncs.com",
        "sas.cn-shanghai-finance-1.aliyuncs.com",
    ],
)
def test_an_endpoint_of_security_center_may_come_from_the_environment(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("BUILDRISK_GATE_ENDPOINT", endpoint)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "half of a pair")
    result = gate("check", "--format", "json", *WAIT, reference(CLEAN))
    host = endpoint.lower().removeprefix("https://").rstrip("/")
    assert (4, host) == (result.code, result.report["service"]["endpoint"])


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.from_regex(
        r"(https?://)?([a-z0-9:@-]{1,9}[.@/:])?(tds|sas)?[.@/?#a-z0-9-]{0,20}", fullmatch=True
    )
)
def test_no_other_text_in_the_environment_is_an_endpoint(
    monkeypatch: pytest.MonkeyPatch, gate: Gate, text: str
) -> None:
    monkeypatch.setenv("BUILDRISK_GATE_ENDPOINT", f"{text}.aliyuncs.com")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "half of a pair")
    result = gate("check", "--format", "json", *WAIT, reference(CLEAN))
    if result.code != 2:
        host = result.report["service"]["endpoint"]
        assert host.split(".")[0] in {"tds", "sas"}
        assert host.endswith(".aliyuncs.com")
        assert not set("@/?#:") & set(host)


@pytest.mark.parametrize("name", ["SANDBOX", "DRY_RUN"])
def test_the_sandbox_never_comes_from_the_environment(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(f"BUILDRISK_GATE_{name}", "1")
    result = gate("check", "--format", "json", *WAIT, reference(CLEAN))
    assert (2, "") == (result.code, result.out)
    assert f"BUILDRISK_GATE_{name}" in result.err


def test_the_region_must_be_known(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("check", "--format", "json", *WAIT, f"harbor.example/shop/api:1@{CLEAN.digest}")
    unknown = gate(*arguments)
    assert 2 == unknown.code
    assert "--region" in unknown.err
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "half of a pair")
    monkeypatch.setenv("ALIBABA_CLOUD_REGION_ID", "eu-central-1")
    known = gate(*arguments)
    assert "tds.ap-southeast-1.aliyuncs.com" == known.report["service"]["endpoint"]


def test_images_come_from_a_file_too(gate: Gate, serve: Serve) -> None:
    Path("images.txt").write_text(f"# two\n{reference(CLEAN)}\n\n{reference(BAD)}\n")
    with serve(BAD, CLEAN) as sandbox:
        arguments = ("check", "--endpoint", sandbox.url, "--format", "json", *WAIT)
        result = gate(*arguments, "--images-from", "images.txt", reference(CLEAN))
        missing = gate(*arguments, "--images-from", "none.txt")
    assert (10, 2) == (result.code, len(result.report["images"]))
    assert 2 == missing.code


@pytest.mark.parametrize(
    "arguments",
    [
        ("--digest", "sha256:12"),
        ("--digest", f"sha256:{'0' * 64}"),
        ("--metadata-file", "none.json"),
        ("--report", "nosuch=x"),
        ("--report", "json="),
        ("--timeout", "-1s"),
        ("--format", "nosuch"),
        ("--endpoint", "http://example.com"),
        ("--no-such-option",),
    ],
    ids=" ".join,
)
def test_wrong_options_are_usage(gate: Gate, arguments: tuple[str, ...]) -> None:
    result = gate("check", reference(CLEAN), *arguments)
    assert (2, "") == (result.code, result.out)
    assert result.err


def test_a_metadata_file_without_a_digest_is_usage(gate: Gate) -> None:
    for text in ("{}", "[]", "no JSON", '{"containerimage.digest": 1}'):
        Path("m.json").write_text(text)
        result = gate("check", f"{HOST}/shop/api:2.0", "--metadata-file", "m.json")
        assert 2 == result.code, text
        assert "containerimage.digest" in result.err


def test_a_name_with_a_line_break_cannot_write_a_line(gate: Gate) -> None:
    result = gate("check", f"{HOST}/shop/api\n::set-output name=verdict::pass:1")
    assert 2 == result.code
    assert not [line for line in result.err.splitlines() if line.lstrip().startswith("::")]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--reading", "rows=what"),
        ("--reading", "nosuch=1"),
        ("--reading", "page_cap=0"),
        ("--fault", "nosuch"),
        ("--fault", "reset=often"),
        ("--fault", "quota=many"),
        ("--fault", "throttling=2"),
        ("--fault", "throttling=-0.1"),
        ("--fault", "throttling=nan"),
        ("--data", "none.yaml"),
    ],
    ids=" ".join,
)
def test_wrong_options_of_the_sandbox_are_usage(gate: Gate, arguments: tuple[str, ...]) -> None:
    result = gate("sandbox", *arguments)
    assert 2 == result.code
    assert result.err


def test_a_defect_is_told_as_one(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.cli.groups.now", lambda: 1 / 0)
    result = gate("policy", "validate")
    assert 1 == result.code
    assert "this is a defect of buildrisk-gate" in result.err


@pytest.mark.parametrize("command", ["check", "audit"])
def test_a_report_notes_a_proxy_and_a_trust_store_of_the_environment(
    gate: Gate, serve: Serve, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:hunter2hunter2@proxy.example:3128")
    monkeypatch.setenv("SSL_CERT_DIR", "/nowhere/certificates")
    images = (reference(CLEAN), *WAIT) if command == "check" else ()
    with serve(CLEAN) as sandbox:
        result = gate(command, "--endpoint", sandbox.url, "--format", "json", *images)
        embedded = gate(command, "--sandbox", "--format", "json", *images)
    proxy = "HTTPS_PROXY is set: requests go through the proxy http://proxy.example:3128."
    trust = "SSL_CERT_DIR is set: servers are trusted by the certificates in /nowhere/certificates."
    assert {proxy, trust} <= set(result.report["notes"])
    assert "hunter2" not in result.out + result.err
    assert "proxy.example" not in embedded.out
