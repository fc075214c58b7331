"""A client for the image build risks of Alibaba Cloud Security Center.

    clock = Clock(now=…, monotonic=time.monotonic, sleep=anyio.sleep)
    run = Run(clock=clock, deadline=time.monotonic() + 60, environment=os.environ)
    source = find_credentials(run.environment)
    async with SecurityCenter(endpoint_for("cn-hangzhou"), source, run) as client:
        listing = await client.images_by_build_risk(criteria_type="RepoName", criteria="shop")

Methods with an operation's name ask for one answer; the others read a list to its end and tell
whether that worked. Errors are those of ``gate.errors``. The HTTP client is loaded when a
``SecurityCenter`` is entered.
"""

from __future__ import annotations

from gate.security_center.client import SecurityCenter
from gate.security_center.endpoints import endpoint_for, parse_endpoint
from gate.security_center.operations import (
    BUILD_RISKS_OF_IMAGE,
    CHECK_CONFIGURATION,
    IMAGES_BY_BUILD_RISK,
    OPERATIONS,
    Operation,
    Purpose,
)
from gate.security_center.pages import Listing, read_list
from gate.security_center.rows import (
    BuildRiskDetail,
    CallerIdentity,
    CatalogueRow,
    Check,
    CheckClass,
    CheckConfiguration,
    EventRule,
    ImageRecord,
    ImageRepository,
    ImageRiskRow,
    ScanCost,
    ScanTarget,
    ScanTask,
    ScanTaskState,
)
from gate.security_center.wire import Page

__all__ = [
    "BUILD_RISKS_OF_IMAGE",
    "CHECK_CONFIGURATION",
    "IMAGES_BY_BUILD_RISK",
    "OPERATIONS",
    "BuildRiskDetail",
    "CallerIdentity",
    "CatalogueRow",
    "Check",
    "CheckClass",
    "CheckConfiguration",
    "EventRule",
    "ImageRecord",
    "ImageRepository",
    "ImageRiskRow",
    "Listing",
    "Operation",
    "Page",
    "Purpose",
    "ScanCost",
    "ScanTarget",
    "ScanTask",
    "ScanTaskState",
    "SecurityCenter",
    "endpoint_for",
    "parse_endpoint",
    "read_list",
]
