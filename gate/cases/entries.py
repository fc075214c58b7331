"""Compare policy files entry by entry: what may let more through, whatever images there are.

Without images nothing can be tried, so a change that isn't stricter with certainty is looser. Each
policy judges alone and the strictest decision wins, so that a file more can only make things
stricter, but for its waivers.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from msgspec.structs import replace

from gate.cases.change import Change, EntryChange
from gate.cases.changed_keys import changed_keys, keys_of_one
from gate.cases.changed_rules import called, changed_rules, rules_of
from gate.cases.changed_selectors import changed_selectors
from gate.cases.changed_waivers import Accepting, changed_waivers, waiver_change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from gate.policy import Policy

_Pair = tuple["Policy", "Policy"]


def changed_entries(
    old: Sequence[Policy], new: Sequence[Policy], today: date
) -> tuple[EntryChange, ...]:
    """Return what changed in the files, file by file, in the order of their lines.

    ``today`` is the day on which entries with a ``from`` are still to come, and from which the
    length of waivers counts.
    """
    pairs, gone, come = paired(old, new)
    changes: list[EntryChange] = []
    for pair in pairs:
        others = [Accepting(*other) for other in pairs if other is not pair]
        changes += _in_order(_changes(*pair, others, today), pair[1])
    kept_old, kept_new = [list(side) for side in zip(*pairs, strict=True)]
    for policy in come:
        changes += _in_order(_of_one(policy, kept_new, Change.STRICTER, today), policy)
    for policy in gone:
        changes += _in_order(_of_one(policy, kept_old, Change.LOOSER, today), policy)
    return tuple(changes)


def paired(
    old: Sequence[Policy], new: Sequence[Policy]
) -> tuple[list[_Pair], list[Policy], list[Policy]]:
    """Return the files that are compared with each other, those that are gone, those that came.

    They pair by equal content, then by path, then by file name, then by order; at least one does.
    """
    gone, come = list(old), list(new)
    pairs: list[_Pair] = []
    keys: tuple[Callable[[Policy], object], ...] = (
        lambda policy: policy.source.sha256,
        lambda policy: policy.path,
        lambda policy: PurePath(policy.path).name,
        lambda _: None,
    )
    for key in keys:
        for policy in list(come):
            other = next((each for each in gone if key(each) == key(policy)), None)
            if other is not None:
                gone.remove(other)
                come.remove(policy)
                pairs.append((other, policy))
    pairs.sort(key=lambda pair: new.index(pair[1]))
    return pairs, gone, come


def _changes(
    old: Policy, new: Policy, others: Sequence[Accepting], today: date
) -> Iterator[EntryChange]:
    yield from changed_selectors(old, new, today)
    yield from changed_rules(old, new, today)
    yield from changed_keys(old, new)
    yield from changed_waivers(old, new, others, today)


def _of_one(
    policy: Policy, rest: Sequence[Policy], change: Change, today: date
) -> Iterator[EntryChange]:
    """Yield what a file alone says: its waivers are the one thing that lets more through."""
    contrary = Change.LOOSER if change is Change.STRICTER else Change.STRICTER
    word = "added" if change is Change.STRICTER else "removed"
    nothing = replace(policy, entries=())
    sides = (nothing, policy) if change is Change.STRICTER else (policy, nothing)
    yield from changed_selectors(*sides, today)
    for rule in rules_of(policy):
        what = f"{called(rule)}: {word} ({rule.action})"
        yield EntryChange(change, policy.path, rule.line, what)
    yield from keys_of_one(policy, rest, change)
    for waiver in policy.waivers:
        yield waiver_change(contrary, policy, waiver)


def _in_order(changes: Iterator[EntryChange], policy: Policy) -> list[EntryChange]:
    """Return changes by their lines, those of another file (the old one) at the end."""
    return sorted(changes, key=lambda change: (change.path != policy.path, change.line))
