"""The report for GitHub Actions: workflow commands that annotate a run, and the verdict.

GitHub shows ten annotations of each type and drops the others: here the tenth says how many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from gate.findings import Shown
from gate.report import wording
from gate.untrusted import for_terminal, for_workflow_data, for_workflow_property, visible
from gate.verdict import Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gate.findings import Location
    from gate.report import Style
    from gate.verdict import Decision, ImageVerdict, Verdict

_MOST = 9
_MESSAGE = 4096
_TITLE = 200
_TYPES = {Action.BLOCK: "error", Action.WARN: "warning", Action.WAIVED: "notice"}
_BRIEF = ("why", "waiver", "advice")  # what a reader needs who reads little
_UNDECIDED = (-1, 0)  # weighs more than any finding


class _Annotation(Struct, frozen=True):
    """One annotation; the one with the least ``weight`` is the worst."""

    kind: str
    weight: tuple[int, int]
    title: str
    message: str
    location: Location | None = None


def render(verdict: Verdict, _style: Style) -> str:
    """Return the worst annotations of each type, and lines that are not commands."""
    lines = annotation_lines(verdict)
    if verdict.service.sandbox:
        lines.append(wording.SANDBOX_SENTENCE)
    lines += [f"note: {wording.sentence(note)}" for note in wording.every_note(verdict)]
    lines += [
        f"policy: {for_terminal(wording.policy_in_words(policy))}" for policy in verdict.policies
    ]
    return "\n".join([*lines, wording.verdict_line(verdict, full=True)]) + "\n"


def annotation_lines(verdict: Verdict) -> list[str]:
    """Return the worst annotations of each type, as workflow commands."""
    every = [each for image in verdict.images for each in _annotations(image)]
    return [line for kind in ("error", "warning", "notice") for line in _worst(kind, every)]


def _annotations(image: ImageVerdict) -> Iterator[_Annotation]:
    """Make one of each finding that is not allowed, and one of an undecided image."""
    name = wording.one_line(image.reference)
    if image.outcome is Outcome.UNDECIDED:
        kind = "warning" if wording.is_let_through(image) else "error"
        message = f"{name}: {wording.one_line(image.message)}"
        title = f"{wording.undecided(image)}: {name}"
        title = title if len(title) <= _TITLE else wording.undecided(image)
        yield _Annotation(kind, _UNDECIDED, title, message)
    for decision in image.decisions:
        if decision.action is not Action.ALLOW:
            yield _finding(name, decision)


def _finding(name: str, decision: Decision) -> _Annotation:
    finding = decision.finding
    # Code may be long, and what doesn't fit into a message is cut.
    facts = wording.facts_of(decision)
    code = [fact for fact in facts if fact.shown is Shown.CODE]
    lines = [wording.one_line(finding.name), f"Image: {name}"]
    for fact in [*(fact for fact in facts if fact.key in _BRIEF), *code]:
        text = visible(fact.text) if fact.shown is Shown.CODE else wording.one_line(fact.text)
        lines.append(f"{fact.label}: {text}")
    return _Annotation(
        kind=_TYPES[decision.action],
        weight=wording.weight(decision),
        title=f"{decision.action.value}: {wording.one_line(finding.risk)} ({finding.level.value})",
        message="\n".join(lines),
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
        yield _command(
            _Annotation(kind, _UNDECIDED, f"and {more} more", f"and {more} more. {rest}")
        )


def _command(annotation: _Annotation) -> str:
    properties = [f"title={for_workflow_property(wording.cut(annotation.title, _TITLE))}"]
    if annotation.location:
        path = for_workflow_property(annotation.location.path)
        properties = [f"file={path}", f"line={annotation.location.line}", *properties]
    data = for_workflow_data(wording.cut(annotation.message, _MESSAGE))
    return f"::{annotation.kind} {','.join(properties)}::{data}"
