"""What a user would write instead of the gate: the official SDK's client, call by call.

It makes the requests that the gate makes before a pass, and prints how many findings there are.
Arguments: endpoint, namespace, repository, digest, file of certificates (empty: the system's).
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from alibabacloud_sas20181203 import models  # type: ignore[import-untyped]
from alibabacloud_sas20181203.client import Client  # type: ignore[import-untyped]
from alibabacloud_tea_openapi.models import Config  # type: ignore[import-untyped]

STATUSES = (None, 0, 1, 2)
PAGE_SIZE = 100


def main(endpoint: str, namespace: str, repository: str, digest: str, ca: str) -> int:
    """Return 0 if the record is the same after its findings were read."""
    protocol, _, host = endpoint.partition("://")
    client = Client(
        Config(
            access_key_id=os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"],
            access_key_secret=os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
            endpoint=host,
            protocol=protocol,
            ca=ca or None,
        )
    )
    before = record(client, namespace, repository, digest)
    rows = images(client, repository)
    configuration = client.get_build_risk_define_rule_config(
        models.GetBuildRiskDefineRuleConfigRequest(lang="en")
    ).body.data
    found = {status: details(client, before.uuid, status) for status in STATUSES}
    after = record(client, namespace, repository, digest)
    print(len(rows), configuration.selected_count, {key: len(of) for key, of in found.items()})
    same = (before.sca_status, before.last_scan_time) == (after.sca_status, after.last_scan_time)
    return 0 if same else 1


def record(client: Client, namespace: str, repository: str, digest: str) -> Any:
    """Return what Security Center knows of the image."""
    asked = {"repoNamespace": namespace, "repoName": repository, "digest": digest}
    criteria = json.dumps([{"name": name, "value": value} for name, value in asked.items()])
    request = models.DescribeImageInstancesRequest(
        criteria=criteria, logical_exp="AND", current_page=1, page_size=PAGE_SIZE
    )
    return client.describe_image_instances(request).body.image_instance_list[0]


def images(client: Client, repository: str) -> list[Any]:
    """Return the repository's rows."""
    rows: list[Any] = []
    page = 1
    while True:
        request = models.DescribeImageListByBuildRiskRequest(
            criteria_type="RepoName",
            criteria=repository,
            lang="en",
            current_page=page,
            page_size=PAGE_SIZE,
        )
        data = client.describe_image_list_by_build_risk(request).body.data
        rows += data.list
        if not data.list or len(rows) >= data.page_info.total_count:
            return rows
        page += 1


def details(client: Client, uuid: str, status: int | None) -> list[Any]:
    """Return the image's findings that have a status, or all."""
    rows: list[Any] = []
    page = 1
    while True:
        request = models.DescribeImageBuildRiskByKeyRequest(
            image_uuid=uuid, status=status, lang="en", current_page=page, page_size=PAGE_SIZE
        )
        data = client.describe_image_build_risk_by_key(request).body.data
        rows += data.list
        if not data.list or len(rows) >= data.page_info.total_count:
            return rows
        page += 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
