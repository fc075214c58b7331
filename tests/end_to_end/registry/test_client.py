from __future__ import annotations

import base64
import json
import time as machine_time
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import anyio
import pytest
from aiohttp import web

from gate.clock import Clock, Run
from gate.reference import ImageReference
from gate.registry import Platform, Registry, Resolved, Unresolved
from gate.registry.oci import digest_of
from tests.registry.serving import serving
from tests.rigs.registry import (
    DOCKER_LIST,
    IN_TOTO,
    NO_PLATFORM,
    OCI_INDEX,
    OCI_MANIFEST,
    PASSWORD,
    USERNAME,
    move_tag,
    push_attestation,
    push_image,
    push_index,
    push_manifest,
    running_registry,
)
from tests.rigs.registry_tokens import REFRESH_TOKEN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from tests.rigs.registry import RunningRegistry

pytestmark = pytest.mark.anyio

NAME = "shop/web"
ABSENT = f"sha256:{'0' * 64}"
CLOCK = Clock(now=lambda: datetime.now(UTC), monotonic=machine_time.monotonic, sleep=anyio.sleep)


@asynccontextmanager
async def asking(
    host: str,
    environment: Mapping[str, str] | None = None,
    *,
    base_url: str | None = None,
    observer: Callable[[str], None] | None = None,
) -> AsyncIterator[Registry]:
    async with Registry(
        Run(
            clock=CLOCK,
            deadline=machine_time.monotonic() + 10,
            environment=environment or {},
            observer=observer,
        ),
        hosts=[] if base_url else [host],
        base_url=base_url,
    ) as registry:
        yield registry


def named(host: str, rest: str = ":1", name: str = NAME) -> ImageReference:
    return ImageReference.parse(f"{host}/{name}{rest}")


def docker_config(folder: Path, config: object) -> dict[str, str]:
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return {"DOCKER_CONFIG": str(folder)}


def login(folder: Path, host: str, password: str = PASSWORD) -> dict[str, str]:
    auth = base64.b64encode(f"{USERNAME}:{password}".encode()).decode()
    return docker_config(folder, {"auths": {host: {"auth": auth}}})


def unresolved(answer: object) -> Unresolved:
    assert isinstance(answer, Unresolved)
    assert answer.cause.endswith(".")
    assert answer.remedy.endswith(".")
    return answer


@pytest.mark.parametrize("docker", [False, True])
async def test_a_tag_has_a_digest(
    open_registry: RunningRegistry,
    docker: bool,  # noqa: FBT001 - a table's column
) -> None:
    digest = push_image(open_registry, NAME, "1", docker=docker)
    lines: list[str] = []
    async with asking(open_registry.host, observer=lines.append) as registry:
        assert await registry.resolve(named(open_registry.host)) == Resolved(digest)
        assert await registry.current_digest(named(open_registry.host)) == digest
    url = f"{open_registry.url}/v2/shop/web/manifests/1"
    requests = [line.rpartition(", ")[0] for line in lines]
    assert requests == [f"GET {url}: status 200", f"HEAD {url}: status 200"]


async def test_a_digest_goes_before_the_tag(open_registry: RunningRegistry) -> None:
    first = push_image(open_registry, NAME, content="first")
    second = push_image(open_registry, NAME, "2", content="second")
    reference = named(open_registry.host, f":2@{first}")
    async with asking(open_registry.host) as registry:
        assert await registry.resolve(reference) == Resolved(first)
        assert await registry.current_digest(reference) == second
        by_digest = named(open_registry.host, f"@{first}")
        assert await registry.current_digest(by_digest) == first


async def test_a_moved_tag_is_seen(open_registry: RunningRegistry) -> None:
    first = push_image(open_registry, NAME, "moving", content="first")
    second = push_image(open_registry, NAME, content="second")
    reference = named(open_registry.host, ":moving")
    async with asking(open_registry.host) as registry:
        assert await registry.current_digest(reference) == first
        move_tag(open_registry, NAME, "moving", second)
        assert await registry.current_digest(reference) == second
        assert await registry.resolve(reference) == Resolved(second)


@pytest.mark.parametrize("docker", [False, True])
async def test_an_index_is_opened_and_its_attestations_are_left_out(
    open_registry: RunningRegistry,
    docker: bool,  # noqa: FBT001 - a table's column
) -> None:
    amd = push_image(open_registry, "a/b/c", content="amd", docker=docker)
    arm = push_image(open_registry, "a/b/c", content="arm", docker=docker)
    attestation = push_attestation(open_registry, "a/b/c", amd)
    parts = [(amd, "linux/amd64"), (attestation, NO_PLATFORM), (arm, "linux/arm/v7")]
    digest = push_index(open_registry, "a/b/c", "1", parts, docker=docker)
    async with asking(open_registry.host) as registry:
        found = await registry.resolve(named(open_registry.host, name="a/b/c"))
    platforms = (Platform("linux/amd64", amd), Platform("linux/arm/v7", arm))
    assert found == Resolved(digest, is_index=True, platforms=platforms)


async def test_an_annotation_is_no_proof_of_an_attestation(open_registry: RunningRegistry) -> None:
    disguised = push_image(open_registry, NAME, content="disguised")
    half = push_manifest(
        open_registry,
        NAME,
        None,
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            **layers_of(open_registry, [IN_TOTO, "application/vnd.oci.image.layer.v1.tar"]),
        },
    )
    push_index(open_registry, NAME, "disguised", [(disguised, NO_PLATFORM), (half, NO_PLATFORM)])
    async with asking(open_registry.host) as registry:
        found = await registry.resolve(named(open_registry.host, ":disguised"))
    assert isinstance(found, Resolved)
    assert found.platforms == (Platform(NO_PLATFORM, disguised), Platform(NO_PLATFORM, half))


def layers_of(registry: RunningRegistry, types: list[str]) -> dict[str, object]:
    """Return a config and layers of these types, all with a blob that is there already."""
    push_image(registry, NAME, content="blob")
    blob = {"digest": digest_of(b"blob"), "size": 4}
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", **blob}
    return {"config": config, "layers": [{"mediaType": one, **blob} for one in types]}


async def test_nested_indexes_are_opened_in_order(open_registry: RunningRegistry) -> None:
    first = push_image(open_registry, NAME, content="first")
    second = push_image(open_registry, NAME, content="second")
    inner = push_index(open_registry, NAME, None, [(second, None), (second, None)])
    outer = push_index(
        open_registry, NAME, "nested", [(inner, "linux/arm64"), (first, "linux/amd64")]
    )
    async with asking(open_registry.host) as registry:
        found = await registry.resolve(named(open_registry.host, ":nested"))
    platforms = (Platform("linux/arm64", second), Platform("linux/amd64", first))
    assert found == Resolved(outer, is_index=True, platforms=platforms)


async def test_an_index_that_is_nested_too_deep_is_refused(
    open_registry: RunningRegistry,
) -> None:
    digest = push_image(open_registry, NAME)
    for depth in range(4):
        digest = push_index(open_registry, NAME, f"depth-{depth}", [(digest, "linux/amd64")])
    async with asking(open_registry.host) as registry:
        assert isinstance(await registry.resolve(named(open_registry.host, ":depth-2")), Resolved)
        refused = unresolved(await registry.resolve(named(open_registry.host, ":depth-3")))
    assert "nested more than 3 deep" in refused.cause


@pytest.mark.parametrize("rest", [":absent", f"@{ABSENT}"])
async def test_what_is_not_there_is_named(open_registry: RunningRegistry, rest: str) -> None:
    reference = named(open_registry.host, rest)
    async with asking(open_registry.host) as registry:
        for answer in (await registry.resolve(reference), await registry.current_digest(reference)):
            assert unresolved(answer).cause == f"{open_registry.host} has no {NAME}{rest}."


async def test_a_host_that_nobody_named_is_not_contacted() -> None:
    lines: list[str] = []
    async with asking("other.example.com", observer=lines.append) as registry:
        answer = unresolved(await registry.resolve(named("harbor.example.com:8443")))
    assert answer.cause == "harbor.example.com:8443 is not a Container Registry host."
    assert "--registry-host harbor.example.com:8443" in answer.remedy
    assert not lines


async def test_basic_authentication_uses_dockers_login(
    basic_registry: RunningRegistry, tmp_path: Path
) -> None:
    digest = push_image(basic_registry, NAME, "1")
    environment = login(tmp_path, basic_registry.host)
    async with asking(basic_registry.host, environment) as registry:
        assert await registry.current_digest(named(basic_registry.host)) == digest
        assert await registry.resolve(named(basic_registry.host)) == Resolved(digest)


async def test_without_a_login_docker_is_named(basic_registry: RunningRegistry) -> None:
    async with asking(basic_registry.host) as registry:
        answer = unresolved(await registry.resolve(named(basic_registry.host)))
    assert "Docker has none for it" in answer.cause
    assert answer.remedy.endswith(f"docker login {basic_registry.host}.")


async def test_a_refused_login_is_named(basic_registry: RunningRegistry, tmp_path: Path) -> None:
    environment = login(tmp_path, basic_registry.host, "another-secret")
    async with asking(basic_registry.host, environment) as registry:
        answer = unresolved(await registry.resolve(named(basic_registry.host)))
    assert "does not let Docker's login read shop/web:1" in answer.cause
    assert "another-secret" not in repr(answer)


async def test_an_identity_token_is_no_basic_login(
    basic_registry: RunningRegistry, tmp_path: Path
) -> None:
    entry = {"identitytoken": REFRESH_TOKEN}
    environment = docker_config(tmp_path, {"auths": {basic_registry.host: entry}})
    async with asking(basic_registry.host, environment) as registry:
        answer = unresolved(await registry.resolve(named(basic_registry.host)))
    assert "Docker has none for it" in answer.cause


async def test_a_bearer_token_is_asked_of_the_realm_once(
    token_registry: RunningRegistry, tmp_path: Path
) -> None:
    digest = push_image(token_registry, NAME, "1")
    arm = push_image(token_registry, NAME, content="arm")
    index = push_index(token_registry, NAME, "2", [(digest, "linux/amd64"), (arm, "linux/arm64")])
    tokens = token_registry.tokens
    assert tokens is not None
    tokens.seen.clear()
    async with asking(token_registry.host, login(tmp_path, token_registry.host)) as registry:
        assert await registry.current_digest(named(token_registry.host)) == digest
        found = await registry.resolve(named(token_registry.host, ":2"))
    assert isinstance(found, Resolved)
    assert found.digest == index
    assert len(found.platforms) == 2
    assert tokens.seen == ["GET repository:shop/web:pull"]


async def test_an_identity_token_is_traded_for_an_access_token(
    token_registry: RunningRegistry, tmp_path: Path
) -> None:
    digest = push_image(token_registry, NAME, "1")
    entry = {"identitytoken": REFRESH_TOKEN}
    environment = docker_config(tmp_path, {"auths": {token_registry.host: entry}})
    async with asking(token_registry.host, environment) as registry:
        assert await registry.current_digest(named(token_registry.host)) == digest
    tokens = token_registry.tokens
    assert tokens is not None
    assert tokens.seen[-1] == "POST repository:shop/web:pull"


@pytest.mark.parametrize("password", [None, "another-secret"])
async def test_a_token_service_may_refuse(
    token_registry: RunningRegistry, tmp_path: Path, password: str | None
) -> None:
    environment = login(tmp_path, token_registry.host, password) if password else {}
    async with asking(token_registry.host, environment) as registry:
        answer = unresolved(await registry.resolve(named(token_registry.host)))
    assert "refuses Docker's credentials (status 401)" in answer.cause
    assert "another-secret" not in repr(answer)


async def test_a_credential_helper_is_asked_before_the_file(
    basic_registry: RunningRegistry, tmp_path: Path
) -> None:
    digest = push_image(basic_registry, NAME, "1")
    helper = tmp_path / "docker-credential-sample"
    answer = json.dumps({"Username": USERNAME, "Secret": PASSWORD})
    helper.write_text(f"#!/bin/sh\necho '{answer}'\n", encoding="utf-8")
    helper.chmod(0o755)
    config = {
        "credHelpers": {basic_registry.host: "sample"},
        "auths": {basic_registry.host: {"username": "nobody"}},
    }
    environment = {**docker_config(tmp_path, config), "PATH": str(tmp_path)}
    async with asking(basic_registry.host, environment) as registry:
        assert await registry.current_digest(named(basic_registry.host)) == digest


async def test_a_store_without_the_host_leaves_the_file(
    basic_registry: RunningRegistry, tmp_path: Path
) -> None:
    digest = push_image(basic_registry, NAME, "1")
    helper = tmp_path / "docker-credential-sample"
    helper.write_text("#!/bin/sh\necho credentials not found\nexit 1\n", encoding="utf-8")
    helper.chmod(0o755)
    entry = {"username": USERNAME, "password": PASSWORD}
    config = {"credsStore": "sample", "auths": {basic_registry.host: entry}}
    environment = {**docker_config(tmp_path, config), "PATH": str(tmp_path)}
    async with asking(basic_registry.host, environment) as registry:
        assert await registry.current_digest(named(basic_registry.host)) == digest


@pytest.mark.parametrize(
    ("config", "cause"),
    [
        ([], "is not a configuration file of Docker"),
        ({"credsStore": "../evil"}, "names a credential helper"),
        ({"credsStore": "absent"}, "docker-credential-absent is not on PATH"),
    ],
)
async def test_a_broken_configuration_is_named(
    basic_registry: RunningRegistry, tmp_path: Path, config: object, cause: str
) -> None:
    async with asking(basic_registry.host, docker_config(tmp_path, config)) as registry:
        answer = unresolved(await registry.resolve(named(basic_registry.host)))
    assert cause in answer.cause


async def test_a_configuration_that_is_no_file_is_named(
    basic_registry: RunningRegistry, tmp_path: Path
) -> None:
    (tmp_path / "config.json").mkdir()
    async with asking(basic_registry.host, {"DOCKER_CONFIG": str(tmp_path)}) as registry:
        answer = unresolved(await registry.resolve(named(basic_registry.host)))
    assert "config.json can't be read" in answer.cause


async def test_no_configuration_is_no_login(
    basic_registry: RunningRegistry, tmp_path: Path
) -> None:
    async with asking(basic_registry.host, {"HOME": str(tmp_path)}) as registry:
        answer = unresolved(await registry.resolve(named(basic_registry.host)))
    assert "Docker has none for it" in answer.cause


async def test_an_embedded_registry_serves_all_hosts_without_logins(
    open_registry: RunningRegistry, basic_registry: RunningRegistry
) -> None:
    digest = push_image(open_registry, NAME, "1")
    reference = named("harbor.example.com")
    async with asking("", base_url=open_registry.url) as registry:
        assert await registry.resolve(reference) == Resolved(digest)
    async with asking("", base_url=f"{basic_registry.url}/") as registry:
        assert "(status 401)" in unresolved(await registry.resolve(reference)).cause


def scripted(
    documents: Mapping[str, tuple[str, object]], headers: Mapping[str, str] | None = None
) -> Callable[[web.BaseRequest], object]:
    """Serve documents by the last part of the path, as (content type, JSON value or bytes)."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        kind, document = documents[request.path.rpartition("/")[2]]
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return web.Response(body=body, headers={"Content-Type": kind, **(headers or {})})

    return handle


async def resolve_scripted(handle: object, rest: str = ":1") -> Resolved | Unresolved:
    async with serving(handle) as host, asking(host) as registry:  # type: ignore[arg-type]
        return await registry.resolve(named(host, rest))


IMAGE = {"schemaVersion": 2, "layers": [{"mediaType": "x"}]}


@pytest.mark.parametrize("rest", [":1", f"@{ABSENT}"])
async def test_bytes_of_another_digest_are_not_believed(rest: str) -> None:
    wanted = rest[1:]
    handle = scripted({wanted: (OCI_MANIFEST, IMAGE)}, {"Docker-Content-Digest": ABSENT})
    assert "with another digest" in unresolved(await resolve_scripted(handle, rest)).cause


@pytest.mark.parametrize("announced", ["", "sha512:abc", "nonsense"])
async def test_without_an_announced_digest_the_bytes_tell(announced: str) -> None:
    expected = digest_of(json.dumps(IMAGE).encode())
    handle = scripted({"1": (OCI_MANIFEST, IMAGE)}, {"Docker-Content-Digest": announced})
    assert await resolve_scripted(handle) == Resolved(expected)
    async with serving(handle) as host, asking(host) as registry:  # type: ignore[arg-type]
        assert await registry.current_digest(named(host)) == expected


async def test_a_head_without_a_digest_and_a_broken_manifest_is_unresolved() -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=200 if request.method == "HEAD" else 404)

    async with serving(handle) as host, asking(host) as registry:
        assert "has no shop/web:1" in unresolved(await registry.current_digest(named(host))).cause


async def test_a_manifest_that_makes_no_sense_is_unresolved() -> None:
    handle = scripted({"1": (OCI_INDEX, b"<html>")})
    assert "is not a manifest" in unresolved(await resolve_scripted(handle)).cause


@pytest.mark.parametrize(
    ("child", "cause"), [(b"<html>", "is not a manifest"), (b"{}", "is not a manifest")]
)
async def test_an_index_with_a_broken_part_is_unresolved(child: bytes, cause: str) -> None:
    digest = digest_of(child)
    index = {"schemaVersion": 2, "manifests": [{"digest": digest}]}
    handle = scripted({"1": (DOCKER_LIST, index), digest: (OCI_MANIFEST, child)})
    assert cause in unresolved(await resolve_scripted(handle)).cause


async def test_an_index_with_an_exchanged_part_is_unresolved() -> None:
    index = {"schemaVersion": 2, "manifests": [{"digest": ABSENT}]}
    handle = scripted({"1": (DOCKER_LIST, index), ABSENT: (OCI_MANIFEST, IMAGE)})
    assert "with another digest" in unresolved(await resolve_scripted(handle)).cause


async def test_an_index_that_multiplies_is_refused() -> None:
    inner = {"schemaVersion": 2, "manifests": [{"digest": ABSENT}] * 60}
    body = json.dumps(inner).encode()
    outer = {"schemaVersion": 2, "manifests": [{"digest": digest_of(body)}] * 60}
    handle = scripted({"1": (OCI_INDEX, outer), digest_of(body): (OCI_INDEX, body)})
    assert "more than 100 manifests" in unresolved(await resolve_scripted(handle)).cause


@pytest.mark.parametrize(
    ("challenge", "cause"),
    [
        ("", "of a kind that the gate doesn't know"),
        ("Negotiate", "of a kind that the gate doesn't know"),
        ('Bearer realm="https://evil.example.org/token"', "a token service that is not its own"),
        ('Bearer realm="http://evil.example.org/token"', "a token service that is not its own"),
        ("Bearer", "a token service that is not its own"),
    ],
)
async def test_logins_go_to_no_foreign_realm(tmp_path: Path, challenge: str, cause: str) -> None:
    async def handle(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=401, headers={"WWW-Authenticate": challenge})

    lines: list[str] = []
    async with (
        serving(handle) as host,
        asking(host, login(tmp_path, host), observer=lines.append) as registry,
    ):
        assert cause in unresolved(await registry.resolve(named(host))).cause
    assert len(lines) == 1


@pytest.mark.parametrize(
    "answer", [b"", b"[]", b"{}", b'{"token": ""}', b'{"token": "a\\r\\nb"}', b'{"token": 1}']
)
async def test_a_token_service_that_gives_no_token_is_named(answer: bytes) -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/token":
            return web.Response(body=answer)
        realm = f'Bearer realm="http://{request.host}/token"'
        return web.Response(status=401, headers={"WWW-Authenticate": realm})

    assert "answered without a token" in unresolved(await resolve_scripted(handle)).cause


async def test_a_token_that_ran_out_is_asked_for_again(tmp_path: Path) -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/token":
            issued.append(dict(request.query))
            return web.json_response({"access_token": f"token-{len(issued)}"})
        if request.headers.get("Authorization") in valid:
            return web.json_response(IMAGE)
        realm = f'Basic realm="x", Bearer realm="http://{request.host}/token?a=b"'
        return web.Response(status=401, headers={"WWW-Authenticate": realm})

    issued: list[dict[str, str]] = []
    valid = ["Bearer token-1"]
    async with serving(handle) as host, asking(host, login(tmp_path, host)) as registry:
        assert isinstance(await registry.resolve(named(host)), Resolved)
        valid[:] = ["Bearer token-2"]
        assert isinstance(await registry.resolve(named(host)), Resolved)
        valid.clear()
        assert "(status 401)" in unresolved(await registry.resolve(named(host))).cause
    assert issued[0] == {"a": "b", "scope": "repository:shop/web:pull"}
    assert len(issued) == 3


async def test_a_token_service_in_trouble_is_named() -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/token":
            return web.Response(status=302, headers={"Location": "http://evil.example.org"})
        realm = f'Bearer realm="http://{request.host}/token"'
        return web.Response(status=401, headers={"WWW-Authenticate": realm})

    assert "status 302" in unresolved(await resolve_scripted(handle)).cause


@pytest.mark.parametrize(("status", "cause"), [(403, "does not let"), (418, "status 418")])
async def test_other_refusals_are_named(status: int, cause: str) -> None:
    async def handle(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status)

    assert cause in unresolved(await resolve_scripted(handle)).cause


def test_tests_fail_where_the_registry_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(AssertionError, match="need the program"), running_registry(tmp_path):
        pass
