"""The report for GitHub code scanning: SARIF 2.1.0, one run per image.

GitHub's limits are kept here: what is over them is cut, the worst is kept, and a note says so.

GitHub closes an alert as fixed when a newer run of the same category lacks it. The run of an
undecided image has a category of its own, so it closes nothing: that nobody could look is not
evidence that anything was fixed. It has no results either, for no later run would close those.
"""

from __future__ import annotations

import gzip
from collections import Counter
from typing import TYPE_CHECKING, Any

from gate import ADDRESS, __version__
from gate.findings import Level, Shown
from gate.report import wording
from gate.report.naming import fingerprint, percent_encoded, place_in_checkout, repository_of
from gate.report.risk_guide import risk_address
from gate.report.wording import cut, folded, no_advice_on, waiver_in_words
from gate.untrusted import for_sarif
from gate.verdict import STRICTEST_FIRST, Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gate.findings import Finding
    from gate.report import Style
    from gate.verdict import Decision, ImageVerdict, Verdict, WaiverUse

# Documents of GitHub code scanning, "SARIF support": runs in a file, results in a run (kept for the
# whole file here), and bytes of a file as its upload compresses it.
MOST_RUNS = 20
MOST_RESULTS = 25_000
MOST_BYTES = 10_000_000

# Documents of GitHub code scanning, "SARIF support": texts of a rule have at most 1024 characters,
# names and identifiers 255.
_TEXT = 1024
_NAME = 255
_CODE = 500

_LEVELS = {Action.BLOCK: "error", Action.WARN: "warning", Action.WAIVED: "note"}
# GitHub calls it critical from 9.0, high from 7.0, medium from 4.0. A level that the gate doesn't
# know is blocked like a high one.
_SEVERITIES = {Level.HIGH: "8.0", Level.UNKNOWN: "7.0", Level.MEDIUM: "5.0", Level.LOW: "2.0"}

_TOOL = "buildrisk-gate"


def render(verdict: Verdict, _style: Style) -> str:
    """Return the report as a SARIF log; allowed findings are counted, the others are results."""
    room = MOST_RESULTS
    text = wording.json_document(_log(verdict, room))
    while room and _is_too_large(text):
        room //= 2
        text = wording.json_document(_log(verdict, room))
    return text


def _is_too_large(text: str) -> bool:
    content = text.encode()
    return len(content) > MOST_BYTES and len(gzip.compress(content, 6)) > MOST_BYTES


def _log(verdict: Verdict, room: int) -> dict[str, Any]:
    images = _worst_images(verdict.images)
    notes = _notes_of_run(verdict, len(images))
    kept = _worst_decisions(images, room)
    categories = _categories(images)
    runs = [
        _run(verdict, image, decisions, category, notes)
        for image, decisions, category in zip(images, kept, categories, strict=True)
    ]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": runs or [_empty_run(verdict, notes)],
    }


def _worst_images(images: Sequence[ImageVerdict]) -> list[ImageVerdict]:
    worst = sorted(range(len(images)), key=lambda i: wording.outcome_weight(images[i]))
    return [images[i] for i in sorted(worst[:MOST_RUNS])]


def _worst_decisions(images: Sequence[ImageVerdict], room: int) -> list[list[Decision]]:
    """Return of each image the decisions that are results, no more of all than there is room for.

    An undecided image has none.
    """
    kept: list[list[Decision]] = [[] for _ in images]
    for action in STRICTEST_FIRST:
        for chosen, image in zip(kept, images, strict=True):
            if action is not Action.ALLOW and image.outcome is not Outcome.UNDECIDED:
                these = [each for each in image.decisions if each.action is action][:room]
                chosen.extend(these)
                room -= len(these)
    return kept


def _categories(images: Sequence[ImageVerdict]) -> list[str]:
    """Name each image's alerts by its repository; GitHub refuses two runs of one category.

    Whether an image is decided changes no other image's category.
    """
    names = [repository_of(image) for image in images]
    several = Counter(names)
    for number, image in enumerate(images):
        if several[names[number]] > 1 and image.platform:
            names[number] += f"/{image.platform}"
    taken: set[str] = set()
    categories = []
    for image, name in zip(images, map(percent_encoded, names), strict=True):
        suffix = "/undecided" if image.outcome is Outcome.UNDECIDED else ""
        unique, number = name, 2
        while taken & {unique, unique + suffix}:
            unique, number = f"{name}/{number}", number + 1
        taken |= {unique, unique + suffix}
        categories.append(f"{_TOOL}/{unique}{suffix}/")
    return categories


def _run(
    verdict: Verdict,
    image: ImageVerdict,
    decisions: Sequence[Decision],
    category: str,
    notes: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    rules = _rules_of(decisions)
    numbers = {rule["id"]: number for number, rule in enumerate(rules)}
    counts: Counter[str] = Counter()
    return {
        "tool": {"driver": _driver(rules)},
        "automationDetails": {"id": category},
        "invocations": [_invocation(verdict, image, [*notes, *_notes_of(image, decisions)])],
        "results": [_result(image, decision, numbers, counts) for decision in decisions],
        "columnKind": "unicodeCodePoints",
        "properties": _properties(verdict)
        | {
            "reference": image.reference,
            "verdict": image.outcome.value,
            "reason": image.reason,
            "digest": image.image.digest if image.image else "",
            "platform": image.platform,
        },
    }


def _empty_run(verdict: Verdict, notes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Say that no image was judged; a log without a run is refused."""
    return {
        "tool": {"driver": _driver([])},
        "automationDetails": {"id": f"{_TOOL}/none/"},
        "invocations": [
            {
                "executionSuccessful": False,
                "exitCode": int(verdict.exit_code),
                "toolExecutionNotifications": [_note(wording.NOTHING_JUDGED, "error"), *notes],
            }
        ],
        "results": [],
        "properties": _properties(verdict),
    }


def _driver(rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": _TOOL,
        "version": __version__,
        "informationUri": ADDRESS,
        "rules": rules,
    }


def _properties(verdict: Verdict) -> dict[str, Any]:
    return {
        "service": wording.service_as_json(verdict.service),
        "policies": wording.policies_as_json(verdict.policies),
    }


def _invocation(
    verdict: Verdict, image: ImageVerdict, notes: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    decided = image.outcome is not Outcome.UNDECIDED
    if not decided:
        level = "warning" if wording.is_let_through(image) else "error"
        undecided = _note(wording.undecided_sentence(image), level)
        notes = [undecided | {"descriptor": {"id": image.reason}}, *notes]
    return {
        "executionSuccessful": decided,
        "exitCode": int(image.exit_code),
        "endTimeUtc": f"{verdict.generated_at:%Y-%m-%dT%H:%M:%SZ}",
        "toolExecutionNotifications": list(notes),
    }


def _notes_of_run(verdict: Verdict, runs: int) -> list[dict[str, Any]]:
    notes = [_note(note, "note") for note in verdict.notes]
    if verdict.service.sandbox:
        notes.insert(0, _note(wording.SANDBOX_SENTENCE, "warning"))
    if left_out := len(verdict.images) - runs:
        notes.append(_cut_note(wording.counted(left_out, "image"), f"{MOST_RUNS} runs"))
    return notes


def _notes_of(image: ImageVerdict, shown: Sequence[Decision]) -> list[dict[str, Any]]:
    notes = [_note(note, "note") for note in image.notes]
    allowed = image.count()[Action.ALLOW]
    if allowed:
        notes.append(
            _note(f"{wording.counted(allowed, 'finding')} allowed by policy, not shown.", "note")
        )
    left_out = len(image.decisions) - allowed - len(shown)
    if left_out and image.outcome is Outcome.UNDECIDED:
        hidden = f"{wording.counted(left_out, 'finding')} of this undecided image not shown."
        notes.append(_note(f"{hidden} {wording.REST_IS_IN_JSON}", "note"))
    elif left_out:
        notes.append(
            _cut_note(wording.counted(left_out, "finding"), f"{MOST_RESULTS:,} results and 10 MB")
        )
    return notes


def _cut_note(what: str, limit: str) -> dict[str, Any]:
    text = f"{what} left out: GitHub takes no more than {limit}. {wording.REST_IS_IN_JSON}"
    return _note(text, "warning")


def _note(text: str, level: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": _in_message(text) or "-"}}


def _rules_of(decisions: Sequence[Decision]) -> list[dict[str, Any]]:
    """Return a rule for each risk, in the order in which they come first."""
    by_risk: dict[str, list[Finding]] = {}
    for decision in decisions:
        by_risk.setdefault(_rule_id(decision.finding), []).append(decision.finding)
    return [_rule(key, findings) for key, findings in by_risk.items()]


def _rule(key: str, findings: Sequence[Finding]) -> dict[str, Any]:
    first = findings[0]
    levels = {finding.level for finding in findings}
    severity = next(value for level, value in _SEVERITIES.items() if level in levels)
    name = _in_message(first.name) or key
    return {
        "id": key,
        "name": key,
        "shortDescription": {"text": name},
        "fullDescription": {"text": _in_message(first.fact("description")) or name},
        "help": {"text": _in_message(first.fact("advice")) or no_advice_on(key)},
        "helpUri": risk_address(first.risk),
        "properties": {
            "security-severity": severity,
            "tags": ["security", *filter(None, [_in_message(first.risk_class, _NAME)])],
        },
    }


def _result(
    image: ImageVerdict, decision: Decision, rules: Mapping[str, int], counts: Counter[str]
) -> dict[str, Any]:
    """Return one finding as a result; ``counts`` counts equal findings of the run."""
    finding = decision.finding
    key = _rule_id(finding)
    repository = repository_of(image)
    place = place_in_checkout(finding)
    line = place.line if place else 1
    identity = fingerprint(repository, finding, counts)
    fingerprints = {"buildRisk/v1": identity}
    if place is None:
        fingerprints["primaryLocationLineHash"] = identity
    result: dict[str, Any] = {
        "ruleId": key,
        "ruleIndex": rules[key],
        "level": _LEVELS[decision.action],
        "message": {"text": _message(decision)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {
                        "uri": percent_encoded(place.path if place else repository)
                    },
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


def _message(decision: Decision) -> str:
    finding = decision.finding
    text = f"{_in_message(finding.name) or _rule_id(finding)}. {_in_message(decision.because)}"
    for fact in finding.facts:
        if fact.shown is Shown.CODE:
            text += f" {fact.label}: {for_sarif(cut(fact.text, _CODE))}"
    return for_sarif(text)


def _suppression(waiver: WaiverUse | None) -> dict[str, Any]:
    justification = _in_message(waiver_in_words(waiver)) if waiver else ""
    return {
        "kind": "external",
        "status": "accepted",
        "justification": justification or "Waived by policy.",
    }


def _rule_id(finding: Finding) -> str:
    return _in_message(finding.risk, _NAME) or "unnamed_risk"


def _in_message(text: str, most: int = _TEXT) -> str:
    """Return untrusted text on one line, escaped, and no longer than GitHub takes it."""
    return cut(for_sarif(cut(folded(text), most)), most)
