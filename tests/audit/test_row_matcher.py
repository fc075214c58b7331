from __future__ import annotations

from typing import Any

import pytest

from gate.audit import Scope
from gate.audit.risk_lists import RowMatcher
from gate.security_center import ImageRecord, ImageRiskRow

PLACE: dict[str, Any] = {"region_id": "cn-hangzhou", "repo_namespace": "shop", "repo_name": "web"}
RECORDS = {
    "web-1": ImageRecord(uuid="web-1", **PLACE),
    "web-2": ImageRecord(uuid="web-2", **PLACE),
    "api-1": ImageRecord(uuid="api-1", **PLACE | {"repo_name": "api"}),
}


def row(uuid: str, **given: Any) -> ImageRiskRow:
    return ImageRiskRow(uuid=uuid, **PLACE | given)


def doubtful(*rows: ImageRiskRow, existing: tuple[str, ...] = tuple(RECORDS)) -> set[str]:
    matcher = RowMatcher(RECORDS, Scope(namespace="none"))
    for each in rows:
        assert each.uuid == matcher.uuid_of(each)
    return matcher.doubtful(existing)


def test_rows_of_their_records_leave_no_doubt() -> None:
    assert set() == doubtful(row("web-1"), row("api-1", repo_name="api"))


@pytest.mark.parametrize("name", ["repo_name", "repo_namespace"])
def test_a_row_that_does_not_name_its_repository_is_taken_as_it_is(name: str) -> None:
    assert set() == doubtful(row("web-1", **{name: ""}))


@pytest.mark.parametrize("region", ["cn-hangzhou", ""])
def test_a_row_that_no_record_claims_may_be_about_any_image_of_its_repository(region: str) -> None:
    assert {"web-1", "web-2"} == doubtful(row("gone", region_id=region))


def test_a_row_of_a_record_that_came_meanwhile_is_about_no_other() -> None:
    assert set() == doubtful(row("new"), existing=(*RECORDS, "new"))


@pytest.mark.parametrize(
    "other", [{"repo_name": "web-admin"}, {"repo_namespace": "stall"}, {"region_id": "cn-beijing"}]
)
def test_a_row_of_no_known_repository_is_about_none_of_these(other: dict[str, str]) -> None:
    assert set() == doubtful(row("gone", **other))


def test_a_row_of_another_repository_than_its_record_may_be_about_either() -> None:
    assert {"api-1", "web-1", "web-2"} == doubtful(row("api-1"))
    assert {"web-1"} == doubtful(row("web-1", repo_name="elsewhere"))
