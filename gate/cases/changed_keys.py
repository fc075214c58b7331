"""Compare the keys that stand once in a policy: ``max_waiver``, ``scan.max_age`` and the like.

Of a file that only one side has, the other is what the rest of its files say together.
"""

from __future__ import annotations

from datetime import timedelta
from functools import reduce
from typing import TYPE_CHECKING

from gate.cases.change import Change, EntryChange
from gate.clock import say_duration
from gate.findings import Requirements

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from gate.findings import Reason
    from gate.policy import Policy

_Tolerated = dict["Reason", "date"]
_Values = tuple[object, object]

_SCAN_KEYS = (
    "require_digest",
    "max_age",
    "settle",
    "accept_previous",
    "require_checks",
    "platforms",
)
# What a key says that isn't there.
_ABSENT = {"max_waiver": "no limit", "max_age": "any age", "platforms": "all"}


def changed_keys(old: Policy, new: Policy) -> Iterator[EntryChange]:
    """Yield each key that changed, once for each direction in which it did."""
    places = (new, old)
    limits = (old.max_waiver, new.max_waiver)
    if limits[0] != limits[1]:
        longest = [timedelta.max if limit is None else limit for limit in limits]
        change = Change.LOOSER if longest[1] > longest[0] else Change.STRICTER
        yield _key(change, places, "max_waiver", _from_to("max_waiver", limits, old, new))
    for change, needs in (
        (Change.STRICTER, new.waiver_needs - old.waiver_needs),
        (Change.LOOSER, old.waiver_needs - new.waiver_needs),
    ):
        if needs:
            no_longer = "" if change is Change.STRICTER else "no longer "
            yield _key(change, places, "waiver_needs", no_longer + ", ".join(sorted(needs)))
    for change, key in scan_changes(old.scan, new.scan):
        name = f"scan.{key}"
        values = (getattr(old.scan, key), getattr(new.scan, key))
        yield _key(change, places, name, _from_to(name, values, old, new))
    yield from _tolerance_changes(_tolerated(old), _tolerated(new), places)


def keys_of_one(policy: Policy, rest: Sequence[Policy], change: Change) -> Iterator[EntryChange]:
    """Yield what a file alone adds to what the rest says; with the caller's ``change``."""
    places = (policy,)
    if policy.max_waiver is not None:
        yield _key(change, places, "max_waiver", _shown(policy.max_waiver))
    if policy.waiver_needs:
        yield _key(change, places, "waiver_needs", ", ".join(sorted(policy.waiver_needs)))
    scan = reduce(Requirements.stricter, (each.scan for each in rest))
    for _, key in scan_changes(scan, scan.stricter(policy.scan)):
        yield _key(change, places, f"scan.{key}", _shown(getattr(policy.scan, key), key))
    tolerated = reduce(_both, map(_tolerated, rest))
    if _both(tolerated, _tolerated(policy)) != tolerated:
        words = ", ".join(sorted(_tolerated(policy))) or "nothing"
        yield _key(change, places, "undecided.warn_on", words)


def scan_changes(old: Requirements, new: Requirements) -> Iterator[tuple[Change, str]]:
    """Yield the keys that changed; platforms, of which some came and others went, in both ways."""
    both = old.stricter(new)
    for key in _SCAN_KEYS:
        strictest = _comparable(getattr(both, key))
        if strictest != _comparable(getattr(old, key)):
            yield Change.STRICTER, key
        if strictest != _comparable(getattr(new, key)):
            yield Change.LOOSER, key


def _tolerated(policy: Policy) -> _Tolerated:
    """Return the reasons for which undecided images are let through, each with its last day."""
    tolerance = policy.undecided
    return dict.fromkeys(tolerance.warn_on, tolerance.until) if tolerance else {}


def _both(one: Mapping[Reason, date], other: Mapping[Reason, date]) -> _Tolerated:
    return {reason: min(one[reason], other[reason]) for reason in one if reason in other}


def _tolerance_changes(
    old: _Tolerated, new: _Tolerated, places: Sequence[Policy]
) -> Iterator[EntryChange]:
    for change, less, more, word in (
        (Change.STRICTER, new, old, "no longer "),
        (Change.LOOSER, old, new, ""),
    ):
        reasons = sorted(more.keys() - less.keys())
        if reasons:
            until = f" until {more[reasons[0]]}" if change is Change.LOOSER else ""
            words = f"{word}{', '.join(reasons)}{until}"
            yield _key(change, places, "undecided.warn_on", words)
        longer = [reason for reason in less if more.get(reason, less[reason]) > less[reason]]
        if longer:
            words = f"{old[longer[0]]} -> {new[longer[0]]}"
            yield _key(change, places, "undecided.until", words)


def _key(change: Change, places: Sequence[Policy], key: str, words: str) -> EntryChange:
    """Return the change of a key, with its place in the first of these files that has it."""
    policy = next((policy for policy in places if key in policy.lines), places[0])
    return EntryChange(change, policy.path, policy.lines.get(key, 1), f"{key}: {words}")


def _from_to(name: str, values: _Values, old: Policy, new: Policy) -> str:
    """Return what a key says now, and before that what it said, if it was there."""
    key = name.rpartition(".")[2]
    was, is_now = (_shown(value, key) for value in values)
    if name not in old.lines:
        return is_now
    return f"{was} -> {is_now}" + ("" if name in new.lines else " (removed)")


def _shown(value: object, key: str = "") -> str:
    if value is None:
        return _ABSENT[key]
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        return say_duration(value)
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _comparable(value: object) -> object:
    return frozenset(value) if isinstance(value, tuple) else value
