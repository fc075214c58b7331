"""A later step deploys what was judged, by its digest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from gate.findings import IdentifiedBy
from gate.report.naming import deployable
from tests.report import verdicts as made

if TYPE_CHECKING:
    from gate.verdict import ImageVerdict, Verdict

HOST = "registry.cn-hangzhou.aliyuncs.com"
INDEX = f"sha256:{'b' * 64}"


def test_an_image_is_named_by_the_digest_that_it_was_asked_by() -> None:
    image = replace(made.scanned(), digest=INDEX)

    assert (f"{HOST}/shop/web@{INDEX}",) == deployable(made.run(image))


def test_an_image_that_its_tag_identified_is_named_by_the_digest_of_its_record() -> None:
    image = made.scanned(identified_by=IdentifiedBy.TAG)

    assert (f"{HOST}/shop/web@{made.DIGEST}",) == deployable(made.run(image))


def test_the_platforms_of_an_index_are_one_image() -> None:
    platforms = [
        replace(made.scanned(image=made.image(digest=f"sha256:{each * 64}")), digest=INDEX)
        for each in "12"
    ]

    assert (f"{HOST}/shop/web@{INDEX}",) == deployable(made.run(*platforms))


def test_a_digest_in_the_reference_is_known_without_an_answer() -> None:
    image = made.unscanned(reference=f"{HOST}/shop/api:2.0@{INDEX}")

    assert (f"{HOST}/shop/api@{INDEX}",) == deployable(made.run(image))


@pytest.mark.parametrize(
    "image",
    [
        made.unscanned(),
        made.scanned(image=made.image(digest=""), identified_by=IdentifiedBy.TAG),
        replace(made.scanned(), digest="sha256:what\never"),
        replace(made.scanned(reference="no reference"), digest=INDEX),
    ],
)
def test_what_has_no_digest_is_left_out(image: ImageVerdict) -> None:
    other = replace(made.scanned(), digest=INDEX)

    assert (f"{HOST}/shop/web@{INDEX}",) == deployable(made.run(image, other))


@given(made.verdicts())
@settings(max_examples=60, deadline=None)
def test_every_name_is_one_of_an_image_by_digest(verdict: Verdict) -> None:
    names = deployable(verdict)

    assert all(re.fullmatch(r"[!-~]+@sha256:[0-9a-f]{64}", name) for name in names)
    assert len(names) == len(set(names))
