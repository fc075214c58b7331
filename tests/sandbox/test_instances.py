from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.sandbox import Readings, SampleImage, Sandbox, World, sample_world
from gate.sandbox.parameters import Parameters, Refusal

if TYPE_CHECKING:
    from tests.sandbox.conftest import Asker

pytestmark = pytest.mark.anyio


async def _found(
    ask: Asker,
    sandbox: Sandbox,
    *criteria: dict[str, str],
    operation: str = "DescribeImageInstances",
    **more: object,
) -> list[Any]:
    answer = (await ask(sandbox, operation, Criteria=json.dumps(criteria), **more)).json
    key = "ImageInstanceList" if operation == "DescribeImageInstances" else "ImageRepoResponses"
    rows: list[Any] = answer[key]
    assert "Data" not in answer
    assert "Success" not in answer
    assert answer["PageInfo"]["Count"] == len(rows)
    return rows


async def test_conditions_are_joined_as_asked(ask: Asker) -> None:
    namespace = {"name": "repoNamespace", "value": "webshop"}
    tag = {"name": "tag", "value": "2.0"}
    async with Sandbox(sample_world(), readings=Readings(criteria="exact")) as sandbox:
        assert len(await _found(ask, sandbox, namespace, tag, LogicalExp="AND")) == 0
        assert len(await _found(ask, sandbox, namespace, tag, LogicalExp="OR")) == 4
        assert len(await _found(ask, sandbox, namespace, tag)) == 4
        joined = {**tag, "logicalExp": "AND"}
        assert len(await _found(ask, sandbox, namespace, joined)) == 0


@pytest.mark.parametrize(("name", "count"), [("registryType", 16), ("regionId", 0)])
async def test_what_is_not_a_name_is_compared_exactly(ask: Asker, name: str, count: int) -> None:
    value = {"registryType": "acr", "regionId": "cn-hang"}[name]
    async with Sandbox(sample_world()) as sandbox:
        rows = await _found(ask, sandbox, {"name": name, "value": value}, PageSize=100)
    assert count in {len(rows), len(rows) + 1}


@pytest.mark.parametrize("reading", ["bare", "prefixed"])
async def test_a_digest_is_asked_for_as_the_reading_says(ask: Asker, reading: Any) -> None:
    image = SampleImage(namespace="shop", repository="web")
    values = {"bare": image.bare_digest, "prefixed": image.digest}
    async with Sandbox(World.of(image), readings=Readings(digest_criterion=reading)) as sandbox:
        for form, value in values.items():
            rows = await _found(ask, sandbox, {"name": "digest", "value": value})
            assert len(rows) == (1 if form == reading else 0)


async def test_a_record_has_the_documented_types(ask: Asker) -> None:
    async with Sandbox(sample_world()) as sandbox:
        (row,) = await _found(
            ask,
            sandbox,
            {"name": "instanceId", "value": "harbor-3"},
        )
        unscanned = await _found(ask, sandbox, Scanned="false", PageSize=100)
        scanned = await _found(ask, sandbox, Scanned="true", PageSize=100)
    assert (row["RegistryType"], row["RepoName"], row["ScaProgress"]) == ("harbor", "api", 100)
    assert isinstance(row["LastScanTime"], int)
    assert row["LastScanTime"] - int(row["ImageUpdate"]) == 3_600_000
    assert row["ImageCreate"] == row["ImageUpdate"]
    assert isinstance(row["ImageSize"], str)
    assert {one["RepoName"] for one in unscanned} == {"batch", "legacy", "unsupported"}
    assert all("LastScanTime" not in one for one in unscanned)
    assert len(scanned) == 14


async def test_repositories_are_known_before_their_images(ask: Asker) -> None:
    hidden = SampleImage(namespace="shop", repository="hidden", repository_known=False)
    world = sample_world()
    world.put(hidden)
    operation = "DescribeImageRepoDetailList"
    async with Sandbox(world) as sandbox:
        rows = await _found(ask, sandbox, operation=operation, PageSize=100)
        named = {row["RepoName"]: row for row in rows if row["RegistryType"] == "acr"}
        web = next(row for row in rows if row["RepoNamespace"] == "webshop")
    assert "ghost" in named
    assert "hidden" not in named
    assert named["cart"]["ImageCount"] == 2
    assert (named["cart"]["HasRiskImageCount"], named["cart"]["RiskStatus"]) == (1, "YES")
    assert (web["RepoName"], web["InstanceId"]) == ("web", "39010001")


@given(st.text(max_size=30))
@settings(max_examples=100, deadline=None)
def test_any_parameter_is_read_or_refused(value: str) -> None:
    parameters = Parameters({"P": value})
    for read in (parameters.integer, parameters.boolean, parameters.json_list, parameters.words):
        try:
            read("P")
        except Refusal as refusal:
            assert refusal.status == 400  # noqa: PT017 - most texts are refused, some are not
