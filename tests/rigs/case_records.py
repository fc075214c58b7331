"""Records as the gate writes them, made by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RECORDED = {
    "at": "2026-11-24T19:11:19Z",
    "tool": "buildrisk-gate 0.2.0",
    "endpoint": "tds.cn-hangzhou.aliyuncs.com",
    "region": "cn-hangzhou",
    "sandbox": False,
    "scope": {"command": "audit", "namespace": None, "repository": None},
    "policies": [],
}


def finding(risk: str = "no_user", level: str = "high", **more: Any) -> dict[str, Any]:
    return {"risk": risk, "level": level, "status": "unhandled", "class": "other", **more}


def image(name: str, *findings: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return an image of which everything was read; ``name`` is without a host."""
    _, _, tag = name.partition("@")[0].partition(":")
    return {
        "reference": f"registry.cn-hangzhou.aliyuncs.com/{name}",
        "tags": [tag] if tag else [],
        "identified_by": "digest",
        "scan": {"age": "7200s"},
        "evidence": "complete",
        "kinds": ["build_risk"],
        "findings": list(findings),
        **more,
    }


def record(*images: dict[str, Any], path: str = "audit.cases", **recorded: Any) -> str:
    """Write a record of these images in the working directory; return its path."""
    lines = ",\n".join(json.dumps(each) for each in images)
    head = json.dumps(RECORDED | recorded)
    text = f'{{\n"version": 1,\n"recorded": {head},\n"checks": {{"off": []}},\n"images": [\n'
    Path(path).write_text(f"{text}{lines}\n]\n}}\n", encoding="utf-8")
    return path


def policies(**texts: str) -> None:
    """Write policies in the working directory, each under its name."""
    for name, text in texts.items():
        Path(f"{name}.yaml").write_text(text, encoding="utf-8")
