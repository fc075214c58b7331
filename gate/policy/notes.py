"""What a reader should know of the policies beside the verdict."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from gate.policy.model import Match, Whose
from gate.policy.problem import shown
from gate.policy.shadow import covering, never_matching
from gate.verdict import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from gate.policy.model import Policy, Waiver

_DAYS_AHEAD = 14
_MOST_NAMED = 5  # waivers in one note


class Covered:
    """The waivers that are about an image of the run, and those that covered a finding of one."""

    def __init__(self) -> None:
        self._about: set[int] = set()
        self._used: set[int] = set()

    def add_about(self, waivers: Iterable[Waiver]) -> None:
        """Remember waivers that name an image."""
        self._about.update(map(id, waivers))

    def add_used(self, waivers: Iterable[Waiver]) -> None:
        """Remember waivers that cover a finding, or used to."""
        self._used.update(map(id, waivers))

    def in_vain(self, waiver: Waiver) -> bool:
        """Tell whether a waiver is about one of the images, but covered nothing."""
        return id(waiver) in self._about and id(waiver) not in self._used


def notes_on(policies: Sequence[Policy], covered: Covered, today: date) -> tuple[str, ...]:
    """Return the notes on each policy, in their order."""
    return tuple(note for policy in policies for note in _notes(policy, policies, covered, today))


def _notes(
    policy: Policy, policies: Sequence[Policy], covered: Covered, today: date
) -> Iterator[str]:
    if _blocks_nothing(policy) and not _lends_waivers(policy, policies):
        yield f"{policy.path} blocks nothing: no level and status that it knows fails a build."
    yield from _never_matching(policy)
    yield from _void(policy, policies, today)
    yield from _ending(policy, today)
    yield from _in_vain(policy, covered)
    undecided = policy.undecided
    if undecided and undecided.warn_on and undecided.until < today:
        yield (
            f"{policy.path}: undecided.until ({undecided.until}) has passed, so undecided images "
            "are let through no longer. Remove the key, or set another day."
        )


def _blocks_nothing(policy: Policy) -> bool:
    """Tell whether each rule and selector that blocks is empty, or covered by a rule before it."""
    rules = policy.rules
    selectors = [
        Match(levels=selector.levels, statuses=selector.statuses)
        for selector in policy.block
        if not selector.is_empty
    ]
    blocking = [(rule.match, n) for n, rule in enumerate(rules) if rule.action is Action.BLOCK]
    blocking += [(match, len(rules)) for match in selectors]
    return all(covering(match, rules[:before]) for match, before in blocking)


def _lends_waivers(policy: Policy, policies: Sequence[Policy]) -> bool:
    """Tell whether a policy is there to add waivers to another one that accepts them."""
    return bool(policy.waivers) and any(
        _accepts_others(other) for other in policies if other is not policy
    )


def _accepts_others(policy: Policy) -> bool:
    accepted = [selector.waivers for selector in policy.block]
    accepted += [rule.waivers for rule in policy.rules]
    return Whose.ANY in accepted


def _never_matching(policy: Policy) -> Iterator[str]:
    for later, earlier in never_matching(policy.rules):
        yield (
            f"{policy.path}:{later.line}: the rule {shown(later.label)} can never match: "
            f"{shown(earlier.label)} before it matches all that it does. Move or remove it."
        )


def _void(policy: Policy, policies: Sequence[Policy], today: date) -> Iterator[str]:
    if not _accepts_others(policy):
        return
    for other in policies:
        if other is policy:
            continue
        void = [w for w in other.waivers if not policy.allows_until(w.expires, today)]
        if void:
            yield (
                f"{other.path}: {_counted(void)} longer than max_waiver of {policy.path} allows, "
                f"and void there: {_listed(void)}."
            )


def _ending(policy: Policy, today: date) -> Iterator[str]:
    soon = sorted(
        (w for w in policy.waivers if 0 <= (w.expires - today).days <= _DAYS_AHEAD),
        key=lambda waiver: waiver.expires,
    )
    for expires, group in groupby(soon, key=lambda waiver: waiver.expires):
        waivers = list(group)
        days = (expires - today).days
        when = {0: "today", 1: "tomorrow"}.get(days, f"in {days} days")
        yield f"{policy.path}: {_counted(waivers)} over {when} ({expires}): {_listed(waivers)}."


def _in_vain(policy: Policy, covered: Covered) -> Iterator[str]:
    waivers = [waiver for waiver in policy.waivers if covered.in_vain(waiver)]
    if waivers:
        verb = "matches" if len(waivers) == 1 else "match"
        noun = "1 waiver" if len(waivers) == 1 else f"{len(waivers)} waivers"
        yield (
            f"{policy.path}: {noun} that {verb} images of this run covered nothing: "
            f"{_listed(waivers)}. Remove what is no longer needed."
        )


def _counted(waivers: Sequence[Waiver]) -> str:
    return "1 waiver is" if len(waivers) == 1 else f"{len(waivers)} waivers are"


def _listed(waivers: Sequence[Waiver]) -> str:
    named = [
        f"{waiver.risks} for {waiver.images} (line {waiver.line})"
        for waiver in waivers[:_MOST_NAMED]
    ]
    more = len(waivers) - len(named)
    return "; ".join(named) + (f"; and {more} more" if more else "")
