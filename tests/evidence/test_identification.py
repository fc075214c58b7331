from __future__ import annotations

import pytest

from gate.evidence.identification import Identified, identify
from gate.findings import IdentifiedBy, Reason, Unscanned
from tests.evidence.making import AT, DIGEST, record, target


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
