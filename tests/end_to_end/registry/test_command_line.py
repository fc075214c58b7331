"""The digest that a real registry tells, from the command line."""

from __future__ import annotations

import base64
import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from gate.sandbox import SampleFinding, SampleImage, State
from tests.rigs.registry import (
    PASSWORD,
    USERNAME,
    RunningRegistry,
    move_tag,
    push_attestation,
    push_image,
    push_index,
    running_registry,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from gate.sandbox import Sandbox
    from tests.rigs.command import Result
    from tests.rigs.registry import Auth

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]

NAME = "shop/web"


def known(digest: str, *timeline: State, platform: str = "linux/amd64") -> SampleImage:
    return SampleImage(
        namespace="shop",
        repository="web",
        tag="1",
        digest=digest,
        platform=platform,
        timeline=timeline or (State(),),
    )


def judge(gate: Gate, sandbox: Sandbox, registry: RunningRegistry, *arguments: str) -> Result:
    return gate(
        *("check", "--endpoint", sandbox.url, "--format", "json", "--wait", "0"),
        *("--registry-host", registry.host, f"{registry.host}/{NAME}:1", *arguments),
    )


def log_in(folder: Path, registry: RunningRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
    config = {"auths": {registry.host: {"auth": pair}}}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))


@pytest.mark.parametrize("auth", [None, "basic", "token"])
def test_the_registry_tells_the_digest(
    gate: Gate, serve: Serve, tmp_path: Path, auth: Auth, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_registry(tmp_path, auth) as registry:
        digest = push_image(registry, NAME, "1")
        with serve(known(digest)) as sandbox:
            stranger = judge(gate, sandbox, registry)
            log_in(tmp_path, registry, monkeypatch)
            result = judge(gate, sandbox, registry)
    assert (0, digest) == (result.code, result.image["image"]["digest"])
    if auth is not None:
        assert (3, "unidentified") == (stranger.code, stranger.image["reason"])
        assert "docker login" in stranger.image["message"]
    assert PASSWORD not in result.out + result.err + stranger.out + stranger.err


def test_a_registry_that_was_not_named_is_not_asked(
    gate: Gate, serve: Serve, tmp_path: Path
) -> None:
    with running_registry(tmp_path) as registry:
        digest = push_image(registry, NAME, "1")
        with serve(known(digest)) as sandbox:
            result = gate(
                *("check", "--endpoint", sandbox.url, "--format", "json", "--wait", "0"),
                f"{registry.host}/{NAME}:1",
            )
    assert (3, "unidentified") == (result.code, result.image["reason"])
    assert "--registry-host" in result.image["message"]


def test_every_platform_of_an_index_but_no_attestation_is_judged(
    gate: Gate, serve: Serve, tmp_path: Path
) -> None:
    with running_registry(tmp_path) as registry:
        amd = push_image(registry, NAME, content="amd")
        arm = push_image(registry, NAME, content="arm")
        about = push_attestation(registry, NAME, amd)
        parts = [(amd, "linux/amd64"), (arm, "linux/arm64"), (about, "unknown/unknown")]
        index = push_index(registry, NAME, "1", parts)
        records = (known(amd), known(arm, platform="linux/arm64"))
        with serve(*records) as sandbox:
            both = judge(gate, sandbox, registry)
            by_digest = judge(gate, sandbox, registry, "--digest", index, "--resolve")
            unopened = judge(gate, sandbox, registry, "--digest", index)
        with serve(records[0]) as sandbox:
            half = judge(gate, sandbox, registry)
    platforms = [image["image"]["platform"] for image in both.report["images"]]
    assert (0, ["linux/amd64", "linux/arm64"]) == (both.code, platforms)
    assert (0, 2) == (by_digest.code, len(by_digest.report["images"]))
    assert index in " ".join(both.report["notes"])
    assert (3, "missing") == (unopened.code, unopened.image["reason"])
    assert "--resolve" in unopened.image["message"]
    assert (3, ["clean", "missing"]) == (half.code, [i["reason"] for i in half.report["images"]])


def test_a_platform_cannot_be_hidden_by_its_spelling_or_its_layers(
    gate: Gate, serve: Serve, tmp_path: Path
) -> None:
    """Container tools run the last three as linux/amd64; the policy judges them as that."""
    Path(".buildrisk-gate.yaml").write_text(
        "version: 1\nblock: {levels: [high], statuses: [unhandled]}\n"
        "scan: {settle: 0s, platforms: [linux/amd64]}\n"
    )
    with running_registry(tmp_path) as registry:
        good, bad = (push_image(registry, NAME, content=content) for content in ("good", "bad"))
        other = push_image(registry, NAME, content="other")
        statement = push_attestation(registry, NAME, good)
        high = SampleFinding(risk="no_user", level="high")
        records = (known(good), replace(known(bad), findings=(high,)))
        results = {}
        with serve(*records) as sandbox:
            for digest, platform in (
                (bad, "linux/x86_64"),
                (bad, "Linux/AMD64"),
                (bad, "linux/amd64/v1"),
                (statement, "linux/amd64"),
            ):
                parts = [(good, "linux/amd64"), (other, "linux/s390x"), (digest, platform)]
                push_index(registry, NAME, "1", parts)
                results[platform] = judge(gate, sandbox, registry)

    assert {
        "linux/x86_64": 10,
        "Linux/AMD64": 10,
        "linux/amd64/v1": 10,
        "linux/amd64": 3,
    } == {platform: result.code for platform, result in results.items()}
    for result in results.values():
        assert {"linux/amd64"} == {
            i["image"]["platform"] for i in result.report["images"] if i["image"]
        }
        assert "is not judged for linux/s390x" in " ".join(result.report["notes"])


def test_a_tag_that_moves_during_the_wait_is_undecided_but_a_note_with_a_digest(
    gate: Gate, serve: Serve, tmp_path: Path
) -> None:
    Path(".buildrisk-gate.yaml").write_text(
        "version: 1\nblock: {levels: [high], statuses: [unhandled]}\nscan: {settle: 0s}\n"
    )
    with running_registry(tmp_path) as registry:
        old = push_image(registry, NAME, "1")
        new = push_image(registry, NAME, content="two")
        slow = (State(after=-5, scan="START"), State(after=1.5))
        with serve(known(old, *slow)) as sandbox:
            threading.Timer(1.0, move_tag, [registry, NAME, "1", new]).start()
            moved = judge(gate, sandbox, registry, "--wait", "10s")
            given = judge(gate, sandbox, registry, "--digest", old, "--resolve")
    assert (3, "moved") == (moved.code, moved.image["reason"])
    assert new in moved.image["message"]
    assert (0, "clean") == (given.code, given.image["reason"])
    assert new in " ".join(given.report["notes"])
