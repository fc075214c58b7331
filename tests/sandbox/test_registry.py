from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import aiohttp
import pytest

from gate.sandbox import Fault, Faults, SampleImage, Sandbox, World, sample_world
from gate.sandbox.image_manifests import INDEX, MANIFEST

if TYPE_CHECKING:
    from tests.sandbox.conftest import Asker, HandClock

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("name", ["shop/web:1.4", "shop/ghost:1.0", "shop/cart:latest"])
async def test_a_tag_leads_to_the_manifest_and_its_blobs(ask: Asker, name: str) -> None:
    repository, _, tag = name.partition(":")
    async with Sandbox(sample_world()) as sandbox:
        root = f"{sandbox.url}/v2/{repository}"
        by_tag = await ask.send("GET", f"{root}/manifests/{tag}")
        digest = by_tag.headers["Docker-Content-Digest"]
        assert sandbox.world.find(name).digest == digest
        assert digest == f"sha256:{hashlib.sha256(by_tag.body).hexdigest()}"
        assert by_tag.headers["Content-Type"] == MANIFEST
        head = await ask.send("HEAD", f"{root}/manifests/{digest}")
        assert (head.status, head.body) == (200, b"")
        assert head.headers["Content-Length"] == str(len(by_tag.body))
        manifest = json.loads(by_tag.body)
        for descriptor in (manifest["config"], *manifest["layers"]):
            blob = await ask.send("GET", f"{root}/blobs/{descriptor['digest']}")
            assert descriptor["digest"] == f"sha256:{hashlib.sha256(blob.body).hexdigest()}"
            assert descriptor["size"] == len(blob.body)


async def test_an_index_lists_its_platforms_and_an_attestation(ask: Asker) -> None:
    async with Sandbox(sample_world()) as sandbox:
        root = f"{sandbox.url}/v2/shop/multi/manifests"
        index = await ask.send("GET", f"{root}/1.0")
        assert index.headers["Content-Type"] == INDEX
        listed = json.loads(index.body)["manifests"]
        assert [one["platform"]["architecture"] for one in listed] == ["amd64", "arm64", "unknown"]
        for one in listed:
            manifest = await ask.send("GET", f"{root}/{one['digest']}")
            assert (manifest.status, len(manifest.body)) == (200, one["size"])
        layers = json.loads(manifest.body)["layers"]
        assert {layer["mediaType"] for layer in layers} == {"application/vnd.in-toto+json"}
        recorded = {image.digest for image in sandbox.world.records()}
        assert {one["digest"] for one in listed[:2]} <= recorded


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("shop/web/manifests/9.9", "MANIFEST_UNKNOWN"),
        (f"shop/web/manifests/sha256:{'0' * 64}", "MANIFEST_UNKNOWN"),
        (f"shop/web/blobs/sha256:{'0' * 64}", "BLOB_UNKNOWN"),
        ("shop/nowhere/manifests/1.0", "NAME_UNKNOWN"),
        ("shop/web/tags/list", "NAME_UNKNOWN"),
    ],
)
async def test_what_is_not_there_is_an_error_of_the_specification(
    ask: Asker, path: str, code: str
) -> None:
    async with Sandbox(sample_world()) as sandbox:
        missing = await ask.send("GET", f"{sandbox.url}/v2/{path}")
    assert (missing.status, missing.json["errors"][0]["code"]) == (404, code)


async def test_a_tag_moves_with_a_push_or_by_hand(ask: Asker, clock: HandClock) -> None:
    old = SampleImage(namespace="shop", repository="web", tag="1", build="old")
    new = SampleImage(namespace="shop", repository="web", tag="1", build="new", pushed=5)

    async def digest() -> str:
        answer = await ask.send("HEAD", f"{sandbox.url}/v2/shop/web/manifests/1")
        return answer.headers["Docker-Content-Digest"]

    async with Sandbox(World.of(old, new), now=clock) as sandbox:
        assert old.digest == await digest()
        unpushed = await ask.send("GET", f"{sandbox.url}/v2/shop/web/manifests/{new.digest}")
        assert unpushed.status == 404
        clock.forward(5)
        assert new.digest == await digest()
        sandbox.world.tags["shop/web:1"] = old.digest
        assert old.digest == await digest()


async def test_the_registry_is_read_only_and_has_faults_of_its_own(ask: Asker) -> None:
    faults = Faults(
        Fault("server_error", operations=["Registry"], skip=1, first=1),
        Fault("reset", operations=["Registry"], skip=2, first=1),
    )
    async with Sandbox(sample_world(), faults=faults) as sandbox:
        assert (await ask.send("PUT", f"{sandbox.url}/v2/shop/web/manifests/1.4")).status == 405
        assert (await ask.send("GET", f"{sandbox.url}/v2/")).status == 500
        with pytest.raises(aiohttp.ClientConnectionError):
            await ask.send("POST", f"{sandbox.url}/v2/")
        assert (await ask.send("GET", f"{sandbox.url}/v2/")).status == 200
        assert {request.operation for request in sandbox.requests} == {"Registry"}
