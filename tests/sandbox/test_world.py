from __future__ import annotations

import msgspec
import pytest

from gate.sandbox import SampleFinding, SampleImage, SampleIndex, World
from gate.sandbox.world import Bilingual

WEB = SampleImage(namespace="shop", repository="web", tag="1")
ARM = SampleImage(namespace="shop", repository="multi", tag="1", platform="linux/arm64/v8")
MULTI = SampleIndex(namespace="shop", repository="multi", tag="1", images=(ARM,))


def test_digests_are_those_of_manifests_and_do_not_depend_on_findings() -> None:
    blocked = msgspec.structs.replace(WEB, digest="", findings=(SampleFinding(),))
    assert (WEB.digest, WEB.uuid) == (blocked.digest, blocked.uuid)
    again = SampleImage(namespace="shop", repository="web", tag="1", build="2")
    assert len({WEB.digest, again.digest, ARM.digest, MULTI.digest}) == 4


def test_an_index_may_lack_an_attestation() -> None:
    plain = msgspec.structs.replace(MULTI, attestation=False)
    assert [len(index.content.children) for index in (MULTI, plain)] == [1, 0]
    assert plain.digest != MULTI.digest


def test_a_given_digest_is_kept_and_not_served() -> None:
    given = SampleImage(namespace="shop", repository="web", digest="ab" * 32)
    assert (given.digest, given.bare_digest) == ("sha256:" + "ab" * 32, "ab" * 32)
    assert WEB.served
    assert not given.served


def test_an_image_is_replaced_in_its_place() -> None:
    world = World.of(WEB, MULTI)
    for image in (WEB, ARM):
        world.put(msgspec.structs.replace(image, size=7))
    assert [image.size for image in world.records()] == [7, 7]
    world.put(SampleIndex(namespace="shop", repository="multi", tag="1", images=()))
    assert [image.repository for image in world.records()] == ["web"]
    world.remove(MULTI)
    world.remove(WEB)
    assert list(world.records()) == []
    assert world.indexes == []


def test_an_image_is_found_by_its_name() -> None:
    harbor = SampleImage(namespace="shop", repository="web", tag="1", registry_type="harbor")
    world = World.of(harbor, WEB)
    assert world.find("shop/web:1") == WEB
    world.remove(WEB)
    assert world.find("shop/web:1") == harbor
    with pytest.raises(LookupError, match="shop/web:2"):
        world.find("shop/web:2")


def test_worlds_do_not_share_what_they_hold() -> None:
    World().tags["shop/web:1"] = WEB.digest
    World().put(WEB)
    assert (World().tags, World().images) == ({}, [])


def test_a_status_is_a_known_word_or_any_number() -> None:
    assert [SampleFinding(status="ignored").status_code, SampleFinding(status=9).status_code] == [
        1,
        9,
    ]
    with pytest.raises(ValueError, match="false_positive"):
        SampleFinding(status="done")


def test_a_text_stands_in_for_the_language_that_lacks() -> None:
    assert [Bilingual("a", "b").of(lang) for lang in ("en", "zh")] == ["a", "b"]
    assert [Bilingual("a").of("zh"), Bilingual("", "b").of("en")] == ["a", "b"]
