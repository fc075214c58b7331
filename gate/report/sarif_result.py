"""Rules and results of a SARIF log, as GitHub code scanning needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gate.findings import Level, Shown
from gate.report.naming import file_of, fingerprint, repository_of
from gate.report.wording import cut, folded, no_advice_on, waiver_in_words
from gate.untrusted import for_sarif
from gate.verdict import Action

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping, Sequence

    from gate.findings import Finding
    from gate.verdict import Decision, ImageVerdict, WaiverUse

# Documents of GitHub code scanning, "SARIF support": texts of a rule have at most 1024 characters,
# names and identifiers 255.
_TEXT = 1024
_NAME = 255
_CODE = 500

_LEVELS = {Action.BLOCK: "error", Action.WARN: "warning", Action.WAIVED: "note"}
# GitHub calls it critical from 9.0, high from 7.0, medium from 4.0. A level that the gate doesn't
# know is blocked like a high one.
_SEVERITIES = {Level.HIGH: "8.0", Level.UNKNOWN: "7.0", Level.MEDIUM: "5.0", Level.LOW: "2.0"}


def as_rules(decisions: Sequence[Decision]) -> list[dict[str, Any]]:
    """Return a rule for each risk, in the order in which they come first."""
    by_risk: dict[str, list[Finding]] = {}
    for decision in decisions:
        by_risk.setdefault(_rule_id(decision.finding), []).append(decision.finding)
    return [_rule(key, findings) for key, findings in by_risk.items()]


def _rule(key: str, findings: Sequence[Finding]) -> dict[str, Any]:
    first = findings[0]
    levels = {finding.level for finding in findings}
    severity = next(value for level, value in _SEVERITIES.items() if level in levels)
    name = in_message(first.name) or key
    return {
        "id": key,
        "name": key,
        "shortDescription": {"text": name},
        "fullDescription": {"text": in_message(first.fact("description")) or name},
        "help": {"text": in_message(first.fact("advice")) or no_advice_on(key)},
        "properties": {
            "security-severity": severity,
            "tags": ["security", *filter(None, [in_message(first.risk_class, _NAME)])],
        },
    }


def as_result(
    image: ImageVerdict, decision: Decision, rules: Mapping[str, int], counts: Counter[str]
) -> dict[str, Any]:
    """Return one finding as a result; ``counts`` counts equal findings of the run."""
    finding = decision.finding
    key = _rule_id(finding)
    path = file_of(finding)
    uri = percent_encoded(path) if path else None
    line = max(1, finding.location.line) if finding.location and uri else 1
    identity = fingerprint(repository_of(image), finding, counts)
    fingerprints = {"buildRisk/v1": identity}
    if uri is None:
        fingerprints["primaryLocationLineHash"] = identity
    result: dict[str, Any] = {
        "ruleId": key,
        "ruleIndex": rules[key],
        "level": _LEVELS[decision.action],
        "message": {"text": _message(decision)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": uri or percent_encoded(repository_of(image))},
                    "region": {
                        "startLine": line,
                        "startColumn": 1,
                        "endLine": line,
                        "endColumn": 1,
                    },
                }
            }
        ],
        "partialFingerprints": fingerprints,
        "properties": {
            "decision": decision.action.value,
            "level": finding.level.value,
            "status": finding.status.value,
            "because": decision.because,
            "rule": decision.rule or "",
            **{fact.key: fact.text for fact in finding.facts if fact.shown is Shown.PLACE},
        },
    }
    if decision.action is Action.WAIVED:
        result["suppressions"] = [_suppression(decision.waiver)]
    return result


def percent_encoded(path: str) -> str:
    """Return the path as a relative URI without scheme, space, colon, or a way upwards."""
    parts = [part for part in path.split("/") if part not in ("", ".", "..")]
    return "/".join(quote(part, safe="", errors="replace") for part in parts) or "image"


def _message(decision: Decision) -> str:
    finding = decision.finding
    text = f"{in_message(finding.name) or _rule_id(finding)}. {in_message(decision.because)}"
    for fact in finding.facts:
        if fact.shown is Shown.CODE:
            text += f" {fact.label}: {for_sarif(cut(fact.text, _CODE))}"
    return for_sarif(text)


def _suppression(waiver: WaiverUse | None) -> dict[str, Any]:
    justification = in_message(waiver_in_words(waiver)) if waiver else ""
    return {
        "kind": "external",
        "status": "accepted",
        "justification": justification or "Waived by policy.",
    }


def _rule_id(finding: Finding) -> str:
    return in_message(finding.risk, _NAME) or "unnamed_risk"


def in_message(text: str, most: int = _TEXT) -> str:
    """Return untrusted text on one line, escaped, and no longer than GitHub takes it."""
    return cut(for_sarif(cut(folded(text), most)), most)
