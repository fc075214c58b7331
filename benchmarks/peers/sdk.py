"""What a user would write instead of the gate, with the official SDK's client.

Arguments: ``check`` or ``check_async``, endpoint, namespace, repository, digest, file of
certificates; it makes the requests that the gate makes before a pass, and says how many findings
there are. Or ``audit``, endpoint, requests at a time: the pages of an audit, and nothing made of
them.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from alibabacloud_sas20181203 import models  # type: ignore[import-untyped]
from alibabacloud_sas20181203.client import Client  # type: ignore[import-untyped]
from alibabacloud_tea_openapi.models import Config  # type: ignore[import-untyped]

from benchmarks.peers.walking import DETAILS, PAGE_SIZE, RECORDS, RISKS, ROWS, read_account

STATUSES = (None, 0, 1, 2)
CONFIGURATION = models.GetBuildRiskDefineRuleConfigRequest(lang="en")
METHODS = {
    RECORDS: "describe_image_instances",
    ROWS: "describe_image_list_by_build_risk",
    DETAILS: "describe_image_build_risk_by_key",
    RISKS: "describe_image_build_risk_list",
}


def client_of(endpoint: str, certificates: str = "") -> Client:
    """Return a client with the credentials of the environment."""
    protocol, _, host = endpoint.partition("://")
    return Client(
        Config(
            access_key_id=os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"],
            access_key_secret=os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
            endpoint=host,
            protocol=protocol,
            ca=certificates or None,
        )
    )


def check(client: Client, namespace: str, repository: str, digest: str) -> int:
    """Return 0 if the record is the same after its findings were read, call by call."""

    def every(operation: str, **parameters: Any) -> list[Any]:
        rows: list[Any] = []
        page = 1
        while True:
            read = getattr(client, METHODS[operation])
            more, info = _page(read(_request(operation, page, parameters)))
            rows += more
            if not more or len(rows) >= info.total_count:
                return rows
            page += 1

    criteria = _criteria(namespace, repository, digest)
    [before] = every(RECORDS, **criteria)
    rows = every(ROWS, criteria_type="RepoName", criteria=repository)
    configuration = client.get_build_risk_define_rule_config(CONFIGURATION)
    details = [every(DETAILS, image_uuid=before.uuid, status=status) for status in STATUSES]
    [after] = every(RECORDS, **criteria)
    return _ended(before, after, rows, configuration, details)


async def check_async(client: Client, namespace: str, repository: str, digest: str) -> int:
    """Do the same with asyncio; what can go at once goes at once."""

    async def every(operation: str, **parameters: Any) -> list[Any]:
        rows: list[Any] = []
        page = 1
        while True:
            read = getattr(client, f"{METHODS[operation]}_async")
            more, info = _page(await read(_request(operation, page, parameters)))
            rows += more
            if not more or len(rows) >= info.total_count:
                return rows
            page += 1

    criteria = _criteria(namespace, repository, digest)
    [before], rows, configuration = await asyncio.gather(
        every(RECORDS, **criteria),
        every(ROWS, criteria_type="RepoName", criteria=repository),
        client.get_build_risk_define_rule_config_async(CONFIGURATION),
    )
    details = await asyncio.gather(
        *(every(DETAILS, image_uuid=before.uuid, status=status) for status in STATUSES)
    )
    [after] = await every(RECORDS, **criteria)
    return _ended(before, after, rows, configuration, details)


async def audit(client: Client, at_once: int) -> None:
    """Read the lists of an account."""

    async def read(operation: str, page: int, **parameters: Any) -> tuple[list[Any], Any]:
        send = getattr(client, f"{METHODS[operation]}_async")
        return _page(await send(_request(operation, page, parameters)))

    await read_account(read, at_once)


def _criteria(namespace: str, repository: str, digest: str) -> dict[str, str]:
    values = {"repoNamespace": namespace, "repoName": repository, "digest": digest}
    conditions = [{"name": name, "value": value} for name, value in values.items()]
    return {"criteria": json.dumps(conditions), "logical_exp": "AND"}


def _request(operation: str, page: int, parameters: dict[str, Any]) -> Any:
    fields = {**parameters, "current_page": page, "page_size": PAGE_SIZE}
    if operation != RECORDS:
        fields["lang"] = "en"
    return getattr(models, f"{operation}Request")(**fields)


def _page(answer: Any) -> tuple[list[Any], Any]:
    """Return the rows of an answer, and what it says of its page."""
    body = answer.body
    if isinstance(body, models.DescribeImageInstancesResponseBody):
        return body.image_instance_list, body.page_info
    return body.data.list, body.data.page_info


def _ended(before: Any, after: Any, rows: list[Any], configuration: Any, details: list[Any]) -> int:
    print(len(rows), configuration.body.data.selected_count, [len(of) for of in details])
    same = (before.sca_status, before.last_scan_time) == (after.sca_status, after.last_scan_time)
    return 0 if same else 1


if __name__ == "__main__":
    mode, endpoint, *arguments = sys.argv[1:]
    if mode == "audit":
        sys.exit(asyncio.run(audit(client_of(endpoint), int(arguments[0]))))
    *image, certificates = arguments
    client = client_of(endpoint, certificates)
    sys.exit(check(client, *image) if mode == "check" else asyncio.run(check_async(client, *image)))
