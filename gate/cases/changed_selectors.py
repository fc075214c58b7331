"""Compare what the selectors of ``block`` and ``warn`` say together, of each sort of finding.

They are about all images, so that every sort can be tried: each kind, level and status, and each
day on which a selector begins.
"""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from gate.cases.change import Change, EntryChange, weakness
from gate.findings import Finding, Level, Status
from gate.policy import Whose
from gate.verdict import STRICTEST_FIRST, Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gate.policy import Entry, Policy

_SORTS = tuple(
    Finding(risk="", level=level, status=status)
    for level, status in product(Level, Status)
    if Level.UNKNOWN is not level and Status.UNKNOWN is not status  # they always block
)
_LONG_AGO = date.min


class _Said(NamedTuple):
    """What selectors say of a sort of finding; of what isn't blocked, no waivers are told."""

    action: Action
    waivers: Whose = Whose.ANY


def changed_selectors(old: Policy, new: Policy, today: date) -> Iterator[EntryChange]:
    """Yield at most four changes: what is said, and whose waivers count, in both directions.

    A selector that is new and begins after ``today`` is neither.
    """
    before, after = selectors_of(old), selectors_of(new)
    known = {entry.match for entry in before if entry.action is Action.BLOCK}
    now = [entry for entry in after if not entry.is_ahead(today) or entry.match in known]
    days = sorted({_LONG_AGO, *(each.begins for each in (*before, *after) if each.begins)})
    looser = _milder_on_some_day(before, after, days)
    stricter = _milder_on_some_day(now, before, days)
    for change, sorts in ((Change.STRICTER, stricter), (Change.LOOSER, looser)):
        for what, these in zip(("block, warn", "waivers of block"), sorts, strict=True):
            if these:
                path, line = _place(old, new, these)
                yield EntryChange(change, path, line, f"{what}: {_counted(these)}")


def blocks_something(policy: Policy) -> bool:
    """Tell whether the selectors of a file do anything at all."""
    return any(not entry.match.is_empty for entry in selectors_of(policy))


def at_least_warned(policy: Policy, rule: Entry) -> bool:
    """Tell whether the selectors warn of, or block, all that a rule is about, on every day."""
    sorts = (sort for sort in _SORTS if _is_about(rule, sort))
    selectors = selectors_of(policy)
    return all(_said(selectors, sort, _LONG_AGO).action is not Action.ALLOW for sort in sorts)


def selectors_of(policy: Policy) -> list[Entry]:
    """Return the selectors of ``block``, then those of ``warn``."""
    return [entry for entry in policy.entries if entry.rule is None]


def _is_about(rule: Entry, sort: Finding) -> bool:
    return sort.level in rule.match.levels and sort.status in rule.match.statuses


def _milder_on_some_day(
    these: Sequence[Entry], those: Sequence[Entry], days: Iterable[date]
) -> tuple[list[Finding], list[Finding]]:
    """Return the sorts of which those say something milder, and for which more waivers count."""
    action, waivers = [], []
    for sort in _SORTS:
        both = [(_said(these, sort, day), _said(those, sort, day)) for day in days]
        if any(_strictness(one.action) < _strictness(other.action) for one, other in both):
            action.append(sort)
        elif any(
            one.action is other.action and weakness(one.waivers) < weakness(other.waivers)
            for one, other in both
        ):
            waivers.append(sort)
    return action, waivers


def _said(selectors: Iterable[Entry], sort: Finding, day: date) -> _Said:
    """Return what is said of a sort on a day; a waiver has to count for all that block it."""
    matching = [entry for entry in selectors if entry.match.takes(sort)]
    blocking = [entry for entry in matching if entry.action is Action.BLOCK]
    begun = [entry for entry in blocking if not entry.is_ahead(day)]
    if begun:
        return _Said(Action.BLOCK, min((entry.waivers for entry in begun), key=weakness))
    # Before its day, a selector that will block warns.
    return _Said(Action.WARN if matching else Action.ALLOW)


def _strictness(action: Action) -> int:
    return STRICTEST_FIRST.index(action)


def _place(old: Policy, new: Policy, sorts: Sequence[Finding]) -> tuple[str, int]:
    """Return where the first selector stands that is about these; the new file's, if it has one."""
    for policy in (new, old):
        for entry in selectors_of(policy):
            if any(map(entry.match.takes, sorts)):
                return policy.path, entry.line
    raise AssertionError("what no selector is about can't have changed")


def _counted(sorts: Sequence[Finding]) -> str:
    noun = "combination" if len(sorts) == 1 else "combinations"
    return f"{len(sorts)} {noun} of kind, level and status"
