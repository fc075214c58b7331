"""What a change of policies changes: of their files, and of the images of case files."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from msgspec import Struct, field

from gate.cases.change import Change
from gate.cases.changed_keys import scan_changes
from gate.cases.comparing import ImageComparison, Images, OnDays
from gate.cases.entries import changed_entries
from gate.errors import ExitCode
from gate.findings import Requirements

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from gate.cases.change import EntryChange
    from gate.cases.opening import CaseFile
    from gate.policy import Policies
    from gate.verdict import PolicySource

FAIL_ON = ("looser", "stricter", "any")
"""What ``--fail-on`` takes."""

_GATHERING = ("settle", "accept_previous", "platforms")
_NOT_JUDGED = (
    "The policies differ in scan.{0}, which is about gathering evidence: a record can't tell what "
    "that changes."
)
_CHECKS = (
    "No rule for the same images names {0} any more, so that this check needn't be on for a pass."
)


class OnFile(Struct):
    """A case file and how many of its images were compared."""

    file: CaseFile
    images: int = 0


class PolicyDiff(Struct, kw_only=True):
    """What changed, and what was compared.

    ``old`` ``None`` is what the records say. ``entries`` ``None``: no files were compared; of
    ``images`` so.
    """

    old: tuple[PolicySource, ...] | None
    new: tuple[PolicySource, ...]
    on: list[OnFile] = field(default_factory=list)
    entries: tuple[EntryChange, ...] | None = None
    images: Images | None = None
    notes: tuple[str, ...] = ()

    @property
    def sandbox(self) -> bool:
        """Whether some of the images are sample data."""
        return any(on.file.recorded is not None and on.file.recorded.sandbox for on in self.on)

    @property
    def is_same(self) -> bool:
        """Whether nothing changed at all."""
        return not self.entries and not (self.images and self.images.changes)

    def count(self, change: Change) -> int:
        """Return how many entries changed so."""
        return sum(each.change is change for each in self.entries or ())

    def exit_code(self, fail_on: str | None) -> ExitCode:
        """Return 10 where what must not be there is, 3 where no image could be told on both sides.

        An image that can't be told may have become looser.
        """
        if fail_on is not None and self._has(fail_on):
            return ExitCode.BLOCKED
        if self.images is not None and not self.images.told:
            return ExitCode.UNDECIDED
        return ExitCode.PASSED

    def _has(self, fail_on: str) -> bool:
        if fail_on == "any":
            return not self.is_same
        ways = [Change(fail_on), *([Change.UNTOLD] if fail_on == Change.LOOSER else [])]
        images = self.images or Images()
        return any(self.count(way) + images.count(way) for way in ways)


def compare_policies(
    old: Policies | None,
    new: Policies,
    files: Sequence[CaseFile],
    *,
    at: date | None,
    today: date,
) -> PolicyDiff:
    """Compare policies with older ones, or with what records say, on the images of case files.

    ``at`` is the day of judgement, if not that of the cases. ``today`` is the day from which the
    length of waivers counts, and on which entries with a ``from`` are still to come.
    """
    diff = PolicyDiff(old=old.sources if old else None, new=new.sources)
    if old is not None:
        diff.entries = changed_entries(old.policies, new.policies, today)
        diff.notes = (*_about_checks(old, new), *(_about_gathering(old, new) if files else ()))
    if files:
        comparison = ImageComparison(OnDays(old, at) if old else None, OnDays(new, at))
        diff.images = comparison.images
        for file in files:
            on = OnFile(file)
            diff.on.append(on)
            # What a person expects is not what became of an image.
            for case in file.images() if old or file.recorded else ():
                comparison.add(case)
                on.images += 1
    return diff


def _about_gathering(old: Policies, new: Policies) -> Iterator[str]:
    both = [
        reduce(Requirements.stricter, (policy.scan for policy in side.policies))
        for side in (old, new)
    ]
    changed = {key for _, key in scan_changes(*both)}
    return (_NOT_JUDGED.format(key) for key in _GATHERING if key in changed)


def _about_checks(old: Policies, new: Policies) -> Iterator[str]:
    """Name the checks that had to be on because a rule names them, and need not be any more."""
    rules = [
        [entry for policy in side.policies for entry in policy.entries if entry.rule is not None]
        for side in (old, new)
    ]
    dropped = {
        risk
        for rule in rules[0]
        for risk in rule.match.risks.literals
        if not any(
            risk in each.match.risks.literals
            and each.match.images.as_meant >= rule.match.images.as_meant
            for each in rules[1]
        )
    }
    return (_CHECKS.format(risk) for risk in sorted(dropped))
