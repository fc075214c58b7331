"""The RAM permissions that the gate needs, and how each is tried."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING

from gate.reference import Names
from gate.security_center import OPERATIONS, Purpose

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping

    from gate.policy import Policies
    from gate.security_center import SecurityCenter

# For each operation that only reads, the cheapest call that shows the permission.
PROBES: Mapping[str, Callable[[SecurityCenter], Awaitable[object]]] = {
    "DescribeImageInstances": lambda c: c.describe_image_instances(page_size=1),
    "DescribeImageListByBuildRisk": lambda c: c.describe_image_list_by_build_risk(page_size=1),
    "DescribeImageBuildRiskByKey": lambda c: c.describe_image_build_risk_by_key(
        image_uuid="0" * 32, page_size=1
    ),
    "GetBuildRiskDefineRuleConfig": lambda c: c.get_build_risk_define_rule_config(),
    "DescribeImageLatestScanTask": lambda c: c.describe_image_latest_scan_task(digest="0" * 64),
    "DescribeImageBuildRiskList": lambda c: c.describe_image_build_risk_list(page_size=1),
    "DescribeImageEventOperationPage": lambda c: c.describe_image_event_operation_page(page_size=1),
    "DescribeImageRepoDetailList": lambda c: c.describe_image_repo_detail_list(page_size=1),
}

# What can be used beside a verdict, in the words of the command line.
FEATURES: Mapping[str, Purpose] = MappingProxyType(
    {
        "audit": Purpose.CATALOGUE,
        "doctor": Purpose.DOCTOR,
        "dry-run": Purpose.DRY_RUN,
        "risks": Purpose.CATALOGUE,
        "scan": Purpose.SCAN,
    }
)


def purposes(policies: Policies, features: Iterable[str]) -> frozenset[Purpose]:
    """Return what operations are needed for, with these policies and these of ``FEATURES``."""
    needed = {Purpose.VERDICT, Purpose.PUSHED_AGAIN, *(FEATURES[feature] for feature in features)}
    if policies.requirements(Names()).accept_previous:
        needed.add(Purpose.ACCEPT_PREVIOUS)
    return frozenset(needed)


def ram_policy(needed: Collection[Purpose]) -> str:
    """Return the RAM policy document for these purposes and nothing else, as JSON."""
    actions = sorted(each.action for each in OPERATIONS if set(each.needed_for) & set(needed))
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    return json.dumps({"Version": "1", "Statement": [statement]}, indent=2)
