"""Judge each image twice, by old policies and by new ones, and say what that changes.

Both sides judge on the same evidence and the same day. What is undecided only for want of what a
record holds can't be told: it is neither stricter nor looser.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field

from gate.cases.change import Change
from gate.cases.image_names import ImageName, image_name
from gate.cases.judging_again import judge_again
from gate.errors import ExitCode
from gate.findings import Reason
from gate.verdict import Action, PolicyPlace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from gate.cases.case import Case
    from gate.policy import Policies
    from gate.verdict import Decision, ImageVerdict

_NOT_READ = frozenset({Reason.INCOMPLETE.value, Reason.DISAGREEING.value, "uncovered"})


class End(StrEnum):
    """What becomes of an image, the strictest first."""

    BLOCK = "block"
    UNDECIDED = "undecided"
    LET_THROUGH = "let through"
    PASS = "pass"  # noqa: S105 - a verdict, not a password


_STRICTEST_FIRST = tuple(End)


class ChangedFinding(Struct, frozen=True):
    """A finding whose decision changed, and what decides now; ``old`` empty if it isn't known."""

    risk: str
    old: str
    new: str
    place: PolicyPlace | None


class ImageChange(Struct, frozen=True):
    """An image whose verdict changed, or whose findings are decided in another way.

    ``change`` is ``None`` for the latter. ``reason`` says why in few words. All texts are
    untrusted.
    """

    change: Change | None
    name: ImageName
    old: str
    new: str
    reason: str
    findings: tuple[ChangedFinding, ...]


class Side(NamedTuple):
    """What one side makes of an image: ``actions`` are those on its findings, in order.

    They are empty where it isn't known whose findings they are. ``decisions`` are what a policy
    made of them; a record has none.
    """

    end: End
    reason: str
    actions: Sequence[str]
    decisions: Sequence[Decision] = ()

    @property
    def is_told(self) -> bool:
        """Whether nothing was missing that only whole lists can tell."""
        return self.end is End.BLOCK or self.end is End.PASS or self.reason not in _NOT_READ


class Images(Struct):
    """What changed, of how many images; ``told`` are those that both sides could tell."""

    changes: list[ImageChange] = field(default_factory=list)
    number: int = 0
    told: int = 0

    def count(self, change: Change | None) -> int:
        """Return how many images changed so."""
        return sum(each.change is change for each in self.changes)


class OnDays:
    """Policies as they judge on the days of the cases, or on one day of the caller's."""

    def __init__(self, policies: Policies, at: date | None) -> None:
        self._policies = policies
        self._at = at
        self._by_day: dict[date, Policies] = {}

    def judge(self, case: Case) -> ImageVerdict:
        """Return the verdict on a case on its day."""
        day = self._at or case.day
        if day is None:
            raise AssertionError("a case file without a day isn't read")
        policies = self._by_day.get(day)
        if policies is None:
            policies = self._by_day[day] = self._policies.on(day)
        return judge_again(case, policies)


class ImageComparison:
    """Compares images one after the other; ``images`` gathers what changed.

    Without an old side, what a record says became of an image stands in its place.
    """

    def __init__(self, old: OnDays | None, new: OnDays) -> None:
        self.images = Images()
        self._old = old
        self._new = new
        self._shared: dict[ChangedFinding, ChangedFinding] = {}

    def add(self, case: Case) -> None:
        """Compare what both sides make of an image."""
        images = self.images
        images.number += 1
        before = side_of(self._old.judge(case)) if self._old else _recorded(case)
        after = side_of(self._new.judge(case))
        told = before.is_told and after.is_told
        images.told += told
        if before.end is after.end and not _differ(before.actions, after.actions):
            return
        findings = list(_findings(case, before, after))
        images.changes.append(
            ImageChange(
                change=_change(before, after) if told else Change.UNTOLD,
                name=image_name(case),
                old=before.end.value,
                new=after.end.value,
                reason=_reason(findings, before, after),
                # Many images have the same findings.
                findings=tuple(self._shared.setdefault(each, each) for each in findings),
            )
        )


def side_of(verdict: ImageVerdict) -> Side:
    """Return what a verdict makes of an image."""
    end = End(verdict.outcome.value)
    if end is End.UNDECIDED and verdict.exit_code is ExitCode.PASSED:
        end = End.LET_THROUGH
    actions = [decision.action for decision in verdict.decisions]
    return Side(end, verdict.reason, actions, verdict.decisions)


def _recorded(case: Case) -> Side:
    """Return what a record says; what it doesn't say isn't told."""
    of_image = {each.key: each.wanted for each in case.expected if each.finding is None}
    actions = {each.finding: str(each.wanted) for each in case.expected if each.key == "decision"}
    verdict = of_image.get("verdict")
    if verdict is None:
        return Side(End.UNDECIDED, Reason.INCOMPLETE, ())
    end = End(str(verdict))
    if end is End.UNDECIDED and of_image.get("exit_code") == ExitCode.PASSED:
        end = End.LET_THROUGH
    every = [actions.get(number, "") for number in range(len(case.findings))]
    return Side(end, str(of_image.get("reason", "")), every if all(every) else ())


def _differ(old: Sequence[str], new: Sequence[str]) -> bool:
    """Tell whether findings are decided differently; not where one side doesn't know them."""
    return bool(old) and bool(new) and old != new


def _change(before: Side, after: Side) -> Change | None:
    ranks = [_STRICTEST_FIRST.index(side.end) for side in (before, after)]
    if ranks[0] == ranks[1]:
        return None
    return Change.STRICTER if ranks[1] < ranks[0] else Change.LOOSER


def _findings(case: Case, before: Side, after: Side) -> Iterator[ChangedFinding]:
    """Yield the findings whose decision changed, and all that block where that is new."""
    for number, finding in enumerate(case.findings):
        old, new = (side.actions[number] if side.actions else "" for side in (before, after))
        begins = after.end is End.BLOCK is not before.end and new == Action.BLOCK
        if old != new or begins:
            places = [side.decisions[number] for side in (after, before) if side.decisions]
            yield ChangedFinding(
                finding.risk, str(old), str(new), next(filter(None, map(place_of, places)), None)
            )


def place_of(decision: Decision) -> PolicyPlace | None:
    """Return where what decided stands: a waiver that holds, else the entry."""
    waiver = decision.waiver
    if waiver is not None and not waiver.expired:
        return PolicyPlace(waiver.path, waiver.line)
    return decision.policy


def _reason(findings: Sequence[ChangedFinding], before: Side, after: Side) -> str:
    """Return why an image ends so: the findings that decide, or what keeps it undecided."""
    if after.end in {End.UNDECIDED, End.LET_THROUGH} and before.end is not after.end:
        return after.reason
    if after.end is End.PASS and before.end in {End.UNDECIDED, End.LET_THROUGH}:
        return before.reason
    if before.end is after.end:
        return "; ".join(
            f"{decided}: {_grouped(those)}" for decided, those in _by_decision(findings).items()
        )
    side = "new" if after.end is End.BLOCK else "old"
    return _grouped([each for each in findings if getattr(each, side) == Action.BLOCK])


def _by_decision(findings: Iterable[ChangedFinding]) -> dict[str, list[ChangedFinding]]:
    groups: dict[str, list[ChangedFinding]] = {}
    for each in findings:
        groups.setdefault(f"{each.old} -> {each.new}", []).append(each)
    return groups


def _grouped(findings: Iterable[ChangedFinding]) -> str:
    """Return the risks, those together that one entry decides."""
    groups: dict[PolicyPlace | None, set[str]] = {}
    for each in findings:
        groups.setdefault(each.place, set()).add(each.risk)
    return ", ".join(
        ", ".join(sorted(risks)) + (f" ({place.path}:{place.line})" if place else "")
        for place, risks in groups.items()
    )
