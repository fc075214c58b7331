"""A registry that can't be reached: what that ends in, and who was asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gate.sandbox import Fault, Faults, SampleImage
from tests.rigs.command import HOST, Result

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from gate.sandbox import Sandbox

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]

CLEAN = SampleImage(namespace="shop", repository="api", tag="2.0")
NAME = f"{HOST}/shop/api:2.0"
KEYS = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET")
BY_TAG = (
    "version: 1\nblock: {levels: [high], statuses: [unhandled]}\nscan: {require_digest: false}\n"
)


@pytest.fixture(autouse=True)
def _unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all hosts but those of this machine be behind a proxy that doesn't run."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")


def check(gate: Gate, sandbox: Sandbox, *more: str) -> Result:
    common = ("check", "--endpoint", sandbox.url, "--wait", "0", "--timeout", "5s")
    return gate(*common, *more)


def test_where_a_digest_is_required_it_is_trouble_that_may_pass(gate: Gate, serve: Serve) -> None:
    with serve(CLEAN) as sandbox:
        result = check(gate, sandbox, "--format", "json", NAME)
        text = check(gate, sandbox, NAME).out
        assert [] == sandbox.requests
    assert (5, "service") == (result.code, result.image["reason"])
    assert "the proxy" in result.image["message"]
    assert "\nasked   nobody\n" in text
    assert {"endpoint", "region", "sandbox"} == result.report["service"].keys()


@pytest.mark.parametrize("broken", ["", "a key\n"])
def test_credentials_are_tried_all_the_same(
    gate: Gate, serve: Serve, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    with serve(CLEAN) as sandbox:
        for name in KEYS:
            monkeypatch.setenv(name, broken)
        result = check(gate, sandbox, "--format", "json", NAME)
    assert (4, "access") == (result.code, result.image["reason"])
    assert "ALIBABA_CLOUD_ACCESS_KEY_ID" in result.image["message"] or broken
    assert "the proxy" in result.image["message"]


def test_where_the_tag_is_enough_it_is_a_note(gate: Gate, serve: Serve) -> None:
    Path(".buildrisk-gate.yaml").write_text(BY_TAG)
    with serve(CLEAN) as sandbox:
        result = check(gate, sandbox, "--format", "json", NAME)
    assert (0, "tag") == (result.code, result.image["identified_by"])
    assert any("the registry could not be asked" in note for note in result.report["notes"])


def test_with_a_digest_it_is_a_note_too(gate: Gate, serve: Serve) -> None:
    with serve(CLEAN) as sandbox:
        result = check(gate, sandbox, "--resolve", f"{NAME}@{CLEAN.digest}")
        url = sandbox.url
    assert 0 == result.code
    assert "the registry could not be asked" in result.out
    assert f"\nasked   {url} (cn-hangzhou)\n" in result.out


def test_nobody_is_asked_about_a_tag_alone(gate: Gate, serve: Serve) -> None:
    with serve(CLEAN) as sandbox:
        result = check(gate, sandbox, "--no-resolve", NAME)
    assert 3 == result.code
    assert "\nasked   nobody\n" in result.out


def test_a_service_that_fails_was_asked(gate: Gate, serve: Serve) -> None:
    with serve(CLEAN, faults=Faults(Fault("server_error"))) as sandbox:
        result = check(gate, sandbox, f"{NAME}@{CLEAN.digest}", "--timeout", "2s")
        url = sandbox.url
    assert 5 == result.code
    assert f"\nasked   {url}" in result.out
