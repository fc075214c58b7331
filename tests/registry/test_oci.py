from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.errors import ServiceError
from gate.registry.oci import Child, Index, SingleImage, digest_of, is_digest, read_manifest
from tests.rigs.registry import DOCKER_LIST, DOCKER_MANIFEST, IN_TOTO, OCI_INDEX, OCI_LAYER
from tests.rigs.registry import OCI_MANIFEST as OCI
from tests.steadiness.hostile import outcome

DIGEST = "sha256:" + "ab" * 32


def read_bytes(data: bytes, content_type: str = OCI) -> Index | SingleImage | ServiceError:
    return outcome(lambda: read_manifest(data, content_type), ServiceError)


def read(document: object, content_type: str = "") -> Index | SingleImage | ServiceError:
    return read_bytes(json.dumps(document).encode(), content_type)


def image(*types: str, **more: object) -> dict[str, object]:
    return {"schemaVersion": 2, "layers": [{"mediaType": one} for one in types], **more}


def index(*descriptors: object, **more: object) -> dict[str, object]:
    return {"schemaVersion": 2, "manifests": list(descriptors), **more}


@pytest.mark.parametrize(
    "content_type", [OCI, DOCKER_MANIFEST, f"{OCI}; charset=utf-8", "", "text/plain"]
)
def test_a_manifest_with_layers_is_an_image(content_type: str) -> None:
    assert SingleImage(only_in_toto=False) == read(image(OCI_LAYER), content_type)


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ([IN_TOTO], True),
        ([IN_TOTO, IN_TOTO], True),
        ([IN_TOTO, OCI_LAYER], False),
        ([], False),
    ],
)
def test_whether_all_layers_are_in_toto_is_known(
    types: list[str],
    expected: bool,  # noqa: FBT001 - a table's column
) -> None:
    assert SingleImage(only_in_toto=expected) == read(image(*types))


@pytest.mark.parametrize("content_type", [OCI_INDEX, DOCKER_LIST, ""])
@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ({"os": "linux", "architecture": "amd64"}, "linux/amd64"),
        ({"os": "linux", "architecture": "arm", "variant": "v7"}, "linux/arm/v7"),
        ({"os": "windows", "architecture": "amd64", "os.version": "10"}, "windows/amd64"),
        ({"os": "unknown", "architecture": "unknown"}, "unknown/unknown"),
        ({"os": "Linux", "architecture": "AMD64", "variant": "v1"}, "linux/amd64"),
        ({"os": "linux", "architecture": "x86_64"}, "linux/amd64"),
        ({"os": "linux", "architecture": "aarch64", "variant": "8"}, "linux/arm64"),
        ({"os": "linux", "architecture": "arm"}, "linux/arm/v7"),
        ({"os": "linux"}, None),
        ({"os": "a/b\n", "architecture": "amd64"}, None),
        (None, None),
    ],
)
def test_an_index_names_its_platforms(
    content_type: str, platform: dict[str, str] | None, expected: str | None
) -> None:
    found = read(index({"digest": DIGEST, "platform": platform}), content_type)
    assert Index((Child(DIGEST, expected),)) == found


NOWHERE = {"os": "unknown", "architecture": "unknown"}
ANNOTATED = {"vnd.docker.reference.type": "attestation-manifest"}


@pytest.mark.parametrize(
    ("platform", "annotations", "expected"),
    [
        (NOWHERE, ANNOTATED, True),
        (NOWHERE, None, False),
        (NOWHERE, {"vnd.docker.reference.type": ["attestation-manifest"]}, False),
        (NOWHERE | {"variant": "v1"}, ANNOTATED, False),
        ({"os": "linux", "architecture": "amd64"}, ANNOTATED, False),
        (None, ANNOTATED, False),
    ],
)
def test_platform_and_annotation_together_say_that_an_entry_is_an_attestation(
    platform: object,
    annotations: object,
    expected: bool,  # noqa: FBT001 - a table's column
) -> None:
    found = read(index({"digest": DIGEST, "platform": platform, "annotations": annotations}))
    assert isinstance(found, Index)
    assert [expected] == [child.is_attestation for child in found.children]


@pytest.mark.parametrize(
    ("document", "content_type", "cause"),
    [
        ([], OCI, "is not a manifest"),
        ({}, OCI, "is not a manifest"),
        ({"schemaVersion": "2"}, OCI, "is not a manifest"),
        (image() | {"layers": [{}]}, OCI, "is not a manifest"),
        (index({}), OCI_INDEX, "is not a manifest"),
        ({"schemaVersion": 1, "fsLayers": []}, "", "schema 1"),
        ({"schemaVersion": 2}, OCI, "neither an image nor an index"),
        ({"schemaVersion": 2, "blobs": []}, OCI, "neither an image nor an index"),
        (image(OCI_LAYER) | index(), OCI, "neither an image nor an index"),
        (image(OCI_LAYER), OCI_INDEX, "type contradicts its content"),
        (image(OCI_LAYER, mediaType=OCI_INDEX), OCI, "type contradicts its content"),
        (index(), DOCKER_MANIFEST, "type contradicts its content"),
        (index(mediaType=OCI), OCI_INDEX, "type contradicts its content"),
        (index({"digest": "sha512:" + "a" * 128}), OCI_INDEX, "something else than SHA-256"),
        (index(*[{"digest": DIGEST}] * 101), OCI_INDEX, "more than 100 manifests"),
    ],
)
def test_what_is_doubtful_is_refused_with_a_cause(
    document: object, content_type: str, cause: str
) -> None:
    found = read(document, content_type)
    assert isinstance(found, ServiceError)
    assert cause in found.message
    assert found.remedy


@pytest.mark.parametrize(
    "twice",
    [
        b'{"schemaVersion": 2, "layers": [], "layers": []}',
        b'{"schemaVersion": 2, "layers": [], "Layers": []}',
        b'{"schemaVersion": 2, "layers": [{"mediaType": "a", "mediatype": "b"}]}',
    ],
)
def test_a_key_that_comes_twice_is_refused(twice: bytes) -> None:
    """Go, which most registries and runtimes are written in, reads keys without their case."""
    assert isinstance(read_bytes(twice), ServiceError)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 100_000, b"1" * 5000])
def test_what_is_no_json_is_refused(data: bytes) -> None:
    assert isinstance(read_bytes(data), ServiceError)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.just(DIGEST)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(max_size=8), inner, max_size=3),
        st.fixed_dictionaries(
            {},
            optional={
                "schemaVersion": st.sampled_from([1, 2, "2"]),
                "mediaType": st.sampled_from([OCI, OCI_INDEX, IN_TOTO]),
                "manifests": st.lists(inner, max_size=2),
                "layers": st.lists(inner, max_size=2),
                "platform": inner,
                "digest": inner,
            },
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.binary(max_size=60), JSON.map(lambda value: json.dumps(value).encode())))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    found = read_bytes(data)
    assert isinstance(found, Index | SingleImage | ServiceError)


def test_a_digest_is_that_of_the_bytes() -> None:
    expected = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert expected == digest_of(b"")


@pytest.mark.parametrize(
    ("text", "expected"),
    [(DIGEST, True), (DIGEST.upper(), False), (DIGEST + "\n", False), ("latest", False)],
)
def test_a_digest_is_told_from_a_tag(text: str, expected: Any) -> None:
    assert expected is is_digest(text)
