from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pytest

from gate.sandbox import (
    Readings,
    SampleFinding,
    SampleImage,
    Sandbox,
    WhitelistRule,
    World,
    sample_world,
)

if TYPE_CHECKING:
    from tests.sandbox.conftest import Asker

pytestmark = pytest.mark.anyio


def _image(repository: str = "web", *findings: SampleFinding, **more: Any) -> SampleImage:
    return SampleImage(namespace="shop", repository=repository, tag="1", findings=findings, **more)


MIXED = _image(
    "web",
    SampleFinding(risk="add", status="ignored"),
    SampleFinding(risk="no_user"),
    SampleFinding(risk="sudo", status="false_positive"),
    SampleFinding(risk="sudo", status=7),
)


async def _rows(ask: Asker, sandbox: Sandbox, operation: str, **parameters: object) -> list[Any]:
    answer = (await ask(sandbox, operation, **parameters)).json
    assert (answer["Success"], answer["Code"]) == (True, "200")
    assert answer["Data"]["PageInfo"]["TotalCount"] == len(answer["Data"]["List"])
    rows: list[Any] = answer["Data"]["List"]
    return rows


LISTS = ["DescribeImageListByBuildRisk", "DescribeImageBuildRiskByKey"]


@pytest.mark.parametrize("operation", LISTS)
@pytest.mark.parametrize(("reading", "count"), [("all", 4), ("unhandled", 1)])
async def test_a_list_without_a_status_holds_what_the_reading_says(
    ask: Asker,
    operation: str,
    reading: Literal["all", "unhandled"],
    count: int,
) -> None:
    readings = Readings(list_without_status=reading)
    async with Sandbox(World.of(MIXED), readings=readings) as sandbox:
        assert count == len(await _rows(ask, sandbox, operation))
        assert len(await _rows(ask, sandbox, operation, Status=2)) == 1
        assert len(await _rows(ask, sandbox, operation, Status=3)) == 0


async def test_a_row_for_each_image_has_the_worst_level_and_the_least_handled_status(
    ask: Asker,
) -> None:
    other = _image("other", SampleFinding(risk="x", level="grave"), SampleFinding(risk="add"))
    readings = Readings(rows="image")
    async with Sandbox(World.of(MIXED, other), readings=readings) as sandbox:
        rows = await _rows(ask, sandbox, LISTS[0])
        assert [(row["RiskLevel"], row["Status"]) for row in rows] == [("high", 0), ("grave", 0)]
        (row,) = await _rows(ask, sandbox, LISTS[0], RiskLevel="medium")
        assert (row["RiskLevel"], row["Status"]) == ("medium", 2)


@pytest.mark.parametrize(
    ("reading", "expected"), [("contains", ["web", "web-admin"]), ("exact", ["web"])]
)
async def test_criteria_compare_as_the_reading_says(
    ask: Asker,
    reading: Literal["contains", "exact"],
    expected: list[str],
) -> None:
    images = [_image(name, SampleFinding()) for name in ("web", "web-admin", "api")]
    async with Sandbox(World.of(*images), readings=Readings(criteria=reading)) as sandbox:
        rows = await _rows(ask, sandbox, LISTS[0], CriteriaType="RepoName", Criteria="web")
        assert expected == [row["RepoName"] for row in rows]
        by_namespace = {"CriteriaType": "RepoNamespace", "Criteria": "shop"}
        assert len(await _rows(ask, sandbox, LISTS[0], **by_namespace)) == 3
        assert len(await _rows(ask, sandbox, LISTS[0], Criteria="no type, no filter")) == 3


async def test_rows_carry_every_documented_field_and_bare_digests(ask: Asker) -> None:
    async with Sandbox(World.of(MIXED)) as sandbox:
        row = (await _rows(ask, sandbox, LISTS[0], RiskKey="no_user"))[0]
        detail = (await _rows(ask, sandbox, LISTS[1], RiskKey="no_user", ImageUuid=MIXED.uuid))[0]
        assert await _rows(ask, sandbox, LISTS[1], ImageUuid="another") == []
        sandbox.readings = Readings(prefixed_digest=True)
        assert MIXED.digest == (await _rows(ask, sandbox, LISTS[0]))[0]["Digest"]
    assert row.keys() == {
        "Uuid",
        "RegionId",
        "InstanceId",
        "RepoNamespace",
        "RepoName",
        "Tag",
        "Digest",
        "FirstScanTime",
        "LastScanTime",
        "RiskLevel",
        "Status",
    }
    assert MIXED.bare_digest == row["Digest"]
    assert detail.keys() == {
        "RiskKey",
        "RiskKeyName",
        "RiskClass",
        "RiskClassName",
        "RiskLevel",
        "LayerCmd",
        "LayerDigest",
        "Advice",
        "Description",
        "Promt",
    }


async def test_words_are_chinese_unless_english_is_asked_for(ask: Asker) -> None:
    async with Sandbox(World.of(MIXED)) as sandbox:
        for lang, expected in ((None, "容器以 root 用户运行"), ("en", "Container runs as root")):
            parameters = {} if lang is None else {"Lang": lang}
            row = (await _rows(ask, sandbox, LISTS[1], RiskKey="no_user", **parameters))[0]
            assert expected == row["RiskKeyName"]


async def test_a_risk_outside_the_catalogue_is_named_by_its_key(ask: Asker) -> None:
    image = _image("web", SampleFinding(risk="brand_new", level="critical"))
    async with Sandbox(World.of(image)) as sandbox:
        (row,) = await _rows(ask, sandbox, LISTS[1])
    assert (
        row["RiskKey"],
        row["RiskKeyName"],
        row["RiskLevel"],
    ) == ("brand_new", "brand_new", "critical")


@pytest.mark.parametrize(("reading", "count"), [("listed", 4), ("hidden", 3)])
async def test_whitelist_rules_hide_findings_if_the_reading_says_so(
    ask: Asker,
    reading: Literal["listed", "hidden"],
    count: int,
) -> None:
    world = World.of(MIXED)
    world.whitelist = (WhitelistRule(id=1, event_key="no_user"),)
    async with Sandbox(world, readings=Readings(whitelisted=reading)) as sandbox:
        assert count == len(await _rows(ask, sandbox, LISTS[0]))


async def test_the_catalogue_counts_images_and_what_is_unhandled(ask: Asker) -> None:
    second = _image("api", SampleFinding(), SampleFinding(command="USER 0"))
    operation = "DescribeImageBuildRiskList"
    async with Sandbox(World.of(MIXED, second)) as sandbox:
        (row,) = await _rows(ask, sandbox, operation, RiskLevel="high")
        assert (row["RiskKey"], row["Count"], row["UnprocessedNum"]) == ("no_user", 2, 3)
        by_class = {"CriteriaType": "RiskClassName", "Criteria": "Oth", "Lang": "en"}
        assert len(await _rows(ask, sandbox, operation, **by_class)) == 3
        by_name = {"CriteriaType": "RiskKeyName", "Criteria": "sudo", "Lang": "en"}
        assert [row["RiskKey"] for row in await _rows(ask, sandbox, operation, **by_name)] == [
            "sudo"
        ]


async def test_a_status_that_is_set_is_seen_in_the_lists(ask: Asker) -> None:
    async with Sandbox(World.of(MIXED, _image("api", SampleFinding()))) as sandbox:
        parameters = {"ImageUuids": f"{MIXED.uuid},x", "RiskKey": "no_user", "Status": 2}
        assert (await ask(sandbox, "SetImageBuildRiskStatus", **parameters)).status == 200
        assert len(await _rows(ask, sandbox, LISTS[0], RiskKey="no_user", Status=0)) == 1
        parameters["Status"] = 3
        refused = await ask(sandbox, "SetImageBuildRiskStatus", **parameters)
        assert (refused.status, refused.json["Code"]) == (400, "IllegalParam")


async def test_a_page_holds_no_more_than_the_cap(ask: Asker) -> None:
    async with Sandbox(sample_world(), readings=Readings(page_cap=50)) as sandbox:
        bulk = {"CriteriaType": "RepoName", "Criteria": "bulk"}
        sizes = []
        for page in (1, 2, 3, 4):
            parameters = {**bulk, "CurrentPage": page, "PageSize": 1000}
            data = (await ask(sandbox, LISTS[0], **parameters)).json["Data"]
            sizes.append(len(data["List"]))
            assert {"CurrentPage": page, "PageSize": 50, "TotalCount": 130} == data["PageInfo"]
        assert sizes == [50, 50, 30, 0]
        default = (await ask(sandbox, LISTS[0], **bulk)).json["Data"]
        assert 20 == len(default["List"]) == default["PageInfo"]["PageSize"]


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("DescribeImageListByBuildRisk", {"RiskLevel": "urgent"}),
        ("DescribeImageListByBuildRisk", {"CurrentPage": 0}),
        ("DescribeImageListByBuildRisk", {"PageSize": "many"}),
        ("DescribeImageListByBuildRisk", {"PageSize": "9" * 5000}),
        ("DescribeImageListByBuildRisk", {"CriteriaType": "Tag"}),
        ("DescribeImageBuildRiskByKey", {"Lang": "fr", "Status": 0}),
        ("DescribeImageInstances", {"Criteria": "not JSON"}),
        ("DescribeImageInstances", {"Criteria": "{}"}),
        ("DescribeImageInstances", {"Criteria": "[" * 2000}),
        ("DescribeImageInstances", {"Criteria": "[{}]"}),
        ("DescribeImageInstances", {"Criteria": '[{"name":"colour","value":"red"}]'}),
        ("DescribeImageInstances", {"Scanned": "perhaps"}),
        ("PublicSyncAndCreateImageScanTask", {"Images": '[{"repoName":"web"}]'}),
        ("SetBuildRiskDefineRuleConfig", {"Config": '[{"classKey":"other"}]'}),
        (
            "SetBuildRiskDefineRuleConfig",
            {"Config": '[{"classKey":"other","ruleList":["x"]}]'},
        ),
    ],
)
async def test_parameters_that_are_not_as_documented_are_refused(
    ask: Asker, operation: str, parameters: dict[str, object]
) -> None:
    async with Sandbox(World.of(MIXED)) as sandbox:
        refused = await ask(sandbox, operation, **parameters)
    assert (refused.status, refused.json["Code"]) == (400, "IllegalParam")


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("DescribeImageLatestScanTask", "MissingDigest"),
        ("PublicSyncAndCreateImageScanTask", "MissingImages"),
        ("SetImageBuildRiskStatus", "MissingImageUuids"),
        ("SetBuildRiskDefineRuleConfig", "MissingConfig"),
    ],
)
async def test_mandatory_parameters_are_missed(ask: Asker, operation: str, code: str) -> None:
    async with Sandbox(World()) as sandbox:
        refused = await ask(sandbox, operation)
    assert (400, code) == (refused.status, refused.json["Code"])


async def test_no_more_than_some_lists_are_remembered(ask: Asker) -> None:
    async with Sandbox(World.of(MIXED)) as sandbox:
        for number in range(101):
            assert await _rows(ask, sandbox, LISTS[0], RiskKey=f"risk-{number}") == []
        assert len(await _rows(ask, sandbox, LISTS[0])) == 4
