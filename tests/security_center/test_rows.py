"""What is read and sent, field by field, against the models of the official SDK."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from alibabacloud_sas20181203 import models  # type: ignore[import-untyped]

from gate.security_center import rows
from gate.security_center.operations import OPERATIONS, Operation, Operations
from gate.security_center.wire import parameters, targets_lists

ROWS = [
    (rows.ImageRiskRow, "DescribeImageListByBuildRiskResponseBodyDataList"),
    (rows.CatalogueRow, "DescribeImageBuildRiskListResponseBodyDataList"),
    (rows.BuildRiskDetail, "DescribeImageBuildRiskByKeyResponseBodyDataList"),
    (rows.ImageRecord, "DescribeImageInstancesResponseBodyImageInstanceList"),
    (rows.ImageRepository, "DescribeImageRepoDetailListResponseBodyImageRepoResponses"),
    (rows.EventRule, "DescribeImageEventOperationPageResponseBodyDataList"),
    (rows.CheckConfiguration, "GetBuildRiskDefineRuleConfigResponseBodyData"),
    (rows.CheckClass, "GetBuildRiskDefineRuleConfigResponseBodyDataRuleTree"),
    (rows.Check, "GetBuildRiskDefineRuleConfigResponseBodyDataRuleTreeRuleList"),
    (rows.ScanTask, "DescribeImageLatestScanTaskResponseBodyTask"),
    (rows.ScanTaskState, "PublicSyncAndCreateImageScanTaskResponseBodyData"),
    (rows.ScanCost, "PublicPreCheckImageScanTaskResponseBodyData"),
]
READS = [
    "describe_image_list_by_build_risk",
    "describe_image_build_risk_list",
    "describe_image_build_risk_by_key",
    "describe_image_instances",
    "describe_image_repo_detail_list",
    "describe_image_event_operation_page",
    "describe_image_latest_scan_task",
    "get_build_risk_define_rule_config",
]


def official(name: str, /, **told: object) -> Any:
    return getattr(models, name)(**told)


@pytest.mark.parametrize(("row", "model"), ROWS, ids=[row.__name__ for row, _ in ROWS])
def test_a_row_has_fields_of_the_official_model_by_their_names_on_the_wire(
    row: type[rows.WireObject], model: str
) -> None:
    fields = dict.fromkeys(vars(official(model)), "1")
    nested: dict[str, Any] = {name: [] for name in ("rule_tree", "rule_list") if name in fields}
    needed = {name: nested.get(name, fields[name]) for name in row.__struct_fields__}
    sent = official(model, **needed).to_map()
    assert set(sent) == set(row.__struct_encode_fields__)


@pytest.mark.parametrize("operation", READS)
def test_an_operation_takes_parameters_of_the_official_request(operation: str) -> None:
    request = "".join(word.capitalize() for word in operation.split("_")) + "Request"
    taken = set(inspect.signature(getattr(Operations, operation)).parameters) - {"self"}
    assert taken <= set(vars(official(request)))


def test_costs_are_asked_for_with_every_list_of_the_official_request() -> None:
    request_name = "PublicPreCheckImageScanTaskRequest"
    lists = dict.fromkeys(vars(official(request_name)), "1")
    # The reference page does not have it: it is the caller's address, which the service sees.
    del lists["source_ip"]
    assert set(official(request_name, **lists).to_map()) == set(parameters(**targets_lists([])))


@pytest.mark.parametrize("operation", OPERATIONS, ids=[each.name for each in OPERATIONS])
def test_operations_have_success_and_code_as_the_official_answers_have(
    operation: Operation[object],
) -> None:
    fields = vars(official(f"{operation.name}ResponseBody"))
    assert operation.says_success is ("success" in fields) is ("code" in fields)
