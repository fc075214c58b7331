"""Compare two lists of rules, of which the first that matches decides.

Two rules are the same if match, action, waivers and ``from`` are, whatever they are called. What
isn't seen to be stricter with certainty counts as looser.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

from gate.cases.change import Change, EntryChange, as_meant, weakness
from gate.cases.changed_selectors import at_least_warned
from gate.verdict import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gate.policy import Entry, Match, Policy

_ALWAYS = date.min


def changed_rules(old: Policy, new: Policy, today: date) -> Iterator[EntryChange]:
    """Yield what changed, in the order of the new rules, then what is gone."""
    before, after = rules_of(old), rules_of(new)
    ours, theirs = [list(map(_content, rules)) for rules in (before, after)]
    segments = [
        (before[i1:i2], after[j1:j2])
        for tag, i1, i2, j1, j2 in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes()
        if tag != "equal"
    ]
    gone = Counter(_content(rule) for removed, _ in segments for rule in removed)
    come = Counter(_content(rule) for _, added in segments for rule in added)
    moved = gone & come
    if moved:
        first = next(rule for _, added in segments for rule in added if moved[_content(rule)])
        yield EntryChange(Change.LOOSER, new.path, first.line, f"{called(first)}: order changed")
    left_out = [Counter(moved), Counter(moved)]
    for removed, added in segments:
        yield from _within(
            _Side(old, _without(removed, left_out[0])),
            _Side(new, _without(added, left_out[1])),
            today,
        )


def rules_of(policy: Policy) -> list[Entry]:
    """Return the rules, in order."""
    return [entry for entry in policy.entries if entry.rule is not None]


def called(entry: Entry) -> str:
    """Return what an entry is called: its number, and its name if it has one."""
    named = entry.rule is not None and entry.rule != entry.key
    return f'{entry.key} "{entry.rule}"' if named else entry.key


def _content(rule: Entry) -> tuple[object, ...]:
    return rule.match, rule.action, rule.waivers, rule.begins


def _without(rules: Sequence[Entry], moved: Counter[tuple[object, ...]]) -> list[Entry]:
    """Return the rules less those that only moved, which are taken from what is to be left out."""
    kept = []
    for rule in rules:
        content = _content(rule)
        if moved[content]:
            moved[content] -= 1
        else:
            kept.append(rule)
    return kept


class _Side(NamedTuple):
    """Rules of a file that stand at one place."""

    policy: Policy
    rules: Sequence[Entry]


def _within(old: _Side, new: _Side, today: date) -> Iterator[EntryChange]:
    """Yield what changed at one place: rules that were replaced, in order, added and removed."""
    rest = list(old.rules)
    meant = {rule.key: as_meant(rule.match) for rule in old.rules}
    for rule in new.rules:
        match = as_meant(rule.match)
        at = next(
            (n for n, each in enumerate(rest) if _replaces(rule, match, each, meant[each.key])),
            None,
        )
        if at is None:
            yield from _added(rule, new.policy, today)
            continue
        yield from (_removed(each, old.policy, new.policy) for each in rest[:at])
        yield _replaced(rest[at], rule, new.policy)
        rest = rest[at + 1 :]
    yield from (_removed(each, old.policy, new.policy) for each in rest)


def _replaces(new: Entry, new_match: Match, old: Entry, old_match: Match) -> bool:
    """Tell whether one is the other, as far as it blocks more or lets less through."""
    if new.action is not old.action:
        return False
    if new.action is Action.BLOCK:
        return new_match.covers(old_match)
    return old_match.covers(new_match)


def _replaced(old: Entry, new: Entry, policy: Policy) -> EntryChange:
    what = []
    if new.match != old.match:
        what.append("wider" if new.action is Action.BLOCK else "narrower")
    if new.waivers is not old.waivers:
        what.append(f"waivers: {old.waivers} -> {new.waivers}")
    if new.begins != old.begins:
        what.append(f"from: {old.begins or 'always'} -> {new.begins or 'always'}")
    change, why = Change.STRICTER, ""
    if new.action is Action.BLOCK:
        if weakness(new.waivers) > weakness(old.waivers) or _begins(new) > _begins(old):
            change = Change.LOOSER
        elif new.match != old.match or new.begins != old.begins:
            change, why = _of_blocking(new, policy)
    return EntryChange(change, policy.path, new.line, f"{called(new)}: {', '.join(what)}{why}")


def _begins(rule: Entry) -> date:
    return rule.begins or _ALWAYS


def _added(rule: Entry, policy: Policy, today: date) -> Iterator[EntryChange]:
    """Yield a rule that came; before its day, one that blocks and takes nothing over is neither."""
    change, why = Change.LOOSER, ""
    if rule.action is Action.BLOCK:
        change, why = _of_blocking(rule, policy)
    if change is Change.LOOSER or not rule.is_ahead(today):
        yield EntryChange(
            change, policy.path, rule.line, f"{called(rule)}: added ({rule.action}){why}"
        )


def _removed(rule: Entry, old: Policy, new: Policy) -> EntryChange:
    """Return what it is that a rule is gone; what it warned of might be allowed now."""
    stricter = rule.action is Action.ALLOW or (
        rule.action is Action.WARN
        and at_least_warned(new, rule)
        and all(each.action is not Action.ALLOW for each in rules_of(new))
    )
    change = Change.STRICTER if stricter else Change.LOOSER
    return EntryChange(change, old.path, rule.line, f"{called(rule)}: removed ({rule.action})")


def _of_blocking(rule: Entry, policy: Policy) -> tuple[Change, str]:
    """Return what it is that a rule blocks more than before, and why it isn't stricter.

    It takes findings over from what comes after it, whose waivers may be fewer.
    """
    later = policy.entries[policy.entries.index(rule) + 1 :]
    stricter = next(
        (
            entry
            for entry in later
            if entry.action is Action.BLOCK
            and not entry.match.is_empty
            and weakness(entry.waivers) < weakness(rule.waivers)
        ),
        None,
    )
    if stricter is None:
        return Change.STRICTER, ""
    return (
        Change.LOOSER,
        f", waivers: {rule.waivers}, where {called(stricter)} says {stricter.waivers}",
    )
