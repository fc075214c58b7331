"""The report for programs: JSON, version 1, as described by schema.json."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from gate import __version__
from gate.report.wording import every_note, json_document

if TYPE_CHECKING:
    from datetime import datetime

    from gate.findings import Image, Location, Scan
    from gate.report import Style
    from gate.verdict import Decision, ImageVerdict, Verdict, WaiverUse


def render(verdict: Verdict, _style: Style) -> str:
    """Return the report as a JSON document; the order of its keys is always the same."""
    return json_document(as_json(verdict))


def as_json(verdict: Verdict) -> dict[str, Any]:
    """Return the report as JSON's types."""
    return {
        "version": 1,
        "tool": {"name": "buildrisk-gate", "version": __version__},
        "generated_at": _time(verdict.generated_at),
        "service": {
            "endpoint": verdict.service.endpoint,
            "region": verdict.service.region,
            "sandbox": verdict.service.sandbox,
        },
        "verdict": verdict.outcome.value,
        "exit_code": int(verdict.exit_code),
        "policies": [{"path": policy.path, "sha256": policy.sha256} for policy in verdict.policies],
        "notes": list(every_note(verdict)),
        "images": [_image_verdict(image) for image in verdict.images],
    }


def _image_verdict(image: ImageVerdict) -> dict[str, Any]:
    return {
        "reference": image.reference,
        "digest": image.digest or None,
        "verdict": image.outcome.value,
        "reason": image.reason,
        "message": image.message,
        "image": _image(image.image) if image.image else None,
        "identified_by": image.identified_by.value if image.identified_by else None,
        "scan": _scan(image.scan),
        "counts": {action.value: number for action, number in image.count().items()},
        "findings": [_finding(decision) for decision in image.decisions],
    }


def _image(image: Image) -> dict[str, Any]:
    return {
        "uuid": image.uuid,
        "region": image.region,
        "instance": image.instance,
        "namespace": image.namespace,
        "repository": image.repository,
        "tag": image.tag,
        "digest": image.digest,
        "platform": image.platform,
    }


def _scan(scan: Scan) -> dict[str, Any]:
    return {
        "state": scan.state.value,
        "finished_at": _time(scan.finished_at) if scan.finished_at else None,
        "age_seconds": None if scan.age is None else max(0, int(scan.age.total_seconds())),
        "checks_on": scan.checks_on,
        "checks_off": list(scan.checks_off),
    }


def _finding(decision: Decision) -> dict[str, Any]:
    finding = decision.finding
    facts = {fact.key: fact.text for fact in finding.facts}
    return {
        "risk": finding.risk,
        "name": finding.name,
        "class": finding.risk_class,
        "level": finding.level.value,
        "status": finding.status.value,
        "decision": decision.action.value,
        "because": decision.because,
        "rule": decision.rule,
        "waiver": _waiver(decision.waiver) if decision.waiver else None,
        "command": facts.get("command", ""),
        "layer": facts.get("layer", ""),
        "description": facts.get("description", ""),
        "advice": facts.get("advice", ""),
        "location": _location(finding.location) if finding.location else None,
    }


def _waiver(waiver: WaiverUse) -> dict[str, Any]:
    return {
        "reason": waiver.reason,
        "expires": waiver.expires.isoformat(),
        "expired": waiver.expired,
        "owner": waiver.owner,
        "ticket": waiver.ticket,
    }


def _location(location: Location) -> dict[str, Any]:
    return {"path": location.path, "line": location.line}


def _time(moment: datetime) -> str:
    """Write a time as RFC 3339 does, in UTC, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
