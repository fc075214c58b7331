"""`gate` as a program in a CI job that has a token and no key."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gate.sandbox import sample_world
from tests.rigs.cloud import (
    PROVIDER,
    ROLE,
    SECRETS,
    Services,
    session_sandbox,
    token_services,
    web_token,
)
from tests.rigs.programs import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.sandbox import Sandbox

ROOT = Path(__file__).parents[3]
HOST = "registry.cn-hangzhou.aliyuncs.com"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with session_sandbox() as running:
        yield running


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with token_services(tmp_path) as running:
        yield running


@pytest.fixture
def api(sandbox: Sandbox) -> str:
    image = sandbox.world.find("shop/api:2.0")
    return f"{HOST}/{image.name}:{image.tag}@{image.digest}"


def gate(
    *arguments: str, environment: dict[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    alone = {"ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true", **environment}
    done = run(folder, *arguments, environment=alone, keys={})
    shown = done.stdout + done.stderr
    assert not [secret for secret in SECRETS if secret in shown]
    assert "Traceback" not in shown
    return done


def role(services: Services) -> dict[str, str]:
    return {
        "ALIBABA_CLOUD_ROLE_ARN": ROLE,
        "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": PROVIDER,
        **services.way,
    }


def check(
    image: str, sandbox: Sandbox, environment: dict[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    return gate(
        *("check", image, "--endpoint", sandbox.url, "--wait", "0", "-v"),
        environment=environment,
        folder=folder,
    )


def test_a_job_of_github_needs_no_key(
    services: Services, sandbox: Sandbox, api: str, tmp_path: Path
) -> None:
    done = check(api, sandbox, services.environment, tmp_path)
    assert 0 == done.returncode, done.stdout + done.stderr
    [token] = services.asked_of("github")
    assert {"service": "github", "api-version": "2.0", "audience": "sts.aliyuncs.com"} == token
    [session] = services.asked_of("sts")
    assert (ROLE, PROVIDER) == (session["RoleArn"], session["OIDCProviderArn"])
    assert ("sts.aliyuncs.com", "1200") == (session["host"], session["DurationSeconds"])
    assert "buildrisk-gate" == session["RoleSessionName"]
    assert "Set" not in session["Policy"]
    assert "AssumeRoleWithOIDC: status 200" in done.stderr


def test_a_job_of_gitlab_has_its_token_in_a_variable(
    services: Services, sandbox: Sandbox, api: str, tmp_path: Path
) -> None:
    job = {"GITLAB_CI": "true", "BUILDRISK_GATE_OIDC_TOKEN": web_token()}
    region = {"ALIBABA_CLOUD_REGION_ID": "cn-hangzhou"}
    done = check(api, sandbox, role(services) | job | region, tmp_path)
    assert 0 == done.returncode, done.stdout + done.stderr
    assert [] == services.asked_of("github")
    assert ["sts.cn-hangzhou.aliyuncs.com"] == [one["host"] for one in services.asked_of("sts")]


@pytest.mark.parametrize(
    ("job", "told"),
    [
        ({"GITHUB_ACTIONS": "true"}, ("id-token: write", "pull request from a fork")),
        ({"GITLAB_CI": "true"}, ("id_tokens: {BUILDRISK_GATE_OIDC_TOKEN",)),
        (
            {"BUILDRISK_GATE_OIDC_TOKEN": web_token(seconds=-1)},
            ("AuthenticationFail.OIDCToken.Expired", "has expired"),
        ),
        (
            {
                "BUILDRISK_GATE_OIDC_TOKEN": web_token(
                    sub="repo:octo-org/octo-repo:pull_request", seconds=86400
                )
            },
            ("NoPermission", "oidc:sub repo:octo-org/octo-repo:pull_request", "trust policy"),
        ),
    ],
    ids=["github", "gitlab", "expired", "subject"],
)
def test_a_token_that_opens_nothing_is_trouble_with_access(  # noqa: PLR0913, PLR0917 - fixtures
    services: Services,
    sandbox: Sandbox,
    api: str,
    tmp_path: Path,
    job: dict[str, str],
    told: tuple[str, ...],
) -> None:
    done = check(api, sandbox, role(services) | job, tmp_path)
    assert 4 == done.returncode, done.stdout + done.stderr
    shown = " ".join(done.stdout.split())
    assert not [words for words in told if words not in shown], shown


@pytest.mark.parametrize("trouble", ["github", "sts", "tls"])
def test_trouble_on_the_way_is_the_services(
    services: Services, sandbox: Sandbox, api: str, tmp_path: Path, trouble: str
) -> None:
    environment = services.environment
    if trouble == "github":
        services.token_status = 403
    elif trouble == "sts":
        services.sts_status = 403
    else:
        del environment["SSL_CERT_FILE"]
        environment["BUILDRISK_GATE_TIMEOUT"] = "3s"
    done = check(api, sandbox, environment, tmp_path)
    assert 5 == done.returncode, done.stdout + done.stderr
    assert ("certificate" if trouble == "tls" else "proxy") in done.stdout


def test_the_doctor_says_whose_the_credentials_are(
    services: Services, sandbox: Sandbox, tmp_path: Path
) -> None:
    done = gate(
        *("doctor", "--endpoint", sandbox.url, "--region", "cn-hangzhou"),
        environment=services.environment,
        folder=tmp_path,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    origin = "role gate of account 1234567890123456 by the OIDC token of this GitHub job"
    assert f"credentials: from {origin}" in done.stdout


def test_the_services_run_as_a_program(tmp_path: Path) -> None:
    digest = sample_world().find("shop/web:1.4").digest
    program = subprocess.Popen(
        [sys.executable, str(ROOT / "tests/rigs/cloud.py"), str(tmp_path / "services")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    with program:
        assert program.stdout is not None
        told = json.loads(program.stdout.readline())
        done = gate(
            *("check", f"{HOST}/shop/web@{digest}", "--endpoint", told["endpoint"], "--wait", "0"),
            environment=told["environment"],
            folder=tmp_path,
        )
        program.communicate("")
    assert 0 == program.returncode
    assert 10 == done.returncode, done.stdout + done.stderr
    log = Path(told["asked"]).read_text(encoding="utf-8")
    asked_of = [json.loads(line)["service"] for line in log.splitlines()]
    assert ["github", "proxy", "sts"] == asked_of
    assert not [secret for secret in SECRETS if secret in log]
