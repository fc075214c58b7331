from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import anyio
import pytest

from gate.errors import ServiceError
from gate.registry.docker_config import Credential, Helper, IdentityToken, Login, ask_helper

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = pytest.mark.anyio

HELPER = Helper("sample", "harbor.example.com")


def install(folder: Path, body: str) -> dict[str, str]:
    """Write a helper of the given Python lines and return an environment that finds it."""
    program = folder / "docker-credential-sample"
    program.write_text(f"#!{sys.executable} -IS\nimport os, sys, time\n{body}\n", encoding="utf-8")
    program.chmod(0o755)
    return {"PATH": str(folder)}


async def outcome(
    environment: Mapping[str, str], seconds: float
) -> Credential | ServiceError | None:
    try:
        return await ask_helper(HELPER, environment, seconds)
    except ServiceError as error:
        return error


async def test_a_helper_is_asked_for_the_host(tmp_path: Path) -> None:
    environment = install(
        tmp_path,
        "assert sys.argv[1:] == ['get']\n"
        "assert sys.stdin.read() == 'harbor.example.com'\n"
        'print(\'{"ServerURL":"x","Username":"user","Secret":"%s"}\' % os.environ[\'VAULT\'])',
    )
    found = await outcome({**environment, "VAULT": "password"}, 10)
    assert Login("user", "password") == found


async def test_a_helper_can_keep_an_identity_token(tmp_path: Path) -> None:
    environment = install(tmp_path, 'print(\'{"Username":"<token>","Secret":"refresh"}\')')
    assert IdentityToken("refresh") == await outcome(environment, 10)


@pytest.mark.parametrize(
    "body",
    [
        "print('credentials not found in native keychain'); sys.exit(1)",
        'print(\'{"Username":"","Secret":""}\')',
    ],
)
async def test_a_helper_may_know_nothing_of_the_host(tmp_path: Path, body: str) -> None:
    assert await outcome(install(tmp_path, body), 10) is None


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (
            "print('sample-secret'); print('sample-secret', file=sys.stderr); sys.exit(3)",
            "failed with 3",
        ),
        ("print('sample-secret')", "printed something that is not a credential"),
        ('print(\'{"Username":"sample-secret"}\')', "printed something that is not a credential"),
    ],
)
async def test_a_broken_helper_is_named_but_its_output_is_not_repeated(
    tmp_path: Path, body: str, cause: str, capfd: pytest.CaptureFixture[str]
) -> None:
    found = await outcome(install(tmp_path, body), 10)
    assert isinstance(found, ServiceError)
    assert found.message.startswith(f"The credential helper docker-credential-sample {cause}")
    assert "sample-secret" not in str(found) + "".join(capfd.readouterr())


async def test_a_helper_that_hangs_is_stopped(tmp_path: Path) -> None:
    environment = install(tmp_path, "time.sleep(60)")
    with anyio.fail_after(10):
        found = await outcome(environment, 0.2)
    assert isinstance(found, ServiceError)
    assert "did not answer" in found.message


async def test_a_helper_may_end_without_reading_the_host(tmp_path: Path) -> None:
    program = tmp_path / "docker-credential-sample"
    answer = '{"Username":"user","Secret":"password"}'
    program.write_text(f"#!/bin/sh\nexec <&-\necho '{answer}'\n", encoding="utf-8")
    program.chmod(0o755)
    for _ in range(20):
        found = await outcome({"PATH": str(tmp_path)}, 10)
        assert found == Login("user", "password")


async def test_a_helper_that_prints_without_an_end_is_cut_off(tmp_path: Path) -> None:
    environment = install(tmp_path, "while True: print('sample-secret' * 1000)")
    found = await outcome(environment, 10)
    assert isinstance(found, ServiceError)
    assert "failed with" in found.message


async def test_a_helper_must_be_on_path(tmp_path: Path) -> None:
    found = await outcome({"PATH": str(tmp_path)}, 10)
    assert isinstance(found, ServiceError)
    assert "is not on PATH" in found.message


async def test_a_helper_in_the_working_directory_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, 'print(\'{"Username":"user","Secret":"forged"}\')')
    monkeypatch.chdir(tmp_path)
    found = await outcome({"PATH": os.pathsep.join([".", ""])}, 10)
    assert isinstance(found, ServiceError)


async def test_a_helper_that_cannot_start_is_named(tmp_path: Path) -> None:
    environment = install(tmp_path, "")
    (tmp_path / "docker-credential-sample").write_bytes(b"\x7fELF no program")
    found = await outcome(environment, 10)
    assert isinstance(found, ServiceError)
    assert "can't be run" in found.message
