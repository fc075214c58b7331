"""The summary of an audit: which repositories and which risks matter most."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from gate.report import (
    SANDBOX_SENTENCE,
    counted,
    policy_in_words,
    repository_of,
    sentence,
    service_in_words,
    shortest,
    verdict_line,
)
from gate.untrusted import for_terminal
from gate.verdict import Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gate.report import Style
    from gate.verdict import Verdict

_MOST = 10  # lines of a ranking, unless all are asked for
_SHARE = 0.6  # of the width that the first column may take


def summary(verdict: Verdict, style: Style) -> str:
    """Return the summary as text; ``style.verbose`` ranks everything, ``style.quiet`` nothing."""
    if style.quiet:
        return f"{verdict_line(verdict, name=shortest)}\n"
    return "\n".join([*_lines(verdict, style), verdict_line(verdict, name=shortest)]) + "\n"


def _lines(verdict: Verdict, style: Style) -> Iterator[str]:
    if verdict.service.sandbox:
        yield SANDBOX_SENTENCE
        yield ""
    yield from _counts(verdict)
    most = len(verdict.images) if style.verbose else _MOST
    yield from _ranking("repositories that block", _repositories(verdict), most, style)
    yield from _ranking("risks", _risks(verdict), most, style)
    yield from _ranking("undecided", _undecided(verdict), most, style)
    yield ""
    for note in verdict.notes:
        yield f"note    {sentence(note)}"
    for policy in verdict.policies:
        yield f"policy  {for_terminal(policy_in_words(policy, 12))}"
    yield f"asked   {for_terminal(service_in_words(verdict.service))}"


def _counts(verdict: Verdict) -> Iterator[str]:
    outcomes = Counter(image.outcome for image in verdict.images)
    counts = ", ".join(f"{outcomes[each]:,} {each.value}" for each in Outcome)
    yield f"images    {len(verdict.images):,}: {counts}"
    actions = verdict.count()
    counts = ", ".join(f"{number:,} {action.value}" for action, number in actions.items())
    yield f"findings  {actions.total():,}: {counts}"


def _ranking(title: str, ranked: Mapping[str, str], most: int, style: Style) -> Iterator[str]:
    """Yield a heading and lines of two columns, the worst first; nothing for nothing."""
    if not ranked:
        return
    yield ""
    yield f"{title}:"
    shown = list(ranked.items())[:most]
    width = min(max(len(name) for name, _ in shown), int(style.width * _SHARE))
    for name, text in shown:
        yield f"  {name:<{width}}  {text}"
    if len(ranked) > len(shown):
        yield f"  and {len(ranked) - len(shown):,} more (-v shows them)"


def _repositories(verdict: Verdict) -> dict[str, str]:
    images: Counter[str] = Counter()
    findings: Counter[str] = Counter()
    for image in verdict.images:
        if image.outcome is Outcome.BLOCK:
            name = repository_of(image)
            images[name] += 1
            findings[name] += image.count()[Action.BLOCK]
    worst = sorted(findings, key=lambda name: (-findings[name], name))
    return {
        for_terminal(name): f"{counted(findings[name], 'finding')} blocked "
        f"in {counted(images[name], 'image')}"
        for name in worst
    }


def _risks(verdict: Verdict) -> dict[str, str]:
    counts: dict[tuple[str, str], Counter[Action]] = defaultdict(Counter)
    images: Counter[tuple[str, str]] = Counter()
    names: dict[tuple[str, str], str] = {}
    for image in verdict.images:
        kinds = set()
        for decision in image.decisions:
            kind = (decision.finding.risk, decision.finding.level.value)
            counts[kind][decision.action] += 1
            names[kind] = decision.finding.name
            kinds.add(kind)
        images.update(kinds)
    worst = sorted(counts, key=lambda kind: (*(-counts[kind][action] for action in Action), kind))
    return {
        for_terminal(f"{risk} ({level})"): _of_risk(counts[risk, level], images[risk, level])
        + (f"  {sentence(names[risk, level])}" if names[risk, level] else "")
        for risk, level in worst
    }


def _of_risk(counts: Counter[Action], images: int) -> str:
    parts = ", ".join(f"{counts[action]:,} {action.value}" for action in Action if counts[action])
    return f"{parts} in {counted(images, 'image')}"


def _undecided(verdict: Verdict) -> dict[str, str]:
    reasons = Counter(
        image.reason for image in verdict.images if image.outcome is Outcome.UNDECIDED
    )
    first = {
        image.reason: image.message
        for image in reversed(verdict.images)
        if image.outcome is Outcome.UNDECIDED
    }
    return {
        reason: f"{counted(number, 'image')}, such as: {sentence(first[reason])}"
        for reason, number in reasons.most_common()
    }
