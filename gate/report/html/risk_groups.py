"""Findings of one decision, level and risk as a group: what they share stands in it once."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from gate.findings import Shown, Status
from gate.report import wording
from gate.report.html.markup import (
    NOTHING,
    Markup,
    code,
    element,
    entry,
    joined,
    language,
    level_mark,
    lines,
    mark,
    prose,
    word,
)
from gate.verdict import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gate.findings import Fact
    from gate.verdict import Decision

STATUSES = tuple(Status)
# So many findings of a group are shown, the others are folded.
_MOST_SHOWN = 5
# A build command can be a whole script.
_LONGEST_CODE = 600
_PREVIEW = 160
# Facts that stand in the head of a group or of a finding.
_IN_HEAD = ("level", "status", "place")
_UNFOLDED = {"waiver"}
_UNFOLDED_IF_BLOCKED = {"waiver", "advice"}


def grouped(decisions: Iterable[Decision]) -> list[tuple[Decision, ...]]:
    """Return the decisions by their weight and risk, the worst first."""
    groups: dict[tuple[tuple[int, int], str], list[Decision]] = {}
    for decision in decisions:
        groups.setdefault((wording.weight(decision), decision.finding.risk), []).append(decision)
    return [tuple(groups[key]) for key in sorted(groups)]


def risk_groups(decisions: Iterable[Decision], risks: Mapping[str, int], heading: str) -> Markup:
    """Return all groups; ``risks`` are the numbers by which they are filtered."""
    return joined(*(_group(group, risks, heading) for group in grouped(decisions)))


def _group(group: Sequence[Decision], risks: Mapping[str, int], heading: str) -> Markup:
    first = group[0]
    action, level = wording.weight(first)
    facts = [_facts(decision) for decision in group]
    shared = reduce(set.intersection, map(set, facts))
    unfolded = _UNFOLDED_IF_BLOCKED if first.action is Action.BLOCK else _UNFOLDED
    common = [fact for fact in facts[0] if fact in shared]
    items = [
        _item(decision, [fact for fact in own if fact not in shared], unfolded)
        for decision, own in zip(group, facts, strict=True)
    ]
    return element(
        "article",
        element(
            "div",
            _title(group, heading),
            *_folded(common, unfolded),
            class_="head",
        ),
        _list(items[:_MOST_SHOWN]),
        element(
            "details",
            element("summary", word(f"{len(items) - _MOST_SHOWN:,} more")),
            _list(items[_MOST_SHOWN:]),
            class_="rest",
        )
        if len(items) > _MOST_SHOWN
        else NOTHING,
        class_=f"risk {first.action.value}",
        data_action=action,
        data_level=level,
        data_risk=risks.get(first.finding.risk),
    )


def _title(group: Sequence[Decision], heading: str) -> Markup:
    finding = group[0].finding
    name = finding.name or finding.risk
    own = wording.own_level_word(finding)
    return element(
        heading,
        mark(group[0].action),
        level_mark(finding.level, more=element("span", prose(own)) if own else NOTHING),
        element("span", prose(name), class_="title", lang=language(name)),
        element("code", prose(finding.risk), class_="key"),
        element("span", word(f"{len(group):,} times"), class_="times")
        if len(group) > 1
        else NOTHING,
    )


def _facts(decision: Decision) -> list[Fact]:
    """Return what is to be said beside the command, which is the first of those that are code."""
    facts = wording.facts_of(decision, without=_IN_HEAD)
    return facts[1:] if wording.code_of(decision.finding) else facts


def _folded(
    facts: Sequence[Fact], unfolded: set[str], summary: Markup = NOTHING, more: Markup = NOTHING
) -> Iterator[Markup]:
    """Yield the facts that are to be seen at once, then ``more`` and the others behind a summary.

    Without a summary, the facts' labels are it.
    """
    seen = [fact for fact in facts if fact.key in unfolded]
    others = [fact for fact in facts if fact.key not in unfolded]
    if others or more:
        labels = ", ".join(fact.label for fact in others).capitalize()
        details = element("dl", *map(_entry, others)) if others else NOTHING
        folded = element("details", element("summary", summary or word(labels)), more, details)
    else:
        folded = summary
    yield from (element("dl", *map(_entry, seen)) if seen else NOTHING, folded)


def _entry(fact: Fact) -> Markup:
    if fact.shown is Shown.CODE:
        return entry(fact.label, element("code", lines(fact.text)))
    if fact.shown is Shown.PLACE:
        return entry(fact.label, code(fact.text))
    return entry(fact.label, lines(fact.text), language(fact.text))


def _list(items: Sequence[Markup]) -> Markup:
    return element("ul", *items, class_="places")


def _item(decision: Decision, own: Sequence[Fact], unfolded: set[str]) -> Markup:
    """Return a finding by its place, status and command, which unfolds what only it has."""
    finding = decision.finding
    place, status = wording.place_of(finding), finding.status
    command = wording.code_of(finding)
    whole = element("code", lines(command), class_="command") if command else NOTHING
    brief, more = whole, NOTHING
    if len(command) > _LONGEST_CODE:
        brief, more = element("code", prose(wording.cut(command, _PREVIEW))), whole
    return element(
        "li",
        element("code", prose(place), class_="place") if place else NOTHING,
        element("span", word(f"Status: {wording.status_in_words(status)}"), class_="status")
        if status is not Status.UNHANDLED
        else NOTHING,
        *_folded(own, unfolded, brief, more),
        data_status=STATUSES.index(status),
    )
