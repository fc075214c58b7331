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
from collections import Counter
from datetime import UTC
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from gate import __version__
from gate.findings import Level, Shown
from gate.report import wording
from gate.report.naming import (
    fingerprint,
    full_repository_of,
    place_in_checkout,
    repository_of,
    steady_code,
)
from gate.untrusted import for_markdown, visible
from gate.verdict import Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.findings import Finding
    from gate.report import Style
    from gate.verdict import Decision, ImageVerdict, Verdict

_VERSION = "15.2.1"
_ANALYZER = {
    "id": "buildrisk-gate",
    "name": "buildrisk-gate",
    "version": __version__,
    "vendor": {"name": "buildrisk-gate"},
}
# Its version is that of its API, the only one that it states.
_SCANNER = {
    "id": "alibaba-cloud-security-center",
    "name": "Alibaba Cloud Security Center",
    "version": "2018-12-03",
    "vendor": {"name": "Alibaba Cloud"},
}
_SANDBOX = _ANALYZER | {"id": "buildrisk-gate-sandbox", "name": "buildrisk-gate SANDBOX"}
# Facts that the description, the solution or a link to the file show.
_IN_DESCRIPTION = ("description", "why", "advice", "place")
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


def render(verdict: Verdict, _style: Style) -> str:
    """Return the report as a JSON document."""
    counts: Counter[str] = Counter()
    document = {
        "version": _VERSION,
        "scan": _scan(verdict),
        "vulnerabilities": [
            _vulnerability(image, decision, counts)
            for image in verdict.images
            for decision in image.decisions
            if decision.action in _SHOWN
        ],
    }
    return wording.json_document(document)


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
            {"level": level, "value": wording.one_line(text, _PROSE) or "-"}
            for level, text in _messages(verdict)
        ],
        "options": [
            {
                "name": "policy",
                "value": visible(wording.policy_in_words(policy)),
                "source": "file",
            }
            for policy in verdict.policies
        ],
    }


def _messages(verdict: Verdict) -> Iterator[tuple[str, str]]:
    if verdict.service.sandbox:
        yield "warn", wording.SANDBOX_SENTENCE
    if not verdict.images:
        yield "fatal", wording.NOTHING_JUDGED
    for image in verdict.images:
        if image.outcome is Outcome.UNDECIDED:
            yield (
                "warn" if wording.is_let_through(image) else "fatal",
                wording.undecided_sentence(image),
            )
        counts = image.count()
        if left_out := counts[Action.WAIVED] + counts[Action.ALLOW]:
            waived = (
                f"{wording.counted(left_out, 'finding')} waived or allowed by policy, not shown."
            )
            yield "info", f"{image.reference}: {waived}"
    yield from (("info", note) for note in wording.every_note(verdict))


def _vulnerability(image: ImageVerdict, decision: Decision, counts: Counter[str]) -> dict[str, Any]:
    finding = decision.finding
    risk = wording.one_line(finding.risk, _NAME) or "unnamed_risk"
    name = wording.one_line(finding.name, _NAME) or risk
    return {
        "id": str(uuid5(_NAMESPACE, fingerprint(repository_of(image), finding, counts))),
        "name": name,
        "description": _description(decision, name),
        "severity": _SEVERITIES[finding.level],
        "solution": _solution(finding, risk),
        "identifiers": [{"type": "buildrisk", "name": risk, "value": risk}],
        "location": {
            "image": visible(full_repository_of(image)) or "-",
            "operating_system": wording.one_line(image.platform, _NAME) or "unknown",
            "dependency": {"package": {"name": _package(image, finding)}, "version": ""},
        },
        "details": dict(_details(image, decision)),
    }


def _description(decision: Decision, name: str) -> str:
    """Return Markdown; untrusted text never begins a line of it."""
    what = _markdown(decision.finding.fact("description")) or for_markdown(name)
    return f"Build risk: {what}\n\nDecision: {decision.action}. {_markdown(decision.because)}"


def _solution(finding: Finding, risk: str) -> str:
    advice = _markdown(finding.fact("advice"))
    return f"Advice: {advice}" if advice else wording.no_advice_on(for_markdown(risk))


def _markdown(text: str) -> str:
    return for_markdown(wording.one_line(text, _PROSE))


def _package(image: ImageVerdict, finding: Finding) -> str:
    """Name what the risk is in; a command that is cut keeps what tells it from others."""
    repository, command = visible(repository_of(image)), visible(steady_code(finding))
    if len(command) > _COMMAND:
        digest = hashlib.sha256(command.encode()).hexdigest()[:8]
        command = f"{wording.cut(command, _COMMAND)} ({digest})"
    return (f"{repository}: {command}" if command else repository) or "-"


def _details(image: ImageVerdict, decision: Decision) -> Iterator[tuple[str, dict[str, Any]]]:
    finding = decision.finding
    yield "image", _text("Image", image.reference)
    if image.image and image.image.digest:
        yield "digest", _text("Digest that was judged", image.image.digest)
    for fact in wording.facts_of(decision, without=_IN_DESCRIPTION):
        kind = "code" if fact.shown is Shown.CODE else "text"
        yield fact.key, _text(fact.label, fact.text, kind)
    if place := place_in_checkout(finding):
        link = {"file_name": visible(place.path), "line_start": place.line}
        yield "place", {"name": "Place", "type": "file-location"} | link


def _text(name: str, text: str, kind: str = "text") -> dict[str, Any]:
    return {"name": name, "type": kind, "value": visible(text)}
