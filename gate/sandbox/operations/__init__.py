"""The operations that the local Security Center answers, each a function of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.sandbox.operations import account, build_risks, instances, scans

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.sandbox.call import Answer, Call

SECURITY_CENTER = "2018-12-03"
STS = "2015-04-01"

OPERATIONS: dict[tuple[str, str], Callable[[Call], Answer]] = {
    (SECURITY_CENTER, "DescribeImageListByBuildRisk"): build_risks.images_by_risk,
    (SECURITY_CENTER, "DescribeImageBuildRiskList"): build_risks.risks_of_account,
    (SECURITY_CENTER, "DescribeImageBuildRiskByKey"): build_risks.risks_of_image,
    (SECURITY_CENTER, "SetImageBuildRiskStatus"): build_risks.set_status,
    (SECURITY_CENTER, "DescribeImageInstances"): instances.images,
    (SECURITY_CENTER, "DescribeImageRepoDetailList"): instances.repositories,
    (SECURITY_CENTER, "DescribeImageLatestScanTask"): scans.latest_task,
    (SECURITY_CENTER, "PublicSyncAndCreateImageScanTask"): scans.sync_and_scan,
    (SECURITY_CENTER, "PublicCreateImageScanTask"): scans.scan_known,
    (SECURITY_CENTER, "PublicPreCheckImageScanTask"): scans.count,
    (SECURITY_CENTER, "GetBuildRiskDefineRuleConfig"): account.checks,
    (SECURITY_CENTER, "SetBuildRiskDefineRuleConfig"): account.select_checks,
    (SECURITY_CENTER, "ListImageBuildRiskItem"): account.classes,
    (SECURITY_CENTER, "DescribeImageEventOperationPage"): account.whitelist_rules,
    (STS, "GetCallerIdentity"): account.caller,
}
