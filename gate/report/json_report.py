"""The report for programs: JSON, version 1, as described by schema.json.

Values whose fields are the contract's keys are written as they are. An image's part is made when it
is written, so that the report on a large account never stands whole in memory.
"""

from __future__ import annotations

import json
from datetime import UTC
from importlib.resources import files
from textwrap import indent
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from gate import __version__
from gate.report.wording import (
    every_note,
    json_document,
    policies_as_json,
    service_as_json,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from gate.findings import Image, Scan
    from gate.report import Style
    from gate.verdict import Decision, ImageVerdict, Verdict

_NO_IMAGES = "[]\n}\n"  # what a document ends with whose last key has an empty list
_END = "  ]\n}\n"


def render(verdict: Verdict, _style: Style) -> Iterator[str]:
    """Yield the report's parts, an image in each; the order of its keys is always the same."""
    run = json_document(_run(verdict)).removesuffix(_NO_IMAGES)
    between = "["
    for image in verdict.images:
        yield f"{run}{between}\n"
        run, between = indent(json_document(_image_verdict(image)).rstrip("\n"), "    "), ","
    yield f"{run}\n{_END}" if verdict.images else run + _NO_IMAGES


def _run(verdict: Verdict) -> dict[str, Any]:
    """Return what the report says of the run; its images come last."""
    return {
        "version": 1,
        "tool": {"name": "buildrisk-gate", "version": __version__},
        "generated_at": rfc3339(verdict.generated_at),
        "service": service_as_json(verdict.service),
        "verdict": verdict.outcome.value,
        "exit_code": int(verdict.exit_code),
        "policies": policies_as_json(verdict.policies),
        "notes": list(every_note(verdict)),
        "images": [],
    }


def report_schema() -> dict[str, Any]:
    """Return the JSON schema (2020-12) of this report."""
    text = files("gate.report").joinpath("schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _image_verdict(image: ImageVerdict) -> dict[str, Any]:
    return {
        "reference": image.reference,
        "digest": image.digest or None,
        "verdict": image.outcome.value,
        "exit_code": int(image.exit_code),
        "reason": image.reason,
        "message": image.message,
        "image": _record(image.image) if image.image else None,
        "identified_by": image.identified_by.value if image.identified_by else None,
        "scan": _scan(image.scan),
        "counts": {action.value: number for action, number in image.count().items()},
        "findings": [_finding(decision) for decision in image.decisions],
    }


def _scan(scan: Scan) -> dict[str, Any]:
    return {
        "state": scan.state.value,
        "finished_at": rfc3339(scan.finished_at) if scan.finished_at else None,
        "age_seconds": None if scan.age is None else max(0, int(scan.age.total_seconds())),
        "checks_on": scan.checks_on,
        "checks_off": list(scan.checks_off),
    }


def _record(image: Image) -> dict[str, Any]:
    """Return the record of an image; the tags that globs were tried on are not part of it."""
    record: dict[str, Any] = to_builtins(image)
    del record["tags"]
    return record


def _finding(decision: Decision) -> dict[str, Any]:
    finding = decision.finding
    return {
        "risk": finding.risk,
        "name": finding.name,
        "class": finding.risk_class,
        "level": finding.level.value,
        "status": finding.status.value,
        "decision": decision.action.value,
        "because": decision.because,
        "rule": decision.rule,
        "policy": to_builtins(decision.policy),
        "waiver": to_builtins(decision.waiver),
        "command": finding.fact("command"),
        "layer": finding.fact("layer"),
        "description": finding.fact("description"),
        "advice": finding.fact("advice"),
        "location": to_builtins(finding.location),
    }


def rfc3339(moment: datetime) -> str:
    """Write a time as RFC 3339 does, in UTC, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
