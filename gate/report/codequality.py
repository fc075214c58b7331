"""The report for GitLab's Code Quality widget, which every tier has: a JSON array of entries.

A blocked or warned finding is an entry, and so is an image that could not be decided: ``[]`` means
that every image passed with nothing to say. Waived and allowed findings are left out, for an entry
can't say that somebody accepted it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from gate.findings import Level, Location
from gate.report import wording
from gate.report.naming import fingerprint, place_in_checkout, repository_of
from gate.untrusted import visible
from gate.verdict import Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.report import Style
    from gate.verdict import Decision, ImageVerdict, Verdict

_TEXT = 1024
_NAME = 255
_NOWHERE = Location("image", 1)
# A level that the gate doesn't know is blocked like a high one.
_SEVERITIES = {
    Action.BLOCK: {Level.HIGH: "critical", Level.UNKNOWN: "critical"},
    Action.WARN: {Level.LOW: "info"},
}
_OTHERWISE = {Action.BLOCK: "major", Action.WARN: "minor"}


def render(verdict: Verdict, _style: Style) -> str:
    """Return the report as a JSON array; GitLab reads it up to the first entry that is invalid."""
    return wording.json_document(list(_entries(verdict)))


def _entries(verdict: Verdict) -> Iterator[dict[str, Any]]:
    if verdict.service.sandbox:
        yield _entry("sandbox", wording.SANDBOX_SENTENCE, "info", "sandbox", _NOWHERE)
    if not verdict.images:
        yield _entry("undecided", wording.NOTHING_JUDGED, "blocker", "undecided", _NOWHERE)
    undecided: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for image in verdict.images:
        if image.outcome is Outcome.UNDECIDED:
            yield _undecided(image, undecided)
        for decision in image.decisions:
            if decision.action in _SEVERITIES:
                yield _finding(image, decision, counts)


def _undecided(image: ImageVerdict, counts: Counter[str]) -> dict[str, Any]:
    place = _repository(image)
    counts[place.path] += 1
    return _entry(
        "undecided",
        wording.undecided_sentence(image),
        "minor" if wording.is_let_through(image) else "blocker",
        f"undecided:{place.path}:{counts[place.path]}",
        place,
    )


def _finding(image: ImageVerdict, decision: Decision, counts: Counter[str]) -> dict[str, Any]:
    finding = decision.finding
    risk = wording.one_line(finding.risk, _NAME) or "unnamed_risk"
    return _entry(
        risk,
        f"{finding.name or risk} in {image.reference}: {decision.because}",
        _SEVERITIES[decision.action].get(finding.level, _OTHERWISE[decision.action]),
        fingerprint(repository_of(image), finding, counts),
        place_in_checkout(finding) or _repository(image),
    )


def _entry(check: str, text: str, severity: str, identity: str, place: Location) -> dict[str, Any]:
    return {
        "description": wording.one_line(text, _TEXT),
        "check_name": f"buildrisk-gate/{check}",
        "fingerprint": identity,
        "severity": severity,
        "location": {"path": visible(place.path), "lines": {"begin": place.line}},
    }


def _repository(image: ImageVerdict) -> Location:
    """Return a path that no file of the checkout needs to have: the image's repository."""
    parts = visible(repository_of(image)).split("/")
    path = "/".join(part for part in parts if part not in ("", ".", ".."))
    return Location(path, 1) if path else _NOWHERE
