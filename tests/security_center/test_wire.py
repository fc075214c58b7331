from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.errors import AnswerUnreadable, UsageError
from gate.security_center import (
    BuildRiskDetail,
    CheckConfiguration,
    ImageRecord,
    ImageRiskRow,
    Page,
    ScanTarget,
    ScanTask,
    ScanTaskState,
)
from gate.security_center import rows as all_rows
from gate.security_center.rows import WireObject
from gate.security_center.wire import (
    Answer,
    check_times,
    conditions,
    parameters,
    read_answer,
    read_data,
    read_object,
    read_page,
    read_rows,
    targets_json,
    targets_lists,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE_INFO = {"CurrentPage": 1, "PageSize": 20, "TotalCount": 1}
RISK_ROW = {
    "Uuid": "6ec898e6274f942e0e4a053eff1c0001",
    "RegionId": "cn-hangzhou",
    "InstanceId": "39010001",
    "RepoNamespace": "namespace",
    "RepoName": "test-repo",
    "Tag": "v1",
    "Digest": "8" * 64,
    "FirstScanTime": 1723710827000,
    "LastScanTime": "1723710828000",
    "RiskLevel": "medium",
    "Status": 1,
}
ROW_TYPES = [
    kind for kind in vars(all_rows).values() if isinstance(kind, type) and kind is not WireObject
]
ROW_TYPES = [kind for kind in ROW_TYPES if issubclass(kind, WireObject)]


def encoded(answer: object) -> bytes:
    return json.dumps(answer).encode()


def risk_page(row: dict[str, object]) -> Page[ImageRiskRow]:
    answer = {"Data": {"List": [row], "PageInfo": PAGE_INFO}, "Success": True, "Code": "200"}
    return read_page(read_answer(encoded(answer)), ImageRiskRow)


def test_200_every_field_of_a_row_is_read() -> None:
    page = risk_page(RISK_ROW)
    assert (page.current_page, page.page_size, page.total_count) == (1, 20, 1)
    assert page.rows == (
        ImageRiskRow(
            uuid="6ec898e6274f942e0e4a053eff1c0001",
            region_id="cn-hangzhou",
            instance_id="39010001",
            repo_namespace="namespace",
            repo_name="test-repo",
            tag="v1",
            digest="8" * 64,
            first_scan_time=1723710827000,
            last_scan_time=1723710828000,
            risk_level="medium",
            status=1,
        ),
    )


@pytest.mark.parametrize("blank", [None, ""])
def test_200_a_blank_field_is_an_absent_one(blank: str | None) -> None:
    blanks: dict[str, object] = dict.fromkeys(RISK_ROW, blank)
    page = risk_page(blanks | {"Uuid": "u"})
    assert page.rows == (ImageRiskRow(uuid="u"),)


@pytest.mark.parametrize(
    "change",
    [
        {"Uuid": None},
        {"Uuid": ""},
        {"Uuid": 7},
        {"Status": "ignored"},
        {"Status": True},
        {"LastScanTime": "yesterday"},
        {"LastScanTime": 1.5},
        {"Tag": ["v1"]},
    ],
)
def test_200_a_row_that_is_not_as_described_is_unreadable(change: dict[str, object]) -> None:
    with pytest.raises(AnswerUnreadable):
        risk_page(RISK_ROW | change)


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"List": []},
        {"List": [], "PageInfo": {"CurrentPage": 1, "PageSize": 20}},
        {"List": {}, "PageInfo": PAGE_INFO},
        {"List": [None], "PageInfo": PAGE_INFO},
        {"List": [["nonsense"]], "PageInfo": PAGE_INFO},
    ],
)
def test_200_a_page_that_is_not_as_described_is_unreadable(data: object) -> None:
    with pytest.raises(AnswerUnreadable):
        read_page(read_answer(encoded({"Data": data})), ImageRiskRow)


def test_200_a_list_that_is_null_is_empty() -> None:
    answer = read_answer(encoded({"Data": {"List": None, "PageInfo": PAGE_INFO}}))
    assert read_page(answer, ImageRiskRow).rows == ()


def test_200_images_stand_beside_their_page_info() -> None:
    row = {"Uuid": "u", "ImageUpdate": "1723710827000", "ScaProgress": 20, "ImageSize": "12"}
    answer = {"ImageInstanceList": [row], "PageInfo": PAGE_INFO | {"Count": 1}}
    page = read_page(read_answer(encoded(answer)), ImageRecord, rows_in="ImageInstanceList")
    assert page.rows == (ImageRecord(uuid="u", image_update=1723710827000, sca_progress=20),)


def test_200_the_configuration_says_what_is_on_and_off() -> None:
    rules = [
        {"RuleKey": "b", "Selected": False},
        {"RuleKey": "a"},
        {"RuleKey": "no_user", "RuleName": "root", "Selected": True},
    ]
    answer = {"Data": {"Id": 7, "RuleTree": [{"ClassKey": "other", "RuleList": rules}, {}]}}
    configuration = read_data(read_answer(encoded(answer)), CheckConfiguration)
    assert frozenset(("no_user",)) == configuration.on
    assert configuration.off == ("a", "b")
    with pytest.raises(AnswerUnreadable):
        read_data(read_answer(encoded({"Data": {"Id": 7}})), CheckConfiguration)


def test_200_the_state_of_a_scan_may_not_say_whether_it_can_start() -> None:
    def can_create(**said: object) -> bool | None:
        answer = read_answer(encoded({"Data": {"TaskId": "t", **said}}))
        return read_data(answer, ScanTaskState).can_create

    assert can_create(CanCreate=False) is False
    assert can_create() is None


def test_secrets_in_a_build_command_are_masked_when_it_is_read() -> None:
    found = {"RiskKey": "secret", "LayerCmd": "ENV TOKEN=sesame-4711-open"}
    (detail,) = read_rows(read_answer(encoded({"List": [found]})), BuildRiskDetail, "List")
    assert "sesame" not in repr(detail)
    assert detail.layer_cmd.startswith("ENV TOKEN=")
    assert "sesame" not in BuildRiskDetail(risk_key="k", layer_cmd="ENV TOKEN=sesame").layer_cmd


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b"7",
        b'{"Data": {"List"',
        b'{"Code": "\xff"}',
        b'{"Code": "\\ud800"}',
        b'{"a":' * 100_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"Code": 1e999999}',
        b'\xef\xbb\xbf{"Data": 1}',
    ],
    ids=lambda body: repr(body[:12]),
)
def test_what_is_no_json_object_is_unreadable(body: bytes) -> None:
    with pytest.raises(AnswerUnreadable):
        read_answer(body)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10)
    | st.just("9" * 5000),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Data", "List", "PageInfo", "Uuid", "Status", "RuleTree", "Id", "x"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def outcome(read: Callable[[Answer], object], answer: object) -> object:
    """Return what is read, or that it is unreadable."""
    try:
        return read(read_answer(encoded(answer)))
    except AnswerUnreadable:
        return "unreadable"


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.sampled_from([*RISK_ROW, "Uuid", "x"]), JSON),
    st.sampled_from([None, ""]),
)
def test_an_answer_with_a_blank_is_read_like_one_without(
    row: dict[str, object], blank: str | None
) -> None:
    def read(answer: Answer) -> Page[ImageRiskRow]:
        return read_page(answer, ImageRiskRow)

    answer = {"Data": {"List": [RISK_ROW | row], "PageInfo": PAGE_INFO}}
    assert outcome(read, answer) == outcome(read, answer | {"Hint": blank})


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60) | JSON.map(encoded), st.sampled_from(ROW_TYPES))
def test_any_bytes_decode_or_are_unreadable(body: bytes, kind: type[WireObject]) -> None:
    for read in (
        lambda answer: read_page(answer, kind),
        lambda answer: read_page(answer, kind, rows_in="x"),
        lambda answer: read_data(answer, kind),
        lambda answer: read_object(answer, kind),
        lambda answer: read_rows(answer, kind, "Data"),
    ):
        try:
            read(read_answer(body))
        except AnswerUnreadable as error:
            assert error.remedy  # noqa: PT017 - either outcome is right


def test_parameters_have_the_apis_names() -> None:
    told = parameters(image_uuid="u", status=0, id=7, lang=None, risk_key="")
    assert told == {
        "ImageUuid": "u",
        "Status": "0",
        "Id": "7",
        "RiskKey": "",
    }


def test_criteria_are_a_json_array_that_says_how_they_are_joined() -> None:
    both = conditions({"repoName": 'a "b" 中', "tag": "1"})
    assert both["logical_exp"] == "AND"
    assert json.loads(both["criteria"]) == [
        {"name": "repoName", "value": 'a "b" 中', "logicalExp": "AND"},
        {"name": "tag", "value": "1", "logicalExp": "AND"},
    ]


def test_no_criteria_are_not_sent() -> None:
    assert conditions({}) == {}


@pytest.mark.parametrize(
    ("total", "size"), [(-1, 20), (10**9, 20), (5, 0), (5, -3), (0, -1), (10**30, 1)]
)
def test_200_a_page_with_numbers_that_no_list_has_is_unreadable(total: int, size: int) -> None:
    info = {"CurrentPage": 1, "PageSize": size, "TotalCount": total}
    with pytest.raises(AnswerUnreadable, match=f"{total} rows in pages of {size}"):
        read_page(read_answer(encoded({"Data": {"List": [], "PageInfo": info}})), ImageRiskRow)


def test_200_an_empty_list_may_have_pages_of_nothing() -> None:
    info = {"CurrentPage": 1, "PageSize": 0, "TotalCount": 0}
    answer = read_answer(encoded({"Data": {"List": [], "PageInfo": info}}))
    assert read_page(answer, ImageRiskRow).total_count == 0


TARGET = ScanTarget(
    registry_type="acr",
    repo_id="r",
    instance_id="i",
    repo_namespace="shop",
    region_id="cn-hangzhou",
    repo_name="web",
    digest="8" * 64,
    tag="1",
)


def test_images_to_scan_are_json_or_lists() -> None:
    (image,) = json.loads(targets_json([TARGET]))
    assert image == {
        "registryType": "acr",
        "repoId": "r",
        "instanceId": "i",
        "repoNamespace": "shop",
        "regionId": "cn-hangzhou",
        "repoName": "web",
        "digest": "8" * 64,
        "tag": "1",
    }
    lists = parameters(**targets_lists([TARGET, TARGET]))
    assert (lists["RegistryTypes"], lists["RepoNamespaces"]) == ("acr,acr", "shop,shop")
    assert len(lists) == 8


def test_a_comma_can_not_be_in_a_list() -> None:
    with pytest.raises(UsageError):
        targets_lists([msgspec.structs.replace(TARGET, repo_name="a,b")])


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TIMES: list[tuple[type[WireObject], str]] = [
    (ImageRecord, "last_scan_time"),
    (ScanTask, "start_time"),
    (ScanTask, "finish_time"),
]


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(TIMES),
    st.integers() | st.sampled_from([0, 1, -1, 1_723_710_828, 1_723_710_828_000_000]),
)
def test_a_time_that_makes_no_sense_is_unreadable(
    place: tuple[type[WireObject], str], time: int
) -> None:
    row, name = place
    decoded = row(**{name: time}, **({"uuid": "u"} if row is ImageRecord else {}))
    latest = (NOW + timedelta(days=1)).timestamp() * 1000
    sensible = not time or 1_420_070_400_000 <= time <= latest
    for answer in (Page((decoded,), 1, 20, 1), (decoded,), decoded):
        if sensible:
            check_times(answer, NOW)
        else:
            with pytest.raises(AnswerUnreadable, match=f"A {name.replace('_', ' ')} in it is not"):
                check_times(answer, NOW)


def test_a_row_without_times_is_left_alone() -> None:
    check_times(CheckConfiguration(rule_tree=()), NOW)
    check_times(Page((ImageRiskRow(uuid="u", last_scan_time=7),), 1, 20, 1), NOW)
    check_times((ScanTask(),), NOW)
