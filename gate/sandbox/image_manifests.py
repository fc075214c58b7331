"""Deterministic OCI manifests, so that the digests of a sample world are real ones.

The shapes are those of the OCI image specification 1.1.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_IN_TOTO = "application/vnd.in-toto+json"

# An empty tar archive: two blocks of zeros.
_EMPTY_TAR = bytes(1024)


class ImageManifest(Struct, frozen=True):
    """A manifest as the registry serves it.

    ``blobs`` are those that it refers to, and ``children`` manifests that nothing else serves,
    each by digest.
    """

    media_type: str
    body: bytes
    blobs: Mapping[str, bytes] = field(default_factory=dict)
    children: tuple[ImageManifest, ...] = ()

    @property
    def digest(self) -> str:
        """``sha256:<hex>`` of the body."""
        return digest_of(self.body)


def digest_of(content: bytes) -> str:
    """Return the digest of some bytes, ``sha256:<hex>``."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@lru_cache(maxsize=20_000)
def image_manifest(name: str, tag: str, build: str, platform: str) -> ImageManifest:
    """Make the manifest of one image; equal arguments make equal bytes."""
    config = _json(
        {
            **_platform(platform),
            "config": {"Labels": {"sample.image": f"{name}:{tag}", "sample.build": build}},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(_EMPTY_TAR)]},
        }
    )
    return _manifest(_CONFIG, config, _LAYER, _EMPTY_TAR)


def index_manifest(
    images: Sequence[tuple[str, ImageManifest]], *, attestation: bool
) -> ImageManifest:
    """Make an index of images, each with its platform, and of an attestation to the first."""
    listed = [
        {**_descriptor(MANIFEST, content.body), "platform": _platform(platform)}
        for platform, content in images
    ]
    children: tuple[ImageManifest, ...] = ()
    if attestation and images:
        about = images[0][1].digest
        statement = _attestation(about)
        children = (statement,)
        listed.append(
            {
                **_descriptor(MANIFEST, statement.body),
                "annotations": {
                    "vnd.docker.reference.digest": about,
                    "vnd.docker.reference.type": "attestation-manifest",
                },
                "platform": {"architecture": "unknown", "os": "unknown"},
            }
        )
    body = _json({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed})
    return ImageManifest(INDEX, body, children=children)


def _attestation(about: str) -> ImageManifest:
    statement = _json(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "sample", "digest": {"sha256": about.removeprefix("sha256:")}}],
            "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": {},
        }
    )
    config = _json(
        {
            "architecture": "unknown",
            "os": "unknown",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(statement)]},
        }
    )
    return _manifest(_CONFIG, config, _IN_TOTO, statement)


def _manifest(config_type: str, config: bytes, layer_type: str, layer: bytes) -> ImageManifest:
    body = _json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": _descriptor(config_type, config),
            "layers": [_descriptor(layer_type, layer)],
        }
    )
    return ImageManifest(MANIFEST, body, blobs={digest_of(blob): blob for blob in (config, layer)})


def _descriptor(media_type: str, content: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def _platform(platform: str) -> dict[str, str]:
    parts = platform.split("/")
    keys = ("os", "architecture", "variant")
    return dict(zip(keys, parts, strict=False))


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
