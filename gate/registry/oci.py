"""Manifests and indexes, from bytes to types; OCI image specification 1.1 and Docker schema 2.

What a document is, its structure tells; its declared types must not say otherwise, because two
programs that read one document differently would judge one image and run another.
"""

from __future__ import annotations

import json
import re
from hashlib import sha256

import msgspec
from msgspec import Struct

from gate.errors import ServiceError
from gate.reference import normal_platform

LARGEST_MANIFEST = 4 * 1024 * 1024
"""In bytes; the OCI distribution specification asks registries for at least this much."""

MOST_MANIFESTS = 100

_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_IMAGES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
ACCEPTED = ", ".join(_INDEXES + _IMAGES)

_IN_TOTO = "application/vnd.in-toto+json"
# BuildKit, "Attestation storage": how a descriptor says that its manifest is nothing to run.
_NO_PLATFORM = "unknown/unknown"
_ATTESTATION = ("vnd.docker.reference.type", "attestation-manifest")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_WORD = re.compile(r"[A-Za-z0-9._-]{1,64}")

_NONSENSE = "Check what was pushed; push the image again."


class Child(Struct, frozen=True):
    """What an index says of one of its manifests.

    ``platform`` is ``None`` if it says nothing, else in its normal form. ``is_attestation`` if both
    platform and annotation say so, which alone proves nothing.
    """

    digest: str
    platform: str | None
    is_attestation: bool = False


class Index(Struct, frozen=True):
    """The manifests of an index, in its order."""

    children: tuple[Child, ...]


class SingleImage(Struct, frozen=True):
    """A manifest with layers; ``only_in_toto`` if there are some and all are such statements."""

    only_in_toto: bool


class _Platform(msgspec.Struct):
    os: str = ""
    architecture: str = ""
    variant: str = ""


class _Descriptor(msgspec.Struct):
    digest: str
    platform: _Platform | None = None
    annotations: dict[str, object] | None = None


class _Layer(msgspec.Struct, rename="camel"):
    media_type: str


class _Document(msgspec.Struct, rename="camel"):
    schema_version: int
    media_type: str = ""
    manifests: list[_Descriptor] | None = None
    layers: list[_Layer] | None = None


def digest_of(data: bytes) -> str:
    """Return the digest of a manifest's bytes, ``sha256:<hex>``."""
    return f"sha256:{sha256(data).hexdigest()}"


def is_digest(text: str) -> bool:
    """Tell whether a text is a SHA-256 digest, ``sha256:<hex>``."""
    return bool(_DIGEST.fullmatch(text))


def read_manifest(data: bytes, content_type: str) -> Index | SingleImage:
    """Decode a manifest; any bytes either decode or raise ``ServiceError``.

    ``content_type`` is the answer's header, with or without parameters.
    """
    try:
        loaded = json.loads(data.decode("utf-8"), object_pairs_hook=_distinct)
        document = msgspec.convert(loaded, _Document)
    except (ValueError, RecursionError):
        # Neither the decoder's nor the converter's text: it quotes untrusted text.
        raise ServiceError("The registry's answer is not a manifest.", _NONSENSE) from None
    if document.schema_version == 1:
        raise ServiceError(
            "The registry answered with a manifest of Docker's schema 1, which has no fixed "
            "digest.",
            "Push the image again with a current version of Docker or buildx.",
        )
    declared = {content_type.partition(";")[0].strip().lower(), document.media_type}
    if (document.manifests is None) == (document.layers is None):
        raise ServiceError(
            "The registry's answer is neither an image nor an index of images.", _NONSENSE
        )
    if declared & set(_INDEXES if document.manifests is None else _IMAGES):
        raise ServiceError("The manifest's type contradicts its content.", _NONSENSE)
    if document.manifests is None:
        layers = document.layers or []
        types = {layer.media_type for layer in layers}
        return SingleImage(types == {_IN_TOTO})
    return _index(document.manifests)


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse keys that come twice, in whatever case: programs differ in which of them counts."""
    if len({key.lower() for key, _ in pairs}) != len(pairs):
        raise ValueError
    return dict(pairs)


def _index(descriptors: list[_Descriptor]) -> Index:
    if len(descriptors) > MOST_MANIFESTS:
        raise too_many()
    if not all(is_digest(descriptor.digest) for descriptor in descriptors):
        raise ServiceError("The index names a manifest by something else than SHA-256.", _NONSENSE)
    return Index(tuple(map(_child, descriptors)))


def _child(descriptor: _Descriptor) -> Child:
    name = _name(descriptor.platform)
    key, value = _ATTESTATION
    annotated = (descriptor.annotations or {}).get(key) == value
    return Child(descriptor.digest, name, name == _NO_PLATFORM and annotated)


def too_many() -> ServiceError:
    """Say that an index is larger than any index of platforms."""
    return ServiceError(
        f"The index holds more than {MOST_MANIFESTS} manifests.",
        "Name one of its images by its digest.",
    )


def _name(platform: _Platform | None) -> str | None:
    if platform is None:
        return None
    words = [platform.os, platform.architecture]
    if platform.variant:
        words.append(platform.variant)
    if not all(_WORD.fullmatch(word) for word in words):
        return None
    name = normal_platform("/".join(words))
    _, _, rest = name.partition("/")
    return f"{name}/v7" if rest == "arm" else name
