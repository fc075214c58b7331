"""Compare two lists of waivers, pattern by pattern: risk by image.

So their order doesn't matter, nor whether two of them are written as one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gate.cases.change import Change, EntryChange
from gate.policy import Globs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from gate.policy import Glob, Policy, Waiver

_LONGEST = 120  # characters of a waiver's patterns


class Accepting(NamedTuple):
    """Another file beside that of the waivers, old and new: for it, waivers may be void."""

    old: Policy
    new: Policy

    def tells_apart(self, mine: Waiver, yours: Waiver, today: date) -> bool:
        """Tell whether mine counts for this file where yours doesn't, today or on a later day.

        Yours may be void for it where mine isn't: too long, or without an owner. What was not void
        for the old file is another change, and named as such.
        """
        if not self.new.accepts_waivers_of_others or self.new.missing_in(mine):
            return False
        too_long = yours.expires > mine.expires and not (
            self.new.allows_until(yours.expires, today)
            or self.old.allows_until(yours.expires, today)
        )
        return too_long or bool(self.new.missing_in(yours) and self.old.missing_in(yours))


def changed_waivers(
    old: Policy, new: Policy, others: Sequence[Accepting], today: date
) -> Iterator[EntryChange]:
    """Yield the new waivers that no old one covers, and the old ones that no new one does.

    ``today`` is the day from which the length of waivers counts.
    """
    for change, these, those, sides in (
        (Change.LOOSER, new, old, others),
        (Change.STRICTER, old, new, [Accepting(each.new, each.old) for each in others]),
    ):
        covering = _Covering(those.waivers, sides, today)
        for waiver in these.waivers:
            if not covering.covers(waiver):
                yield waiver_change(change, these, waiver)


def waiver_change(change: Change, policy: Policy, waiver: Waiver) -> EntryChange:
    """Return what a waiver of a file is that came, went or covers something else."""
    what = f"waiver: {waived_by(waiver)} until {waiver.expires}"
    return EntryChange(change, policy.path, waiver.line, what)


def waived_by(waiver: Waiver) -> str:
    """Return what a waiver is about, in not too many words."""
    words = f"{waiver.match.risks} for {waiver.match.images}"
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 3]}..."


class _Covering:
    """Waivers that may cover others, found by their images."""

    def __init__(self, waivers: Iterable[Waiver], others: Sequence[Accepting], today: date) -> None:
        self._others = others
        self._today = today
        self._alike: dict[tuple[Globs, Globs], list[Waiver]] = {}
        self._by_image: dict[str, list[Waiver]] = {}
        self._wild: dict[int, dict[str, list[tuple[Waiver, Glob]]]] = {}
        for waiver in waivers:
            self._alike.setdefault(_patterns(waiver), []).append(waiver)
            images = waiver.match.images.as_meant
            for literal in images.literals:
                self._by_image.setdefault(literal, []).append(waiver)
            for glob in images.wild:
                same_length = self._wild.setdefault(len(glob.prefix), {})
                same_length.setdefault(glob.prefix, []).append((waiver, glob))

    def covers(self, waiver: Waiver) -> bool:
        """Tell whether each risk is covered for each image, with the same or a later end."""
        if self._that_hold(self._alike.get(_patterns(waiver), ()), waiver):
            return True
        images = waiver.match.images.as_meant
        tagged = Globs(image.text for image in images.patterns if _is_about_tags(image))
        for image in images.patterns:
            candidates = self._that_hold(self._about(image), waiver)
            if _is_about_tags(image):
                # A digest with two tags is waived only by a waiver that is about both of them.
                candidates = [each for each in candidates if each.match.images.as_meant >= tagged]
            if not _cover(candidates, waiver.match.risks.patterns):
                return False
        return True

    def _about(self, image: Glob) -> list[Waiver]:
        """Return the waivers with a pattern that stands for all that this one does."""
        literal = self._by_image.get(image.text, ()) if image.is_literal else ()
        wild = (
            waiver
            for length, by_prefix in self._wild.items()
            for waiver, glob in by_prefix.get(image.prefix[:length], ())
            if glob.covers(image)
        )
        return [*literal, *wild]

    def _that_hold(self, candidates: Iterable[Waiver], waiver: Waiver) -> list[Waiver]:
        """Return those that end no earlier, and count wherever the waiver does."""
        return [
            each
            for each in candidates
            if each.expires >= waiver.expires
            and not any(other.tells_apart(waiver, each, self._today) for other in self._others)
        ]


def _is_about_tags(image: Glob) -> bool:
    """Tell whether a pattern may stand for a name with a tag, and not for it without one."""
    last = image.text.rpartition("/")[2]
    return ":" in last or "**" in last[:-2]


def _patterns(waiver: Waiver) -> tuple[Globs, Globs]:
    return waiver.match.risks, waiver.match.images


def _cover(waivers: Iterable[Waiver], risks: Iterable[Glob]) -> bool:
    """Tell whether each risk is covered by one of the waivers."""
    left = list(risks)
    for waiver in waivers:
        theirs = waiver.match.risks
        left = [
            risk
            for risk in left
            if risk.text not in theirs.literals
            and not any(glob.covers(risk) for glob in theirs.wild)
        ]
        if not left:
            return True
    return not left
