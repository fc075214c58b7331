"""The report for GitHub Actions: workflow commands that annotate a run, and the verdict.

GitHub shows ten annotations of each type and drops the others: here the tenth says how many.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from gate.findings import Level
from gate.report.verdict_line import verdict_line
from gate.report.wording import is_let_through, sentence
from gate.untrusted import for_terminal, for_workflow_data, for_workflow_property, visible
from gate.verdict import Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gate.findings import Location
    from gate.report import Look
    from gate.verdict import Decision, ImageVerdict, Verdict

_MOST = 9
_MESSAGE = 4096
_TITLE = 200
_SPACE = re.compile(r"\s+")
_TYPES = {Action.BLOCK: "error", Action.WARN: "warning", Action.WAIVED: "notice"}
_WORST_LEVEL_FIRST = (Level.UNKNOWN, Level.HIGH, Level.MEDIUM, Level.LOW)


class _Annotation(Struct, frozen=True):
    """One annotation; the one with the least ``weight`` is the worst."""

    kind: str
    weight: int
    title: str
    message: str
    location: Location | None = None


def render(verdict: Verdict, _look: Look) -> str:
    """Return the worst annotations of each type, and lines that are no commands."""
    lines = annotation_lines(verdict)
    if verdict.service.sandbox:
        lines.append("SANDBOX: this is about sample data, and says nothing about a real image.")
    notes = [*verdict.notes, *(note for image in verdict.images for note in image.notes)]
    lines += [f"note: {sentence(note)}" for note in notes]
    for policy in verdict.policies:
        sha256 = policy.sha256.removeprefix("sha256:")
        lines.append(f"policy: {for_terminal(policy.path)} sha256:{for_terminal(sha256)}")
    return "\n".join([*lines, verdict_line(verdict, full=True)]) + "\n"


def annotation_lines(verdict: Verdict) -> list[str]:
    """Return the worst annotations of each type, as workflow commands."""
    every = [each for image in verdict.images for each in _annotations(image)]
    return [line for kind in ("error", "warning", "notice") for line in _worst(kind, every)]


def _annotations(image: ImageVerdict) -> Iterator[_Annotation]:
    """Make one of each finding that is not allowed, and one of an undecided image."""
    name = _line(image.reference)
    if image.outcome is Outcome.UNDECIDED:
        through = is_let_through(image)
        title = f"undecided ({image.reason}){', LET THROUGH by policy' * through}: {name}"
        kind = "warning" if through else "error"
        yield _Annotation(kind, -1, title, f"{name}: {_line(image.message)}")
    for decision in image.decisions:
        if decision.action is not Action.ALLOW:
            yield _finding(name, decision)


def _finding(name: str, decision: Decision) -> _Annotation:
    finding, waiver = decision.finding, decision.waiver
    known = {
        "Image": name,
        "Because": _line(decision.because),
        "Waiver": waiver and f"{_line(waiver.reason)}, until {waiver.expires}",
        "Advice": _line(finding.advice),
        "Build command": visible(finding.command),
    }
    text = "\n".join(f"{label}: {said}" for label, said in known.items() if said)
    return _Annotation(
        kind=_TYPES[decision.action],
        weight=_WORST_LEVEL_FIRST.index(finding.level),
        title=f"{decision.action.value}: {_line(finding.risk)} ({finding.level.value})",
        message=f"{_line(finding.name)}\n{text}",
        location=finding.location,
    )


def _worst(kind: str, annotations: Iterable[_Annotation]) -> Iterator[str]:
    these = sorted(
        (each for each in annotations if each.kind == kind), key=lambda each: each.weight
    )
    yield from map(_command, these[:_MOST])
    more = len(these) - _MOST
    if more > 0:
        rest = "The other reports have all of them."
        yield _command(_Annotation(kind, 0, f"and {more} more", f"and {more} more. {rest}"))


def _command(annotation: _Annotation) -> str:
    properties = [f"title={for_workflow_property(_cut(annotation.title, _TITLE))}"]
    if annotation.location:
        path = for_workflow_property(annotation.location.path)
        properties = [f"file={path}", f"line={annotation.location.line}", *properties]
    data = for_workflow_data(_cut(annotation.message, _MESSAGE))
    return f"::{annotation.kind} {','.join(properties)}::{data}"


def _line(text: str) -> str:
    return visible(_SPACE.sub(" ", text).strip())


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."
