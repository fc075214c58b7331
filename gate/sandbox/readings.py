"""Which way the local Security Center takes what the published reference leaves open."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Readings(Struct, frozen=True, kw_only=True):
    """One choice for each question that the reference doesn't answer.

    ``rows``: what a row of DescribeImageListByBuildRisk stands for: a finding, or an image (then
    with the worst level of the findings that match, and the least handled status).

    ``list_without_status``: whether lists that weren't asked for a status hold the handled
    findings too; both of DescribeImageListByBuildRisk and of DescribeImageBuildRiskByKey.

    ``criteria``: how names are compared, in every operation that takes them.

    ``page_cap``: the most rows that a page holds, whatever was asked for.

    ``prefixed_digest``: records carry ``sha256:`` before their digest; they are documented bare.

    ``digest_criterion``: how DescribeImageInstances must be asked for a digest.

    ``whitelisted``: whether whitelist rules take findings out of the lists.
    """

    rows: Literal["finding", "image"] = "finding"
    list_without_status: Literal["all", "unhandled"] = "all"
    criteria: Literal["contains", "exact"] = "contains"
    page_cap: int = 100
    prefixed_digest: bool = False
    digest_criterion: Literal["bare", "prefixed"] = "bare"
    whitelisted: Literal["listed", "hidden"] = "listed"
