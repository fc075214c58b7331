"""The official SDK, sync and async, against every operation of the sandbox."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio.to_thread
import pytest
from alibabacloud_sas20181203 import models  # type: ignore[import-untyped]
from alibabacloud_sas20181203.client import Client  # type: ignore[import-untyped]
from alibabacloud_tea_openapi.client import Client as OpenApiClient  # type: ignore[import-untyped]
from alibabacloud_tea_openapi.exceptions import ClientException, ThrottlingException  # type: ignore[import-untyped]
from alibabacloud_tea_openapi.utils_models import Config, OpenApiRequest, Params  # type: ignore[import-untyped]
from darabonba.runtime import RuntimeOptions  # type: ignore[import-untyped]

from gate.sandbox import Fault, Faults, Sandbox, sample_world
from gate.sandbox.operations import OPERATIONS

Way = Callable[[Client, str, dict[str, Any]], Awaitable[dict[str, Any]]]
pytestmark = pytest.mark.anyio

WEB = sample_world().find("shop/web:1.4")
_IMAGES = json.dumps(
    [
        {
            "registryType": "acr",
            "repoNamespace": "shop",
            "repoName": "ghost",
            "regionId": "cn-hangzhou",
            "tag": "1.0",
        }
    ]
)
_CONFIG = json.dumps([{"classKey": "other", "ruleList": ["no_user"]}])

# Parameters by the SDK's names, and what must be in the answer: a path of keys, and a value.
CASES: dict[str, tuple[dict[str, Any], tuple[Any, ...], Any]] = {
    "DescribeImageListByBuildRisk": (
        {
            "criteria": "web",
            "criteria_type": "RepoName",
            "risk_level": "high",
            "risk_key": "no_user",
            "status": 0,
            "current_page": 1,
            "page_size": 10,
            "lang": "en",
        },
        ("Data", "List", 0, "Uuid"),
        WEB.uuid,
    ),
    "DescribeImageBuildRiskList": (
        {"criteria": "以 root", "criteria_type": "RiskKeyName", "risk_level": "high", "lang": "zh"},
        ("Data", "List", 0, "RiskKey"),
        "no_user",
    ),
    "DescribeImageBuildRiskByKey": (
        {"image_uuid": WEB.uuid, "risk_key": "env_secret", "status": 0, "lang": "en"},
        ("Data", "List", 0, "RiskKeyName"),
        "Secret in an environment variable",
    ),
    "DescribeImageInstances": (
        {
            "criteria": '[{"name":"tag","value":"1.4"},{"name":"repoNamespace","value":"web"}]',
            "logical_exp": "AND",
            "scanned": True,
        },
        ("PageInfo", "Count"),
        1,
    ),
    "DescribeImageRepoDetailList": (
        {"criteria": '[{"name":"repoName","value":"ghost"}]'},
        ("ImageRepoResponses", 0, "RepoNamespace"),
        "shop",
    ),
    "DescribeImageLatestScanTask": (
        {"digest": WEB.bare_digest},
        ("Task", 0, "Status"),
        "SUCCESS",
    ),
    "PublicSyncAndCreateImageScanTask": (
        {"images": _IMAGES},
        ("Data", "CanCreate"),
        True,
    ),
    "PublicCreateImageScanTask": (
        {"repo_names": "web,bulk", "repo_namespaces": "shop"},
        ("Data", "TotalCount"),
        2,
    ),
    "PublicPreCheckImageScanTask": (
        {
            "repo_names": "web",
            "repo_namespaces": "shop",
            "tags": "1.4",
            "region_ids": "cn-hangzhou",
        },
        ("Data", "ScanImageCount"),
        1,
    ),
    "GetBuildRiskDefineRuleConfig": ({"lang": "en"}, ("Data", "SelectedCount"), 9),
    "SetBuildRiskDefineRuleConfig": ({"config": _CONFIG}, ("Code",), "200"),
    "SetImageBuildRiskStatus": (
        {"image_uuids": WEB.uuid, "risk_key": "no_user", "status": 1},
        ("Success",),
        True,
    ),
    "ListImageBuildRiskItem": ({"lang": "en"}, ("Data", 0, "ItemName"), "Other"),
    "DescribeImageEventOperationPage": (
        {"event_type": "buildRisk", "source": "default", "lang": "en", "page_size": 5},
        ("Data", "List", 0, "EventKey"),
        "maintainer",
    ),
}


def _config(sandbox: Sandbox, **changes: str) -> Config:
    values = {
        "access_key_id": sandbox.access_key_id,
        "access_key_secret": sandbox.access_key_secret,
        "endpoint": sandbox.url.removeprefix("http://"),
        "protocol": "http",
        **changes,
    }
    return Config(**values)


def _method(operation: str) -> str:
    return "".join(f"_{one.lower()}" if one.isupper() else one for one in operation)[1:]


async def _sync(client: Client, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    request = getattr(models, f"{operation}Request")(**parameters)
    call = partial(getattr(client, _method(operation)), request)
    answer: dict[str, Any] = (await anyio.to_thread.run_sync(call)).body.to_map()
    return answer


async def _async(client: Client, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    request = getattr(models, f"{operation}Request")(**parameters)
    response = await getattr(client, f"{_method(operation)}_async")(request)
    answer: dict[str, Any] = response.body.to_map()
    return answer


@pytest.mark.parametrize("way", [_sync, _async])
@pytest.mark.parametrize("operation", CASES)
async def test_the_official_sdk_gets_its_answer(operation: str, way: Way) -> None:
    parameters, path, expected = CASES[operation]
    async with Sandbox(sample_world()) as sandbox:
        answer = await way(Client(_config(sandbox)), operation, parameters)
    assert answer["RequestId"]
    value: Any = answer
    for step in path:
        value = value[step]
    assert expected == value


def test_every_operation_of_security_center_has_a_case() -> None:
    assert {name for version, name in OPERATIONS if version == "2018-12-03"} == CASES.keys()


async def test_the_official_sdk_uses_temporary_credentials() -> None:
    async with Sandbox(sample_world(), security_token="token/+=") as sandbox:
        config = _config(sandbox, security_token="token/+=")
        answer = await _async(Client(config), "ListImageBuildRiskItem", {})
        assert answer["Data"]
        with pytest.raises(ClientException) as refused:
            await _async(Client(_config(sandbox)), "ListImageBuildRiskItem", {})
    assert refused.value.code == "MissingSecurityToken"


async def test_the_official_sdk_understands_a_refusal() -> None:
    async with Sandbox(sample_world()) as sandbox:
        client = Client(_config(sandbox, access_key_secret="wrong"))
        with pytest.raises(ClientException) as refused:
            await _async(client, "GetBuildRiskDefineRuleConfig", {})
    assert (refused.value.code, refused.value.status_code) == ("SignatureDoesNotMatch", 400)


async def test_the_official_sdk_understands_throttling() -> None:
    faults = Faults(Fault("throttling", retry_after=1500))
    async with Sandbox(sample_world(), faults=faults) as sandbox:
        with pytest.raises(ThrottlingException) as throttled:
            await _sync(Client(_config(sandbox)), "GetBuildRiskDefineRuleConfig", {})
    assert throttled.value.retry_after == 1500


async def test_the_official_client_asks_who_it_is() -> None:
    async with Sandbox(sample_world()) as sandbox:
        client = OpenApiClient(_config(sandbox))
        params = Params(
            action="GetCallerIdentity",
            version="2015-04-01",
            protocol="HTTP",
            pathname="/",
            method="POST",
            auth_type="AK",
            style="RPC",
            req_body_type="formData",
            body_type="json",
        )
        answer = await client.call_api_async(params, OpenApiRequest(), RuntimeOptions())
    assert sandbox.world.account == answer["body"]["AccountId"]
    assert answer["body"].keys() == {
        "AccountId",
        "Arn",
        "UserId",
        "IdentityType",
        "PrincipalId",
        "RequestId",
    }
