"""Records as `--report cases=FILE` writes them, of images that a test makes up."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

HOST = "registry.cn-hangzhou.aliyuncs.com"


def image(
    name: str,
    *risks: str,
    level: str = "high",
    status: str = "unhandled",
    host: str = HOST,
    number: int = 0,
    **facts: Any,
) -> dict[str, Any]:
    """Return an image, ``namespace/repository[:tag]``, which has these risks."""
    tag = name.partition(":")[2]
    return {
        "reference": f"{host}/{name}@sha256:{number:064x}",
        "tags": [tag] if tag else [],
        "identified_by": "digest",
        "scan": {"age": "60s"},
        "evidence": "complete",
        "kinds": ["build_risk"],
        "findings": [{"risk": risk, "level": level, "status": status} for risk in risks],
        **facts,
    }


def record(  # noqa: PLR0913 - what a record says of itself
    file: Path,
    images: Iterable[dict[str, Any]],
    *,
    namespace: str | None = None,
    repository: str | None = None,
    command: str = "audit",
    region: str = "cn-hangzhou",
) -> str:
    """Write a record; return its name."""
    scope = {"command": command, "namespace": namespace, "repository": repository}
    recorded = {"at": "2026-11-24T19:11:19Z", "region": region, "sandbox": True, "scope": scope}
    lines = ",\n".join(json.dumps(each) for each in images)
    head = json.dumps({"version": 1, "recorded": recorded, "checks": {"off": []}})[:-1]
    file.write_text(f'{head},\n"images": [\n{lines}\n]\n}}\n', encoding="utf-8")
    return file.name
