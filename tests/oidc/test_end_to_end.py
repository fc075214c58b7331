"""`gate` as a program in a CI job that has a token and no key."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.oidc.fake_sts import (
    PROVIDER,
    ROLE,
    SECRETS,
    Services,
    session_sandbox,
    token_services,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
API = "registry.cn-hangzhou.aliyuncs.com/shop/api:2.0@sha256:" + "0" * 64
_KEPT = ("PATH", "SYSTEMROOT", "COVERAGE_PROCESS_CONFIG", "COVERAGE_FILE", "COVERAGE_PROCESS_START")


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
    return f"registry.cn-hangzhou.aliyuncs.com/{image.name}:{image.tag}@{image.digest}"


def gate(
    *arguments: str, environment: dict[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    own = {"HOME": str(folder), "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"}
    done = subprocess.run(
        [sys.executable, "-m", "gate", *arguments],
        cwd=folder,
        env=kept | own | {"PYTHONPATH": str(ROOT)} | environment,
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    shown = done.stdout + done.stderr
    assert not [secret for secret in SECRETS if secret in shown]
    assert "Traceback" not in shown
    return done


def asked(services: Services, service: str) -> list[dict[str, Any]]:
    return [request for request in services.asked if request["service"] == service]


def test_a_job_of_github_needs_no_key(
    services: Services, sandbox: Sandbox, api: str, tmp_path: Path
) -> None:
    done = gate(
        *("check", api, "--endpoint", sandbox.url, "--wait", "0", "-v"),
        environment=services.environment,
        folder=tmp_path,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    [token] = asked(services, "github")
    assert {"service": "github", "api-version": "2.0", "audience": "sts.aliyuncs.com"} == token
    [session] = asked(services, "sts")
    assert (ROLE, PROVIDER) == (session["RoleArn"], session["OIDCProviderArn"])
    assert "buildrisk-gate" == session["RoleSessionName"]
    assert "1200" == session["DurationSeconds"]
    assert "Set" not in session["Policy"]
    assert "AssumeRoleWithOIDC: status 200" in done.stderr
