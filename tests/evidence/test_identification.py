from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gate.evidence.identification import Identified, identify
from gate.findings import IdentifiedBy, Reason, Unscanned
from gate.reference import ImageReference
from tests.evidence.making import AT, DIGEST, record, target

if TYPE_CHECKING:
    from gate.evidence import Target


def test_the_digest_decides_whatever_the_tag() -> None:
    result = identify([record(tag="other")], target())
    assert isinstance(result, Identified)
    assert (IdentifiedBy.DIGEST, "other") == (result.by, result.records[0].tag)


def test_of_several_with_the_digest_those_with_the_tag_count() -> None:
    result = identify([record(uuid="u2", tag="other"), record()], target())
    assert isinstance(result, Identified)
    assert ["u1"] == [one.uuid for one in result.records]


def test_a_digest_with_its_prefix_is_the_same() -> None:
    assert isinstance(identify([record(digest=DIGEST)], target()), Identified)


@pytest.mark.parametrize(
    "other",
    [
        {"repo_namespace": "shopping"},
        {"repo_name": "web-admin"},
        {"region_id": "cn-beijing"},
        {"registry_type": "harbor"},
        {"registry_type": "CI/CD"},
        {"digest": "b" * 64},
        {"digest": ""},
    ],
    ids=str,
)
def test_another_record_is_not_the_image(other: dict[str, str]) -> None:
    result = identify([record(**other)], target())
    assert isinstance(result, Unscanned)
    assert Reason.MISSING is result.reason


def test_a_given_instance_is_the_only_one_that_counts() -> None:
    assert isinstance(identify([record()], target(instance="i2")), Unscanned)
    assert isinstance(identify([record()], target(instance="i1")), Identified)


def test_a_ci_record_never_counts_where_the_registry_type_is_not_known() -> None:
    unknown = target(registry_type=None, region=None)
    assert isinstance(identify([record(registry_type="CI/CD")], unknown), Unscanned)
    assert isinstance(identify([record(registry_type="harbor")], unknown), Identified)


def test_a_tag_alone_needs_a_policy_that_allows_it() -> None:
    result = identify([record()], target(None, no_digest_because="Nobody told."))
    assert isinstance(result, Unscanned)
    assert Reason.UNIDENTIFIED is result.reason
    assert "Nobody told." in result.message


def test_by_tag_the_newest_push_counts_then_the_newest_scan() -> None:
    records = [
        record(uuid="old", digest="c" * 64, last_scan_time=AT + 9_000_000),
        record(uuid="new", image_update=AT + 3_000_000),
        record(uuid="newest", image_update=AT + 3_000_000, last_scan_time=AT + 4_000_000),
    ]
    result = identify(records, target(None, require_digest=False))
    assert isinstance(result, Identified)
    assert (IdentifiedBy.TAG, "newest") == (result.by, result.records[0].uuid)


def test_by_tag_two_registries_with_two_digests_are_ambiguous() -> None:
    result = identify(
        [record(), record(uuid="u2", instance_id="i2", digest="b" * 64)],
        target(None, require_digest=False),
    )
    assert isinstance(result, Unscanned)
    assert Reason.AMBIGUOUS is result.reason
    assert "i2" in result.message


def test_by_tag_two_registries_with_one_digest_are_not_ambiguous() -> None:
    result = identify(
        [record(), record(uuid="u2", instance_id="i2")], target(None, require_digest=False)
    )
    assert isinstance(result, Identified)


def by_tag(**given: Any) -> Target:
    return target(None, require_digest=False, **given)


INSTANCE = ImageReference.parse("shop-registry.cn-hangzhou.cr.aliyuncs.com/shop/web:1")
HARBOR = ImageReference.parse("harbor.example.com/shop/web:1")


def test_by_tag_an_enterprise_instance_must_be_named() -> None:
    result = identify([record()], by_tag(reference=INSTANCE))
    assert isinstance(result, Unscanned)
    assert Reason.AMBIGUOUS is result.reason
    assert "--instance" in result.message
    assert isinstance(identify([record()], by_tag(reference=INSTANCE, instance="i1")), Identified)
    assert isinstance(identify([record()], target(reference=INSTANCE)), Identified)


@pytest.mark.parametrize("instance", [None, "i1"])
def test_by_tag_a_host_of_no_known_registry_needs_a_digest(instance: str | None) -> None:
    unknown: dict[str, Any] = {"reference": HARBOR, "registry_type": None, "instance": instance}
    result = identify([record(registry_type="harbor")], by_tag(**unknown))
    assert isinstance(result, Unscanned)
    assert Reason.AMBIGUOUS is result.reason
    assert "--digest" in result.message
    assert isinstance(identify([record(registry_type="harbor")], target(**unknown)), Identified)


@pytest.mark.parametrize(
    ("endpoints", "kind"),
    [
        ("", Identified),
        ("registry-vpc.cn-hangzhou.aliyuncs.com/shop/web", Identified),
        ("shop-registry.cn-hangzhou.cr.aliyuncs.com/shop/web", Unscanned),
        ("crpi-1.cn-hangzhou.personal.cr.aliyuncs.com/shop/web", Unscanned),
    ],
)
def test_by_tag_a_record_of_another_registry_does_not_count(endpoints: str, kind: type) -> None:
    result = identify([record(endpoints=endpoints)], by_tag())
    assert isinstance(result, kind)
    assert isinstance(identify([record(endpoints=endpoints)], target()), Identified)


def test_by_tag_an_enterprise_record_is_no_image_of_the_personal_edition() -> None:
    result = identify([record(instance_id="cri-1")], by_tag())
    assert isinstance(result, Unscanned)
    assert isinstance(identify([record(instance_id="cri-1")], target()), Identified)


def test_the_tags_of_all_records_of_the_image_are_told() -> None:
    records = [
        record(),
        record(uuid="u2", tag="prod"),
        record(uuid="u3", tag="other", digest="b" * 64),
        record(uuid="u4", tag="elsewhere", repo_name="api"),
    ]
    for wanted in (target(), by_tag()):
        result = identify(records, wanted)
        assert isinstance(result, Identified)
        assert ("1", "prod") == result.tags


def test_a_tag_that_the_image_has_in_another_registry_confirms_nothing() -> None:
    elsewhere = record(tag="2", endpoints="shop-registry.cn-hangzhou.cr.aliyuncs.com/shop/web")
    result = identify([record(), elsewhere], target())
    assert isinstance(result, Identified)
    assert ("1",) == result.tags
