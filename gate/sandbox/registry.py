"""The registry beside Security Center: the read-only part of the OCI distribution API.

Paths are those of the OCI distribution specification 1.1; anybody may read.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from msgspec import Struct, field

from gate.sandbox.image_manifests import ImageManifest, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.sandbox.sample_images import SampleImage, SampleIndex
    from gate.sandbox.world import World

_PATH = re.compile(r"/v2/(?P<name>.+)/(?P<kind>manifests|blobs)/(?P<reference>[^/]+)")


class RegistryReply(Struct, frozen=True):
    """An answer of the registry."""

    status: int
    body: bytes
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


def answer(world: World, method: str, path: str, elapsed: float) -> RegistryReply:
    """Answer a GET; a HEAD is the same without its body."""
    if method not in {"GET", "HEAD"}:
        return error(405, "UNSUPPORTED", "this registry is read-only")
    if path == "/v2/":
        return RegistryReply(200, b"{}")
    parts = _PATH.fullmatch(path)
    contents = list(_contents(world, parts["name"], elapsed)) if parts else []
    if not (parts and contents):
        return error(404, "NAME_UNKNOWN", "repository name not known to registry")
    if parts["kind"] == "blobs":
        return _blob(contents, parts["reference"])
    digest = parts["reference"]
    if ":" not in digest:
        digest = _tagged(world, parts["name"], digest, elapsed)
    for content in contents:
        if content.digest == digest:
            return _found(content.body, content.media_type)
    return error(404, "MANIFEST_UNKNOWN", "manifest unknown to registry")


def _contents(world: World, name: str, elapsed: float) -> Iterator[ImageManifest]:
    for image in world.records():
        if image.name == name and image.served and image.pushed <= elapsed:
            yield image.content
    for index in world.indexes:
        if index.name == name and index.pushed <= elapsed:
            yield index.content
            yield from index.content.children


def _tagged(world: World, name: str, tag: str, elapsed: float) -> str:
    """Return the digest that a tag points to: where it was moved to, else what was pushed last."""
    moved = world.tags.get(f"{name}:{tag}")
    if moved is not None:
        return moved
    candidates: list[SampleImage | SampleIndex] = [*world.images, *world.indexes]
    pushed = [
        one
        for one in candidates
        if (one.name, one.tag) == (name, tag) and one.pushed <= elapsed and one.served
    ]
    return max(pushed, key=lambda one: one.pushed).digest if pushed else ""


def _blob(contents: list[ImageManifest], digest: str) -> RegistryReply:
    for content in contents:
        if digest in content.blobs:
            return _found(content.blobs[digest], "application/octet-stream")
    return error(404, "BLOB_UNKNOWN", "blob unknown to registry")


def _found(body: bytes, media_type: str) -> RegistryReply:
    return RegistryReply(200, body, media_type, {"Docker-Content-Digest": digest_of(body)})


def error(
    status: int, code: str, message: str, headers: dict[str, str] | None = None
) -> RegistryReply:
    """Return an error as the specification writes it."""
    errors = {"errors": [{"code": code, "message": message, "detail": {}}]}
    return RegistryReply(status, json.dumps(errors).encode(), headers=headers or {})
