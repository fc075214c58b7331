"""Rows, records and targets for the tests of evidence, each told only what matters to it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from gate.evidence import Target
from gate.findings import Finding, Level, Requirements, Status
from gate.reference import ImageReference
from gate.security_center import BuildRiskDetail, ImageRecord, ImageRiskRow, Listing

if TYPE_CHECKING:
    from collections.abc import Sequence

HEX = "a" * 64
DIGEST = f"sha256:{HEX}"
NAME = "registry.cn-hangzhou.aliyuncs.com/shop/web:1"


def record(**given: Any) -> ImageRecord:
    fields: dict[str, Any] = {
        "uuid": "u1",
        "region_id": "cn-hangzhou",
        "instance_id": "i1",
        "registry_type": "acr",
        "repo_namespace": "shop",
        "repo_name": "web",
        "tag": "1",
        "digest": HEX,
        "image_update": 1_000_000,
        "last_scan_time": 2_000_000,
        "sca_status": "SUCCESS",
    }
    return ImageRecord(**(fields | given))


def target(digest: str | None = DIGEST, **given: Any) -> Target:
    requirements = {
        name: given.pop(name) for name in tuple(given) if name in Requirements.__struct_fields__
    }
    fields: dict[str, Any] = {
        "reference": ImageReference.parse(NAME),
        "digest": digest,
        "requirements": Requirements(**requirements),
        "blocks": lambda findings: any(one.level is Level.HIGH for one in findings),
        "region": "cn-hangzhou",
        "registry_type": "acr",
    }
    return Target(**(fields | given))


def detail(risk: str = "no_user", level: str = "high", **given: Any) -> BuildRiskDetail:
    return BuildRiskDetail(risk_key=risk, risk_level=level, **given)


def row(
    uuid: str = "u1", level: str = "high", status: int | None = 0, **given: Any
) -> ImageRiskRow:
    fields = {"repo_namespace": "shop", "repo_name": "web", "tag": "1", "digest": HEX}
    return ImageRiskRow(uuid=uuid, risk_level=level, status=status, **(fields | given))


def finding(level: Level = Level.HIGH, status: Status = Status.UNHANDLED) -> Finding:
    return Finding(risk="no_user", level=level, status=status)


def listing(
    rows: Sequence[Any] = (), problem: str = "", *, too_long: bool = False, moved: bool = False
) -> Listing[Any]:
    return Listing(
        rows=tuple(rows),
        total=len(rows),
        complete=not problem and not too_long,
        problem=problem,
        too_long=too_long,
        moved=moved,
    )


def day(number: float) -> timedelta:
    return timedelta(days=number)
