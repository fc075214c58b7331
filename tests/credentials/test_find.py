from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.credentials import keyless_credentials
from gate.errors import NoCredentials
from tests.rigs.cloud import PROVIDER, ROLE, web_token
from tests.simulated import SimulatedTime

if TYPE_CHECKING:
    from gate.credentials.session import RoleCredentials

ARNS = {"ALIBABA_CLOUD_ROLE_ARN": ROLE, "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": PROVIDER}
GITHUB = {
    "GITHUB_ACTIONS": "true",
    "ACTIONS_ID_TOKEN_REQUEST_URL": "https://pipelines.example.com/token?v=2",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "sesame",
}
VARIABLE = {"GITLAB_CI": "true", "BUILDRISK_GATE_OIDC_TOKEN": web_token()}


def find(environment: dict[str, str]) -> RoleCredentials | None:
    return keyless_credentials(SimulatedTime().run(environment=environment), actions=())


def found(environment: dict[str, str]) -> RoleCredentials:
    source = find(environment)
    assert source is not None
    return source


@pytest.mark.parametrize(
    ("job", "token"),
    [
        (GITHUB, "the OIDC token of this GitHub job"),
        (VARIABLE, "the OIDC token in BUILDRISK_GATE_OIDC_TOKEN"),
        (VARIABLE | GITHUB, "the OIDC token of this GitHub job"),
        (VARIABLE | {"ACTIONS_ID_TOKEN_REQUEST_URL": "x"}, "the OIDC token in BUILDRISK"),
    ],
)
def test_a_role_is_had_by_the_token_of_the_job(job: dict[str, str], token: str) -> None:
    source = found(ARNS | job)
    assert source.origin.startswith(f"role gate of account 1234567890123456 by {token}")
    assert "sesame" not in f"{source!r} {source.token!r} {source}"


@pytest.mark.parametrize(
    "environment",
    [
        {},
        GITHUB,
        VARIABLE,
        ARNS,
        ARNS | {"GITHUB_ACTIONS": "false", "GITLAB_CI": "false"},
        {"GITHUB_ACTIONS": "true", "ALIBABA_CLOUD_ROLE_ARN": ROLE},
        ARNS | GITHUB | {"ALIBABA_CLOUD_OIDC_TOKEN_FILE": "/run/token"},
        ARNS | GITHUB | {"ALIBABA_CLOUD_ACCESS_KEY_ID": "id"},
        ARNS | GITHUB | {"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret"},
    ],
)
def test_other_sources_are_left_alone(environment: dict[str, str]) -> None:
    assert find(environment) is None


@pytest.mark.parametrize(
    ("job", "remedy"),
    [
        ({"GITHUB_ACTIONS": "true"}, "permissions: id-token: write"),
        ({"GITHUB_ACTIONS": "true"}, "pull request from a fork"),
        ({"GITLAB_CI": "true"}, "id_tokens: {BUILDRISK_GATE_OIDC_TOKEN: {aud: sts.aliyuncs.com}}"),
    ],
)
def test_a_job_without_a_token_is_told_how_to_get_one(job: dict[str, str], remedy: str) -> None:
    with pytest.raises(NoCredentials, match="no OIDC token") as caught:
        find(ARNS | job)
    assert remedy in caught.value.remedy


@pytest.mark.parametrize("missing", ARNS)
def test_half_a_role_is_an_error_where_a_token_is(missing: str) -> None:
    with pytest.raises(NoCredentials, match=f"configured: {missing} is missing"):
        find({name: arn for name, arn in ARNS.items() if name != missing} | GITHUB)


@pytest.mark.parametrize("name", ARNS)
@pytest.mark.parametrize("text", ["sesame", "acs:ram::1:user/sesame", f"{ROLE} sesame"])
def test_what_is_no_arn_is_refused_without_repeating_it(name: str, text: str) -> None:
    with pytest.raises(NoCredentials, match=name) as caught:
        find(ARNS | GITHUB | {name: text})
    assert "sesame" not in str(caught.value)
    assert "acs:ram::1234567890123456:" in caught.value.remedy


def test_line_breaks_at_the_end_of_values_are_no_part_of_them() -> None:
    source = found({name: f"{value}\n" for name, value in (ARNS | GITHUB).items()})
    assert (ROLE, PROVIDER) == (source.role.arn, source.role.provider_arn)


@pytest.mark.parametrize(
    ("told", "host"),
    [
        ({}, "sts.aliyuncs.com"),
        ({"ALIBABA_CLOUD_REGION_ID": "cn-hangzhou"}, "sts.cn-hangzhou.aliyuncs.com"),
        (
            {"ALIBABA_CLOUD_REGION_ID": "cn-hangzhou", "ALIBABA_CLOUD_STS_REGION": "eu-central-1"},
            "sts.eu-central-1.aliyuncs.com",
        ),
    ],
)
def test_the_token_service_is_that_of_the_region(told: dict[str, str], host: str) -> None:
    assert host == found(ARNS | GITHUB | told).role.host


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40) | st.from_regex(r"cn-[a-z]+[./?#@:\\%][a-z.]+", fullmatch=True))
def test_no_region_makes_another_host(region: str) -> None:
    try:
        host = found(ARNS | GITHUB | {"ALIBABA_CLOUD_REGION_ID": region}).role.host
    except NoCredentials:
        return
    assert host.endswith(".aliyuncs.com")
    assert host.startswith("sts.")
    assert not set("/?#@:\\% ") & set(host)


def test_the_session_is_named_after_the_gate_or_as_the_variable_says() -> None:
    assert "buildrisk-gate" == found(ARNS | GITHUB).role.session_name
    named = found(ARNS | GITHUB | {"ALIBABA_CLOUD_ROLE_SESSION_NAME": "web-42"})
    assert "web-42" == named.role.session_name


def test_finding_a_role_imports_no_http_client() -> None:
    program = f"""
import sys
from gate.clock import Run
from gate.credentials import keyless_credentials
run = Run(clock=None, deadline=1, environment={ARNS | GITHUB})
assert keyless_credentials(run, actions=())
print("aiohttp" in sys.modules)
"""
    printed = subprocess.check_output(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[2], encoding="utf-8"
    )
    assert "False" == printed.strip()
