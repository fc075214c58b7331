"""The report for GitLab's vulnerability management: container scanning, schema 15.2.

Blocked and warned findings are vulnerabilities. Waived and allowed ones are not, since the format
can't say that somebody accepted them and GitLab would ask for a decision once more; a message
counts them. An undecided image makes the scan a failure, with its sentence as a message.

GitLab knows a vulnerability again by scanner, first identifier, the image without its tag and the
package's name. That is why none of them changes from build to build: the image has neither tag nor
digest, which are among the details, and the package is the repository with its build command.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import UTC
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from gate import __version__
from gate.findings import Level
from gate.report.identity import file_of, fingerprint, steady_command
from gate.report.prose import cut, one_line
from gate.report.repository import full_name_of, repository_of
from gate.report.wording import counted, is_let_through
from gate.untrusted import for_json, for_markdown, visible
from gate.verdict import Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.findings import Finding
    from gate.report import Look
    from gate.verdict import Decision, ImageVerdict, Verdict

_VERSION = "15.2.1"
_ANALYZER = {
    "id": "buildrisk-gate",
    "name": "buildrisk-gate",
    "version": __version__,
    "vendor": {"name": "buildrisk-gate"},
}
# Its version is that of its API: it tells no other.
_SCANNER = {
    "id": "alibaba-cloud-security-center",
    "name": "Alibaba Cloud Security Center",
    "version": "2018-12-03",
    "vendor": {"name": "Alibaba Cloud"},
}
_SANDBOX = _ANALYZER | {"id": "buildrisk-gate-sandbox", "name": "buildrisk-gate SANDBOX"}
_SHOWN = (Action.BLOCK, Action.WARN)
# The format's limits: names have 255 characters, solutions 7,000; one of Markdown takes up to
# seven of them.
_NAME = 255
_PROSE = 900
_COMMAND = 160
_SEVERITIES = {
    Level.HIGH: "High",
    Level.MEDIUM: "Medium",
    Level.LOW: "Low",
    Level.UNKNOWN: "Unknown",
}
_NAMESPACE = UUID("ebe2f557-e37c-4297-b23d-33489dd37fb8")


def render(verdict: Verdict, _look: Look) -> str:
    """Return the report as a JSON document."""
    seen: Counter[str] = Counter()
    document = {
        "version": _VERSION,
        "scan": _scan(verdict),
        "vulnerabilities": [
            _vulnerability(image, decision, seen)
            for image in verdict.images
            for decision in image.decisions
            if decision.action in _SHOWN
        ],
    }
    return for_json(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2)) + "\n"


def _scan(verdict: Verdict) -> dict[str, Any]:
    """Describe the run; when it began is not known, so both times are those of the verdict."""
    time = f"{verdict.generated_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
    undecided = any(image.outcome is Outcome.UNDECIDED for image in verdict.images)
    return {
        "type": "container_scanning",
        "status": "failure" if undecided or not verdict.images else "success",
        "start_time": time,
        "end_time": time,
        "analyzer": _ANALYZER,
        "scanner": _SANDBOX if verdict.service.sandbox else _SCANNER,
        "messages": [
            {"level": level, "value": one_line(text, _PROSE) or "-"}
            for level, text in _messages(verdict)
        ],
        "options": [
            {
                "name": "policy",
                "value": f"{visible(policy.path)} sha256:{policy.sha256.removeprefix('sha256:')}",
                "source": "file",
            }
            for policy in verdict.policies
        ],
    }


def _messages(verdict: Verdict) -> Iterator[tuple[str, str]]:
    if verdict.service.sandbox:
        yield "warn", "SANDBOX: this is about sample data, and says nothing about a real image."
    if not verdict.images:
        yield "fatal", "No image was judged."
    for image in verdict.images:
        if image.outcome is Outcome.UNDECIDED:
            through = is_let_through(image)
            kind = f"undecided ({image.reason}){', LET THROUGH by policy' * through}"
            level = "warn" if through else "fatal"
            yield level, f"{image.reference} is {kind}: {image.message}"
        counts = image.count()
        if left_out := counts[Action.WAIVED] + counts[Action.ALLOW]:
            said = f"{counted(left_out, 'finding')} waived or allowed by policy, not shown."
            yield "info", f"{image.reference}: {said}"
        yield from (("info", note) for note in image.notes)
    yield from (("info", note) for note in verdict.notes)


def _vulnerability(image: ImageVerdict, decision: Decision, seen: Counter[str]) -> dict[str, Any]:
    finding = decision.finding
    risk = one_line(finding.risk, _NAME) or "unnamed_risk"
    name = one_line(finding.name, _NAME) or risk
    return {
        "id": str(uuid5(_NAMESPACE, fingerprint(repository_of(image), finding, seen))),
        "name": name,
        "description": _description(decision, name),
        "severity": _SEVERITIES[finding.level],
        "solution": _solution(finding, risk),
        "identifiers": [{"type": "buildrisk", "name": risk, "value": risk}],
        "location": {
            "image": visible(full_name_of(image)) or "-",
            "operating_system": one_line((image.image and image.image.platform) or "", _NAME)
            or "unknown",
            "dependency": {"package": {"name": _package(image, finding)}, "version": ""},
        },
        "details": dict(_details(image, decision)),
    }


def _description(decision: Decision, name: str) -> str:
    """Return Markdown; nothing of others begins a line of it."""
    what = _markdown(decision.finding.description) or for_markdown(name)
    return f"Build risk: {what}\n\nDecision: {decision.action}. {_markdown(decision.because)}"


def _solution(finding: Finding, risk: str) -> str:
    advice = _markdown(finding.advice)
    return f"Advice: {advice}" if advice else f"No advice is known for {for_markdown(risk)}."


def _markdown(text: str) -> str:
    return for_markdown(one_line(text, _PROSE))


def _package(image: ImageVerdict, finding: Finding) -> str:
    """Name what the risk is in; a command that is cut keeps what tells it from others."""
    repository, command = visible(repository_of(image)), visible(steady_command(finding))
    if len(command) > _COMMAND:
        digest = hashlib.sha256(command.encode()).hexdigest()[:8]
        command = f"{cut(command, _COMMAND)} ({digest})"
    return (f"{repository}: {command}" if command else repository) or "-"


def _details(image: ImageVerdict, decision: Decision) -> Iterator[tuple[str, dict[str, Any]]]:
    finding = decision.finding
    texts = {
        "image": ("Image", image.reference),
        "digest": ("Digest that was judged", image.image.digest if image.image else ""),
        "level": ("Level", finding.level.value),
        "status": ("Status in Security Center", finding.status.value),
        "rule": ("Rule of the policy", decision.rule or ""),
        "layer": ("Layer", finding.layer),
    }
    for key, (name, text) in texts.items():
        if text:
            yield key, {"name": name, "type": "text", "value": visible(text)}
    if finding.command:
        yield (
            "command",
            {"name": "Build command", "type": "code", "value": visible(finding.command)},
        )
    path = file_of(finding)
    if path and finding.location:
        place = {"file_name": visible(path), "line_start": max(1, finding.location.line)}
        yield "place", {"name": "Place", "type": "file-location"} | place
