"""What a reader should know of the policies beside the verdict."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from gate.policy.model import Whose
from gate.policy.problem import shown
from gate.verdict import Action

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import date

    from gate.policy.model import Entry, Policy, Waiver

_DAYS_AHEAD = 14
_MOST_NAMED = 5  # waivers in one note


def notes_on(
    policies: Sequence[Policy], in_vain: Collection[Waiver], today: date, waivers_from: date
) -> tuple[str, ...]:
    """Return the notes on each policy, in their order.

    ``in_vain`` are the waivers that name an image of the run and covered no finding;
    ``waivers_from`` is the day from which their length counts.
    """
    notes: list[str] = []
    for policy in policies:
        others = [other for other in policies if other is not policy]
        notes += _notes(policy, others, in_vain, today)
        if policy.accepts_waivers_of_others:
            notes += (note for other in others for note in _void(policy, other, waivers_from))
    return tuple(notes)


def remarks_on(policies: Sequence[Policy], today: date) -> tuple[str, ...]:
    """Return what is to be noted of the files alone: also the waivers that have ended."""
    noted = notes_on(policies, (), today, today)
    return (*noted, *(note for policy in policies for note in _ended(policy, today)))


def _notes(
    policy: Policy, others: Sequence[Policy], in_vain: Collection[Waiver], today: date
) -> Iterator[str]:
    entries = [entry for entry in policy.entries if not entry.is_ahead(today)]
    ahead = [
        entry.begins
        for entry in policy.entries
        if entry.begins and entry.begins > today and not entry.match.is_empty
    ]
    if _blocks_nothing(entries):
        if is_toothless(policy, others, today):
            when = f" before {min(ahead)}" if ahead else ""
            yield (
                f"{policy.path} blocks nothing{when}: no level and status that it knows fails a "
                "build."
            )
    elif _waives_all(policy, entries, today):
        yield f"{policy.path}: its waivers cover all that it blocks, so nothing fails a build."
    yield from _never_matching(policy.path, entries)
    yield from _begun(policy, today)
    yield from _ending(policy, today)
    yield from _in_vain(policy, in_vain)
    undecided = policy.undecided
    if undecided and undecided.warn_on and undecided.until < today:
        yield (
            f"{policy.path}: undecided.until ({undecided.until}) has passed, so undecided images "
            "are let through no longer. Remove the key, or set another day."
        )


def is_toothless(policy: Policy, others: Iterable[Policy], today: date) -> bool:
    """Tell whether a policy blocks nothing, and isn't there to lend its waivers to another one."""
    entries = [entry for entry in policy.entries if not entry.is_ahead(today)]
    return _blocks_nothing(entries) and not _lends_waivers(policy, others)


def _blocks_nothing(entries: Sequence[Entry]) -> bool:
    """Tell whether each entry that blocks is empty, or covered by an entry before it."""
    return all(
        entry.match.is_empty or _covering(entry, entries[:number])
        for number, entry in enumerate(entries)
        if entry.action is Action.BLOCK
    )


def _waives_all(policy: Policy, entries: Sequence[Entry], today: date) -> bool:
    """Tell whether for each entry that blocks one of the file's own waivers covers all of it."""
    waivers = [waiver for waiver in policy.waivers if waiver.expires >= today]
    return bool(waivers) and all(
        entry.waivers is not Whose.NONE and any(w.match.covers(entry.match) for w in waivers)
        for entry in entries
        if entry.action is Action.BLOCK and not entry.match.is_empty
    )


def _covering(entry: Entry, earlier: Iterable[Entry]) -> Entry | None:
    """Return the first of earlier entries that matches all that an entry does.

    What is returned is certain; what only several of them cover together is not found. One that a
    tag decides on may not be certain to be about an image, and then later ones count too.
    """
    sure = (each for each in earlier if not each.match.images.heeding_tags.patterns)
    return next((each for each in sure if each.match.covers(entry.match)), None)


def _lends_waivers(policy: Policy, others: Iterable[Policy]) -> bool:
    """Tell whether a policy is there to add waivers to another one that accepts them."""
    return bool(policy.waivers) and any(other.accepts_waivers_of_others for other in others)


def _never_matching(path: str, entries: Sequence[Entry]) -> Iterator[str]:
    for number, entry in enumerate(entries):
        earlier = _covering(entry, entries[:number])
        if entry.rule is not None and earlier is not None:
            yield (
                f"{path}:{entry.line}: the rule {shown(entry.rule)} can never match: "
                f"{shown(earlier.rule)} before it matches all that it does. Move or remove it."
            )


def _begun(policy: Policy, today: date) -> Iterator[str]:
    begun = [entry for entry in policy.entries if entry.begins and entry.begins < today]
    if begun:
        named = "; ".join(
            f"{entry.label} (line {entry.line}, {entry.begins})" for entry in begun[:_MOST_NAMED]
        )
        yield f"{policy.path}: from has passed, so the key can go: {named}{_more(begun)}."


def _void(policy: Policy, other: Policy, today: date) -> Iterator[str]:
    """Say which waivers of another file don't count in a policy."""
    void = [w for w in other.waivers if not policy.allows_until(w.expires, today)]
    if void:
        yield (
            f"{other.path}: {_counted(void)} longer than max_waiver of {policy.path} allows, "
            f"and void there: {_listed(void)}."
        )
    lacking: dict[tuple[str, ...], list[Waiver]] = {}
    for waiver in other.waivers:
        lacking.setdefault(policy.missing_in(waiver), []).append(waiver)
    for keys, waivers in lacking.items():
        if keys:
            yield (
                f"{other.path}: {_counted(waivers)} without {' and '.join(keys)}, which "
                f"waiver_needs of {policy.path} asks for, and void there: {_listed(waivers)}."
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


def _ended(policy: Policy, today: date) -> Iterator[str]:
    waivers = [waiver for waiver in policy.waivers if waiver.expires < today]
    if waivers:
        verb = "1 waiver has" if len(waivers) == 1 else f"{len(waivers)} waivers have"
        last = max(waiver.expires for waiver in waivers)
        since = f"on {last}" if len(waivers) == 1 else f"by {last}"
        yield (
            f"{policy.path}: {verb} ended {since}: {_listed(waivers)}. "
            "Remove what is no longer needed."
        )


def _in_vain(policy: Policy, in_vain: Collection[Waiver]) -> Iterator[str]:
    waivers = [waiver for waiver in policy.waivers if waiver in in_vain]
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
        f"{waiver.match.risks} for {waiver.match.images} (line {waiver.line})"
        for waiver in waivers[:_MOST_NAMED]
    ]
    return "; ".join(named) + _more(waivers)


def _more(listed: Sequence[object]) -> str:
    more = len(listed) - _MOST_NAMED
    return f"; and {more} more" if more > 0 else ""


def clicks_note(findings: int, clicked: Collection[str]) -> str:
    """Return the note on findings that only a click in the console lets pass.

    ``clicked`` are they, each said once: ``no_user of shop/web:1.4 (ignored)``.
    """
    one = findings == 1
    them, verb = ("it", "passes") if one else ("them", "pass")
    named = ", ".join(list(clicked)[:_MOST_NAMED])
    more = len(clicked) - _MOST_NAMED
    return (
        f"{findings} finding{'' if one else 's'} {verb} only because somebody clicked {them} away "
        f"in the console, without a waiver: {named}{f' and {more} more' if more > 0 else ''}."
    )
